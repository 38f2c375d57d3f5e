//! Records what an import reads, piece by piece: the oldest first, no more at once than the store serves, and again where
//! the store was busy. Recording the same again changes nothing, so a piece may be sent twice.

use crate::patience::Patience;
use crate::progress::Progress;
use periscope_adapters::system::SystemClock;
use periscope_domain::commit_graph::Commit;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::ports::{Clock, DeploymentQuery, Store};
use periscope_domain::pull_request::PullRequest;
use periscope_domain::repository::RepositoryName;
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::use_cases::{
    Origin, RecordCommits, RecordDeployment, RecordPullRequests, RecordedCommits, RecordedPullRequests,
    record_commits, record_deployments, record_pull_requests, relink,
};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Commits or pull requests of one transaction.
pub(super) const BATCH: usize = 1000;

/// Deployments of one batch. Each may have a thousand links, of which a statement writes a few thousand, and statements of
/// one batch use a connection each.
const FIRST_DEPLOYMENTS: usize = 4;
const MOST_DEPLOYMENTS: usize = 50;

/// How long to wait before the queue of deployments is read again while another process links them.
const LOOK: Duration = Duration::from_millis(250);

/// How often in a row that queue may stay as long as it is.
const LOOKS: u32 = 2400;

/// Where an import records.
pub(super) struct Recorder<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) organization_id: OrganizationId,
    pub(super) repository: RepositoryName,
}

impl Recorder<'_> {
    /// Records commits, and returns how many were new.
    pub(super) async fn commits(&self, commits: Vec<Commit>) -> anyhow::Result<u64> {
        let command = RecordCommits {
            organization_id: self.organization_id,
            repository: self.repository.clone(),
            commits,
            pushes: Vec::new(),
            origin: Origin::Clone,
        };
        let mut patience = Patience::new(1, 1);
        loop {
            match record_commits(self.store, &command, SystemClock.now()).await {
                Ok(RecordedCommits::Recorded { recorded }) => return Ok(recorded),
                Ok(_) => return Ok(0),
                Err(error) => patience.failed(error).await?,
            }
        }
    }

    /// Records pull requests, and returns how many were new and how many changed.
    pub(super) async fn pull_requests(&self, pull_requests: Vec<PullRequest>) -> anyhow::Result<(u64, u64)> {
        let command = RecordPullRequests {
            organization_id: self.organization_id,
            repository: self.repository.clone(),
            pull_requests,
            origin: Origin::Sent,
        };
        let mut patience = Patience::new(1, 1);
        loop {
            match record_pull_requests(self.store, &command, SystemClock.now()).await {
                Ok(RecordedPullRequests::Recorded { recorded, updated }) => return Ok((recorded, updated)),
                Ok(_) => return Ok((0, 0)),
                Err(error) => patience.failed(error).await?,
            }
        }
    }

    /// Finds the deployments that are recorded just as they would be.
    pub(super) async fn known(
        &self,
        reports: &[RecordDeployment],
    ) -> anyhow::Result<HashMap<ExternalDeploymentId, DeploymentId>> {
        let mut known = HashMap::new();
        for piece in reports.chunks(BATCH) {
            let queries: Vec<_> = piece.iter().map(stored_query).collect();
            let mut patience = Patience::new(1, 1);
            let contexts = loop {
                match self.store.deployments().contexts(&queries).await {
                    Ok(contexts) => break contexts,
                    Err(error) => patience.failed(error).await?,
                }
            };
            let stored = contexts
                .into_iter()
                .map(|context| context.and_then(|context| context.stored));
            known.extend(piece.iter().zip(stored).filter_map(|(report, stored)| {
                let stored = stored.filter(|stored| stored.deployment == report.report)?;
                Some((report.report.external_id.clone(), stored.id))
            }));
        }
        Ok(known)
    }

    /// Records deployments in their order, so that each finds its predecessors.
    pub(super) async fn deployments(
        &self,
        reports: &[RecordDeployment],
        progress: &Progress,
    ) -> anyhow::Result<Vec<DeploymentId>> {
        let mut patience = Patience::new(FIRST_DEPLOYMENTS, MOST_DEPLOYMENTS);
        let mut recorded = Vec::with_capacity(reports.len());
        while let Some(open) = reports.get(recorded.len()..).filter(|open| !open.is_empty()) {
            let piece = open.get(..patience.size()).unwrap_or(open);
            let begun = Instant::now();
            let outcomes = record_deployments(self.store, piece, SystemClock.now()).await;
            let mut failure = None;
            for outcome in outcomes {
                match outcome {
                    Ok(deployment) => {
                        recorded.push(deployment.id);
                        progress.advance();
                    }
                    // What comes after it in the piece is sent again.
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                }
            }
            match failure {
                None => patience.succeeded(begun.elapsed()),
                Some(error) => patience.failed(error).await?,
            }
        }
        Ok(recorded)
    }

    /// Links the deployments that the import touches, together with a service that may be running.
    pub(super) async fn relink(&self) -> anyhow::Result<()> {
        let organization_id = Some(self.organization_id);
        let mut patience = Patience::new(FIRST_DEPLOYMENTS, MOST_DEPLOYMENTS);
        let (mut open, mut looks) = (self.count_open().await?, 0);
        let progress = Progress::new("deployments linked", open);
        while open > 0 && looks < LOOKS {
            let begun = Instant::now();
            let limit = u32::try_from(patience.size()).unwrap_or(u32::MAX);
            match relink(self.store, organization_id, limit, SystemClock.now()).await {
                Ok(0) => {
                    sleep(LOOK).await;
                    let before = std::mem::replace(&mut open, self.count_open().await?);
                    looks = if open < before { 0 } else { looks + 1 };
                }
                Ok(linked) => {
                    patience.succeeded(begun.elapsed());
                    (0..linked).for_each(|_| progress.advance());
                }
                Err(error) => patience.failed(error).await?,
            }
        }
        progress.end();
        anyhow::ensure!(
            open == 0,
            "{open} deployments are still being linked; run the import again"
        );
        Ok(())
    }

    async fn count_open(&self) -> anyhow::Result<u64> {
        let mut patience = Patience::new(1, 1);
        loop {
            match self.store.relinking().count(Some(self.organization_id)).await {
                Ok(open) => return Ok(open),
                Err(error) => patience.failed(error).await?,
            }
        }
    }

    /// Counts the links of deployments as they are in the end.
    pub(super) async fn count_links(&self, deployments: &[DeploymentId]) -> anyhow::Result<u64> {
        let mut links = 0;
        for id in deployments {
            let mut patience = Patience::new(1, 1);
            links += loop {
                match self.store.deployments().links(self.organization_id, *id).await {
                    Ok(links) => break links.len() as u64,
                    Err(error) => patience.failed(error).await?,
                }
            };
        }
        Ok(links)
    }
}

/// Asks for what is stored of a deployment, without its links.
fn stored_query(command: &RecordDeployment) -> DeploymentQuery {
    DeploymentQuery {
        organization_id: command.organization_id,
        external_id: command.report.external_id.clone(),
        linking: false,
        commit: None,
        previous_commit: None,
        service: None,
        environment: None,
        shipped_at: None,
        earlier: false,
    }
}
