//! `GET /api/deployments/{id}/explain` and `GET /api/pull-requests/{id}/explain`: why a pull request is where it is, in
//! sentences for people and codes for programs.

use crate::app::State;
use crate::auth::Reader;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::id::{DeploymentId, PullRequestId};
use periscope_domain::linking::{Absence, Link, LinkRule};
use periscope_domain::pull_request::StoredPullRequest;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::{ServiceName, Title};
use periscope_domain::use_cases::{
    DeploymentExplanation, PullRequestExplanation, Step, explain_deployment, explain_pull_request,
};
use periscope_domain::web_url::WebUrl;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

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

pub(crate) fn deployment_documented() -> Operation {
    Operation::reading(
        "explainDeployment",
        "Explain a deployment",
        "How its links were found.",
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

fn statuses() -> ObjectBuilder {
    schema::words(DeploymentStatus::ALL.map(DeploymentStatus::as_str))
}

fn rules() -> ObjectBuilder {
    schema::words(LinkRule::ALL.map(LinkRule::as_str))
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

/// How the links of a deployment were found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentExplanation)]
struct DeploymentAnswer<'a> {
    /// The deployment.
    deployment: DeploymentJson<'a>,
    /// How its links were found, step by step.
    steps: Vec<StepJson<'a>>,
    /// The pull requests that it ships.
    links: Vec<LinkJson<'a>>,
    /// What could not be known.
    warnings: Vec<StepJson<'a>>,
    /// Whether this is the last word; else what came late is still being worked in.
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

/// Which deployments shipped a pull request, or why none did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PullRequestExplanation)]
struct PullRequestAnswer<'a> {
    /// The pull request.
    pull_request: PullRequestJson<'a>,
    /// How the deployments were looked for.
    steps: Vec<StepJson<'a>>,
    /// The deployments that shipped it.
    shipped_by: Vec<ShippedByJson<'a>>,
    /// Deployments that might have shipped it and did not.
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

/// A deployment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedDeployment)]
struct DeploymentJson<'a> {
    /// Periscope's own number.
    id: i64,
    /// The sender's name for it.
    deployment_id: &'a str,
    /// The deployed commit.
    commit_sha: &'a str,
    /// The commit that was live before, if it was told.
    #[schema(required)]
    previous_commit_sha: Option<&'a str>,
    /// What was deployed.
    #[schema(required)]
    service: Option<&'a str>,
    /// Where it went.
    environment: &'a str,
    /// How far it has come.
    #[schema(schema_with = statuses)]
    status: &'static str,
    /// When it ended.
    #[schema(format = DateTime, required)]
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

/// A merged pull request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedPullRequest)]
struct PullRequestJson<'a> {
    /// Periscope's own number.
    id: i64,
    /// The full name of its repository.
    repository: &'a str,
    /// Its number in the repository.
    number: i32,
    /// Its title.
    #[schema(required)]
    title: Option<&'a str>,
    /// Where it can be looked at.
    #[schema(required)]
    url: Option<&'a str>,
    /// The commit that its merge made.
    merge_commit_sha: String,
    /// When it was merged.
    #[schema(format = DateTime, required)]
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

/// Why a deployment ships a pull request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LinkReason {
    /// The rule that proves it.
    #[schema(schema_with = rules)]
    rule: &'static str,
    /// The commit that was live before, if the rule needs one.
    #[schema(required)]
    base_commit_sha: Option<String>,
    /// From the merge to the end of the deployment.
    lead_time_seconds: i64,
    /// The reason, for people.
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

/// A pull request that a deployment ships.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedLink)]
struct LinkJson<'a> {
    /// The pull request.
    pull_request: PullRequestJson<'a>,
    #[serde(flatten)]
    reason: LinkReason,
}

/// A deployment that shipped a pull request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShippedBy)]
struct ShippedByJson<'a> {
    /// The deployment.
    deployment: DeploymentJson<'a>,
    #[serde(flatten)]
    reason: LinkReason,
}

/// A deployment that did not ship a pull request.
#[derive(Serialize, ToSchema)]
#[schema(as = NotIn)]
struct NotInJson<'a> {
    /// The deployment.
    deployment: DeploymentJson<'a>,
    /// A word for programs, which never changes.
    code: &'static str,
    /// The reason, for people.
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
