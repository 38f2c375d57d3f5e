//! `GET /api/organization`: the organization that the key belongs to.

use crate::app::State;
use crate::auth::Reader;
use crate::error::ApiError;
use crate::query::Query;
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::organization::Organization;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::trial::Trial;
use serde::Serialize;

pub(crate) async fn one(state: Data<State>, reader: Reader, query: Query) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let organizations = state.store.organizations();
    let organization = organizations.find_by_slug(reader.organization_slug()).await?;
    let organization = organization.ok_or(ApiError::InvalidApiKey)?;
    Ok(HttpResponse::Ok().json(OrganizationJson::of(&organization, state.clock.now())))
}

/// An organization with its plan.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationJson {
    /// Its name in URLs.
    slug: String,
    /// What people call it.
    name: String,
    /// What it has subscribed to: `free`, `business` or `enterprise`.
    plan: &'static str,
    /// Its trial of the Business plan; null if it never had one.
    trial: Option<TrialJson>,
    /// The plan whose rights it has now: `business` while its trial runs, else its own.
    effective_plan: &'static str,
}

/// The trial that an organization's first deployment began.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrialJson {
    /// When it began (ISO 8601, UTC).
    started_at: String,
    /// When it ends or ended (ISO 8601, UTC).
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
