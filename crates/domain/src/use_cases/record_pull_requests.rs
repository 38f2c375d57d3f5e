//! Records merged pull requests, whoever tells of them, and looks again at the deployments that they touch.

use super::{RELINKED_AT_ONCE, ROUNDS, relink};
use crate::id::OrganizationId;
use crate::ports::{
    Applied, ChangedPullRequest, PullRequestDecision, PullRequestQuery, PullRequestsContext, Store,
    StoreError, TargetRepository,
};
use crate::pull_request::{PullRequest, PullRequestNumber};
use crate::repository::{Repository, RepositoryName};
use crate::text::DeliveryId;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;
use thiserror::Error;

/// What made somebody tell of pull requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// They were sent on purpose.
    Sent,
    /// They were read from a clone, which knows all parents of the commits that it has.
    Clone,
    /// A webhook told of them unasked: a delivery counts once, and only for a repository that is monitored.
    Webhook(DeliveryId),
}

/// Why a webhook has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ignored {
    RepositoryNotMonitored,
    DeliveryRepeated,
}

impl Origin {
    /// The delivery to remember, unless what is known of it and of its repository leaves it without effect.
    pub(super) fn delivery(
        &self,
        repository: Option<&Repository>,
        delivery_is_known: bool,
    ) -> Result<Option<DeliveryId>, Ignored> {
        match self {
            Self::Sent | Self::Clone => Ok(None),
            Self::Webhook(_) if delivery_is_known => Err(Ignored::DeliveryRepeated),
            Self::Webhook(_) if repository.is_some_and(|repository| !repository.monitored) => {
                Err(Ignored::RepositoryNotMonitored)
            }
            Self::Webhook(delivery) => Ok(Some(delivery.clone())),
        }
    }

    /// The delivery that told.
    pub(super) fn told_by(&self) -> Option<DeliveryId> {
        match self {
            Self::Sent | Self::Clone => None,
            Self::Webhook(delivery) => Some(delivery.clone()),
        }
    }
}

/// Merged pull requests of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPullRequests {
    /// The organization that tells of them.
    pub organization_id: OrganizationId,
    /// The repository; it comes into being with its first pull request.
    pub repository: RepositoryName,
    /// The pull requests; a number may come more than once.
    pub pull_requests: Vec<PullRequest>,
    /// What made somebody tell of them.
    pub origin: Origin,
}

/// What became of pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedPullRequests {
    /// They are recorded durably.
    Recorded {
        /// How many were new.
        recorded: u64,
        /// How many were known and have changed.
        updated: u64,
    },
    /// The webhook's repository is not monitored.
    RepositoryNotMonitored,
    /// The webhook's delivery has had its effect before.
    DeliveryRepeated,
}

/// Why pull requests were not recorded.
#[derive(Debug, Error)]
pub enum RecordPullRequestsError {
    /// There is no such organization.
    #[error("organization {0} does not exist")]
    OrganizationNotFound(OrganizationId),
    /// Too many others wrote to the same records at once; send them again.
    #[error("the pull requests are being written to by too many others")]
    Busy,
    /// The store failed. They may have been recorded, and may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records merged pull requests, all or none, and links the deployments that they touch: the first few before it
/// returns, the others by the relinking worker.
///
/// # Errors
/// [`RecordPullRequestsError`] says why nothing was recorded.
pub async fn record_pull_requests(
    store: &dyn Store,
    command: &RecordPullRequests,
    now: Timestamp,
) -> Result<RecordedPullRequests, RecordPullRequestsError> {
    for _ in 0..ROUNDS {
        let context = store.pull_requests().context(&query(command)).await?;
        let context = context.ok_or(RecordPullRequestsError::OrganizationNotFound(
            command.organization_id,
        ))?;
        let decision = match decide(command, context, now) {
            Ok(decision) => decision,
            Err(ignored) => return Ok(ignored),
        };
        let outcome = RecordedPullRequests::Recorded {
            recorded: decision.new.len() as u64,
            updated: decision.changed.len() as u64,
        };
        if decision.new.is_empty() && decision.changed.is_empty() {
            return Ok(outcome);
        }
        if let Applied::Done(touched) = store.pull_requests().apply(&decision).await? {
            // They are requested. The worker links many at once without holding up this call and those beside it.
            if touched > 0 && touched <= u64::from(RELINKED_AT_ONCE) {
                let _ = relink(store, Some(command.organization_id), RELINKED_AT_ONCE, now).await;
            }
            return Ok(outcome);
        }
    }
    Err(RecordPullRequestsError::Busy)
}

fn query(command: &RecordPullRequests) -> PullRequestQuery {
    let mut numbers: Vec<_> = command
        .pull_requests
        .iter()
        .map(|pull_request| pull_request.number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    PullRequestQuery {
        organization_id: command.organization_id,
        repository: command.repository.clone(),
        numbers,
        delivery: command.origin.told_by(),
    }
}

/// What shall be recorded; or the answer, when that is nothing because of where it came from.
fn decide(
    command: &RecordPullRequests,
    context: PullRequestsContext,
    now: Timestamp,
) -> Result<PullRequestDecision, RecordedPullRequests> {
    let delivery = command
        .origin
        .delivery(context.repository.as_ref(), context.delivery_is_known);
    let delivery = delivery.map_err(|ignored| match ignored {
        Ignored::RepositoryNotMonitored => RecordedPullRequests::RepositoryNotMonitored,
        Ignored::DeliveryRepeated => RecordedPullRequests::DeliveryRepeated,
    })?;
    let mut stored: BTreeMap<_, _> = context
        .stored
        .into_iter()
        .map(|stored| (stored.pull_request.number, stored))
        .collect();
    let mut new = Vec::new();
    let mut changed = Vec::new();
    for (number, reported) in told_once(&command.pull_requests) {
        match stored.remove(&number) {
            None => new.push(reported),
            Some(before) => {
                let after = before.pull_request.merged_with(&reported);
                if after != before.pull_request {
                    changed.push(ChangedPullRequest { before, after });
                }
            }
        }
    }
    let repository = context.repository.map_or_else(
        || TargetRepository::New(command.repository.clone()),
        TargetRepository::Known,
    );
    Ok(PullRequestDecision {
        organization_id: command.organization_id,
        repository,
        new,
        changed,
        delivery,
        now,
    })
}

/// A batch may tell of one number several times: folds what it says of each.
fn told_once(pull_requests: &[PullRequest]) -> BTreeMap<PullRequestNumber, PullRequest> {
    let mut once: BTreeMap<PullRequestNumber, PullRequest> = BTreeMap::new();
    for pull_request in pull_requests {
        once.entry(pull_request.number)
            .and_modify(|known| *known = known.merged_with(pull_request))
            .or_insert_with(|| pull_request.clone());
    }
    once
}
