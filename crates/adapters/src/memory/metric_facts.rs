use super::{Entry, MemoryStore};
use async_trait::async_trait;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::environment::Environment;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::Novelty;
use periscope_domain::metrics::{
    ChangedDeployment, CompletedDeployment, Facts, MergedPullRequest, ServiceState, ShippedPullRequest,
};
use periscope_domain::ports::{MetricFacts, StoreError};
use periscope_domain::pull_request::{StoredPullRequest, lines};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

#[async_trait]
impl MetricFacts for MemoryStore {
    /// Put together anew at each call.
    async fn facts_since(
        &self,
        organization_id: OrganizationId,
        _since: Timestamp,
    ) -> Result<Arc<Facts>, StoreError> {
        let state = self.state();
        let deployments = state.deployments.iter();
        let deployments: Vec<_> = deployments
            .filter(|((owner, _), _)| *owner == organization_id)
            .map(|(_, entry)| changed(entry))
            .collect();
        let merges = state.pull_requests.iter();
        let merges: Vec<_> = merges
            .filter(|((owner, _), _)| *owner == organization_id)
            .map(|(_, stored)| merged(stored))
            .collect();
        drop(state);
        let mut facts = Facts::new();
        facts.put_deployments(&deployments);
        facts.put_pull_requests(&merges);
        Ok(Arc::new(facts))
    }

    async fn states_before(
        &self,
        organization_id: OrganizationId,
        environments: &[Environment],
        before: Timestamp,
    ) -> Result<Vec<ServiceState>, StoreError> {
        let state = self.state();
        let mut decided: BTreeMap<(String, &Environment), Vec<Decided<'_>>> = BTreeMap::new();
        for ((owner, _), entry) in &state.deployments {
            let StoredDeployment { id, deployment, .. } = &entry.stored;
            let (status, service) = (deployment.run.status(), deployment.service.as_ref());
            let is_success = status == DeploymentStatus::Success;
            let at = deployment.run.completed_at().filter(|at| *at < before);
            if let Some(at) = at.filter(|_| is_success || status.is_harmful())
                && *owner == organization_id
                && environments.contains(&deployment.environment)
            {
                let line = (entry.stored.service_key.clone(), &deployment.environment);
                let line = decided.entry(line).or_default();
                line.push((at, is_success, *id, service));
            }
        }
        let states = decided.into_iter().filter_map(|((_, environment), mut line)| {
            line.sort_unstable_by_key(|(at, is_success, id, _)| (*at, *is_success, *id));
            let last = line.iter().rposition(|(_, is_success, ..)| *is_success)?;
            let down = line.get(last + 1);
            let (.., service) = down.or_else(|| line.get(last))?;
            Some(ServiceState {
                service: service.cloned(),
                environment: environment.clone(),
                down_since: down.map(|(at, _, id, _)| (*id, *at)),
            })
        });
        Ok(states.collect())
    }
}

/// A deployment that decided the state of its service: when, whether it succeeded, its number and service.
type Decided<'a> = (Timestamp, bool, DeploymentId, Option<&'a ServiceName>);

fn changed(entry: &Entry) -> ChangedDeployment {
    let deployment = &entry.stored.deployment;
    let links = entry.linking.links.iter();
    let completed = deployment
        .run
        .completed_at()
        .map(|completed_at| CompletedDeployment {
            completed_at,
            status: deployment.run.status(),
            environment: deployment.environment.clone(),
            service: deployment.service.clone(),
            unlinked: entry.linking.unlinked_reason(),
            is_redeployment: entry.linking.novelty.is_some_and(Novelty::is_redeployment),
            links: links
                .map(|link| ShippedPullRequest {
                    id: link.pull_request_id,
                    lead_time: link.lead_time,
                    is_first: link.is_first,
                })
                .collect(),
        });
    ChangedDeployment {
        id: entry.stored.id,
        completed,
    }
}

fn merged(stored: &StoredPullRequest) -> MergedPullRequest {
    let pull_request = &stored.pull_request;
    MergedPullRequest {
        id: stored.id,
        repository_id: stored.repository_id,
        merged_at: pull_request.merged_at,
        created_at: pull_request.created_at,
        author: pull_request.author.clone(),
        lines: lines(pull_request.additions, pull_request.deletions),
    }
}
