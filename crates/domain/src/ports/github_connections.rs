use super::{Inserted, StoreError};
use crate::delivery::ReceivedDelivery;
use crate::github::{GithubConnection, KnownGithubConnection};
use crate::id::OrganizationId;
use crate::organization::OrganizationSlug;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// Connections to GitHub, at most one for an organization.
#[async_trait]
pub trait GithubConnections: Send + Sync {
    /// Keeps the organization's first connection; of several at once one is kept. `Already` where it has one.
    async fn insert(&self, connection: &GithubConnection) -> Result<Inserted<()>, StoreError>;

    /// Keeps a connection in place of the organization's old one. What was noted of the old one is forgotten.
    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError>;

    /// The connection of the organization with a slug, and what was noted of it.
    async fn find_by_slug(
        &self,
        slug: &OrganizationSlug,
    ) -> Result<Option<KnownGithubConnection>, StoreError>;

    /// Notes a delivery as the last of the organization's connection, unless a later one is noted already.
    async fn note_delivery(
        &self,
        organization_id: OrganizationId,
        delivery: &ReceivedDelivery,
    ) -> Result<(), StoreError>;

    /// Notes that a delivery came without the right signature, unless another one is noted that came less than
    /// [`WRONG_SIGNATURE_PRECISION`](crate::github::WRONG_SIGNATURE_PRECISION) before it, or after it.
    async fn note_wrong_signature(
        &self,
        organization_id: OrganizationId,
        received_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// When the last webhook delivery of the organization was received that had an effect, by whatever connection.
    async fn last_effect_at(&self, organization_id: OrganizationId) -> Result<Option<Timestamp>, StoreError>;
}
