//! A line: the successful production deployments of one service to one environment, in order of completion. What a
//! deployment ships depends on all earlier ones of its line. Most of these are contained in later ones, so the few that
//! are not, the heads, stand for all.

use super::Linking;
use crate::commit_sha::{CommitReference, CommitSha};
use crate::deployment::{Deployment, StoredDeployment};
use crate::environment::Environment;
use crate::id::{DeploymentId, PullRequestId, RepositoryId};
use crate::text::{ExternalDeploymentId, ServiceName};
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A successful production deployment that was completed before another one of the same line; of two that were
/// completed at once, the one whose name is first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierDeployment {
    /// Its number.
    pub id: DeploymentId,
    /// What its sender calls it.
    pub external_id: ExternalDeploymentId,
    /// What was deployed.
    pub commit: CommitReference,
    /// When it was completed.
    pub completed_at: Timestamp,
}

/// An earlier deployment whose commit the graph of a repository knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The deployment's number.
    pub deployment_id: DeploymentId,
    /// What its sender calls it.
    pub external_id: ExternalDeploymentId,
    /// When it was completed.
    pub completed_at: Timestamp,
    /// Where it went.
    pub environment: Environment,
    /// The repository whose graph knows the commit.
    pub repository_id: RepositoryId,
    /// The commit.
    pub commit: CommitSha,
}

/// The deployments of a service before one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The latest one of its line.
    pub latest: Option<EarlierDeployment>,
    /// At least every one of the service, whatever the environment, whose commit a graph knows and no other earlier one
    /// of its line contains; more do no harm.
    pub heads: Vec<Head>,
}

/// A place in the order of a service's deployments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePosition {
    /// The completion.
    pub completed_at: Timestamp,
    /// Of deployments completed at once, the name.
    pub external_id: String,
}

/// Later deployments of a service may ship something else since a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineChange {
    /// The service; `None` stands for deployments that name none.
    pub service: Option<ServiceName>,
    /// The completion of the deployment that has changed.
    pub since: Timestamp,
    /// Whether the deployment came here or went; if not, it was decided again, and only has to be held against earlier ones
    /// that were recorded at the same time.
    pub is_moved: bool,
}

impl LineChange {
    /// The changes that a report makes to lines: it may put a deployment into one and take it out of another.
    #[must_use]
    pub fn between(before: Option<&Deployment>, after: &Deployment) -> Vec<Self> {
        let place = |deployment: &Deployment| Some((deployment.shipped_at()?, deployment.clone()));
        let before = before.and_then(place);
        let after = place(after);
        if let (Some((was, old)), Some((is, new))) = (&before, &after)
            && was == is
            && old.commit == new.commit
            && old.environment == new.environment
            && service_key(old.service.as_ref()) == service_key(new.service.as_ref())
        {
            return vec![Self::new(*is, new.service.clone(), false)];
        }
        let changes = before.into_iter().chain(after);
        let changes = changes.map(|(since, deployment)| Self::new(since, deployment.service, true));
        changes.collect()
    }

    /// The change that the removal of a deployment makes to its line; `None` if the deployment is in no line.
    #[must_use]
    pub fn left_by(deployment: &Deployment) -> Option<Self> {
        let since = deployment.shipped_at()?;
        Some(Self::new(since, deployment.service.clone(), true))
    }

    const fn new(since: Timestamp, service: Option<ServiceName>, is_moved: bool) -> Self {
        Self {
            service,
            since,
            is_moved,
        }
    }
}

/// What services are compared by.
#[must_use]
pub fn service_key(service: Option<&ServiceName>) -> String {
    service.map_or_else(String::new, |service| service.as_str().to_ascii_lowercase())
}

/// What earlier deployments were live before the next one of a service, kept while its deployments are gone through in
/// order.
#[derive(Clone, Debug, Default)]
pub struct LineState {
    latest: BTreeMap<Environment, EarlierDeployment>,
    heads: Vec<Head>,
    delivered: BTreeSet<PullRequestId>,
}

impl LineState {
    /// What a store knows of the deployments before the first one.
    #[must_use]
    pub fn new(heads: Vec<Head>, delivered: BTreeSet<PullRequestId>) -> Self {
        Self {
            latest: BTreeMap::new(),
            heads,
            delivered,
        }
    }

    /// Takes the latest earlier deployment of an environment that has not come up yet.
    pub fn begin(&mut self, environment: &Environment, latest: Option<EarlierDeployment>) {
        if let Some(latest) = latest {
            self.latest.entry(environment.clone()).or_insert(latest);
        }
    }

    /// What is earlier than the next deployment.
    #[must_use]
    pub fn before(&self, deployment: &Deployment) -> Earlier {
        Earlier {
            latest: self.latest.get(&deployment.environment).cloned(),
            heads: self.heads.clone(),
        }
    }

    /// The pull requests that earlier deployments of the service link.
    #[must_use]
    pub const fn delivered(&self) -> &BTreeSet<PullRequestId> {
        &self.delivered
    }

    /// Goes on behind a deployment.
    pub fn advance(&mut self, stored: &StoredDeployment, linking: &Linking) {
        let deployment = &stored.deployment;
        let Some(completed_at) = deployment.shipped_at() else {
            return;
        };
        for range in &linking.graph_ranges {
            self.heads.retain(|head| {
                let is_contained = |(id, _): &(DeploymentId, _)| *id == head.deployment_id;
                head.repository_id != range.repository_id || !range.contained.iter().any(is_contained)
            });
            self.heads.push(Head {
                deployment_id: stored.id,
                external_id: deployment.external_id.clone(),
                completed_at,
                environment: deployment.environment.clone(),
                repository_id: range.repository_id,
                commit: range.commit,
            });
        }
        let links = linking.links.iter();
        self.delivered.extend(links.map(|link| link.pull_request_id));
        let latest = EarlierDeployment {
            id: stored.id,
            external_id: deployment.external_id.clone(),
            commit: deployment.commit.clone(),
            completed_at,
        };
        self.latest.insert(deployment.environment.clone(), latest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{DeploymentStatus, Run};

    #[test]
    fn only_a_deployment_that_ships_leaves_a_line() {
        let time = Timestamp::parse("2024-01-15T10:30:00Z").unwrap();
        let deployment = |status, environment| Deployment {
            external_id: ExternalDeploymentId::parse("gha-1").unwrap(),
            commit: CommitReference::parse("abc1234").unwrap(),
            environment: Environment::parse(environment).unwrap(),
            run: Run::new(status, time, Some(time)).unwrap(),
            service: ServiceName::clean("api"),
            previous_commit: None,
            branch: None,
            triggered_by: None,
            pipeline_name: None,
            pipeline_url: None,
        };
        let left = LineChange {
            service: ServiceName::clean("api"),
            since: time,
            is_moved: true,
        };
        for (status, environment, expected) in [
            (DeploymentStatus::Success, "production", Some(left)),
            (DeploymentStatus::Failure, "production", None),
            (DeploymentStatus::Success, "staging", None),
        ] {
            let deployment = deployment(status, environment);
            assert_eq!(
                LineChange::left_by(&deployment),
                expected,
                "{status} {environment}"
            );
        }
    }
}
