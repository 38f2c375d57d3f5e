use super::relinking::Request;
use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::{LinePosition, Linking, place_in_line, service_key};
use periscope_domain::ports::{
    Applied, Environments, StoreError, TierChange, TierRequest, TiersContext, TiersDecision,
};
use periscope_domain::timestamp::Timestamp;
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

    async fn claim(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<TierRequest>, StoreError> {
        let mut state = self.state();
        let mut free: Vec<_> = state
            .tier_requests
            .iter_mut()
            .filter(|((owner, _), _)| organization_id.is_none_or(|id| id == *owner))
            .filter(|(_, request)| request.lease_until.is_none_or(|end| end <= now))
            .collect();
        free.sort_by_key(|(_, request)| request.requested_at);
        let claimed = free
            .into_iter()
            .take(limit as usize)
            .map(|((owner, of), request)| {
                request.lease_until = Some(lease_until);
                TierRequest {
                    organization_id: *owner,
                    service_key: of.0.clone(),
                    environment: of.1.clone(),
                    generation: request.generation,
                }
            });
        Ok(claimed.collect())
    }

    async fn advance(&self, changes: &[TierChange], most: u32, now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        for change in changes {
            state.give_tier(change, most, now);
        }
        Ok(())
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
        let deployments = self
            .entries_of(*organization_id)
            .map(|entry| &entry.stored.deployment);
        let changed =
            deployments.filter(|deployment| after.differs_from(&before.tiers, &deployment.environment));
        let changed: BTreeSet<_> = changed
            .map(|deployment| {
                (
                    service_key(deployment.service.as_ref()),
                    deployment.environment.clone(),
                )
            })
            .collect();
        for of in changed {
            self.last_generation += 1;
            let generation = self.last_generation;
            self.tier_requests
                .entry((*organization_id, of))
                .and_modify(|request| {
                    request.generation = generation;
                    request.lease_until = None;
                })
                .or_insert(Request {
                    generation,
                    requested_at: *decided_at,
                    lease_until: None,
                });
        }
        Applied::Done(())
    }

    /// Gives some deployments of a request their tier, and settles the request once none is left.
    fn give_tier(&mut self, change: &TierChange, most: u32, now: Timestamp) {
        let TierRequest {
            organization_id,
            service_key,
            environment,
            generation,
        } = &change.request;
        let key = (*organization_id, (service_key.clone(), environment.clone()));
        let request = self.tier_requests.get_mut(&key);
        let Some(request) = request.filter(|request| request.generation == *generation) else {
            return;
        };
        request.requested_at = now;
        request.lease_until = None;
        let wrong = self.wrongly_tiered(change);
        for id in wrong.iter().take(most as usize) {
            self.move_to_tier((*organization_id, *id), change.tier, now);
        }
        if wrong.len() <= most as usize {
            self.tier_requests.remove(&key);
        }
    }

    fn wrongly_tiered(&self, change: &TierChange) -> Vec<DeploymentId> {
        let request = &change.request;
        let entries = self.entries_of(request.organization_id).filter(|entry| {
            let deployment = &entry.stored.deployment;
            deployment.environment == request.environment
                && deployment.environment.tier() != change.tier
                && service_key(deployment.service.as_ref()) == request.service_key
        });
        entries.map(|entry| entry.stored.id).collect()
    }

    fn move_to_tier(&mut self, key: (OrganizationId, DeploymentId), tier: Tier, now: Timestamp) {
        let Some(entry) = self.deployments.get_mut(&key) else {
            return;
        };
        let deployment = &mut entry.stored.deployment;
        let left = place_in_line(key.0, deployment);
        deployment.environment = deployment.environment.clone().with_tier(tier);
        let come = place_in_line(key.0, deployment);
        entry.stored.revision = entry.stored.revision.next();
        if come.is_none() {
            entry.linking = Linking::of_nothing(deployment.run.status(), &deployment.environment);
            entry.stored.novelty = None;
        }
        if left.is_some() != come.is_some()
            && let Some((line, place)) = left.or(come)
        {
            self.move_line(line.clone(), &place);
            let LinePosition { completed_at, .. } = place;
            self.request_line_from(line, completed_at, now);
        }
    }
}
