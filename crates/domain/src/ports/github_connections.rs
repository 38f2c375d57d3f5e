use super::StoreError;
use crate::github::GithubConnection;
use crate::organization::OrganizationSlug;
use async_trait::async_trait;

/// Connections to GitHub, at most one for an organization.
#[async_trait]
pub trait GithubConnections: Send + Sync {
    /// Keeps a connection in place of the organization's old one.
    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError>;

    /// The connection of the organization with a slug.
    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<GithubConnection>, StoreError>;
}
