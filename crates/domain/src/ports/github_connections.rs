use super::StoreError;
use crate::github::GithubConnection;
use crate::id::OrganizationId;
use crate::organization::OrganizationSlug;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// Connections to GitHub, at most one for an organization.
#[async_trait]
pub trait GithubConnections: Send + Sync {
    /// Keeps a connection in place of the organization's old one.
    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError>;

    /// The connection of the organization with a slug.
    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<GithubConnection>, StoreError>;

    /// When the last webhook delivery of the organization was received that had an effect.
    async fn last_delivery_at(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<Timestamp>, StoreError>;
}
