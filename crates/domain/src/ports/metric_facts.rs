use super::StoreError;
use crate::environment::Environment;
use crate::id::OrganizationId;
use crate::metrics::{Facts, ServiceState};
use crate::timestamp::Timestamp;
use async_trait::async_trait;
use std::sync::Arc;

/// What metrics are computed from.
#[async_trait]
pub trait MetricFacts: Send + Sync {
    /// What is known of an organization from a time on: every deployment that was completed at it or after, and every
    /// pull request that was merged at it or after, as they stand when this is called. Earlier ones may be in it or not.
    /// Nothing of another organization ever is.
    async fn facts_since(
        &self,
        organization_id: OrganizationId,
        since: Timestamp,
    ) -> Result<Arc<Facts>, StoreError>;

    /// The state of each service in each of some environments as its deployments that were completed before a time leave it, however
    /// early these are: the service is down since the first harmful one that was completed after the last successful one,
    /// of two at one instant since the one with the smaller number. Services without a successful one are left out.
    async fn states_before(
        &self,
        organization_id: OrganizationId,
        environments: &[Environment],
        before: Timestamp,
    ) -> Result<Vec<ServiceState>, StoreError>;
}
