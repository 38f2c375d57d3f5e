//! Records what CI reports: folds a report into the deployment, appends it to the history, links pull requests
//! and starts the organization's trial, all in one write per deployment.

use super::{ROUNDS, relink_later_of_lines};
use crate::deployment::{Deployment, DeploymentEvent, Received};
use crate::id::{DeploymentId, OrganizationId, PullRequestId};
use crate::linking::{LineBatch, LineChange, LineKey, LinePosition, Linking, link, place_in_line};
use crate::ports::{
    Applied, DeliveryQuery, DeploymentContext, DeploymentDecision, DeploymentQuery, Store, StoreError,
};
use crate::text::ExternalDeploymentId;
use crate::timestamp::Timestamp;
use crate::warning::Warning;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use thiserror::Error;
use time::Duration;

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

/// How far ahead of our clock a completion may lie before its sender's clock is doubted.
const FUTURE: Duration = Duration::minutes(1);

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
    let mut received = Vec::with_capacity(open.len());
    for (open, context) in open.iter_mut().zip(contexts) {
        let organization_id = open.command.organization_id;
        match context {
            None => *open.outcome = Some(Err(RecordDeploymentError::OrganizationNotFound(organization_id))),
            Some(context) => received.push((ReceivedReport::new(open.command, context), &mut *open.outcome)),
        }
    }
    received.sort_by(|(one, _), (other, _)| one.place.cmp(&other.place));
    let (received, outcomes): (Vec<_>, Vec<_>) = received.into_iter().unzip();
    let (mut decisions, answers) = decide_in_order(received, now);
    know_deliveries(store, &mut decisions).await?;
    let applied = store.deployments().apply(&decisions).await;
    relink_later(store, &decisions, &applied, now).await;
    let mut round = Ok(());
    for ((outcome, answer), applied) in outcomes.into_iter().zip(answers).zip(applied) {
        match applied {
            Ok(Applied::Done(id)) => *outcome = Some(Ok(RecordedDeployment { id, ..answer })),
            Ok(Applied::Stale) => {}
            Err(error) => round = Err(error),
        }
    }
    round
}

/// Decides reports line by line, each as if those before it were recorded. A line in which a report changes a known deployment
/// is requested as a whole instead, because the store knows that deployment as it was.
fn decide_in_order(
    received: Vec<ReceivedReport>,
    now: Timestamp,
) -> (Vec<DeploymentDecision>, Vec<RecordedDeployment>) {
    let requested = lines_with_known(&received);
    let mut batch = LineBatch::default();
    let decide = |(position, mut report): (usize, ReceivedReport)| {
        let place = report.place.take();
        if let (Some((line, _)), Some(deployment)) = (&place, &report.deployment) {
            let earlier = &mut report.context.surroundings.earlier;
            let stored = std::mem::take(earlier);
            *earlier = batch.before(line, deployment, stored);
        }
        let (mut decision, answer) = decide(report, now);
        if let Some((line, _)) = place {
            let linking = decision.linking.take();
            decision.linking = linking.map(|linking| batch.advance(position, &decision.deployment, linking));
            for change in &mut decision.line_changes {
                change.has_later |= requested.contains(&line);
            }
        }
        (decision, answer)
    };
    received.into_iter().enumerate().map(decide).unzip()
}

/// The lines to which several of the sorted reports come, at least one of a known deployment.
fn lines_with_known(received: &[ReceivedReport]) -> BTreeSet<LineKey> {
    received
        .chunk_by(|one, other| one.line() == other.line())
        .filter(|members| members.len() > 1)
        .filter(|members| members.iter().any(|report| report.context.stored.is_some()))
        .filter_map(|members| members.first()?.line().cloned())
        .collect()
}

/// Takes the first delivery from links of pull requests that earlier deployments of the service link.
async fn know_deliveries(
    store: &dyn Store,
    decisions: &mut [DeploymentDecision],
) -> Result<(), Arc<StoreError>> {
    let linked = decisions.iter_mut().filter_map(|decision| {
        let pull_requests = decision.linking.as_ref()?.first_deliveries().collect();
        let line = (decision.organization_id, decision.service_key.as_str());
        let query = delivery_query(line, &decision.deployment, pull_requests)?;
        Some((query, decision))
    });
    let (queries, linked): (Vec<_>, Vec<_>) = linked.unzip();
    if queries.is_empty() {
        return Ok(());
    }
    let delivered = store.deployments().delivered(&queries).await?;
    for (decision, delivered) in linked.into_iter().zip(delivered) {
        let linking = decision.linking.take();
        decision.linking = linking.map(|linking| linking.after_deliveries_of(&delivered));
    }
    Ok(())
}

/// Asks which pull requests deployments before this one delivered; `None` if there are no pull requests to ask for.
pub(super) fn delivery_query(
    (organization_id, service_key): (OrganizationId, &str),
    deployment: &Deployment,
    pull_requests: Vec<PullRequestId>,
) -> Option<DeliveryQuery> {
    let before = LinePosition::of(deployment).filter(|_| !pull_requests.is_empty())?;
    Some(DeliveryQuery {
        organization_id,
        service_key: service_key.to_owned(),
        before,
        pull_requests,
    })
}

/// Relinks later deployments of the lines that decisions have changed.
async fn relink_later(
    store: &dyn Store,
    decisions: &[DeploymentDecision],
    applied: &[Result<Applied<DeploymentId>, Arc<StoreError>>],
    now: Timestamp,
) {
    let recorded = decisions.iter().zip(applied);
    let changed = recorded.filter(|(decision, applied)| {
        matches!(applied, Ok(Applied::Done(_))) && decision.line_changes.iter().any(LineChange::changes_later)
    });
    let organizations = changed.map(|(decision, _)| decision.organization_id).collect();
    relink_later_of_lines(store, &organizations, now).await;
}

fn query(command: &RecordDeployment) -> DeploymentQuery {
    let report = &command.report;
    let succeeded_at = report.run.succeeded_at();
    DeploymentQuery {
        organization_id: command.organization_id,
        external_id: report.external_id.clone(),
        linking: succeeded_at.is_some(),
        commit: Some(report.commit.clone()),
        previous_commit: report.previous_commit.clone(),
        service: report.service.clone(),
        environment: Some(report.environment.clone()),
        shipped_at: succeeded_at,
        earlier: true,
    }
}

/// A report with what it makes of a deployment.
struct ReceivedReport {
    organization_id: OrganizationId,
    /// With the tier that its environment has in the organization.
    report: Deployment,
    context: DeploymentContext,
    action: DeploymentAction,
    /// As it now stands; `None` if the report changes nothing.
    deployment: Option<Deployment>,
    /// Its line and its place there.
    place: Option<(LineKey, LinePosition)>,
}

impl ReceivedReport {
    fn new(command: &RecordDeployment, context: DeploymentContext) -> Self {
        let report = command.report.clone();
        let report = Deployment {
            environment: context.tiers.apply(report.environment),
            ..report
        };
        let (action, deployment) = match &context.stored {
            None => (DeploymentAction::Created, Some(report.clone())),
            Some(stored) => match stored.deployment.receive(&report) {
                Received::Updated(deployment) => (DeploymentAction::Updated, Some(deployment)),
                Received::Stale => (DeploymentAction::Updated, None),
            },
        };
        let place = deployment
            .as_ref()
            .and_then(|deployment| place_in_line(command.organization_id, &context.service_key, deployment));
        Self {
            organization_id: command.organization_id,
            report,
            context,
            action,
            deployment,
            place,
        }
    }

    fn line(&self) -> Option<&LineKey> {
        self.place.as_ref().map(|(line, _)| line)
    }
}

/// What shall be true once a report is recorded, and the answer to it, whose id only the store can tell.
fn decide(received: ReceivedReport, now: Timestamp) -> (DeploymentDecision, RecordedDeployment) {
    let ReceivedReport {
        organization_id,
        report,
        context,
        action,
        deployment,
        place: _,
    } = received;
    let before = context.stored.as_ref().map(|stored| &stored.deployment);
    let last = context.last_of_line.as_ref();
    let line_changes = deployment.as_ref().map_or_else(Vec::new, |after| {
        LineChange::between(context.stored.as_ref(), after, &context.service_key, last)
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
        warnings: warnings(before, &report, linking.as_ref(), now),
    };
    let decision = DeploymentDecision {
        organization_id,
        version: context.version,
        event: DeploymentEvent {
            run: report.run,
            commit: report.commit.clone(),
            received_at: now,
        },
        deployment: deployment
            .or_else(|| context.stored.map(|stored| stored.deployment))
            .unwrap_or(report),
        service_key: context.service_key,
        linking,
        line_changes,
        trial: context.subscription.trial_started_by_deployment(now),
    };
    (decision, answer)
}

/// What the sender of a report should know; one that changes nothing has no links of its own.
fn warnings(
    before: Option<&Deployment>,
    report: &Deployment,
    linking: Option<&Linking>,
    now: Timestamp,
) -> Vec<Warning> {
    let Some(linking) = linking else {
        return vec![Warning::StaleEventIgnored];
    };
    let mut warnings = linking.warnings.clone();
    if before.is_some_and(|before| before.is_identity_changed_by(report)) {
        warnings.push(Warning::IdentityChanged);
    }
    if report.run.completed_at().is_some_and(|at| at > now.plus(FUTURE)) {
        warnings.push(Warning::CompletedInFuture);
    }
    warnings
}
