use super::relinking::has_new_search;
use super::{MemoryStore, State, page_of};
use async_trait::async_trait;
use periscope_domain::deployment::{DeploymentEvent, Revision, StoredDeployment};
use periscope_domain::id::{DeploymentId, OrganizationId, PullRequestId};
use periscope_domain::linking::{
    BaseChange, Candidate, Earlier, EarlierDeployment, KnownHistory, Link, Linking, Surroundings,
};
use periscope_domain::listing::{
    DeployedService, DeploymentFilter, ListedDeployment, Page, PageRequest, Position,
};
use periscope_domain::ports::{
    Applied, DeploymentContext, DeploymentDecision, DeploymentQuery, DeploymentVersion, Deployments,
    EarlierQuery, LinkingEpoch, StoreError,
};
use periscope_domain::text::ExternalDeploymentId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many earlier deployments a context has.
const EARLIER: u32 = 4;

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
        let applied = decisions.iter().map(|decision| {
            let is_first = seen.insert((decision.organization_id, &decision.deployment.external_id));
            let applied = is_first.then(|| state.apply_deployment(decision)).flatten();
            Ok(applied.map_or(Applied::Stale, Applied::Done))
        });
        applied.collect()
    }

    async fn earlier(&self, query: &EarlierQuery) -> Result<Earlier, StoreError> {
        Ok(self.state().earlier(query))
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
        let taken = state
            .entries_of(organization_id)
            .filter(|entry| filter.takes(&entry.stored.deployment));
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
            let key = entry.service_key().unwrap_or_default();
            let service = services.entry(key).or_insert_with(|| DeployedService {
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

    fn entry(&self, organization_id: OrganizationId, external_id: &ExternalDeploymentId) -> Option<&Entry> {
        let id = self.deployment_ids.get(&(organization_id, external_id.clone()))?;
        self.deployments.get(&(organization_id, *id))
    }

    fn deployment_context(&self, query: &DeploymentQuery) -> Option<DeploymentContext> {
        let tenant = self.organizations.get(&query.organization_id)?;
        let entry = self.entry(query.organization_id, &query.external_id);
        let surroundings = if query.linking {
            self.surroundings(query, entry)
        } else {
            Surroundings::default()
        };
        Some(DeploymentContext {
            subscription: tenant.organization.subscription,
            stored: entry.map(|entry| entry.stored.clone()),
            linked_pull_requests: entry.map_or(0, |entry| entry.linking.links.len() as u64),
            surroundings,
            has_commits: self
                .commits
                .keys()
                .any(|(owner, _)| *owner == query.organization_id),
            version: DeploymentVersion {
                organization_revision: tenant.revision,
                deployment_revision: entry.map(|entry| entry.stored.revision),
                epoch: LinkingEpoch::new(tenant.epoch),
            },
        })
    }

    /// All that the organization has: more than a decision needs, which does no harm.
    fn surroundings(&self, query: &DeploymentQuery, stored: Option<&Entry>) -> Surroundings {
        let organization_id = query.organization_id;
        let stored = stored.map(|entry| &entry.stored.deployment);
        let shipped_at = query.shipped_at.or_else(|| stored?.shipped_at());
        let earlier = shipped_at.map(|shipped_at| EarlierQuery {
            organization_id,
            of: query.external_id.clone(),
            service: query.service.clone().or_else(|| stored?.service.clone()),
            before: (shipped_at, query.external_id.clone()),
            most: EARLIER,
        });
        let candidate = |((owner, id), repository_id): (&(OrganizationId, _), _), merge| {
            let repository = self.repositories.get(&(*owner, repository_id));
            Candidate {
                pull_request_id: *id,
                repository_id,
                repository_is_monitored: repository.is_some_and(|repository| repository.monitored),
                merge,
            }
        };
        Surroundings {
            repositories: self.repositories_of(organization_id).cloned().collect(),
            candidates: self
                .pull_requests
                .iter()
                .filter(|((owner, _), _)| *owner == organization_id)
                .map(|(key, stored)| candidate((key, stored.repository_id), stored.pull_request.merge()))
                .collect(),
            histories: self
                .repositories_of(organization_id)
                .filter_map(|repository| {
                    Some(KnownHistory {
                        repository_id: repository.id,
                        repository_is_monitored: repository.monitored,
                        history: Arc::clone(self.histories.get(&(organization_id, repository.id))?),
                    })
                })
                .collect(),
            earlier: earlier.map_or_else(Earlier::default, |query| self.earlier(&query)),
        }
    }

    fn earlier(&self, query: &EarlierQuery) -> Earlier {
        let service = query
            .service
            .as_ref()
            .map(|service| service.as_str().to_ascii_lowercase());
        let of_organization = self
            .deployments
            .iter()
            .filter(|((owner, _), _)| *owner == query.organization_id);
        let mut deployments: Vec<_> = of_organization
            .filter(|(_, entry)| entry.service_key() == service)
            .filter_map(|((_, id), entry)| {
                let deployment = &entry.stored.deployment;
                Some(EarlierDeployment {
                    id: *id,
                    external_id: deployment.external_id.clone(),
                    commit: deployment.commit.clone(),
                    completed_at: deployment.shipped_at()?,
                })
            })
            .filter(|earlier| earlier.external_id != query.of)
            .filter(|earlier| {
                (earlier.completed_at, earlier.external_id.as_str())
                    < (query.before.0, query.before.1.as_str())
            })
            .collect();
        deployments.sort_by(|one, other| {
            let key =
                |earlier: &EarlierDeployment| (earlier.completed_at, earlier.external_id.as_str().to_owned());
            key(other).cmp(&key(one))
        });
        let has_more = deployments.len() > query.most as usize;
        deployments.truncate(query.most as usize);
        Earlier {
            deployments,
            has_more,
        }
    }

    /// Writes a decision if its version still holds.
    fn apply_deployment(&mut self, decision: &DeploymentDecision) -> Option<DeploymentId> {
        let DeploymentDecision {
            organization_id,
            version,
            deployment,
            event,
            linking,
            base_change,
            trial,
        } = decision;
        let stored = self
            .entry(*organization_id, &deployment.external_id)
            .map(|entry| &entry.stored);
        if stored.map(|stored| stored.revision) != version.deployment_revision {
            return None;
        }
        let known = stored.map(|stored| stored.id);
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
        let stored = StoredDeployment {
            id,
            revision,
            deployment: deployment.clone(),
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
        let mut spreads = match base_change {
            BaseChange::None => false,
            BaseChange::IfEpochMoved => is_late,
            BaseChange::Possible => true,
        };
        if let Some(linking) = linking {
            spreads |= has_new_search(&entry.linking, linking);
            entry.linking = linking.clone();
            if is_late && deployment.shipped_at().is_some() {
                self.request_relinking((*organization_id, id), event.received_at);
            }
        }
        if spreads {
            self.base_changes.insert((*organization_id, id));
        }
        Some(id)
    }
}
