use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Applied, RelinkRequest, Relinking, RelinkingDecision, StoreError};
use periscope_domain::timestamp::Timestamp;

/// That a deployment has to be looked at again.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) generation: i64,
    pub(super) requested_at: Timestamp,
    /// Until when somebody is looking at it.
    pub(super) lease_until: Option<Timestamp>,
}

#[async_trait]
impl Relinking for MemoryStore {
    async fn claim(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<RelinkRequest>, StoreError> {
        let mut state = self.state();
        let State {
            relink_requests,
            deployments,
            ..
        } = &mut *state;
        let mut free: Vec<_> = relink_requests
            .iter_mut()
            .filter(|((owner, _), request)| {
                organization_id.is_none_or(|id| id == *owner)
                    && request.lease_until.is_none_or(|end| end <= now)
            })
            .collect();
        free.sort_by_key(|(_, request)| request.requested_at);
        let claimed = free
            .into_iter()
            .take(limit as usize)
            .filter_map(|(key, request)| {
                request.lease_until = Some(lease_until);
                Some(RelinkRequest {
                    organization_id: key.0,
                    deployment_id: key.1,
                    external_id: deployments.get(key)?.stored.deployment.external_id.clone(),
                    generation: request.generation,
                })
            });
        Ok(claimed.collect())
    }

    async fn apply(&self, decisions: &[RelinkingDecision]) -> Result<Vec<Applied<()>>, StoreError> {
        let mut state = self.state();
        Ok(decisions
            .iter()
            .map(|decision| state.apply_relinking(decision))
            .collect())
    }

    async fn count(&self, organization_id: Option<OrganizationId>) -> Result<u64, StoreError> {
        let state = self.state();
        let owners = state.relink_requests.keys().map(|(owner, _)| *owner);
        Ok(owners
            .filter(|owner| organization_id.is_none_or(|id| id == *owner))
            .count() as u64)
    }
}

impl State {
    fn apply_relinking(&mut self, decision: &RelinkingDecision) -> Applied<()> {
        let RelinkingDecision {
            request,
            version,
            linking,
        } = decision;
        let key = (request.organization_id, request.deployment_id);
        let epoch = self
            .organizations
            .get(&request.organization_id)
            .map(|tenant| tenant.epoch);
        let entry = self.deployments.get_mut(&key);
        let entry = entry.filter(|entry| Some(entry.stored.revision) == version.deployment_revision);
        let applied = entry.map_or(Applied::Stale, |entry| {
            entry.stored.revision = entry.stored.revision.next();
            entry.linking = linking.clone();
            Applied::Done(())
        });
        if let Some(waiting) = self.relink_requests.get_mut(&key)
            && waiting.generation == request.generation
        {
            if applied == Applied::Done(()) && epoch == Some(version.epoch.get()) {
                self.relink_requests.remove(&key);
            } else {
                waiting.lease_until = None;
            }
        }
        applied
    }
}
