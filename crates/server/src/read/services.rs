//! `GET /api/services`.

use super::format::{Format, List};
use crate::auth::Reader;
use crate::error::ApiError;
use crate::openapi::Operation;
use crate::query::Query;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::use_cases::{ServiceOverview, list_services};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) async fn list(
    state: Data<State>,
    reader: Reader,
    query: Query,
    format: Format,
) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let found = list_services(&*state.store, reader.organization_id()).await?;
    let list = ServiceList {
        services: found.services.iter().map(ServiceJson::of).collect(),
    };
    format.answer(&list, None)
}

pub(crate) fn documented() -> Operation {
    let about =
        "Every service that a deployment names, once whatever its letter case, and where it comes from.";
    Operation::reading("listServices", "List services", about)
        .answer::<ServiceList>(200, "The services.")
        .or_table()
}

/// A service that something was deployed of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Service)]
pub(crate) struct ServiceJson {
    /// Its name, as its latest deployment spells it; services are the same whatever their letter case.
    name: String,
    /// The full name of the repository that it is built from; null if it names none.
    #[schema(required)]
    repository: Option<String>,
    /// How it names its repository: `full_name`, `bare_name` or `alias`.
    #[schema(required)]
    matched_by: Option<&'static str>,
    /// The completion of its latest deployment, or its start as long as it is not completed (ISO 8601, UTC).
    #[schema(format = DateTime)]
    last_deployment_at: String,
    /// Where it was deployed to.
    environments: Vec<String>,
}

impl ServiceJson {
    fn of(service: &ServiceOverview) -> Self {
        let repository = service.repository.as_ref();
        Self {
            name: service.name.to_string(),
            repository: repository.map(|(name, _)| name.to_string()),
            matched_by: repository.map(|(_, by)| by.as_str()),
            last_deployment_at: service.last_deployed_at.to_string(),
            environments: service.environments.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Every service of an organization, in alphabetical order.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceList {
    services: Vec<ServiceJson>,
}

impl List for ServiceList {
    type Row = ServiceJson;

    const COLUMNS: &'static [&'static str] = &[
        "name",
        "repository",
        "matchedBy",
        "lastDeploymentAt",
        "environments",
    ];

    fn rows(&self) -> &[ServiceJson] {
        &self.services
    }
}
