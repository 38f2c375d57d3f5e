use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::environment::Environment;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Applied, Environments, StoreError, TiersContext, TiersDecision};
use std::collections::BTreeSet;

#[async_trait]
impl Environments for MemoryStore {
    async fn context(&self, organization_id: OrganizationId) -> Result<Option<TiersContext>, StoreError> {
        let state = self.state();
        let tenant = state.organizations.get(&organization_id);
        Ok(tenant.map(|tenant| TiersContext {
            tiers: tenant.tiers.clone(),
            organization_revision: tenant.revision,
        }))
    }

    async fn apply(&self, decision: &TiersDecision) -> Result<Applied<()>, StoreError> {
        Ok(self.state().change_tiers(decision))
    }

    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Environment>, StoreError> {
        let state = self.state();
        let deployments = state
            .entries_of(organization_id)
            .map(|entry| &entry.stored.deployment);
        let environments: BTreeSet<_> = deployments
            .map(|deployment| deployment.environment.as_str())
            .collect();
        let environments = environments
            .into_iter()
            .filter_map(|name| Environment::parse(name).ok());
        Ok(environments.collect())
    }
}

impl State {
    fn change_tiers(&mut self, decision: &TiersDecision) -> Applied<()> {
        let TiersDecision {
            organization_id,
            before,
            after,
            decided_at,
        } = decision;
        let tenant = self.organizations.get_mut(organization_id);
        let Some(tenant) = tenant.filter(|tenant| tenant.revision == before.organization_revision) else {
            return Applied::Stale;
        };
        tenant.revision += 1;
        tenant.tiers = after.clone();
        self.request_places(*organization_id, *decided_at, |stored| {
            after.differs_from(&before.tiers, &stored.deployment.environment)
        });
        Applied::Done(())
    }
}
