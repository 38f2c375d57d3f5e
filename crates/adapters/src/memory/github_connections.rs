use super::MemoryStore;
use async_trait::async_trait;
use periscope_domain::github::GithubConnection;
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{GithubConnections, StoreError};
use periscope_domain::timestamp::Timestamp;

#[async_trait]
impl GithubConnections for MemoryStore {
    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError> {
        let mut state = self.state();
        state.tenant(connection.organization_id)?;
        state
            .github_connections
            .insert(connection.organization_id, *connection);
        Ok(())
    }

    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<GithubConnection>, StoreError> {
        let state = self.state();
        let mut tenants = state.organizations.values();
        let tenant = tenants.find(|tenant| tenant.organization.slug == *slug);
        Ok(tenant
            .and_then(|tenant| state.github_connections.get(&tenant.organization.id))
            .copied())
    }

    async fn last_delivery_at(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let state = self.state();
        let deliveries = state.deliveries.iter();
        let times = deliveries.filter(|((owner, _), _)| *owner == organization_id);
        Ok(times.map(|(_, received_at)| *received_at).max())
    }
}
