//! `GET /api/repositories`.

use super::format::{Format, List};
use crate::auth::Reader;
use crate::error::ApiError;
use crate::openapi::Operation;
use crate::query::Query;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::repository::Repository;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) async fn list(
    state: Data<State>,
    reader: Reader,
    query: Query,
    format: Format,
) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let repositories = state.store.repositories().list(reader.organization_id()).await?;
    let list = RepositoryList {
        repositories: repositories.iter().map(RepositoryJson::of).collect(),
    };
    format.answer(&list, None)
}

pub(crate) fn documented() -> Operation {
    Operation::reading(
        "listRepositories",
        "List repositories",
        "All of them, by full name.",
    )
    .answer::<RepositoryList>(200, "The repositories.")
    .or_table()
}

/// A Git repository.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Repository)]
pub(crate) struct RepositoryJson {
    /// Its full name, `owner/name`.
    full_name: String,
    /// The full names that it had before it was renamed. They still find it, unless another repository has them now.
    former_names: Vec<String>,
    /// Whether its webhooks are listened to, and deployments that name no repository are looked for in it.
    monitored: bool,
    /// Names of services that are built from it, beside its own name.
    aliases: Vec<String>,
}

impl RepositoryJson {
    fn of(repository: &Repository) -> Self {
        Self {
            full_name: repository.name.to_string(),
            former_names: repository.former_names.iter().map(ToString::to_string).collect(),
            monitored: repository.monitored,
            aliases: repository.aliases.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Every repository of an organization, by full name.
#[derive(Serialize, ToSchema)]
pub(crate) struct RepositoryList {
    /// The repositories.
    repositories: Vec<RepositoryJson>,
}

impl List for RepositoryList {
    type Row = RepositoryJson;

    const COLUMNS: &'static [&'static str] = &["fullName", "formerNames", "monitored", "aliases"];

    fn rows(&self) -> &[RepositoryJson] {
        &self.repositories
    }
}
