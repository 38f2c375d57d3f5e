use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::id::{OrganizationId, RepositoryId};
use periscope_domain::linking::Touched;
use periscope_domain::ports::{Applied, Repositories, StoreError};
use periscope_domain::repository::{ForgeRepositoryId, Repository, RepositoryName};
use periscope_domain::text::ServiceName;
use periscope_domain::timestamp::Timestamp;

#[async_trait]
impl Repositories for MemoryStore {
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Repository>, StoreError> {
        let state = self.state();
        let mut repositories: Vec<_> = state.repositories_of(organization_id).cloned().collect();
        repositories.sort_by_key(|repository| repository.name.as_str().to_ascii_lowercase());
        Ok(repositories)
    }

    async fn find_by_name(
        &self,
        organization_id: OrganizationId,
        name: &RepositoryName,
    ) -> Result<Option<Repository>, StoreError> {
        let state = self.state();
        let mut repositories = state.repositories_of(organization_id);
        Ok(repositories
            .find(|repository| repository.name.is_same_as(name))
            .cloned())
    }

    async fn find_by_forge_id(
        &self,
        organization_id: OrganizationId,
        forge_id: &ForgeRepositoryId,
    ) -> Result<Option<Repository>, StoreError> {
        let state = self.state();
        let id = state.forge_ids.get(&(organization_id, forge_id.clone()));
        let repository = id.and_then(|id| state.repositories.get(&(organization_id, *id)));
        Ok(repository.cloned())
    }

    async fn set_forge_id(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        forge_id: &ForgeRepositoryId,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let key = (organization_id, forge_id.clone());
        if state.repositories.contains_key(&(organization_id, id)) && !state.forge_ids.contains_key(&key) {
            let others =
                |(owner, _): &(OrganizationId, _), known: &mut _| *owner != organization_id || *known != id;
            state.forge_ids.retain(others);
            state.forge_ids.insert(key, id);
        }
        Ok(())
    }

    async fn rename(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        name: &RepositoryName,
        now: Timestamp,
    ) -> Result<Applied<()>, StoreError> {
        self.state().rename(organization_id, id, name, now)
    }

    async fn set_monitored(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        monitored: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        match state.repositories.get_mut(&(organization_id, id)) {
            Some(repository) if repository.monitored != monitored => repository.monitored = monitored,
            _ => return Ok(()),
        }
        let merged: Vec<CommitSha> = state
            .pull_requests
            .iter()
            .filter(|((owner, _), stored)| *owner == organization_id && stored.repository_id == id)
            .map(|(_, stored)| stored.pull_request.merge_commit)
            .chain(
                state
                    .commits
                    .get(&(organization_id, id))
                    .into_iter()
                    .flat_map(|commits| commits.keys().copied()),
            )
            .collect();
        let commits = state.commits.iter();
        let commits = commits.filter(|((owner, _), _)| *owner == organization_id);
        let tags = commits.flat_map(|(_, commits)| commits.values());
        let tags = tags.filter(|commit| commit.tagged.is_some_and(|tagged| merged.contains(&tagged)));
        let named: Vec<CommitSha> = tags.map(|tag| tag.sha).chain(merged.iter().copied()).collect();
        state.touch(organization_id, now, |entry| {
            let deployment = &entry.stored.deployment;
            let mut ranges = entry.linking.graph_ranges.iter();
            let mut commits = [Some(&deployment.commit), deployment.previous_commit.as_ref()]
                .into_iter()
                .flatten();
            let is_touched = ranges.any(|range| range.repository_id == id)
                || commits.any(|commit| named.iter().any(|sha| commit.matches(sha)));
            is_touched.then_some(Touched::Line)
        })?;
        Ok(())
    }

    async fn set_alias(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        alias: &ServiceName,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        if !state.repositories.contains_key(&(organization_id, id)) {
            return Err(StoreError::Internal(
                format!("repository {id} does not exist").into(),
            ));
        }
        for ((owner, repository_id), repository) in &mut state.repositories {
            if *owner == organization_id {
                repository
                    .aliases
                    .retain(|other| !other.as_str().eq_ignore_ascii_case(alias.as_str()));
                if *repository_id == id {
                    repository.aliases.push(alias.clone());
                    repository
                        .aliases
                        .sort_by_key(|alias| alias.as_str().to_ascii_lowercase());
                }
            }
        }
        state.move_names(organization_id, &[alias.as_str()], now);
        state.touch(organization_id, now, |entry| {
            entry.is_of_service(&[alias.as_str()]).then_some(Touched::Line)
        })?;
        Ok(())
    }

    async fn remove_alias(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        alias: &ServiceName,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(repository) = state.repositories.get_mut(&(organization_id, id)) else {
            return Ok(false);
        };
        let before = repository.aliases.len();
        repository
            .aliases
            .retain(|other| !other.as_str().eq_ignore_ascii_case(alias.as_str()));
        let is_removed = repository.aliases.len() < before;
        if is_removed {
            state.move_names(organization_id, &[alias.as_str()], now);
            state.touch(organization_id, now, |entry| {
                entry.is_of_service(&[alias.as_str()]).then_some(Touched::Line)
            })?;
        }
        Ok(is_removed)
    }
}

impl State {
    fn rename(
        &mut self,
        organization_id: OrganizationId,
        id: RepositoryId,
        name: &RepositoryName,
        now: Timestamp,
    ) -> Result<Applied<()>, StoreError> {
        let has_name = |other: &Repository| other.id != id && other.name.is_same_as(name);
        if self.repositories_of(organization_id).any(has_name) {
            return Ok(Applied::Stale);
        }
        let Some(repository) = self.repositories.get_mut(&(organization_id, id)) else {
            return Ok(Applied::Stale);
        };
        let before = std::mem::replace(&mut repository.name, name.clone());
        for ((owner, other), repository) in &mut self.repositories {
            if *owner == organization_id {
                let is_kept =
                    |former: &RepositoryName| !former.is_same_as(&before) && !former.is_same_as(name);
                repository.former_names.retain(is_kept);
                if *other == id && !before.is_same_as(name) {
                    repository.former_names.push(before.clone());
                    repository.former_names.sort();
                }
            }
        }
        let spellings = [&before, name].map(|name| [name.as_str(), name.bare_name()]);
        self.tenant(organization_id)?.epoch += 1;
        self.move_names(organization_id, spellings.as_flattened(), now);
        Ok(Applied::Done(()))
    }
}
