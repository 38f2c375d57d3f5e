use super::{Applied, StoreError};
use crate::environment::{Environment, Tier};
use crate::environment_tiers::EnvironmentTiers;
use crate::id::OrganizationId;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// The rules of an organization with their version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TiersContext {
    /// The rules.
    pub tiers: EnvironmentTiers,
    /// The revision of the organization, which every change of the rules raises.
    pub organization_revision: i64,
}

/// The new rules of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TiersDecision {
    /// The organization.
    pub organization_id: OrganizationId,
    /// What the decision was based on.
    pub before: TiersContext,
    /// The rules, in place of all that it had.
    pub after: EnvironmentTiers,
    /// Now.
    pub decided_at: Timestamp,
}

/// Deployments of one service to one environment have to get another tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierRequest {
    /// The organization.
    pub organization_id: OrganizationId,
    /// [What the service is compared by](crate::linking::service_key).
    pub service_key: String,
    /// The environment.
    pub environment: Environment,
    /// Another one each time that the environment is requested, and none that it had before.
    pub generation: i64,
}

/// The tier that the deployments of a request get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierChange {
    /// The request.
    pub request: TierRequest,
    /// The tier, decided after the request was taken.
    pub tier: Tier,
}

/// The tiers of an organization's environments. A deployment is recorded with its tier; when rules change, the recorded
/// deployments follow in bounded pieces.
#[async_trait]
pub trait Environments: Send + Sync {
    /// The rules of an organization; `None` if it does not exist.
    async fn context(&self, organization_id: OrganizationId) -> Result<Option<TiersContext>, StoreError>;

    /// Writes the rules and raises the organization's revision if the one that the decision saw still holds, so that no
    /// deployment is recorded any more by the rules before. Requests in the same transaction every service and environment
    /// of a recorded deployment whose [tier differs](EnvironmentTiers::differs_from).
    async fn apply(&self, decision: &TiersDecision) -> Result<Applied<()>, StoreError>;

    /// Every environment that a recorded deployment of the organization went to, once, in alphabetical order, with the tier
    /// of its well-known name.
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Environment>, StoreError>;

    /// Takes up to `limit` requests, of one organization or of all, as
    /// [requests of deployments](super::Relinking::claim) are taken.
    async fn claim(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<TierRequest>, StoreError>;

    /// Gives up to `most` deployments of each request its tier, those first that have waited longest, and settles the
    /// request once none is left. A deployment that comes to a line or leaves one moves the line on and requests it from its
    /// place on; one that leaves loses its links in the same transaction. A request that has been made again is left alone.
    async fn advance(&self, changes: &[TierChange], most: u32, now: Timestamp) -> Result<(), StoreError>;
}
