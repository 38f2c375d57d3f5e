use super::{MemoryStore, Tenant};
use async_trait::async_trait;
use periscope_domain::environment_tiers::EnvironmentTiers;
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::{Organization, OrganizationSlug, Subscription};
use periscope_domain::ports::{Inserted, NewOrganization, Organizations, Removed, StoreError};

#[async_trait]
impl Organizations for MemoryStore {
    async fn insert(&self, organization: &NewOrganization) -> Result<Inserted<Organization>, StoreError> {
        let mut state = self.state();
        if state
            .organizations
            .values()
            .any(|tenant| tenant.organization.slug == organization.slug)
        {
            return Ok(Inserted::Already);
        }
        let made = Organization {
            id: OrganizationId::new(state.next_id()),
            slug: organization.slug.clone(),
            name: organization.name.clone(),
            subscription: Subscription {
                plan: organization.plan,
                trial: None,
            },
            created_at: organization.created_at,
        };
        let tenant = Tenant {
            organization: made.clone(),
            tiers: EnvironmentTiers::default(),
            revision: 1,
            epoch: 1,
        };
        state.organizations.insert(made.id, tenant);
        Ok(Inserted::New(made))
    }

    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError> {
        let state = self.state();
        let mut organizations = state.organizations.values().map(|tenant| &tenant.organization);
        Ok(organizations
            .find(|organization| organization.slug == *slug)
            .cloned())
    }

    async fn list(&self) -> Result<Vec<Organization>, StoreError> {
        let state = self.state();
        let mut organizations: Vec<_> = state
            .organizations
            .values()
            .map(|tenant| tenant.organization.clone())
            .collect();
        organizations.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(organizations)
    }

    async fn remove_some(&self, id: OrganizationId, _most: u32) -> Result<Removed, StoreError> {
        Ok(self.state().remove_organization(id))
    }

    async fn check_health(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
