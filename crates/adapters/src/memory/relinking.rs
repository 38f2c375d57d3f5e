use super::{Entry, MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::{BaseSearch, EarlierDeployment, Linking, is_touched_as_before};
use periscope_domain::ports::{Applied, RelinkRequest, Relinking, RelinkingDecision, StoreError};
use periscope_domain::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// That a deployment has to be looked at again.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) generation: i64,
    /// When it was made, or, if it was looked at since and stayed, when it was taken for that.
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
        let mut waiting: Vec<_> = relink_requests
            .iter_mut()
            .filter(|((owner, _), _)| organization_id.is_none_or(|id| id == *owner))
            .collect();
        let owners: BTreeSet<_> = waiting.iter().map(|((owner, _), _)| *owner).collect();
        let share = (limit as usize / owners.len().max(1)).max(1);
        waiting.sort_by_key(|(_, request)| request.requested_at);
        let mut taken: BTreeMap<OrganizationId, usize> = BTreeMap::new();
        let claimed = waiting
            .into_iter()
            .filter(|(_, request)| request.lease_until.is_none_or(|end| end <= now))
            .filter(|((owner, _), _)| {
                let taken = taken.entry(*owner).or_default();
                *taken += 1;
                *taken <= share
            })
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

    async fn apply(
        &self,
        decisions: &[RelinkingDecision],
        now: Timestamp,
    ) -> Result<Vec<Applied<()>>, StoreError> {
        let mut state = self.state();
        Ok(decisions
            .iter()
            .map(|decision| state.apply_relinking(decision, now))
            .collect())
    }

    async fn spread(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut state = self.state();
        let bases: Vec<_> = state
            .base_changes
            .iter()
            .filter(|(owner, _)| organization_id.is_none_or(|id| id == *owner))
            .copied()
            .take(limit as usize)
            .collect();
        Ok(bases.into_iter().map(|base| state.spread(base, now)).sum())
    }

    async fn spread_from(
        &self,
        bases: &[(OrganizationId, DeploymentId)],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut state = self.state();
        let waiting = bases.iter().filter(|base| state.base_changes.contains(base));
        let waiting: Vec<_> = waiting.copied().collect();
        Ok(waiting.into_iter().map(|base| state.spread(base, now)).sum())
    }

    async fn count(&self, organization_id: Option<OrganizationId>) -> Result<u64, StoreError> {
        let state = self.state();
        let owners = state
            .relink_requests
            .keys()
            .chain(&state.base_changes)
            .map(|(owner, _)| *owner);
        Ok(owners
            .filter(|owner| organization_id.is_none_or(|id| id == *owner))
            .count() as u64)
    }

    async fn oldest(&self, organization_id: Option<OrganizationId>) -> Result<Option<Timestamp>, StoreError> {
        let state = self.state();
        let requests = state.relink_requests.iter();
        let of_it = requests.filter(|((owner, _), _)| organization_id.is_none_or(|id| id == *owner));
        Ok(of_it.map(|(_, request)| request.requested_at).min())
    }
}

impl State {
    fn apply_relinking(&mut self, decision: &RelinkingDecision, now: Timestamp) -> Applied<()> {
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
        let mut settles = false;
        let applied = entry.map_or(Applied::Stale, |entry| {
            settles = (epoch == Some(version.epoch.get()) || is_touched_as_before(&entry.linking, linking))
                && !has_new_search(&entry.linking, linking);
            entry.stored.revision = entry.stored.revision.next();
            entry.linking = linking.clone();
            Applied::Done(())
        });
        if let Some(waiting) = self.relink_requests.get_mut(&key) {
            let is_the_same = waiting.generation == request.generation;
            waiting.requested_at = waiting.requested_at.max(now);
            if is_the_same {
                waiting.lease_until = None;
            }
            if is_the_same && settles {
                self.relink_requests.remove(&key);
            }
        }
        applied
    }

    /// Leaves those whose base a deployment may be, or no longer is, and itself, if it may have got a better one.
    fn spread(&mut self, key: (OrganizationId, DeploymentId), now: Timestamp) -> u64 {
        self.base_changes.remove(&key);
        let Some(base) = self.deployments.get(&key) else {
            return 0;
        };
        let of_organization = self.deployments.iter().filter(|(other, _)| other.0 == key.0);
        let mut touched: Vec<_> = of_organization
            .filter(|(other, entry)| **other != key && has_to_seek_again(entry, key.1, base))
            .map(|(other, _)| *other)
            .collect();
        if self.may_have_a_better_base(key.0, base) {
            touched.push(key);
        }
        for other in &touched {
            self.request_relinking(*other, now);
        }
        touched.len() as u64
    }

    /// Whether a deployment of its service lies between it and the base that it has.
    fn may_have_a_better_base(&self, owner: OrganizationId, seeker: &Entry) -> bool {
        let Some(shipped_at) = seeker.stored.deployment.shipped_at() else {
            return false;
        };
        searches(&seeker.linking).any(|found| {
            self.deployments
                .iter()
                .filter(|((other, _), _)| *other == owner)
                .any(|((_, id), other)| {
                    let lies_between =
                        |time| time <= shipped_at && found.is_none_or(|base| base.completed_at <= time);
                    *id != seeker.stored.id
                        && found.is_none_or(|base| base.id != *id || is_no_longer(base, seeker, other))
                        && (other.service_key() == seeker.service_key()
                            && other.stored.deployment.shipped_at().is_some_and(lies_between)
                            || found.is_some_and(|base| base.id == *id))
                })
        })
    }
}

/// Whether a search for a base ended elsewhere than any did before: what became a base meanwhile has only seen those.
pub(super) fn has_new_search(before: &Linking, now: &Linking) -> bool {
    searches(now).any(|new| searches(before).all(|old| old != new))
}

/// Where each search for a base ended.
fn searches(linking: &Linking) -> impl Iterator<Item = Option<&EarlierDeployment>> {
    linking.graph_ranges.iter().filter_map(|range| match &range.base {
        BaseSearch::Sought(found) => Some(found.as_ref()),
        BaseSearch::Given => None,
    })
}

/// Whether a deployment that a search ended at is no longer what it was then.
fn is_no_longer(found: &EarlierDeployment, seeker: &Entry, base: &Entry) -> bool {
    let deployment = &base.stored.deployment;
    base.service_key() != seeker.service_key()
        || deployment.shipped_at() != Some(found.completed_at)
        || deployment.commit != found.commit
}

/// Whether a deployment may be a better base of a seeker, or no longer is the one that it was.
fn has_to_seek_again(seeker: &Entry, id: DeploymentId, base: &Entry) -> bool {
    let Some(seeker_shipped_at) = seeker.stored.deployment.shipped_at() else {
        return false;
    };
    let base_shipped_at = base.stored.deployment.shipped_at();
    searches(&seeker.linking).any(|found| match found {
        Some(found) if found.id == id => is_no_longer(found, seeker, base),
        found => {
            let is_later =
                |time| time <= seeker_shipped_at && found.is_none_or(|found| found.completed_at <= time);
            base.service_key() == seeker.service_key() && base_shipped_at.is_some_and(is_later)
        }
    })
}
