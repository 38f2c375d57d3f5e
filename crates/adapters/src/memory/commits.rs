use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::linking::{Told, Touched, touched_by};
use periscope_domain::ports::{
    Applied, CommitDecision, CommitQuery, Commits, CommitsContext, StoreError, TargetRepository,
};

#[async_trait]
impl Commits for MemoryStore {
    async fn context(&self, query: &CommitQuery) -> Result<Option<CommitsContext>, StoreError> {
        let state = self.state();
        if !state.organizations.contains_key(&query.organization_id) {
            return Ok(None);
        }
        let repository = state
            .repository_named(query.organization_id, &query.repository)
            .cloned();
        let known = repository
            .as_ref()
            .and_then(|repository| state.commits.get(&(query.organization_id, repository.id)));
        let stored: Vec<Commit> = query
            .shas
            .iter()
            .filter_map(|sha| known?.get(sha).cloned())
            .collect();
        let proved = repository
            .as_ref()
            .and_then(|repository| state.proved_roots.get(&(query.organization_id, repository.id)));
        let is_proved = |sha: &CommitSha| proved.is_some_and(|proved| proved.contains(sha));
        let roots = stored.iter().map(|commit| commit.sha);
        Ok(Some(CommitsContext {
            proved_roots: roots.filter(is_proved).collect(),
            stored,
            delivery_is_known: state.knows_delivery(query.organization_id, query.delivery.as_ref()),
            repository,
        }))
    }

    async fn apply(&self, decision: &CommitDecision) -> Result<Applied<u64>, StoreError> {
        let mut state = self.state();
        if state.is_stale_batch(decision) {
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
        let completed = decision.completed.iter().map(|completed| &completed.commit);
        let told: Vec<Commit> = decision.new.iter().chain(completed).cloned().collect();
        state
            .proved_roots
            .entry((organization_id, repository_id))
            .or_default()
            .extend(&decision.proved_roots);
        state
            .commits
            .entry((organization_id, repository_id))
            .or_default()
            .extend(told.iter().map(|commit| (commit.sha, commit.clone())));
        state
            .history(organization_id, repository_id)
            .add_commits(&told, &decision.pushes);
        let mut news: Vec<Told> = decision
            .new
            .iter()
            .map(|commit| Told::Commit(commit.sha))
            .collect();
        news.extend(decision.fills.then_some(Told::Contents));
        news.extend(decision.corrects.then_some(Told::Correction));
        let names = new_name.map_or_else(Vec::new, |name| vec![name.as_str(), name.bare_name()]);
        let touched = state.touch(organization_id, decision.now, |entry| {
            let deployment = &entry.stored.deployment;
            let touched = news
                .iter()
                .filter_map(|told| touched_by(deployment, &entry.linking, repository_id, told));
            entry
                .is_of_service(&names)
                .then_some(Touched::Line)
                .or(touched.max())
        })?;
        Ok(Applied::Done(touched))
    }
}

/// The part of a commit whose change makes a decision stale.
fn described(commit: &Commit) -> (Option<&[CommitSha]>, Option<CommitSha>) {
    (commit.parents.as_deref(), commit.tagged)
}

impl State {
    fn is_stale_batch(&self, decision: &CommitDecision) -> bool {
        let organization_id = decision.organization_id;
        let has_changed = match &decision.repository {
            TargetRepository::New(name) => self.repository_named(organization_id, name).is_some(),
            TargetRepository::Known(repository) => {
                let known = self.commits.get(&(organization_id, repository.id));
                let find = |commit: &Commit| known.and_then(|known| known.get(&commit.sha));
                decision.new.iter().any(|new| find(new).is_some())
                    || decision.completed.iter().any(|completed| {
                        find(&completed.commit)
                            .is_none_or(|stored| described(stored) != described(&completed.before))
                    })
            }
        };
        has_changed || self.knows_delivery(organization_id, decision.delivery.as_ref())
    }
}
