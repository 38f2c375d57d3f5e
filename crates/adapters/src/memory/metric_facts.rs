use super::{Entry, MemoryStore};
use async_trait::async_trait;
use periscope_domain::id::OrganizationId;
use periscope_domain::linking::Novelty;
use periscope_domain::metrics::{
    ChangedDeployment, CompletedDeployment, Facts, MergedPullRequest, ShippedPullRequest,
};
use periscope_domain::ports::{MetricFacts, StoreError};
use periscope_domain::pull_request::{StoredPullRequest, lines};
use periscope_domain::timestamp::Timestamp;
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
}

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
