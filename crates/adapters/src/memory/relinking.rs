use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::{LineKey, LinePosition, is_touched_as_before, place_in_line};
use periscope_domain::ports::{
    Applied, LineRequest, Placement, PlacementRequest, RelinkReason, RelinkRequest, Relinking,
    RelinkingDecision, StoreError,
};
use periscope_domain::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// That a line has to be looked at again from a place on.
#[derive(Debug)]
pub(super) struct WaitingLine {
    pub(super) from: LinePosition,
    pub(super) request: Request,
}

/// That a deployment has to be looked at again.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) generation: i64,
    /// When it was made, or, if it was looked at since and stayed, when it was taken for that.
    pub(super) requested_at: Timestamp,
    /// Until when somebody is looking at it.
    pub(super) lease_until: Option<Timestamp>,
}

impl Request {
    /// Requests a key of a queue, or requests it again, free to be taken.
    pub(super) fn put<K: Ord>(queue: &mut BTreeMap<K, Self>, key: K, generation: i64, now: Timestamp) {
        queue
            .entry(key)
            .and_modify(|request| {
                request.generation = generation;
                request.lease_until = None;
            })
            .or_insert(Self {
                generation,
                requested_at: now,
                lease_until: None,
            });
    }
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
                    reason: RelinkReason::Requested(request.generation),
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
        let applied: Vec<_> = decisions
            .iter()
            .map(|decision| state.apply_relinking(decision, now))
            .collect();
        state.follow_relinked_lines(decisions, &applied, now);
        Ok(applied)
    }

    async fn claim_lines(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<LineRequest>, StoreError> {
        let mut state = self.state();
        let mut free: Vec<_> = state
            .line_requests
            .iter_mut()
            .filter(|((owner, _), _)| organization_id.is_none_or(|id| id == *owner))
            .filter(|(_, waiting)| waiting.request.lease_until.is_none_or(|end| end <= now))
            .collect();
        free.sort_by_key(|(_, waiting)| waiting.request.requested_at);
        let claimed = free.into_iter().take(limit as usize).map(|(key, waiting)| {
            waiting.request.lease_until = Some(lease_until);
            LineRequest {
                organization_id: key.0,
                service_key: key.1.clone(),
                from: waiting.from.clone(),
                generation: waiting.request.generation,
            }
        });
        Ok(claimed.collect())
    }

    async fn advance_lines(
        &self,
        progress: &[(LineRequest, Option<LinePosition>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        for (line, next) in progress {
            let key = (line.organization_id, line.service_key.clone());
            let waiting = state.line_requests.get_mut(&key);
            let Some(waiting) = waiting.filter(|waiting| waiting.request.generation == line.generation)
            else {
                continue;
            };
            match next {
                None => drop(state.line_requests.remove(&key)),
                Some(next) => {
                    waiting.from = next.clone();
                    waiting.request.requested_at = now;
                    waiting.request.lease_until = None;
                }
            }
        }
        Ok(())
    }

    async fn claim_placements(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<PlacementRequest>, StoreError> {
        let mut state = self.state();
        Ok(state.claim_placements(organization_id, limit, now, lease_until))
    }

    async fn place(&self, placements: &[Placement], most: u32, now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        for placement in placements {
            state.place(placement, most, now);
        }
        Ok(())
    }

    async fn count(&self, organization_id: Option<OrganizationId>) -> Result<u64, StoreError> {
        let state = self.state();
        let owners = state
            .relink_requests
            .keys()
            .map(|(owner, _)| *owner)
            .chain(state.line_requests.keys().map(|(owner, _)| *owner))
            .chain(state.placement_requests.keys().map(|(owner, _)| *owner));
        Ok(owners
            .filter(|owner| organization_id.is_none_or(|id| id == *owner))
            .count() as u64)
    }

    async fn oldest(&self, organization_id: Option<OrganizationId>) -> Result<Option<Timestamp>, StoreError> {
        let state = self.state();
        let requests = state.relink_requests.iter();
        let requests = requests.map(|((owner, _), request)| (*owner, request.requested_at));
        let lines = state.line_requests.iter();
        let lines = lines.map(|((owner, _), waiting)| (*owner, waiting.request.requested_at));
        let places = state.placement_requests.iter();
        let places = places.map(|((owner, _), request)| (*owner, request.requested_at));
        let of_it = requests
            .chain(lines)
            .chain(places)
            .filter(|(owner, _)| organization_id.is_none_or(|id| id == *owner));
        Ok(of_it.map(|(_, requested_at)| requested_at).min())
    }
}

impl State {
    fn apply_relinking(&mut self, decision: &RelinkingDecision, now: Timestamp) -> Applied<()> {
        let RelinkingDecision {
            request,
            version,
            linking,
            is_as_before,
        } = decision;
        let key = (request.organization_id, request.deployment_id);
        if !self.is_line_as_it_was(request) {
            return Applied::Stale;
        }
        if *is_as_before {
            return Applied::Done(());
        }
        let epoch = self
            .organizations
            .get(&request.organization_id)
            .map(|tenant| tenant.epoch);
        let entry = self.deployments.get_mut(&key);
        let entry = entry.filter(|entry| Some(entry.stored.revision) == version.deployment_revision);
        let mut settles = false;
        let applied = entry.map_or(Applied::Stale, |entry| {
            settles = epoch == Some(version.epoch.get()) || is_touched_as_before(&entry.linking, linking);
            entry.stored.revision = entry.stored.revision.next();
            entry.stored.novelty = linking.novelty;
            entry.linking = linking.clone();
            Applied::Done(())
        });
        match request.reason {
            RelinkReason::Line(_) if !settles && applied != Applied::Stale => {
                self.request_relinking(key, now);
            }
            RelinkReason::Line(_) => {}
            RelinkReason::Requested(generation) => self.settle(key, generation, settles, now),
        }
        applied
    }

    /// Moves on the lines whose deployments have new links, and requests those that have moved on since they were looked at.
    fn follow_relinked_lines(
        &mut self,
        decisions: &[RelinkingDecision],
        applied: &[Applied<()>],
        now: Timestamp,
    ) {
        let mut outrun: BTreeMap<LineKey, bool> = BTreeMap::new();
        for (decision, _) in decisions.iter().zip(applied).filter(|(decision, applied)| {
            let is_of_line = matches!(decision.request.reason, RelinkReason::Line(_));
            is_of_line && !decision.is_as_before && **applied == Applied::Done(())
        }) {
            let RelinkRequest {
                organization_id,
                deployment_id,
                ..
            } = decision.request;
            let Some(entry) = self.deployments.get(&(organization_id, deployment_id)) else {
                continue;
            };
            let Some((key, place)) = place_in_line(
                organization_id,
                &entry.stored.service_key,
                &entry.stored.deployment,
            ) else {
                continue;
            };
            let revision = self.move_line(key.clone(), &place);
            let is_outrun = *outrun
                .entry(key.clone())
                .or_insert(revision != decision.version.line.get());
            if is_outrun {
                self.request_line_from(key, place.completed_at, now);
            }
        }
    }

    /// Whether a line, if it is why a deployment is looked at, has not been requested again.
    fn is_line_as_it_was(&self, request: &RelinkRequest) -> bool {
        let RelinkReason::Line(generation) = request.reason else {
            return true;
        };
        let entry = self
            .deployments
            .get(&(request.organization_id, request.deployment_id));
        let service = entry.map(|entry| entry.stored.service_key.clone());
        let waiting = service.and_then(|service| self.line_requests.get(&(request.organization_id, service)));
        waiting.is_some_and(|waiting| waiting.request.generation == generation)
    }

    fn settle(
        &mut self,
        key: (OrganizationId, DeploymentId),
        generation: i64,
        settles: bool,
        now: Timestamp,
    ) {
        let Some(waiting) = self.relink_requests.get_mut(&key) else {
            return;
        };
        let is_the_same = waiting.generation == generation;
        waiting.requested_at = waiting.requested_at.max(now);
        if is_the_same {
            waiting.lease_until = None;
        }
        if is_the_same && settles {
            self.relink_requests.remove(&key);
        }
    }

    /// Requests a line from a time on.
    pub(super) fn request_line_from(&mut self, line: LineKey, completed_at: Timestamp, now: Timestamp) {
        let from = LinePosition {
            completed_at,
            external_id: String::new(),
        };
        self.last_generation += 1;
        let generation = self.last_generation;
        self.line_requests
            .entry(line)
            .and_modify(|waiting| {
                waiting.from = waiting.from.clone().min(from.clone());
                waiting.request.generation = generation;
                waiting.request.lease_until = None;
            })
            .or_insert(WaitingLine {
                from,
                request: Request {
                    generation,
                    requested_at: now,
                    lease_until: None,
                },
            });
    }
}
