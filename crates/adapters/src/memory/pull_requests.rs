use super::{MemoryStore, State, page_of};
use async_trait::async_trait;
use periscope_domain::history::KnownMerge;
use periscope_domain::id::{OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::linking::{Told, Touched, touched_by};
use periscope_domain::listing::{ListedPullRequest, Page, PageRequest, Position, PullRequestFilter};
use periscope_domain::ports::{
    Applied, ChangedPullRequest, PullRequestDecision, PullRequestQuery, PullRequests, PullRequestsContext,
    StoreError, TargetRepository,
};
use periscope_domain::pull_request::{Merge, PullRequestNumber, StoredPullRequest};
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::text::DeliveryId;
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeSet;

#[async_trait]
impl PullRequests for MemoryStore {
    async fn context(&self, query: &PullRequestQuery) -> Result<Option<PullRequestsContext>, StoreError> {
        let state = self.state();
        if !state.organizations.contains_key(&query.organization_id) {
            return Ok(None);
        }
        let repository = state
            .repository_named(query.organization_id, &query.repository)
            .cloned();
        let stored = repository.as_ref().map_or_else(Vec::new, |repository| {
            let numbers = query.numbers.iter();
            numbers
                .filter_map(|number| state.numbered(query.organization_id, repository.id, *number))
                .cloned()
                .collect()
        });
        Ok(Some(PullRequestsContext {
            stored,
            delivery_is_known: state.knows_delivery(query.organization_id, query.delivery.as_ref()),
            repository,
        }))
    }

    async fn apply(&self, decision: &PullRequestDecision) -> Result<Applied<u64>, StoreError> {
        let mut state = self.state();
        if state.is_stale(decision) {
            return Ok(Applied::Stale);
        }
        let organization_id = decision.organization_id;
        state.tenant(organization_id)?;
        if let Some(delivery) = &decision.delivery {
            state
                .deliveries
                .insert((organization_id, delivery.clone()), decision.now);
        }
        let (repository_id, new_name) = state.target(organization_id, &decision.repository, decision.now);
        let mut merges = Vec::new();
        for pull_request in &decision.new {
            let id = PullRequestId::new(state.next_id());
            let stored = StoredPullRequest {
                id,
                repository_id,
                revision: 1,
                pull_request: pull_request.clone(),
            };
            state.pull_requests.insert((organization_id, id), stored);
            state.remember_merge(organization_id, repository_id, id, &pull_request.merge());
            merges.push(pull_request.merge());
        }
        for ChangedPullRequest { before, after } in &decision.changed {
            if let Some(stored) = state.pull_requests.get_mut(&(organization_id, before.id)) {
                stored.revision += 1;
                stored.pull_request = after.clone();
            }
            state.remember_merge(organization_id, repository_id, before.id, &after.merge());
            merges.extend([before.pull_request.merge(), after.merge()]);
        }
        let told: Vec<Told> = merges
            .into_iter()
            .map(|merge| state.told(organization_id, repository_id, merge))
            .collect();
        let names = new_name.map_or_else(Vec::new, |name| vec![name.as_str(), name.bare_name()]);
        let touched = state.touch(organization_id, decision.now, |entry| {
            let deployment = &entry.stored.deployment;
            let touched = told
                .iter()
                .filter_map(|told| touched_by(deployment, &entry.linking, repository_id, told));
            entry
                .is_of_service(&names)
                .then_some(Touched::Line)
                .or(touched.max())
        })?;
        Ok(Applied::Done(touched))
    }

    async fn find(
        &self,
        organization_id: OrganizationId,
        id: PullRequestId,
    ) -> Result<Option<StoredPullRequest>, StoreError> {
        Ok(self.state().pull_requests.get(&(organization_id, id)).cloned())
    }

    async fn list(
        &self,
        organization_id: OrganizationId,
        ids: &[PullRequestId],
    ) -> Result<Vec<StoredPullRequest>, StoreError> {
        let state = self.state();
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let found = ids
            .iter()
            .filter_map(|id| state.pull_requests.get(&(organization_id, *id)));
        Ok(found.cloned().collect())
    }

    async fn find_by_number(
        &self,
        organization_id: OrganizationId,
        repository_id: RepositoryId,
        number: PullRequestNumber,
    ) -> Result<Option<StoredPullRequest>, StoreError> {
        Ok(self
            .state()
            .numbered(organization_id, repository_id, number)
            .cloned())
    }

    async fn page(
        &self,
        organization_id: OrganizationId,
        filter: &PullRequestFilter,
        page: &PageRequest<PullRequestId>,
    ) -> Result<Page<ListedPullRequest>, StoreError> {
        let state = self.state();
        let links = state
            .entries_of(organization_id)
            .flat_map(|entry| &entry.linking.links);
        let linked: BTreeSet<_> = links.map(|link| link.pull_request_id).collect();
        let of_organization = state
            .pull_requests
            .iter()
            .filter(|((owner, _), _)| *owner == organization_id);
        let listed = of_organization.filter_map(|(_, stored)| {
            let repository = state.repositories.get(&(organization_id, stored.repository_id))?;
            Some(ListedPullRequest {
                stored: stored.clone(),
                repository: repository.name.clone(),
                is_linked: linked.contains(&stored.id),
            })
        });
        let taken = listed.filter(|listed| filter.takes(&listed.stored, listed.is_linked));
        Ok(page_of(taken, page, |listed| Position {
            time: listed.stored.pull_request.merged_at,
            id: listed.stored.id,
        }))
    }
}

impl State {
    pub(super) fn repository_named(
        &self,
        organization_id: OrganizationId,
        name: &RepositoryName,
    ) -> Option<&Repository> {
        let mut named = self.repositories_of(organization_id);
        let mut had = self.repositories_of(organization_id);
        named
            .find(|repository| repository.name.is_same_as(name))
            .or_else(|| had.find(|repository| repository.had(name)))
    }

    fn numbered(
        &self,
        organization_id: OrganizationId,
        repository_id: RepositoryId,
        number: PullRequestNumber,
    ) -> Option<&StoredPullRequest> {
        let mut stored = self.pull_requests.iter();
        let is_it = |((owner, _), stored): &(&(OrganizationId, _), &StoredPullRequest)| {
            *owner == organization_id
                && stored.repository_id == repository_id
                && stored.pull_request.number == number
        };
        stored.find(is_it).map(|(_, stored)| stored)
    }

    /// Whether somebody else has recorded any of it meanwhile.
    fn is_stale(&self, decision: &PullRequestDecision) -> bool {
        let organization_id = decision.organization_id;
        let delivery_is_known = self.knows_delivery(organization_id, decision.delivery.as_ref());
        let number_is_taken = match &decision.repository {
            TargetRepository::New(name) => self.repository_named(organization_id, name).is_some(),
            TargetRepository::Known(repository) => decision.new.iter().any(|new| {
                self.numbered(organization_id, repository.id, new.number)
                    .is_some()
            }),
        };
        let has_changed = decision.changed.iter().any(|ChangedPullRequest { before, .. }| {
            let stored = self.pull_requests.get(&(organization_id, before.id));
            stored.is_none_or(|stored| stored.revision != before.revision)
        });
        delivery_is_known || number_is_taken || has_changed
    }

    pub(super) fn knows_delivery(
        &self,
        organization_id: OrganizationId,
        delivery: Option<&DeliveryId>,
    ) -> bool {
        delivery.is_some_and(|delivery| self.deliveries.contains_key(&(organization_id, delivery.clone())))
    }

    fn remember_merge(
        &mut self,
        organization_id: OrganizationId,
        repository_id: RepositoryId,
        pull_request_id: PullRequestId,
        merge: &Merge,
    ) {
        self.history(organization_id, repository_id)
            .set_merge(KnownMerge {
                pull_request_id,
                commit: merge.commit,
                merged_at: merge.merged_at,
            });
    }

    /// A merge with what the graph knows of its commit.
    fn told(&self, organization_id: OrganizationId, repository_id: RepositoryId, merge: Merge) -> Told {
        let history = self.histories.get(&(organization_id, repository_id));
        let committed = history.and_then(|history| {
            let graph = history.graph();
            Some(graph.committed_between(graph.find(&merge.commit)?))
        });
        let commits = self.commits.iter();
        let commits = commits.filter(|((owner, _), _)| *owner == organization_id);
        let tags = commits.flat_map(|(_, commits)| commits.values());
        let tags = tags.filter(|commit| commit.tagged == Some(merge.commit));
        Told::Merge {
            committed,
            tags: tags.map(|tag| tag.sha).collect(),
            merge,
        }
    }

    /// The repository, and its name if it is made now.
    pub(super) fn target<'a>(
        &mut self,
        organization_id: OrganizationId,
        target: &'a TargetRepository,
        now: Timestamp,
    ) -> (RepositoryId, Option<&'a RepositoryName>) {
        match target {
            TargetRepository::Known(repository) => (repository.id, None),
            TargetRepository::New(name) => {
                let id = RepositoryId::new(self.next_id());
                let repository = Repository {
                    id,
                    name: name.clone(),
                    former_names: Vec::new(),
                    monitored: true,
                    aliases: Vec::new(),
                };
                self.repositories.insert((organization_id, id), repository);
                self.move_names(organization_id, &[name.as_str(), name.bare_name()], now);
                (id, Some(name))
            }
        }
    }
}
