//! Why a deployment did not ship a pull request: the answer to "where is my pull request?".

use super::scope::{Resolved, Scope};
use super::{GraphAnswer, Linking, Surroundings, link};
use crate::commit_sha::CommitSha;
use crate::deployment::Deployment;
use crate::id::{PullRequestId, RepositoryId};

/// Why a successful production deployment is not linked to a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It was not looked for in the pull request's repository.
    OtherRepository,
    /// Nobody has told of the deployed commit where it was looked for, or it fits several.
    CommitUnknown,
    /// The graph of the repository does not have the deployed commit.
    NoGraph,
    /// The graph does not have the merge commit.
    MergeCommitUnknown,
    /// The deployed commit does not contain the merge commit.
    NotContained,
    /// The commit that the range began after contains it already.
    InBase,
    /// The deployed commit contains it, but what was live before is not known, so it may have been shipped before.
    BaseUnknown,
    /// The graph lacks commits that would tell.
    Undecided,
    /// It is in the deployment, and about to be linked.
    Pending,
}

impl Absence {
    /// The code, which never changes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OtherRepository => "other_repository",
            Self::CommitUnknown => "commit_unknown",
            Self::NoGraph => "no_graph",
            Self::MergeCommitUnknown => "merge_commit_unknown",
            Self::NotContained => "not_contained",
            Self::InBase => "in_base",
            Self::BaseUnknown => "base_unknown",
            Self::Undecided => "undecided",
            Self::Pending => "pending",
        }
    }

    /// A sentence for the person who asks.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OtherRepository => {
                "Its service is built from another repository, its commit is one of another, or this one is not \
                 monitored."
            }
            Self::CommitUnknown => {
                "Nobody has told of the deployed commit where it was looked for, or it fits several."
            }
            Self::NoGraph => {
                "The deployed commit is not this merge, and no commit graph tells what else it contains: import the \
                 repository's commits."
            }
            Self::MergeCommitUnknown => "The commit graph does not have the merge commit.",
            Self::NotContained => "The deployed commit does not contain the merge commit.",
            Self::InBase => "What was live before contains the merge commit already.",
            Self::BaseUnknown => {
                "The deployed commit contains the merge commit, but what was live before is not known, so it may have \
                 been shipped before."
            }
            Self::Undecided => "The commit graph lacks commits that would tell.",
            Self::Pending => "It is in this deployment, and about to be linked.",
        }
    }
}

/// Tells why a deployment did not ship pull requests, one after the other.
#[derive(Debug)]
pub struct Absences<'a> {
    surroundings: &'a Surroundings,
    linking: &'a Linking,
    scope: Scope<'a>,
    head: Resolved,
}

impl<'a> Absences<'a> {
    /// Those from a deployment that was [linked](super::link) within its surroundings.
    #[must_use]
    pub fn of(deployment: &'a Deployment, surroundings: &'a Surroundings, linking: &'a Linking) -> Self {
        let scope = Scope::of(deployment, surroundings);
        let head = scope.resolve(&deployment.commit);
        Self {
            surroundings,
            linking,
            scope,
            head,
        }
    }

    /// The repository that the deployment's service names.
    #[must_use]
    pub const fn repository_named(&self) -> Option<RepositoryId> {
        self.scope.named
    }

    /// Why a pull request of a repository that was merged as a commit is not linked.
    #[must_use]
    pub fn why(
        &self,
        repository_id: RepositoryId,
        (pull_request_id, merge_commit): (PullRequestId, CommitSha),
    ) -> Absence {
        let mut links = self.linking.links.iter();
        if links.any(|link| link.pull_request_id == pull_request_id) {
            return Absence::Pending;
        }
        if self.is_elsewhere(repository_id) {
            return Absence::OtherRepository;
        }
        let Resolved::Known(head) = self.head else {
            return Absence::CommitUnknown;
        };
        let mut histories = self.scope.histories.iter();
        let known = histories.find(|known| known.repository_id == repository_id);
        let Some((graph, head)) = known.and_then(|known| {
            let graph = known.history.graph();
            Some((graph, graph.find(&head)?))
        }) else {
            return self.without_graph(repository_id, head);
        };
        let Some(merge) = graph.find(&merge_commit) else {
            return Absence::MergeCommitUnknown;
        };
        match graph.is_ancestor(merge, head) {
            Some(false) => Absence::NotContained,
            None => Absence::Undecided,
            Some(true) => {
                let mut ranges = self.linking.graph_ranges.iter();
                let range = ranges.find(|range| range.repository_id == repository_id);
                match range.map(|range| range.answer) {
                    Some(GraphAnswer::Certain) => Absence::InBase,
                    Some(GraphAnswer::Open) => Absence::Undecided,
                    Some(GraphAnswer::NoBase) | None => Absence::BaseUnknown,
                }
            }
        }
    }

    /// Whether it was not looked for in a repository: another one is named, or nobody watches this one.
    fn is_elsewhere(&self, repository_id: RepositoryId) -> bool {
        let surroundings = self.surroundings;
        let histories = surroundings.histories.iter();
        let histories = histories.map(|known| (known.repository_id, known.repository_is_monitored));
        let candidates = surroundings.candidates.iter();
        let candidates =
            candidates.map(|candidate| (candidate.repository_id, candidate.repository_is_monitored));
        let is_unmonitored = || {
            let mut known = histories.chain(candidates);
            known.any(|(id, is_monitored)| id == repository_id && !is_monitored)
        };
        self.scope
            .named
            .map_or_else(is_unmonitored, |named| named != repository_id)
    }

    /// Of a repository whose graph does not have the deployed commit, which may be that of another one.
    fn without_graph(&self, repository_id: RepositoryId, head: CommitSha) -> Absence {
        let mut merges = self.scope.merged_as(head);
        let is_merged_here = merges.any(|candidate| candidate.repository_id == repository_id);
        if self.scope.named.is_none() && !is_merged_here {
            Absence::OtherRepository
        } else {
            Absence::NoGraph
        }
    }
}

/// Why a deployment did not ship a pull request of a repository that was merged as a commit.
#[must_use]
pub fn absence(
    deployment: &Deployment,
    surroundings: &Surroundings,
    repository_id: RepositoryId,
    merged_as: (PullRequestId, CommitSha),
) -> Absence {
    let linking = link(deployment, surroundings);
    Absences::of(deployment, surroundings, &linking).why(repository_id, merged_as)
}
