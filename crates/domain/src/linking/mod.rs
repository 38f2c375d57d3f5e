//! Which pull requests a deployment ships, and how that is known. Nothing is guessed: a pull request is linked
//! because its merge commit is the deployed commit, because the commit graph proves that it came with it, or, where
//! there is no graph, because it was merged between two commits whose order is known. Where that cannot be known
//! nothing is added and a warning says so; unknown never means all of history.

mod absence;
mod finding;
mod graph_range;
mod merge_time;
mod scope;
mod touch;
mod unlinked;

#[cfg(test)]
mod graph_tests;
#[cfg(test)]
mod tests;

pub use absence::{Absence, Absences, absence};
pub use finding::{BaseFinding, Finding, Rejection};
pub use graph_range::{BaseSearch, GraphAnswer, GraphRange, needs_more_earlier};
pub use merge_time::MergeTimeRange;
pub use touch::{BaseChange, Told, is_touched_as_before, is_touched_by};
pub use unlinked::UnlinkedReason;

use crate::commit_sha::{CommitReference, CommitSha};
use crate::deployment::Deployment;
use crate::history::RepositoryHistory;
use crate::id::{DeploymentId, PullRequestId, RepositoryId};
use crate::lead_time::LeadTime;
use crate::pull_request::Merge;
use crate::repository::Repository;
use crate::text::ExternalDeploymentId;
use crate::timestamp::Timestamp;
use crate::warning::Warning;
use scope::{Resolved, Scope};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How it is known that a deployment shipped a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkRule {
    /// The deployed commit is the pull request's merge commit.
    Exact,
    /// The deployed commit contains its merge commit, and the base does not: what `git rev-list base..commit` lists.
    Graph,
    /// It was merged after the previous commit's pull request and not after the deployed commit's, all three of
    /// one repository and base branch.
    MergeTime,
}

impl LinkRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Graph, Self::MergeTime];

    /// The word that stores and answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Graph => "graph",
            Self::MergeTime => "merge_time",
        }
    }
}

/// A pull request that a deployment may have shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Whether that repository is monitored.
    pub repository_is_monitored: bool,
    /// Its merge.
    pub merge: Merge,
}

/// The history of a repository in which the deployed or the previous commit may be known.
#[derive(Clone, Debug)]
pub struct KnownHistory {
    /// The repository.
    pub repository_id: RepositoryId,
    /// Whether it is monitored.
    pub repository_is_monitored: bool,
    /// Its commits and merges.
    pub history: Arc<RepositoryHistory>,
}

/// A successful production deployment that was completed before another one of the same service; of two that were
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

/// Deployments of the service before the one to link, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// As many of them as have been looked up.
    pub deployments: Vec<EarlierDeployment>,
    /// Whether there may be more.
    pub has_more: bool,
}

/// What the organization knows that can matter for the links of one deployment.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Every repository that the service may name: by full name, by bare name or by alias.
    pub repositories: Vec<Repository>,
    /// At least every pull request whose merge commit the deployed or the previous commit may name, and every
    /// one merged between two such in one repository and base branch; in any order, more do no harm.
    pub candidates: Vec<Candidate>,
    /// At least every repository with a commit that the deployed commit may name, or the previous one where it is
    /// abbreviated: it means none that fits several. In any order, more do no harm.
    pub histories: Vec<KnownHistory>,
    /// The earlier deployments of the service, if there are histories and no previous commit is given.
    pub earlier: Earlier,
}

/// One deployment shipped one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// How it is known.
    pub rule: LinkRule,
    /// The commit that the range began after, if the rule used one.
    pub base: Option<CommitSha>,
    /// From its merge to the deployment's completion.
    pub lead_time: LeadTime,
}

impl Link {
    /// How it is known, for the person who asks.
    #[must_use]
    pub fn sentence(&self) -> String {
        match (self.rule, self.base) {
            (LinkRule::Exact, _) => "The deployed commit is its merge commit.".to_owned(),
            (LinkRule::Graph, Some(base)) => {
                format!("The deployed commit contains its merge commit, and base {base} does not.")
            }
            (LinkRule::Graph, None) => "The deployed commit contains its merge commit.".to_owned(),
            (LinkRule::MergeTime, Some(base)) => format!(
                "It was merged after the pull request of base {base} and not after that of the deployed commit, into \
                 the same branch."
            ),
            (LinkRule::MergeTime, None) => {
                "It was merged between two merges into the same branch.".to_owned()
            }
        }
    }
}

/// What a deployment ships.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linking {
    /// The pull requests, each once, in order of their numbers.
    pub links: Vec<Link>,
    /// The spans of merge times that were linked whole.
    pub ranges: Vec<MergeTimeRange>,
    /// What the commit graphs said, one for each repository whose graph knows the deployed commit.
    pub graph_ranges: Vec<GraphRange>,
    /// What could not be known.
    pub warnings: Vec<Warning>,
    /// How all that was found, step by step.
    pub findings: Vec<Finding>,
}

/// Decides which pull requests a deployment ships: none unless it is a successful production one.
#[must_use]
pub fn link(deployment: &Deployment, surroundings: &Surroundings) -> Linking {
    let Some(shipped_at) = deployment.shipped_at() else {
        let mut linking = Linking::default();
        linking.findings.push(Finding::ShipsNothing(
            deployment.run.status(),
            deployment.environment.clone(),
        ));
        return linking;
    };
    let scope = Scope::of(deployment, surroundings);
    let mut links = Links {
        shipped_at,
        by_pull_request: BTreeMap::new(),
    };
    let mut linking = Linking {
        findings: vec![scope.finding(deployment)],
        ..Linking::default()
    };
    if let (Some(service), None) = (&deployment.service, scope.named) {
        linking.warnings.push(Warning::ServiceUnmatched(service.clone()));
    }
    let head = match scope.resolve(&deployment.commit) {
        Resolved::Known(head) => Some(head),
        Resolved::Unknown => {
            let named = surroundings.repositories.iter();
            let named = named.filter(|repository| scope.named == Some(repository.id));
            let name = named.map(|repository| repository.name.clone()).next();
            linking
                .warnings
                .push(Warning::CommitUnknown(deployment.commit.clone(), name));
            linking
                .findings
                .push(Finding::CommitUnknown(deployment.commit.clone(), scope.named));
            None
        }
        Resolved::Ambiguous => {
            linking
                .warnings
                .push(Warning::CommitAmbiguous(deployment.commit.clone()));
            linking
                .findings
                .push(Finding::CommitAmbiguous(deployment.commit.clone()));
            None
        }
    };
    if let Some(head) = head {
        for candidate in scope.merged_as(head) {
            links.add(
                candidate.pull_request_id,
                candidate.merge.merged_at,
                LinkRule::Exact,
                None,
            );
        }
        let exact = links.by_pull_request.len();
        linking.findings.push(Finding::DeployedMerges {
            commit: head,
            pull_requests: exact,
        });
        let mut has_range =
            graph_range::link(deployment, surroundings, &scope, head, &mut links, &mut linking);
        has_range |= merge_time::link(deployment, &scope, head, &mut links, &mut linking);
        let seeks_base = deployment.previous_commit.is_none() && !linking.graph_ranges.is_empty();
        if seeks_base && !has_range {
            linking
                .warnings
                .push(Warning::NoProvedBase(deployment.commit.clone()));
        }
        if let Some(previous) = deployment.previous_commit.as_ref().filter(|_| !has_range) {
            linking.warnings.push(Warning::BaseUnknown(previous.clone()));
            linking.findings.push(Finding::BaseUnknown(previous.clone()));
        }
    } else if let Some(previous) = &deployment.previous_commit {
        linking.warnings.push(Warning::BaseUnknown(previous.clone()));
    }
    linking.links = links.by_pull_request.into_values().collect();
    linking
}

/// The links that have been found so far. The first rule that links a pull request is kept.
struct Links {
    shipped_at: Timestamp,
    by_pull_request: BTreeMap<PullRequestId, Link>,
}

impl Links {
    fn add(
        &mut self,
        pull_request_id: PullRequestId,
        merged_at: Timestamp,
        rule: LinkRule,
        base: Option<CommitSha>,
    ) {
        let lead_time = LeadTime::between(merged_at, self.shipped_at);
        let link = Link {
            pull_request_id,
            rule,
            base,
            lead_time,
        };
        self.by_pull_request.entry(pull_request_id).or_insert(link);
    }
}
