//! `POST /api/webhooks/deployments`: what a CI job says of a deployment. The fields are looked at in the order in
//! which they are documented, and the first one that is wrong is what the error begins with.

use crate::app::State;
use crate::auth::Ingest;
use crate::error::ApiError;
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
use periscope_domain::web_url::WebUrl;
use serde::Serialize;

const BODY_LIMIT: usize = 256 * 1024;

wire_object! {
    struct DeploymentBody<'a> {
        deployment_id: Value<'a> = "deploymentId",
        commit_sha: Value<'a> = "commitSha",
        environment: Value<'a> = "environment",
        status: Value<'a> = "status",
        started_at: Value<'a> = "startedAt",
        completed_at: Value<'a> = "completedAt",
        organization_slug: Value<'a> = "organizationSlug",
        service: Value<'a> = "service",
        branch: Value<'a> = "branch",
        triggered_by: Value<'a> = "triggeredBy",
        pipeline_name: Value<'a> = "pipelineName",
        previous_commit_sha: Value<'a> = "previousCommitSha",
        pipeline_url: Value<'a> = "pipelineUrl",
    }
}

pub(crate) async fn record(
    state: Data<State>,
    request: Ingest<BODY_LIMIT>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let body: DeploymentBody<'_> = decode(&request.body)?;
    let report = body.report(now)?;
    if let Some(slug) = body.organization() {
        request.require_organization(slug)?;
    }
    let command = RecordDeployment {
        organization_id: request.organization_id(),
        report,
    };
    Ok(answer(&state.recorder.record(command).await?))
}

impl DeploymentBody<'_> {
    fn report(&self, now: Timestamp) -> Result<Deployment, InvalidPayload> {
        let mut broken = Violations::default();
        let external_id = broken.required("deploymentId", &self.deployment_id, ExternalDeploymentId::parse);
        let commit = broken.required("commitSha", &self.commit_sha, CommitReference::parse);
        let environment = broken.required("environment", &self.environment, Environment::parse);
        let run = self.run(&mut broken, now);
        broken.optional("organizationSlug", &self.organization_slug, |text| {
            if text.is_empty() {
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    action: &'static str,
    deployment_id: i64,
    #[serde(rename = "linkedPRs")]
    linked_pull_requests: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<AnswerWarning>,
}

#[derive(Serialize)]
struct AnswerWarning {
    code: &'static str,
    message: String,
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
