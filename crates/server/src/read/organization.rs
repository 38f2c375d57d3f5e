//! `GET /api/organization`: the organization that the key belongs to.

use crate::auth::Reader;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::query::Query;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::organization::{Organization, Plan};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::trial::Trial;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

pub(crate) async fn one(state: Data<State>, reader: Reader, query: Query) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let organizations = state.store.organizations();
    let organization = organizations.find_by_slug(reader.organization_slug()).await?;
    let organization = organization.ok_or(ApiError::InvalidApiKey)?;
    Ok(HttpResponse::Ok().json(OrganizationJson::of(&organization, state.clock.now())))
}

pub(crate) fn documented() -> Operation {
    let about = "The one that the key belongs to, with its plan and its trial.";
    Operation::reading("getOrganization", "The organization", about)
        .answer::<OrganizationJson>(200, "The organization.")
}

fn plans() -> ObjectBuilder {
    schema::words(Plan::ALL.map(Plan::as_str))
}

/// An organization with its plan.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Organization)]
pub(crate) struct OrganizationJson {
    /// Its name in URLs.
    slug: String,
    /// What people call it.
    name: String,
    /// What it has subscribed to.
    #[schema(schema_with = plans)]
    plan: &'static str,
    /// Its trial of the Business plan; null if it never had one.
    #[schema(required)]
    trial: Option<TrialJson>,
    /// The plan whose rights it has now: `business` while its trial runs, else its own.
    #[schema(schema_with = plans)]
    effective_plan: &'static str,
}

/// The trial that an organization's first deployment began.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Trial)]
pub(crate) struct TrialJson {
    /// When it began (ISO 8601, UTC).
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ends or ended (ISO 8601, UTC).
    #[schema(format = DateTime)]
    ends_at: String,
    /// Whether it still runs.
    active: bool,
}

impl OrganizationJson {
    fn of(organization: &Organization, now: Timestamp) -> Self {
        let subscription = &organization.subscription;
        let trial = |trial: Trial| TrialJson {
            started_at: trial.started_at.to_string(),
            ends_at: trial.ends_at.to_string(),
            active: trial.is_running(now),
        };
        Self {
            slug: organization.slug.to_string(),
            name: organization.name.to_string(),
            plan: subscription.plan.as_str(),
            trial: subscription.trial.map(trial),
            effective_plan: subscription.effective_plan(now).as_str(),
        }
    }
}
