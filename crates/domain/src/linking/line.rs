//! A line: the successful production deployments of one service to one environment, in order of completion. What a
//! deployment ships depends on all earlier ones of its line. Most of these are contained in later ones, so the few that
//! are not, the heads, stand for all.

use super::Linking;
use crate::commit_sha::{CommitReference, CommitSha};
use crate::deployment::{Deployment, StoredDeployment};
use crate::environment::Environment;
use crate::id::{DeploymentId, OrganizationId, PullRequestId, RepositoryId};
use crate::text::ExternalDeploymentId;
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

impl Earlier {
    /// What two sources know of the same deployments.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let place = |deployment: &EarlierDeployment| {
            let name = deployment.external_id.as_str().to_owned();
            (deployment.completed_at, name)
        };
        self.latest = self.latest.into_iter().chain(other.latest).max_by_key(place);
        self.heads.extend(other.heads);
        self
    }
}

/// A place in the order of a service's deployments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePosition {
    /// The completion.
    pub completed_at: Timestamp,
    /// Of deployments completed at once, the name.
    pub external_id: String,
}

impl LinePosition {
    /// The place of a deployment; `None` if the deployment is in no line.
    #[must_use]
    pub fn of(deployment: &Deployment) -> Option<Self> {
        Some(Self {
            completed_at: deployment.shipped_at()?,
            external_id: deployment.external_id.as_str().to_owned(),
        })
    }
}

/// A deployment that comes to a line, leaves it or is decided again in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineChange {
    /// [What the service is compared by](super::service_key).
    pub service_key: String,
    /// The place of the deployment.
    pub place: LinePosition,
    /// Whether the deployment comes or leaves; if not, its place and commit are what they were.
    pub is_moved: bool,
    /// Whether the line may have later deployments.
    pub has_later: bool,
}

impl LineChange {
    /// The changes that a report makes to lines: it may put a deployment into the line of `service_key`, of which the last
    /// known place is `last`, and take it out of another.
    #[must_use]
    pub fn between(
        before: Option<&StoredDeployment>,
        after: &Deployment,
        service_key: &str,
        last: Option<&LinePosition>,
    ) -> Vec<Self> {
        let is_same_line = before.is_some_and(|old| old.service_key == service_key);
        let left = before.and_then(Self::left_by).map(|left| Self {
            has_later: !is_same_line || last.is_none_or(|last| left.place < *last),
            ..left
        });
        let come = LinePosition::of(after).map(|place| Self {
            service_key: service_key.to_owned(),
            is_moved: true,
            has_later: last.is_some_and(|last| place < *last),
            place,
        });
        if let (Some(old), Some(left), Some(come)) = (before.map(|old| &old.deployment), &left, &come)
            && left.place == come.place
            && old.commit == after.commit
            && old.environment == after.environment
            && is_same_line
        {
            return vec![Self {
                is_moved: false,
                ..come.clone()
            }];
        }
        left.into_iter().chain(come).collect()
    }

    /// The change that the removal of a deployment makes to its line; `None` if the deployment is in no line.
    #[must_use]
    pub fn left_by(stored: &StoredDeployment) -> Option<Self> {
        Some(Self {
            service_key: stored.service_key.clone(),
            place: LinePosition::of(&stored.deployment)?,
            is_moved: true,
            has_later: true,
        })
    }

    /// The line that the change is about.
    #[must_use]
    pub fn line(&self, organization_id: OrganizationId) -> LineKey {
        (organization_id, self.service_key.clone())
    }

    /// Whether later deployments have to be decided again.
    #[must_use]
    pub const fn changes_later(&self) -> bool {
        self.is_moved && self.has_later
    }
}

/// The key of a line: its organization and what its service is compared by.
pub type LineKey = (OrganizationId, String);

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
    pub fn advance(&mut self, id: DeploymentId, deployment: &Deployment, linking: &Linking) {
        let Some(completed_at) = deployment.shipped_at() else {
            return;
        };
        for range in linking.graph_ranges.iter().filter(|range| range.is_head) {
            self.heads.retain(|head| {
                let is_contained = |(id, _): &(DeploymentId, _)| *id == head.deployment_id;
                head.repository_id != range.repository_id || !range.contained.iter().any(is_contained)
            });
            self.heads.push(Head {
                deployment_id: id,
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
            id,
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
    use crate::deployment::Revision;
    use crate::run::{DeploymentStatus, Run};
    use crate::text::ServiceName;

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
            service_key: "api".to_owned(),
            place: LinePosition {
                completed_at: time,
                external_id: "gha-1".to_owned(),
            },
            is_moved: true,
            has_later: true,
        };
        for (status, environment, expected) in [
            (DeploymentStatus::Success, "production", Some(left)),
            (DeploymentStatus::Failure, "production", None),
            (DeploymentStatus::Success, "staging", None),
        ] {
            let stored = StoredDeployment {
                id: DeploymentId::new(1),
                revision: Revision::FIRST,
                deployment: deployment(status, environment),
                service_key: "api".to_owned(),
                novelty: None,
            };
            assert_eq!(LineChange::left_by(&stored), expected, "{status} {environment}");
        }
    }
}
