use super::MemoryStore;
use async_trait::async_trait;
use periscope_domain::delivery::ReceivedDelivery;
use periscope_domain::github::{GithubConnection, KnownGithubConnection};
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{GithubConnections, Inserted, StoreError};
use periscope_domain::timestamp::Timestamp;
use std::collections::btree_map::Entry;

/// A connection by which no delivery has come.
fn unheard_of(connection: &GithubConnection) -> KnownGithubConnection {
    KnownGithubConnection {
        connection: *connection,
        last_delivery: None,
        last_wrong_signature_at: None,
    }
}

#[async_trait]
impl GithubConnections for MemoryStore {
    async fn insert(&self, connection: &GithubConnection) -> Result<Inserted<()>, StoreError> {
        let mut state = self.state();
        state.tenant(connection.organization_id)?;
        match state.github_connections.entry(connection.organization_id) {
            Entry::Occupied(_) => Ok(Inserted::Already),
            Entry::Vacant(vacant) => {
                vacant.insert(unheard_of(connection));
                Ok(Inserted::New(()))
            }
        }
    }

    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError> {
        let mut state = self.state();
        state.tenant(connection.organization_id)?;
        let known = unheard_of(connection);
        state.github_connections.insert(connection.organization_id, known);
        Ok(())
    }

    async fn find_by_slug(
        &self,
        slug: &OrganizationSlug,
    ) -> Result<Option<KnownGithubConnection>, StoreError> {
        let state = self.state();
        let mut tenants = state.organizations.values();
        let tenant = tenants.find(|tenant| tenant.organization.slug == *slug);
        Ok(tenant
            .and_then(|tenant| state.github_connections.get(&tenant.organization.id))
            .cloned())
    }

    async fn note_delivery(
        &self,
        organization_id: OrganizationId,
        delivery: &ReceivedDelivery,
    ) -> Result<(), StoreError> {
        if let Some(known) = self.state().github_connections.get_mut(&organization_id) {
            let last = known.last_delivery.as_ref();
            if last.is_none_or(|last| last.received_at <= delivery.received_at) {
                known.last_delivery = Some(delivery.clone());
            }
        }
        Ok(())
    }

    async fn note_wrong_signature(
        &self,
        organization_id: OrganizationId,
        received_at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(known) = self.state().github_connections.get_mut(&organization_id)
            && known.last_wrong_signature_is_outdated(received_at)
        {
            known.last_wrong_signature_at = Some(received_at);
        }
        Ok(())
    }

    async fn last_effect_at(&self, organization_id: OrganizationId) -> Result<Option<Timestamp>, StoreError> {
        let state = self.state();
        let deliveries = state.deliveries.iter();
        let times = deliveries.filter(|((owner, _), _)| *owner == organization_id);
        Ok(times.map(|(_, received_at)| *received_at).max())
    }
}
