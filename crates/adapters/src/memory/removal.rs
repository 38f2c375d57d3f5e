//! Removes what was recorded by mistake.

use super::State;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Applied, DeploymentRemoval, Removed, RemovedDeployment};
use std::collections::BTreeMap;

impl State {
    /// Removes a deployment with all that is kept of it, and requests its line.
    pub(super) fn remove_deployment(&mut self, removal: &DeploymentRemoval) -> Applied<()> {
        let key = (removal.organization_id, removal.id);
        let stored = self.deployments.get(&key).map(|entry| &entry.stored);
        let Some(stored) = stored.filter(|stored| stored.revision == removal.revision) else {
            return Applied::Stale;
        };
        let external_id = stored.deployment.external_id.clone();
        self.deployments.remove(&key);
        self.deployment_ids
            .remove(&(removal.organization_id, external_id.clone()));
        self.relink_requests.remove(&key);
        if let Some(change) = &removal.line_change {
            let line = change.line(key.0);
            self.move_line(line.clone(), &change.place);
            self.request_line_from(line, change.place.completed_at, removal.removed_at);
        }
        let removed = RemovedDeployment {
            id: removal.id,
            external_id,
            removed_at: removal.removed_at,
            removed_by: removal.removed_by.clone(),
        };
        self.removed_deployments.insert(key, removed);
        Applied::Done(())
    }

    /// Removes everything of an organization, then, in a call of its own, says that it is gone.
    pub(super) fn remove_organization(&mut self, id: OrganizationId) -> Removed {
        let mut rows = u64::from(self.organizations.remove(&id).is_some());
        let keys = self.api_keys.len();
        self.api_keys.retain(|(_, key)| key.organization_id != id);
        rows += (keys - self.api_keys.len()) as u64;
        rows += u64::from(self.github_connections.remove(&id).is_some());
        rows += forget(&mut self.sessions, id);
        rows += forget(&mut self.repositories, id);
        rows += forget(&mut self.pull_requests, id);
        rows += forget(&mut self.commits, id);
        rows += forget(&mut self.proved_roots, id);
        rows += forget(&mut self.histories, id);
        rows += forget(&mut self.deliveries, id);
        rows += forget(&mut self.deployments, id);
        rows += forget(&mut self.deployment_ids, id);
        rows += forget(&mut self.removed_deployments, id);
        rows += forget(&mut self.relink_requests, id);
        forget(&mut self.forge_ids, id);
        rows += forget(&mut self.lines, id);
        rows += forget(&mut self.line_requests, id);
        rows += forget(&mut self.placement_requests, id);
        if rows == 0 {
            Removed::All
        } else {
            Removed::Some(rows)
        }
    }
}

/// Removes what is kept of an organization, and counts it.
fn forget<K: Ord, V>(kept: &mut BTreeMap<(OrganizationId, K), V>, id: OrganizationId) -> u64 {
    let before = kept.len();
    kept.retain(|(owner, _), _| *owner != id);
    (before - kept.len()) as u64
}
