use super::StoreError;
use crate::id::OrganizationId;
use crate::metrics::Facts;
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
}
