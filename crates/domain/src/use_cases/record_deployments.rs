//! Records what CI reports: folds a report into the deployment, appends it to the history, links pull requests
//! and starts the organization's trial, all in one write per deployment.

use super::relink::find_base;
use super::{RELINKED_AT_ONCE, ROUNDS, relink};
use crate::deployment::{Deployment, DeploymentEvent, Received};
use crate::id::{DeploymentId, OrganizationId};
use crate::linking::{BaseChange, link};
use crate::ports::{Applied, DeploymentContext, DeploymentDecision, DeploymentQuery, Store, StoreError};
use crate::text::ExternalDeploymentId;
use crate::timestamp::Timestamp;
use crate::warning::Warning;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use thiserror::Error;

/// One report of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDeployment {
    /// The organization that reports.
    pub organization_id: OrganizationId,
    /// What it reports.
    pub report: Deployment,
}

/// What a report did to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentAction {
    /// It was the first of its deployment.
    Created,
    /// The deployment was known.
    Updated,
}

/// A report that has been recorded durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedDeployment {
    /// Periscope's number for the deployment.
    pub id: DeploymentId,
    /// What it did to the record.
    pub action: DeploymentAction,
    /// How many pull requests are linked to the deployment now.
    pub linked_pull_requests: u64,
    /// What the sender should know.
    pub warnings: Vec<Warning>,
}

/// Why a report was not recorded.
#[derive(Clone, Debug, Error)]
pub enum RecordDeploymentError {
    /// There is no such organization.
    #[error("organization {0} does not exist")]
    OrganizationNotFound(OrganizationId),
    /// Too many others wrote to the same record at once; send it again.
    #[error("the deployment is being written to by too many others")]
    Busy,
    /// The store failed. The report may have been recorded, and may be sent again.
    #[error(transparent)]
    Store(Arc<StoreError>),
}

/// What came of a report.
pub type RecordDeploymentOutcome = Result<RecordedDeployment, RecordDeploymentError>;

/// Records reports in their order and tells what became of each. Once the store fails, all that is not known to be
/// recorded by then fails with it.
pub async fn record_deployments(
    store: &dyn Store,
    commands: &[RecordDeployment],
    now: Timestamp,
) -> Vec<RecordDeploymentOutcome> {
    let mut outcomes: Vec<Option<RecordDeploymentOutcome>> = vec![None; commands.len()];
    let mut failure = RecordDeploymentError::Busy;
    for _ in 0..ROUNDS {
        let mut open = first_open_of_each_identity(commands, &mut outcomes);
        if open.is_empty() {
            break;
        }
        if let Err(error) = record_round(store, &mut open, now).await {
            failure = RecordDeploymentError::Store(error);
            break;
        }
    }
    outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|| Err(failure.clone())))
        .collect()
}

/// A report and the place for what becomes of it.
struct Open<'a> {
    command: &'a RecordDeployment,
    outcome: &'a mut Option<RecordDeploymentOutcome>,
}

/// Reports of one deployment have to be folded one after the other.
fn first_open_of_each_identity<'a>(
    commands: &'a [RecordDeployment],
    outcomes: &'a mut [Option<RecordDeploymentOutcome>],
) -> Vec<Open<'a>> {
    let mut seen: HashSet<(OrganizationId, &ExternalDeploymentId)> = HashSet::new();
    commands
        .iter()
        .zip(outcomes)
        .filter(|(command, outcome)| {
            outcome.is_none() && seen.insert((command.organization_id, &command.report.external_id))
        })
        .map(|(command, outcome)| Open { command, outcome })
        .collect()
}

async fn record_round(
    store: &dyn Store,
    open: &mut [Open<'_>],
    now: Timestamp,
) -> Result<(), Arc<StoreError>> {
    let queries: Vec<_> = open.iter().map(|open| query(open.command)).collect();
    let contexts = store.deployments().contexts(&queries).await?;
    let mut decisions = Vec::with_capacity(open.len());
    let mut decided = Vec::with_capacity(open.len());
    for (open, context) in open.iter_mut().zip(contexts) {
        let organization_id = open.command.organization_id;
        match context {
            None => *open.outcome = Some(Err(RecordDeploymentError::OrganizationNotFound(organization_id))),
            Some(mut context) => {
                let received = receive(open.command, &context);
                if let Some(deployment) = &received.deployment {
                    find_base(store, organization_id, deployment, &mut context.surroundings).await?;
                }
                let (decision, answer) = decide(open.command, context, received, now);
                decisions.push(decision);
                decided.push((&mut *open.outcome, answer));
            }
        }
    }
    let applied = store.deployments().apply(&decisions).await;
    look_around(store, &decisions, &applied, now).await;
    let mut round = Ok(());
    for ((outcome, answer), applied) in decided.into_iter().zip(applied) {
        match applied {
            Ok(Applied::Done(id)) => *outcome = Some(Ok(RecordedDeployment { id, ..answer })),
            Ok(Applied::Stale) => {}
            Err(error) => round = Err(error),
        }
    }
    round
}

/// Looks again at those that may have one of these as their base. They are recorded, so the worker will do what this
/// cannot.
async fn look_around(
    store: &dyn Store,
    decisions: &[DeploymentDecision],
    applied: &[Result<Applied<DeploymentId>, Arc<StoreError>>],
    now: Timestamp,
) {
    let recorded = decisions.iter().zip(applied);
    let bases: Vec<_> = recorded
        .filter_map(|(decision, applied)| match applied {
            Ok(Applied::Done(id)) if decision.base_change == BaseChange::Possible => {
                Some((decision.organization_id, *id))
            }
            _ => None,
        })
        .collect();
    if bases.is_empty() || !matches!(store.relinking().spread_from(&bases, now).await, Ok(1..)) {
        return;
    }
    let organizations: BTreeSet<_> = bases
        .into_iter()
        .map(|(organization_id, _)| organization_id)
        .collect();
    for organization_id in organizations {
        let _ = relink(store, Some(organization_id), RELINKED_AT_ONCE, now).await;
    }
}

fn query(command: &RecordDeployment) -> DeploymentQuery {
    let report = &command.report;
    DeploymentQuery {
        organization_id: command.organization_id,
        external_id: report.external_id.clone(),
        linking: report.shipped_at().is_some(),
        commit: Some(report.commit.clone()),
        previous_commit: report.previous_commit.clone(),
        service: report.service.clone(),
        shipped_at: report.shipped_at(),
    }
}

/// What a report makes of a deployment.
struct ReceivedReport {
    action: DeploymentAction,
    /// As it now stands; `None` if the report changes nothing.
    deployment: Option<Deployment>,
}

fn receive(command: &RecordDeployment, context: &DeploymentContext) -> ReceivedReport {
    let report = &command.report;
    let (action, deployment) = match &context.stored {
        None => (DeploymentAction::Created, Some(report.clone())),
        Some(stored) => match stored.deployment.receive(report) {
            Received::Updated(deployment) => (DeploymentAction::Updated, Some(deployment)),
            Received::Stale => (DeploymentAction::Updated, None),
        },
    };
    ReceivedReport { action, deployment }
}

/// What shall be true once a report is recorded, and the answer to it, whose id only the store can tell.
fn decide(
    command: &RecordDeployment,
    context: DeploymentContext,
    received: ReceivedReport,
    now: Timestamp,
) -> (DeploymentDecision, RecordedDeployment) {
    let report = &command.report;
    let ReceivedReport { action, deployment } = received;
    let before = context.stored.as_ref().map(|stored| &stored.deployment);
    let base_change = deployment.as_ref().map_or(BaseChange::None, |after| {
        BaseChange::between(before, after, context.has_commits)
    });
    let linking = deployment
        .as_ref()
        .map(|deployment| link(deployment, &context.surroundings));
    let answer = RecordedDeployment {
        id: context
            .stored
            .as_ref()
            .map_or(DeploymentId::new(0), |stored| stored.id),
        action,
        linked_pull_requests: linking
            .as_ref()
            .map_or(context.linked_pull_requests, |linking| linking.links.len() as u64),
        warnings: linking.as_ref().map_or_else(
            || vec![Warning::StaleEventIgnored],
            |linking| linking.warnings.clone(),
        ),
    };
    let decision = DeploymentDecision {
        organization_id: command.organization_id,
        version: context.version,
        deployment: deployment
            .or_else(|| context.stored.map(|stored| stored.deployment))
            .unwrap_or_else(|| report.clone()),
        event: DeploymentEvent {
            run: report.run,
            commit: report.commit.clone(),
            received_at: now,
        },
        linking,
        base_change,
        trial: context.subscription.trial_started_by_deployment(now),
    };
    (decision, answer)
}
