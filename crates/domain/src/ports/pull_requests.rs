use super::{Applied, StoreError};
use crate::id::{OrganizationId, PullRequestId, RepositoryId};
use crate::listing::{ListedPullRequest, Page, PageRequest, PullRequestFilter};
use crate::pull_request::{PullRequest, PullRequestNumber, StoredPullRequest};
use crate::repository::{Repository, RepositoryName};
use crate::text::DeliveryId;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// Asks for what is known of pull requests of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestQuery {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The repository's full name, in any letter case.
    pub repository: RepositoryName,
    /// Their numbers.
    pub numbers: Vec<PullRequestNumber>,
    /// The webhook delivery that told of them, if one did.
    pub delivery: Option<DeliveryId>,
}

/// Everything that the decision on a batch of pull requests depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestsContext {
    /// The repository, if it is known.
    pub repository: Option<Repository>,
    /// Those that are recorded, in any order.
    pub stored: Vec<StoredPullRequest>,
    /// Whether the delivery has had its effect already.
    pub delivery_is_known: bool,
}

/// The repository that pull requests are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetRepository {
    /// One that the context told of.
    Known(Repository),
    /// One that comes into being with them, monitored.
    New(RepositoryName),
}

/// A recorded pull request that becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPullRequest {
    /// What the context told of it; its revision must still hold.
    pub before: StoredPullRequest,
    /// What shall be recorded.
    pub after: PullRequest,
}

/// What shall be true of a batch of pull requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestDecision {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Where they belong.
    pub repository: TargetRepository,
    /// Those that were not recorded, each number once.
    pub new: Vec<PullRequest>,
    /// Those that change.
    pub changed: Vec<ChangedPullRequest>,
    /// The delivery whose effect this is.
    pub delivery: Option<DeliveryId>,
    /// Now.
    pub now: Timestamp,
}

/// Merged pull requests. The identity of one is its repository and number.
#[async_trait]
pub trait PullRequests: Send + Sync {
    /// Reads what is known; `None` when the organization does not exist.
    async fn context(&self, query: &PullRequestQuery) -> Result<Option<PullRequestsContext>, StoreError>;

    /// Writes the batch whole, or nothing of it if a number, the repository or the delivery was recorded by
    /// somebody else meanwhile, or a revision no longer holds.
    ///
    /// Then, in the same transaction: moves the organization's epoch, and leaves for the relinking worker every
    /// deployment that [a merge of the batch touches](crate::linking::touched_by), by what it was or by what
    /// it becomes, and, with a new repository, every one whose service names it. Gives how many those are.
    async fn apply(&self, decision: &PullRequestDecision) -> Result<Applied<u64>, StoreError>;

    /// A pull request of the organization.
    async fn find(
        &self,
        organization_id: OrganizationId,
        id: PullRequestId,
    ) -> Result<Option<StoredPullRequest>, StoreError>;

    /// Those of the organization that have one of the numbers that it gave them, in order of these.
    async fn list(
        &self,
        organization_id: OrganizationId,
        ids: &[PullRequestId],
    ) -> Result<Vec<StoredPullRequest>, StoreError>;

    /// The pull request that a forge calls by a number.
    async fn find_by_number(
        &self,
        organization_id: OrganizationId,
        repository_id: RepositoryId,
        number: PullRequestNumber,
    ) -> Result<Option<StoredPullRequest>, StoreError>;

    /// The pull requests of the organization that a filter [takes](PullRequestFilter::takes), in order of their merges
    /// and, among those merged at one time, of the numbers that we gave them.
    async fn page(
        &self,
        organization_id: OrganizationId,
        filter: &PullRequestFilter,
        page: &PageRequest<PullRequestId>,
    ) -> Result<Page<ListedPullRequest>, StoreError>;
}
