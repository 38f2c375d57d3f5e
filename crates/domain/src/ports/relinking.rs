use super::{Applied, DeploymentVersion, StoreError};
use crate::id::{DeploymentId, OrganizationId};
use crate::linking::Linking;
use crate::text::ExternalDeploymentId;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// A deployment whose links have to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkRequest {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The deployment.
    pub deployment_id: DeploymentId,
    /// The sender's name for it.
    pub external_id: ExternalDeploymentId,
    /// Another one each time that the deployment is asked for, and none that it had before.
    pub generation: i64,
}

/// The links that a deployment shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkingDecision {
    /// The request that this settles.
    pub request: RelinkRequest,
    /// What the decision was based on, read after the request was taken: what it does not know of has made the
    /// request again, if it touches the deployment as it was.
    pub version: DeploymentVersion,
    /// Its links, in place of all that it had.
    pub linking: Linking,
}

/// Deployments whose links have to be looked at again: each at most once, until they have been.
#[async_trait]
pub trait Relinking: Send + Sync {
    /// Takes up to `limit` requests, of one organization or of all, that nobody else has taken before `lease_until`
    /// of theirs: an equal share of each organization that has any, so that none keeps others waiting, and of each the
    /// oldest. A taker that dies loses them when its lease ends. No two takers get the same one.
    async fn claim(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<RelinkRequest>, StoreError>;

    /// Writes the links of each decision whose deployment still has its revision, and tells of each, in order.
    ///
    /// The request is settled with it unless it has been made again, or whatever became known since it was looked at
    /// may have missed it: because of a [new range](crate::linking::is_touched_as_before), if the epoch has moved on,
    /// or, in any case, because the search for a base ended elsewhere than the last one that was written. Then, and
    /// when the decision is stale, it stays and can be taken again at once, after those that have waited since before
    /// `now`, when it was taken: so none that is touched again and again keeps others waiting.
    async fn apply(
        &self,
        decisions: &[RelinkingDecision],
        now: Timestamp,
    ) -> Result<Vec<Applied<()>>, StoreError>;

    /// For up to `limit` deployments, of one organization or of all, that were recorded as a changed base: leaves every
    /// deployment whose base one of them may be, or no longer is, for the relinking worker, and the deployment
    /// itself, if somebody may have recorded a better base for it at the same time. Gives how many were left.
    ///
    /// Called after the deployment is durable: of two that are recorded at once, the later one sees the earlier.
    async fn spread(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// The same for deployments that have just been recorded, whatever else is waiting.
    async fn spread_from(
        &self,
        bases: &[(OrganizationId, DeploymentId)],
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// How many requests and changed bases are waiting or being looked at, of one organization or of all.
    async fn count(&self, organization_id: Option<OrganizationId>) -> Result<u64, StoreError>;

    /// Since when the request that has waited longest waits to be looked at, or looked at once more; `None` if there
    /// is none.
    async fn oldest(&self, organization_id: Option<OrganizationId>) -> Result<Option<Timestamp>, StoreError>;
}
