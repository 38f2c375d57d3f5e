//! What answers tell of beside their figures: pull requests, deployments and repositories.

use periscope_domain::deployment::StoredDeployment;
use periscope_domain::id::{DeploymentId, PullRequestId, RepositoryId};
use periscope_domain::pull_request::StoredPullRequest;
use periscope_domain::text::{ServiceName, Title};
use periscope_domain::use_cases::Report;
use periscope_domain::web_url::WebUrl;
use serde::Serialize;
use utoipa::ToSchema;

/// A pull request that an answer tells of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequestTold {
    /// Periscope's own number for it.
    id: i64,
    /// The full name of its repository.
    repository: String,
    /// The number that the forge gave it.
    number: i32,
    title: Option<String>,
    url: Option<String>,
}

impl PullRequestTold {
    pub(super) fn find(report: &Report, id: PullRequestId) -> Option<Self> {
        let StoredPullRequest {
            repository_id,
            pull_request,
            ..
        } = report.pull_requests.get(&id)?;
        Some(Self {
            id: id.get(),
            repository: repository_name(report, *repository_id),
            number: pull_request.number.get(),
            title: pull_request.title.as_ref().map(Title::as_str).map(str::to_owned),
            url: pull_request.url.as_ref().map(WebUrl::as_str).map(str::to_owned),
        })
    }
}

/// A deployment that an answer tells of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentTold {
    /// Periscope's own number for it.
    id: i64,
    /// What its sender calls it.
    deployment_id: String,
    commit_sha: String,
    service: Option<String>,
    environment: String,
    /// Its status now.
    status: &'static str,
    completed_at: Option<String>,
    /// Where the pipeline's run can be looked at.
    pipeline_url: Option<String>,
}

impl DeploymentTold {
    pub(super) fn find(report: &Report, id: DeploymentId) -> Option<Self> {
        let StoredDeployment { deployment, .. } = report.deployments.get(&id)?;
        Some(Self {
            id: id.get(),
            deployment_id: deployment.external_id.as_str().to_owned(),
            commit_sha: deployment.commit.as_str().to_owned(),
            service: deployment
                .service
                .as_ref()
                .map(ServiceName::as_str)
                .map(str::to_owned),
            environment: deployment.environment.as_str().to_owned(),
            status: deployment.run.status().as_str(),
            completed_at: deployment.run.completed_at().map(|time| time.to_string()),
            pipeline_url: deployment
                .pipeline_url
                .as_ref()
                .map(WebUrl::as_str)
                .map(str::to_owned),
        })
    }
}

/// The full name of a repository that an answer tells of.
pub(super) fn repository_name(report: &Report, id: RepositoryId) -> String {
    let repository = report.repositories.iter().find(|repository| repository.id == id);
    repository.map_or_else(String::new, |repository| repository.name.to_string())
}
