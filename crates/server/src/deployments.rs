//! `POST /api/webhooks/deployments`: what a CI job says of a deployment. The fields are looked at in the order in
//! which they are documented, and the first one that is wrong is what the error begins with.

use crate::auth::Ingest;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::state::State;
use crate::violations::{InvalidPayload, Violations, is_absent, plausible_time};
use crate::wire::{Value, decode, wire_object};
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::run::{DeploymentStatus, InvalidRun, Run};
use periscope_domain::text::{Actor, BranchName, ExternalDeploymentId, PipelineName, ServiceName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{DeploymentAction, RecordDeployment, RecordedDeployment};
use periscope_domain::warning::Warning;
use periscope_domain::web_url::WebUrl;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder};

const BODY_LIMIT: usize = 256 * 1024;

const ABOUT: &str = "What a CI job says of a deployment. The first report creates it; a later one replaces the fields that \
                     it carries, unless it is older than what is known. A successful production deployment is linked to \
                     the pull requests that it ships.";

wire_object! {
    /// A deployment, as a CI job reports it.
    struct DeploymentReport<'a> {
        /// The sender's name for the deployment. The same one again updates it.
        deployment_id: Value<'a> = "deploymentId" => schema::text(255),
        /// The deployed commit, whole or abbreviated; kept in lower case.
        commit_sha: Value<'a> = "commitSha" => schema::commit_reference(),
        /// Where it went: `production`, `staging`, `development`, `preview`, `test` or any other name, which
        /// `PUT /api/environments` gives a tier; kept in lower case. Only environments of tier `production` ship pull
        /// requests.
        environment: Value<'a> = "environment" => schema::text(100),
        /// How far it has come. The last four are terminal.
        status: Value<'a> = "status" => schema::words(DeploymentStatus::ALL.map(DeploymentStatus::as_str)),
        /// When it began: an ISO 8601 time with a zone, from 2000-01-01 to 24 hours from now.
        started_at: Value<'a> = "startedAt" => schema::time(),
        /// When it ended, by the same rule and not before `startedAt`. Required with a terminal status, ignored with
        /// any other.
        completed_at: Value<'a> = "completedAt" => schema::anything().optional(),
        /// The organization that the report is meant for; it must be the key's.
        organization_slug: Value<'a> = "organizationSlug" => schema::organization_slug().optional(),
        /// What was deployed: the full or bare name of a repository, or an alias of one.
        service: Value<'a> = "service" => schema::text(255).optional(),
        /// The branch that was deployed.
        branch: Value<'a> = "branch" => schema::text(255).optional(),
        /// Who started it.
        triggered_by: Value<'a> = "triggeredBy" => schema::text(255).optional(),
        /// The name of the pipeline.
        pipeline_name: Value<'a> = "pipelineName" => schema::text(255).optional(),
        /// The commit that was live before; zeros only mean none. Without it, a deployment ships what no earlier
        /// successful deployment of the service and environment contains.
        previous_commit_sha: Value<'a> = "previousCommitSha" => schema::commit_reference().optional(),
        /// Where the run of the pipeline can be looked at.
        pipeline_url: Value<'a> = "pipelineUrl" => schema::web_url().optional(),
    }
}

pub(crate) async fn record(
    state: Data<State>,
    request: Ingest<BODY_LIMIT>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let body: DeploymentReport<'_> = decode(&request.body)?;
    let report = body.report(now)?;
    if let Some(slug) = body.organization() {
        request.require_organization(slug)?;
    }
    let command = RecordDeployment {
        organization_id: request.organization_id(),
        report,
    };
    let recorded = state.recorder.record(command).await?;
    state.events.count(&recorded);
    Ok(answer(&recorded))
}

/// What a body tells, for whoever tries bodies by the thousand.
#[cfg(test)]
pub(crate) fn read(body: &[u8], now: Timestamp) -> Result<Deployment, ApiError> {
    let body: DeploymentReport<'_> = decode(body)?;
    Ok(body.report(now)?)
}

pub(crate) fn documented() -> Operation {
    Operation::recording("recordDeployment", BODY_LIMIT, "Report a deployment", ABOUT)
        .body_that::<DeploymentReport<'_>>(completion())
        .answer::<Answer>(201, "The deployment was not known before.")
        .answer::<Answer>(200, "The deployment was known, and is up to date now.")
        .refusing([ApiError::OrganizationMismatch])
        .leads_to("explainDeployment", "id", "$response.body#/deploymentId")
}

/// A terminal status needs its time; with another one `completedAt` does not count, whatever it is.
fn completion() -> OneOfBuilder {
    let statuses = |is_terminal: bool| {
        let statuses = DeploymentStatus::ALL.into_iter();
        let statuses = statuses.filter(move |status| status.is_terminal() == is_terminal);
        schema::words(statuses.map(DeploymentStatus::as_str))
    };
    let open = ObjectBuilder::new().property("status", statuses(false));
    let finished = ObjectBuilder::new()
        .property("status", statuses(true))
        .property("completedAt", schema::time().schema)
        .required("completedAt");
    OneOfBuilder::new().item(open).item(finished)
}

impl DeploymentReport<'_> {
    fn report(&self, now: Timestamp) -> Result<Deployment, InvalidPayload> {
        let mut broken = Violations::default();
        let external_id = broken.required("deploymentId", &self.deployment_id, ExternalDeploymentId::parse);
        let commit = broken.required("commitSha", &self.commit_sha, CommitReference::parse);
        let environment = broken.required("environment", &self.environment, Environment::parse);
        let run = self.run(&mut broken, now);
        broken.optional("organizationSlug", &self.organization_slug, |text| {
            if text.is_empty() || text.chars().any(char::is_control) {
                Err("must be a string")
            } else {
                Ok(())
            }
        });
        let service = broken.optional("service", &self.service, ServiceName::parse);
        let branch = broken.optional("branch", &self.branch, BranchName::parse);
        let triggered_by = broken.optional("triggeredBy", &self.triggered_by, Actor::parse);
        let pipeline_name = broken.optional("pipelineName", &self.pipeline_name, PipelineName::parse);
        let previous_commit = broken.optional(
            "previousCommitSha",
            &self.previous_commit_sha,
            CommitReference::parse,
        );
        let pipeline_url = broken.optional("pipelineUrl", &self.pipeline_url, WebUrl::parse);
        match (external_id, commit, environment, run) {
            (Some(external_id), Some(commit), Some(environment), Some(run)) if broken.is_empty() => {
                Ok(Deployment {
                    external_id,
                    commit,
                    environment,
                    run,
                    service,
                    // Zeros are how a CI system says that a new branch has no commit before.
                    previous_commit: previous_commit.filter(|commit| !commit.is_zero()),
                    branch,
                    triggered_by,
                    pipeline_name,
                    pipeline_url,
                })
            }
            _ => Err(broken.into()),
        }
    }

    /// The status and its times. Unless the status is terminal, `completedAt` does not count, whatever it is.
    fn run(&self, broken: &mut Violations, now: Timestamp) -> Option<Run> {
        let time = |text: &str| plausible_time(text, now);
        let status = broken.required("status", &self.status, DeploymentStatus::parse);
        let started_at = broken.required("startedAt", &self.started_at, time);
        let status = status?;
        if !status.is_terminal() {
            return Run::new(status, started_at?, None).ok();
        }
        if is_absent(&self.completed_at) {
            broken.add("completedAt", InvalidRun::CompletionMissing(status));
            return None;
        }
        let completed_at = broken.required("completedAt", &self.completed_at, time)?;
        let run = Run::new(status, started_at?, Some(completed_at));
        run.map_err(|rule| broken.add("completedAt", rule)).ok()
    }

    fn organization(&self) -> Option<&str> {
        self.organization_slug
            .text()
            .map(str::trim)
            .filter(|slug| !slug.is_empty())
    }
}

/// What became of a report.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordedDeployment)]
struct Answer {
    /// Whether the deployment was new.
    #[schema(schema_with = actions)]
    action: &'static str,
    /// Periscope's own number of the deployment.
    deployment_id: i64,
    /// How many pull requests are linked to the deployment now.
    #[serde(rename = "linkedPRs")]
    linked_pull_requests: u64,
    /// What may surprise; left out if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<AnswerWarning>,
}

/// Something about a deployment that may surprise its sender. It was recorded all the same.
#[derive(Serialize, ToSchema)]
#[schema(as = Warning)]
struct AnswerWarning {
    #[schema(schema_with = warning_codes)]
    code: &'static str,
    /// A sentence for people.
    message: String,
}

fn actions() -> ObjectBuilder {
    schema::words(["created", "updated"])
}

fn warning_codes() -> ObjectBuilder {
    let meanings = Warning::CODES.map(|(code, meaning)| format!("- `{code}`: {meaning}."));
    let about = format!(
        "A word for programs, which never changes:\n\n{}",
        meanings.join("\n")
    );
    schema::words(Warning::CODES.map(|(code, _)| code)).description(Some(about))
}

fn answer(recorded: &RecordedDeployment) -> HttpResponse {
    let (mut response, action) = match recorded.action {
        DeploymentAction::Created => (HttpResponse::Created(), "created"),
        DeploymentAction::Updated => (HttpResponse::Ok(), "updated"),
    };
    let warnings = recorded.warnings.iter().map(|warning| AnswerWarning {
        code: warning.code(),
        message: warning.to_string(),
    });
    response.json(Answer {
        action,
        deployment_id: recorded.id.get(),
        linked_pull_requests: recorded.linked_pull_requests,
        warnings: warnings.collect(),
    })
}
