use super::{Applied, StoreError};
use crate::environment::Environment;
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

/// The tiers of an organization's environments. A deployment is recorded with its tier; when rules change, the recorded
/// deployments follow in bounded pieces.
#[async_trait]
pub trait Environments: Send + Sync {
    /// The rules of an organization; `None` if it does not exist.
    async fn context(&self, organization_id: OrganizationId) -> Result<Option<TiersContext>, StoreError>;

    /// Writes the rules and raises the organization's revision if the one that the decision saw still holds, so that no
    /// deployment is recorded any more by the rules before. Requests in the same transaction every service and environment
    /// of a recorded deployment whose [tier differs](EnvironmentTiers::differs_from), to be
    /// [placed](super::Relinking::claim_placements) again.
    async fn apply(&self, decision: &TiersDecision) -> Result<Applied<()>, StoreError>;

    /// Every environment that a recorded deployment of the organization went to, once, in alphabetical order, with the tier
    /// of its well-known name.
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Environment>, StoreError>;
}
