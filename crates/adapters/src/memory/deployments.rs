use super::{MemoryStore, State, page_of};
use async_trait::async_trait;
use periscope_domain::deployment::{DeploymentEvent, Revision, StoredDeployment};
use periscope_domain::id::{DeploymentId, OrganizationId, PullRequestId};
use periscope_domain::linking::{LinePosition, Link, Linking};
use periscope_domain::listing::{
    DeployedService, DeploymentFilter, ListedDeployment, Page, PageRequest, Position,
};
use periscope_domain::ports::{
    Applied, DeliveryQuery, DeploymentContext, DeploymentDecision, DeploymentQuery, DeploymentRemoval,
    Deployments, LineMember, RemovedDeployment, StoreError,
};
use periscope_domain::text::ExternalDeploymentId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A deployment with what belongs to it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stored: StoredDeployment,
    pub(super) history: Vec<DeploymentEvent>,
    pub(super) linking: Linking,
}

#[async_trait]
impl Deployments for MemoryStore {
    async fn contexts(
        &self,
        queries: &[DeploymentQuery],
    ) -> Result<Vec<Option<DeploymentContext>>, StoreError> {
        let state = self.state();
        Ok(queries
            .iter()
            .map(|query| state.deployment_context(query))
            .collect())
    }

    async fn apply(
        &self,
        decisions: &[DeploymentDecision],
    ) -> Vec<Result<Applied<DeploymentId>, Arc<StoreError>>> {
        let mut state = self.state();
        let mut seen = BTreeSet::new();
        let applied: Vec<_> = decisions
            .iter()
            .map(|decision| {
                let is_first = seen.insert((decision.organization_id, &decision.deployment.external_id));
                is_first.then(|| state.apply_deployment(decision)).flatten()
            })
            .collect();
        state.follow_lines(decisions, &applied);
        let outcomes = applied.into_iter();
        outcomes
            .map(|applied| Ok(applied.map_or(Applied::Stale, Applied::Done)))
            .collect()
    }

    async fn remove(&self, removal: &DeploymentRemoval) -> Result<Applied<()>, StoreError> {
        Ok(self.state().remove_deployment(removal))
    }

    async fn list_removed(
        &self,
        organization_id: OrganizationId,
        most: u32,
    ) -> Result<Vec<RemovedDeployment>, StoreError> {
        let state = self.state();
        let removed = state.removed_deployments.iter();
        let of_it = removed.filter(|((owner, _), _)| *owner == organization_id);
        let mut removed: Vec<_> = of_it.map(|(_, removed)| removed.clone()).collect();
        removed.sort_by_key(|removed| Reverse((removed.removed_at, removed.id)));
        removed.truncate(most as usize);
        Ok(removed)
    }

    async fn delivered(&self, queries: &[DeliveryQuery]) -> Result<Vec<BTreeSet<PullRequestId>>, StoreError> {
        let state = self.state();
        let answers = queries.iter().map(|query| {
            let line = state.line(query.organization_id, &query.service_key);
            let earlier = line.filter(|(place, _)| *place < query.before);
            let links = earlier.flat_map(|(_, entry)| &entry.linking.links);
            let linked = links.map(|link| link.pull_request_id);
            linked.filter(|id| query.pull_requests.contains(id)).collect()
        });
        Ok(answers.collect())
    }

    async fn line(
        &self,
        organization_id: OrganizationId,
        service_key: &str,
        from: &LinePosition,
        most: u32,
    ) -> Result<Vec<LineMember>, StoreError> {
        let state = self.state();
        let members = state
            .line(organization_id, service_key)
            .filter(|(place, _)| place >= from)
            .map(|(place, entry)| LineMember {
                external_id: entry.stored.deployment.external_id.clone(),
                environment: entry.stored.deployment.environment.clone(),
                place,
            });
        let mut members: Vec<_> = members.collect();
        members.sort_by(|one, other| one.place.cmp(&other.place));
        members.truncate(most as usize);
        Ok(members)
    }

    async fn find(
        &self,
        organization_id: OrganizationId,
        external_id: &ExternalDeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError> {
        let state = self.state();
        Ok(state
            .entry(organization_id, external_id)
            .map(|entry| entry.stored.clone()))
    }

    async fn history(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Vec<DeploymentEvent>, StoreError> {
        let state = self.state();
        let entry = state.deployments.get(&(organization_id, id));
        Ok(entry.map_or_else(Vec::new, |entry| entry.history.clone()))
    }

    async fn links(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Vec<Link>, StoreError> {
        let state = self.state();
        let entry = state.deployments.get(&(organization_id, id));
        Ok(entry.map_or_else(Vec::new, |entry| entry.linking.links.clone()))
    }

    async fn find_by_id(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError> {
        let state = self.state();
        let entry = state.deployments.get(&(organization_id, id));
        Ok(entry.map(|entry| entry.stored.clone()))
    }

    async fn list(
        &self,
        organization_id: OrganizationId,
        ids: &[DeploymentId],
    ) -> Result<Vec<StoredDeployment>, StoreError> {
        let state = self.state();
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let found = ids
            .iter()
            .filter_map(|id| state.deployments.get(&(organization_id, *id)));
        Ok(found.map(|entry| entry.stored.clone()).collect())
    }

    async fn list_shipped_with(
        &self,
        organization_id: OrganizationId,
        pull_request_id: PullRequestId,
    ) -> Result<Vec<(StoredDeployment, Link)>, StoreError> {
        let state = self.state();
        let mut shipped: Vec<_> = state
            .entries_of(organization_id)
            .filter_map(|entry| {
                let mut links = entry.linking.links.iter();
                let link = links.find(|link| link.pull_request_id == pull_request_id)?;
                Some((entry.stored.clone(), link.clone()))
            })
            .collect();
        shipped.sort_by_key(|(stored, _)| (stored.deployment.shipped_at(), stored.id));
        Ok(shipped)
    }

    async fn page(
        &self,
        organization_id: OrganizationId,
        filter: &DeploymentFilter,
        page: &PageRequest<DeploymentId>,
    ) -> Result<Page<ListedDeployment>, StoreError> {
        let state = self.state();
        let service = filter.service.as_ref();
        let key = service.map(|service| state.service_key(organization_id, Some(service)));
        let taken = state
            .entries_of(organization_id)
            .filter(|entry| filter.takes(&entry.stored, key.as_deref()));
        let listed = taken.map(|entry| ListedDeployment {
            stored: entry.stored.clone(),
            linked_pull_requests: entry.linking.links.len() as u64,
        });
        Ok(page_of(listed, page, |listed| position(&listed.stored)))
    }

    async fn list_services(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<DeployedService>, StoreError> {
        let state = self.state();
        let mut entries: Vec<_> = state.entries_of(organization_id).collect();
        entries.sort_by_key(|entry| position(&entry.stored));
        let mut services: BTreeMap<String, DeployedService> = BTreeMap::new();
        for entry in entries {
            let deployment = &entry.stored.deployment;
            let service = services
                .entry(entry.stored.service_key.clone())
                .or_insert_with(|| DeployedService {
                    name: None,
                    last_deployed_at: deployment.run.time(),
                    environments: Vec::new(),
                });
            service.name.clone_from(&deployment.service);
            service.last_deployed_at = deployment.run.time();
            service.environments.push(deployment.environment.clone());
        }
        let mut services: Vec<_> = services.into_values().collect();
        for service in &mut services {
            service.environments.sort_unstable();
            service.environments.dedup();
        }
        Ok(services)
    }
}

fn position(stored: &StoredDeployment) -> Position<DeploymentId> {
    Position {
        time: stored.deployment.run.time(),
        id: stored.id,
    }
}

impl State {
    pub(super) fn entries_of(&self, organization_id: OrganizationId) -> impl Iterator<Item = &Entry> {
        self.deployments
            .iter()
            .filter(move |((owner, _), _)| *owner == organization_id)
            .map(|(_, entry)| entry)
    }

    pub(super) fn entry(
        &self,
        organization_id: OrganizationId,
        external_id: &ExternalDeploymentId,
    ) -> Option<&Entry> {
        let id = self.deployment_ids.get(&(organization_id, external_id.clone()))?;
        self.deployments.get(&(organization_id, *id))
    }

    /// Writes a decision if its version still holds.
    fn apply_deployment(&mut self, decision: &DeploymentDecision) -> Option<DeploymentId> {
        let DeploymentDecision {
            organization_id,
            version,
            deployment,
            event,
            linking,
            line_changes: _,
            service_key,
            trial,
        } = decision;
        let stored = self
            .entry(*organization_id, &deployment.external_id)
            .map(|entry| &entry.stored);
        if stored.map(|stored| stored.revision) != version.deployment_revision {
            return None;
        }
        let (known, novelty) = (
            stored.map(|stored| stored.id),
            stored.and_then(|stored| stored.novelty),
        );
        let tenant = self.organizations.get_mut(organization_id)?;
        if tenant.revision != version.organization_revision {
            return None;
        }
        if trial.is_some() {
            tenant.organization.subscription.trial = *trial;
            tenant.revision += 1;
        }
        let is_late = tenant.epoch != version.epoch.get();
        let id = known.unwrap_or_else(|| DeploymentId::new(self.next_id()));
        let revision = version
            .deployment_revision
            .map_or(Revision::FIRST, Revision::next);
        let novelty = linking.as_ref().map_or(novelty, |linking| linking.novelty);
        let stored = StoredDeployment {
            id,
            revision,
            deployment: deployment.clone(),
            service_key: service_key.clone(),
            novelty,
        };
        self.deployment_ids
            .insert((*organization_id, deployment.external_id.clone()), id);
        let entry = self
            .deployments
            .entry((*organization_id, id))
            .or_insert_with(|| Entry {
                stored: stored.clone(),
                history: Vec::new(),
                linking: Linking::default(),
            });
        entry.stored = stored;
        entry.history.push(event.clone());
        if let Some(linking) = linking {
            entry.linking = linking.clone();
            if is_late && deployment.shipped_at().is_some() {
                self.request_relinking((*organization_id, id), event.received_at);
            }
        }
        Some(id)
    }
}
