//! `GET /api/deployments/{id}/explain` and `GET /api/pull-requests/{id}/explain`: why a pull request is where it is, in
//! sentences for people and codes for programs.

use super::deployments::DeploymentJson;
use super::links::{LinkJson, ShippedByJson};
use super::pull_requests::PullRequestJson;
use crate::auth::Reader;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::query::Query;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::id::{DeploymentId, PullRequestId};
use periscope_domain::linking::Absence;
use periscope_domain::pull_request::StoredPullRequest;
use periscope_domain::use_cases::{
    DeploymentExplanation, PullRequestExplanation, Step, explain_deployment, explain_pull_request,
};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

pub(crate) async fn deployment(
    state: Data<State>,
    reader: Reader,
    query: Query,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let store = &*state.store;
    let organization_id = reader.organization_id();
    let id = DeploymentId::parse(&id).ok_or(ApiError::NotFound)?;
    let stored = store
        .deployments()
        .find_by_id(organization_id, id)
        .await?
        .ok_or(ApiError::NotFound)?;
    let explanation = explain_deployment(store, organization_id, stored).await?;
    Ok(HttpResponse::Ok().json(deployment_json(&explanation)))
}

pub(crate) async fn pull_request(
    state: Data<State>,
    reader: Reader,
    query: Query,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let store = &*state.store;
    let organization_id = reader.organization_id();
    let id = PullRequestId::parse(&id).ok_or(ApiError::NotFound)?;
    let stored = store
        .pull_requests()
        .find(organization_id, id)
        .await?
        .ok_or(ApiError::NotFound)?;
    let explanation = explain_pull_request(store, organization_id, stored).await?;
    Ok(HttpResponse::Ok().json(pull_request_json(&explanation)))
}

pub(crate) fn deployment_documented() -> Operation {
    Operation::reading(
        "explainDeployment",
        "Explain a deployment",
        "How its links were found, and why what was merged before is not among them.",
    )
    .path_parameter("id", "Periscope's own number of the deployment.", schema::id())
    .answer::<DeploymentAnswer<'_>>(200, "The explanation.")
    .refusing([ApiError::NotFound])
}

pub(crate) fn pull_request_documented() -> Operation {
    let about = "Which deployments shipped it, or why none did.";
    Operation::reading("explainPullRequest", "Explain a pull request", about)
        .path_parameter("id", "Periscope's own number of the pull request.", schema::id())
        .answer::<PullRequestAnswer<'_>>(200, "The explanation.")
        .refusing([ApiError::NotFound])
}

/// The explanation of a deployment as the API answers it.
#[must_use]
pub fn deployment_json(explanation: &DeploymentExplanation) -> impl Serialize {
    DeploymentAnswer::of(explanation)
}

/// The explanation of a pull request as the API answers it.
#[must_use]
pub fn pull_request_json(explanation: &PullRequestExplanation) -> impl Serialize {
    PullRequestAnswer::of(explanation)
}

/// How the links of a deployment were found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentExplanation)]
struct DeploymentAnswer<'a> {
    /// The deployment.
    deployment: DeploymentJson,
    /// How its links were found, step by step.
    steps: Vec<StepJson<'a>>,
    /// The pull requests that it ships.
    links: Vec<LinkJson>,
    /// If it is a successful production deployment, pull requests of where it was looked that were merged by the
    /// time of its completion and that it does not ship: the latest, 20 at most, the latest merge first.
    not_linked: Vec<NotLinkedJson>,
    /// What could not be known.
    warnings: Vec<StepJson<'a>>,
    /// Whether this is the last word; else what came late is still being worked in.
    settled: bool,
}

impl<'a> DeploymentAnswer<'a> {
    fn of(explanation: &'a DeploymentExplanation) -> Self {
        let warnings = explanation.warnings.iter().map(|warning| StepJson {
            code: warning.code(),
            message: warning.to_string().into(),
        });
        Self {
            deployment: DeploymentJson::of(&explanation.deployment),
            steps: steps(&explanation.steps),
            links: explanation.links.iter().map(LinkJson::of).collect(),
            not_linked: explanation.not_linked.iter().map(NotLinkedJson::of).collect(),
            warnings: warnings.collect(),
            settled: explanation.is_settled,
        }
    }
}

/// A pull request that a deployment did not ship.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotLinked)]
struct NotLinkedJson {
    /// The pull request.
    pull_request: PullRequestJson,
    /// A word for programs, which never changes.
    code: &'static str,
    /// The reason, for people.
    message: &'static str,
}

impl NotLinkedJson {
    fn of((stored, repository, absence): &(StoredPullRequest, String, Absence)) -> Self {
        Self {
            pull_request: PullRequestJson::of(stored, repository),
            code: absence.code(),
            message: absence.sentence(),
        }
    }
}

/// Which deployments shipped a pull request, or why none did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PullRequestExplanation)]
struct PullRequestAnswer<'a> {
    /// The pull request.
    pull_request: PullRequestJson,
    /// How the deployments were looked for.
    steps: Vec<StepJson<'a>>,
    /// The deployments that shipped it.
    shipped_by: Vec<ShippedByJson>,
    /// Deployments that might have shipped it and did not.
    not_in: Vec<NotInJson>,
}

impl<'a> PullRequestAnswer<'a> {
    fn of(explanation: &'a PullRequestExplanation) -> Self {
        let repository = explanation
            .repository
            .as_ref()
            .map_or("", |repository| repository.name.as_str());
        let not_in = explanation
            .not_in
            .iter()
            .map(|(stored, absence)| NotInJson::of(stored, *absence));
        Self {
            pull_request: PullRequestJson::of(&explanation.pull_request, repository),
            steps: steps(&explanation.steps),
            shipped_by: explanation.shipped_by.iter().map(ShippedByJson::of).collect(),
            not_in: not_in.collect(),
        }
    }
}

/// A deployment that did not ship a pull request.
#[derive(Serialize, ToSchema)]
#[schema(as = NotIn)]
struct NotInJson {
    /// The deployment.
    deployment: DeploymentJson,
    /// A word for programs, which never changes.
    code: &'static str,
    /// The reason, for people.
    message: &'static str,
}

impl NotInJson {
    fn of(stored: &StoredDeployment, absence: Absence) -> Self {
        Self {
            deployment: DeploymentJson::of(stored),
            code: absence.code(),
            message: absence.sentence(),
        }
    }
}

/// A step of an explanation.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
struct StepJson<'a> {
    /// A word for programs, which never changes.
    code: &'static str,
    /// A sentence for people.
    message: Cow<'a, str>,
}

fn steps(steps: &[Step]) -> Vec<StepJson<'_>> {
    let step = |step: &'_ Step| StepJson {
        code: step.code,
        message: step.sentence.clone().into(),
    };
    steps.iter().map(step).collect()
}
