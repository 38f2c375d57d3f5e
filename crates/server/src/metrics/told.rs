//! What answers tell of beside their figures: pull requests, deployments and repositories.

use crate::read::deployments::DeploymentJson;
use crate::read::pull_requests::PullRequestJson;
use periscope_domain::id::{DeploymentId, PullRequestId, RepositoryId};
use periscope_domain::use_cases::Report;

pub(super) fn pull_request(report: &Report, id: PullRequestId) -> Option<PullRequestJson> {
    let stored = report.pull_requests.get(&id)?;
    let repository = repository_name(report, stored.repository_id);
    Some(PullRequestJson::of(stored, &repository))
}

pub(super) fn deployment(report: &Report, id: DeploymentId) -> Option<DeploymentJson> {
    report.deployments.get(&id).map(DeploymentJson::of)
}

/// The full name of a repository that an answer tells of.
pub(super) fn repository_name(report: &Report, id: RepositoryId) -> String {
    let repository = report.repositories.iter().find(|repository| repository.id == id);
    repository.map_or_else(String::new, |repository| repository.name.to_string())
}
