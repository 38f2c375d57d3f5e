use super::{Applied, StoreError, TargetRepository};
use crate::commit_graph::{Commit, Push};
use crate::commit_sha::CommitSha;
use crate::id::OrganizationId;
use crate::repository::{Repository, RepositoryName};
use crate::text::DeliveryId;
use crate::timestamp::Timestamp;
use async_trait::async_trait;
use std::collections::BTreeSet;

/// Asks for what is known of commits of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitQuery {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The repository's full name, in any letter case.
    pub repository: RepositoryName,
    /// Their names.
    pub shas: Vec<CommitSha>,
    /// The webhook delivery that told of them, if one did.
    pub delivery: Option<DeliveryId>,
}

/// Everything that the decision on a batch of commits depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitsContext {
    /// The repository, if it is known.
    pub repository: Option<Repository>,
    /// Those that are recorded, in any order.
    pub stored: Vec<Commit>,
    /// Those among them that a clone has said to have no parents.
    pub proved_roots: BTreeSet<CommitSha>,
    /// Whether the delivery has had its effect already.
    pub delivery_is_known: bool,
}

/// A recorded commit of which more is known now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedCommit {
    /// The commit as it was recorded.
    pub before: Commit,
    /// The commit as it shall be recorded.
    pub commit: Commit,
}

/// What shall be true of a batch of commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitDecision {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Where they belong.
    pub repository: TargetRepository,
    /// Those that were not recorded, each once; all that parents and pushes name among them.
    pub new: Vec<Commit>,
    /// Those of which more is known now than was recorded.
    pub completed: Vec<CompletedCommit>,
    /// Those that a clone says to have no parents.
    pub proved_roots: Vec<CommitSha>,
    /// What branches were moved by.
    pub pushes: Vec<Push>,
    /// Whether any of it tells what a commit contains that was recorded before and open.
    pub fills: bool,
    /// Whether any of it gives a recorded commit other parents than it had, so that every line of the organization has to be
    /// decided again.
    pub corrects: bool,
    /// The delivery whose effect this is.
    pub delivery: Option<DeliveryId>,
    /// Now.
    pub now: Timestamp,
}

impl CommitDecision {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
            && self.completed.is_empty()
            && self.proved_roots.is_empty()
            && self.pushes.is_empty()
    }
}

/// Commits. The identity of one is its repository and its SHA.
#[async_trait]
pub trait Commits: Send + Sync {
    /// Reads what is known; `None` when the organization does not exist.
    async fn context(&self, query: &CommitQuery) -> Result<Option<CommitsContext>, StoreError>;

    /// Writes the batch whole, or nothing of it if a new commit, the repository or the delivery was recorded by
    /// somebody else meanwhile, or a completed one has other parents than before, or stands for another commit.
    ///
    /// Then, in the same transaction: moves the organization's epoch, and leaves for the relinking worker every
    /// deployment that [what is told touches](crate::linking::touched_by), with a new repository every one whose
    /// service names it, and every open range of the service of a deployment that names a new commit. Gives how many
    /// those are.
    async fn apply(&self, decision: &CommitDecision) -> Result<Applied<u64>, StoreError>;
}
