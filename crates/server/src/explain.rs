//! `GET /api/deployments/{id}/explain` and `GET /api/pull-requests/{id}/explain`: why a pull request is where it is, in
//! sentences for people and codes for programs.

use crate::app::State;
use crate::auth::Reader;
use crate::error::ApiError;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::id::{DeploymentId, PullRequestId};
use periscope_domain::linking::{Absence, Link};
use periscope_domain::pull_request::StoredPullRequest;
use periscope_domain::text::{ServiceName, Title};
use periscope_domain::use_cases::{
    DeploymentExplanation, PullRequestExplanation, Step, explain_deployment, explain_pull_request,
};
use periscope_domain::web_url::WebUrl;
use serde::Serialize;
use std::borrow::Cow;

pub(crate) async fn deployment(
    state: Data<State>,
    reader: Reader,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let store = &*state.store;
    let organization_id = reader.organization_id();
    let id = DeploymentId::new(number(&id)?);
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
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let store = &*state.store;
    let organization_id = reader.organization_id();
    let id = PullRequestId::new(number(&id)?);
    let stored = store
        .pull_requests()
        .find(organization_id, id)
        .await?
        .ok_or(ApiError::NotFound)?;
    let explanation = explain_pull_request(store, organization_id, stored).await?;
    Ok(HttpResponse::Ok().json(pull_request_json(&explanation)))
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

/// What is no number is the number of nothing.
fn number(id: &str) -> Result<i64, ApiError> {
    id.parse().map_err(|_| ApiError::NotFound)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentAnswer<'a> {
    deployment: DeploymentJson<'a>,
    steps: Vec<StepJson<'a>>,
    links: Vec<LinkJson<'a>>,
    warnings: Vec<StepJson<'a>>,
    settled: bool,
}

impl<'a> DeploymentAnswer<'a> {
    fn of(explanation: &'a DeploymentExplanation) -> Self {
        let links = explanation.links.iter().map(|explained| LinkJson {
            pull_request: PullRequestJson::of(&explained.pull_request, &explained.repository),
            reason: LinkReason::of(&explained.link),
        });
        let warnings = explanation.warnings.iter().map(|warning| StepJson {
            code: warning.code(),
            message: warning.to_string().into(),
        });
        Self {
            deployment: DeploymentJson::of(&explanation.deployment),
            steps: steps(&explanation.steps),
            links: links.collect(),
            warnings: warnings.collect(),
            settled: explanation.is_settled,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestAnswer<'a> {
    pull_request: PullRequestJson<'a>,
    steps: Vec<StepJson<'a>>,
    shipped_by: Vec<ShippedByJson<'a>>,
    not_in: Vec<NotInJson<'a>>,
}

impl<'a> PullRequestAnswer<'a> {
    fn of(explanation: &'a PullRequestExplanation) -> Self {
        let repository = explanation
            .repository
            .as_ref()
            .map_or("", |repository| repository.name.as_str());
        let shipped_by = explanation.shipped_by.iter().map(|(stored, link)| ShippedByJson {
            deployment: DeploymentJson::of(stored),
            reason: LinkReason::of(link),
        });
        let not_in = explanation
            .not_in
            .iter()
            .map(|(stored, absence)| NotInJson::of(stored, *absence));
        Self {
            pull_request: PullRequestJson::of(&explanation.pull_request, repository),
            steps: steps(&explanation.steps),
            shipped_by: shipped_by.collect(),
            not_in: not_in.collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentJson<'a> {
    id: i64,
    deployment_id: &'a str,
    commit_sha: &'a str,
    previous_commit_sha: Option<&'a str>,
    service: Option<&'a str>,
    environment: &'a str,
    status: &'static str,
    completed_at: Option<String>,
}

impl<'a> DeploymentJson<'a> {
    fn of(stored: &'a StoredDeployment) -> Self {
        let deployment = &stored.deployment;
        Self {
            id: stored.id.get(),
            deployment_id: deployment.external_id.as_str(),
            commit_sha: deployment.commit.as_str(),
            previous_commit_sha: deployment.previous_commit.as_ref().map(CommitReference::as_str),
            service: deployment.service.as_ref().map(ServiceName::as_str),
            environment: deployment.environment.as_str(),
            status: deployment.run.status().as_str(),
            completed_at: deployment.run.completed_at().map(|time| time.to_string()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestJson<'a> {
    id: i64,
    repository: &'a str,
    number: i32,
    title: Option<&'a str>,
    url: Option<&'a str>,
    merge_commit_sha: String,
    merged_at: String,
}

impl<'a> PullRequestJson<'a> {
    fn of(stored: &'a StoredPullRequest, repository: &'a str) -> Self {
        let pull_request = &stored.pull_request;
        Self {
            id: stored.id.get(),
            repository,
            number: pull_request.number.get(),
            title: pull_request.title.as_ref().map(Title::as_str),
            url: pull_request.url.as_ref().map(WebUrl::as_str),
            merge_commit_sha: pull_request.merge_commit.to_string(),
            merged_at: pull_request.merged_at.to_string(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkReason {
    rule: &'static str,
    base_commit_sha: Option<String>,
    lead_time_seconds: i64,
    message: String,
}

impl LinkReason {
    fn of(link: &Link) -> Self {
        Self {
            rule: link.rule.as_str(),
            base_commit_sha: link.base.map(|base| base.to_string()),
            lead_time_seconds: link.lead_time.seconds(),
            message: link.sentence(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkJson<'a> {
    pull_request: PullRequestJson<'a>,
    #[serde(flatten)]
    reason: LinkReason,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShippedByJson<'a> {
    deployment: DeploymentJson<'a>,
    #[serde(flatten)]
    reason: LinkReason,
}

#[derive(Serialize)]
struct NotInJson<'a> {
    deployment: DeploymentJson<'a>,
    code: &'static str,
    message: &'static str,
}

impl<'a> NotInJson<'a> {
    fn of(stored: &'a StoredDeployment, absence: Absence) -> Self {
        Self {
            deployment: DeploymentJson::of(stored),
            code: absence.code(),
            message: absence.sentence(),
        }
    }
}

#[derive(Serialize)]
struct StepJson<'a> {
    code: &'static str,
    message: Cow<'a, str>,
}

fn steps(steps: &[Step]) -> Vec<StepJson<'_>> {
    let step = |step: &'_ Step| StepJson {
        code: step.code,
        message: step.sentence.clone().into(),
    };
    steps.iter().map(step).collect()
}
