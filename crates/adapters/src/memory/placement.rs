//! Placing recorded deployments again, under the tier and the service that they belong to now.

use super::State;
use super::relinking::Request;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::{Linking, concerned_keys, place_in_line, service_spelling};
use periscope_domain::ports::{Placement, PlacementRequest};
use periscope_domain::repository::Repository;
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeSet;

impl State {
    /// Raises the organization's revision, because names have changed that decide what services are compared by, and requests
    /// the services that they concern.
    pub(super) fn move_names(&mut self, organization_id: OrganizationId, spellings: &[&str], now: Timestamp) {
        if let Some(tenant) = self.organizations.get_mut(&organization_id) {
            tenant.revision += 1;
        }
        let repositories: Vec<Repository> = self.repositories_of(organization_id).cloned().collect();
        let concerned = spellings
            .iter()
            .flat_map(|spelling| concerned_keys(spelling, &repositories));
        let concerned: BTreeSet<_> = concerned.collect();
        self.request_places(organization_id, now, |stored| {
            concerned.contains(&stored.service_key)
        });
    }

    /// Requests the services and environments of some deployments.
    pub(super) fn request_places(
        &mut self,
        organization_id: OrganizationId,
        now: Timestamp,
        are_wanted: impl Fn(&StoredDeployment) -> bool,
    ) {
        let stored = self.entries_of(organization_id).map(|entry| &entry.stored);
        let places = stored.filter(|stored| are_wanted(stored)).map(|stored| {
            let environment = stored.deployment.environment.clone();
            (stored.service_key.clone(), environment)
        });
        for place in places.collect::<BTreeSet<_>>() {
            self.last_generation += 1;
            let key = (organization_id, place);
            Request::put(&mut self.placement_requests, key, self.last_generation, now);
        }
    }

    pub(super) fn claim_placements(
        &mut self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Vec<PlacementRequest> {
        let mut free: Vec<_> = self
            .placement_requests
            .iter_mut()
            .filter(|((owner, _), _)| organization_id.is_none_or(|id| id == *owner))
            .filter(|(_, request)| request.lease_until.is_none_or(|end| end <= now))
            .collect();
        free.sort_by_key(|(_, request)| request.requested_at);
        let claimed = free
            .into_iter()
            .take(limit as usize)
            .map(|((owner, (key, environment)), request)| {
                request.lease_until = Some(lease_until);
                PlacementRequest {
                    organization_id: *owner,
                    service_key: key.clone(),
                    environment: environment.clone(),
                    generation: request.generation,
                }
            });
        claimed.collect()
    }

    /// Places some deployments of a request, and settles the request once none is left.
    pub(super) fn place(&mut self, placement: &Placement, most: u32, now: Timestamp) {
        let PlacementRequest {
            organization_id,
            service_key,
            environment,
            generation,
        } = &placement.request;
        let key = (*organization_id, (service_key.clone(), environment.clone()));
        let request = self.placement_requests.get_mut(&key);
        let Some(request) = request.filter(|request| request.generation == *generation) else {
            return;
        };
        request.requested_at = now;
        request.lease_until = None;
        let misplaced = self.misplaced(placement);
        for id in misplaced.iter().take(most as usize) {
            self.move_to((*organization_id, *id), placement, now);
        }
        if misplaced.len() <= most as usize {
            self.placement_requests.remove(&key);
        }
    }

    fn misplaced(&self, placement: &Placement) -> Vec<DeploymentId> {
        let request = &placement.request;
        let entries = self.entries_of(request.organization_id).filter(|entry| {
            let stored = &entry.stored;
            let environment = &stored.deployment.environment;
            stored.service_key == request.service_key
                && *environment == request.environment
                && (environment.tier() != placement.tier || key_of(stored, placement) != stored.service_key)
        });
        entries.map(|entry| entry.stored.id).collect()
    }

    fn move_to(&mut self, key: (OrganizationId, DeploymentId), placement: &Placement, now: Timestamp) {
        let Some(entry) = self.deployments.get_mut(&key) else {
            return;
        };
        let stored = &mut entry.stored;
        let left = place_in_line(key.0, &stored.service_key, &stored.deployment);
        stored.service_key = key_of(stored, placement);
        let deployment = &mut stored.deployment;
        deployment.environment = deployment.environment.clone().with_tier(placement.tier);
        let come = place_in_line(key.0, &stored.service_key, deployment);
        stored.revision = stored.revision.next();
        if left != come && left.is_some() {
            entry.linking = Linking::of_nothing(deployment.run.status(), &deployment.environment);
            stored.novelty = None;
        }
        if left != come {
            for (line, place) in left.into_iter().chain(come) {
                self.move_line(line.clone(), &place);
                self.request_line_from(line, place.completed_at, now);
            }
        }
    }
}

/// What the service of a deployment is compared by now.
fn key_of(stored: &StoredDeployment, placement: &Placement) -> String {
    let spelling = service_spelling(stored.deployment.service.as_ref());
    let mut keys = placement.keys.iter();
    let key = keys.find(|(one, _)| *one == spelling).map(|(_, key)| key.clone());
    key.unwrap_or_else(|| stored.service_key.clone())
}
