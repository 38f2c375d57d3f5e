//! Records deployments in groups. While a group is recorded the reports that come meanwhile gather for the next one, so
//! the busier the server is the less each report costs; on a quiet one a group is a single report, and nobody ever waits
//! for company. Whose client has gone away before its turn is left out, and what is being recorded is recorded whatever
//! becomes of its client.
//!
//! Nobody fails for another: reports of one deployment never meet in a group nor at once, and a group that fails as a
//! whole is recorded again one by one.

use crate::error::{ApiError, Bug};
use futures_util::FutureExt;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::use_cases::{
    RecordDeployment, RecordDeploymentOutcome, RecordedDeployment, record_deployments,
};
use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// How many reports may wait. Where so many do, the next is told to come again rather than kept until its deadline.
const MOST_WAITING: usize = 4096;

/// How deployments are grouped. The defaults are what was measured to be best.
#[derive(Clone, Copy, Debug)]
pub struct Groups {
    /// How many reports a group has at most.
    pub size: usize,
    /// How many groups are recorded at once.
    pub at_once: usize,
}

impl Default for Groups {
    fn default() -> Self {
        Self { size: 64, at_once: 2 }
    }
}

type Identity = (OrganizationId, ExternalDeploymentId);

/// A report that waits for its turn.
struct Waiting {
    command: RecordDeployment,
    answer: oneshot::Sender<Result<RecordedDeployment, ApiError>>,
}

impl Waiting {
    fn identity(&self) -> Identity {
        let RecordDeployment {
            organization_id,
            report,
        } = &self.command;
        (*organization_id, report.external_id.clone())
    }
}

/// Reports in the order in which they came, and whose deployments are being recorded.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    recording: HashSet<Identity>,
}

impl Queue {
    /// The next reports, each of another deployment than any that is being recorded.
    fn take(&mut self, most: usize) -> Vec<Waiting> {
        let mut group = Vec::new();
        let mut later = Vec::new();
        while group.len() < most
            && let Some(next) = self.waiting.pop_front()
        {
            if next.answer.is_closed() {
                continue;
            }
            if self.recording.insert(next.identity()) {
                group.push(next);
            } else {
                later.push(next);
            }
        }
        for next in later.into_iter().rev() {
            self.waiting.push_front(next);
        }
        group
    }
}

/// Takes reports from handlers and hands them to whoever records.
#[derive(Default)]
pub(crate) struct Recorder {
    queue: Mutex<Queue>,
    arrived: Notify,
}

impl Recorder {
    /// Waits until a report is recorded durably.
    pub(crate) async fn record(&self, command: RecordDeployment) -> Result<RecordedDeployment, ApiError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut queue = self.queue();
            if queue.waiting.len() >= MOST_WAITING {
                return Err(ApiError::Busy);
            }
            queue.waiting.push_back(Waiting { command, answer });
        }
        self.arrived.notify_one();
        answered.await.unwrap_or(Err(ApiError::Internal(Bug::NoOutcome)))
    }

    /// Records one group after the other, for ever.
    pub(crate) async fn run(self: Arc<Self>, store: Arc<dyn Store>, clock: Arc<dyn Clock>, size: usize) {
        loop {
            let group = self.queue().take(size);
            if group.is_empty() {
                self.arrived.notified().await;
                continue;
            }
            let identities: Vec<_> = group.iter().map(Waiting::identity).collect();
            record_group(&*store, &*clock, group).await;
            let mut queue = self.queue();
            for identity in &identities {
                queue.recording.remove(identity);
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records a group and tells each of its members what became of it.
async fn record_group(store: &dyn Store, clock: &dyn Clock, group: Vec<Waiting>) {
    let (commands, answers): (Vec<_>, Vec<_>) =
        group.into_iter().map(|next| (next.command, next.answer)).unzip();
    if commands.len() > 1
        && let Ok(outcomes) = record(store, clock, &commands).await
    {
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            let _ = answer.send(outcome.map_err(ApiError::from));
        }
        return;
    }
    for (command, answer) in commands.into_iter().zip(answers) {
        if !answer.is_closed() {
            let _ = answer.send(record_alone(store, clock, command).await);
        }
    }
}

async fn record_alone(
    store: &dyn Store,
    clock: &dyn Clock,
    command: RecordDeployment,
) -> Result<RecordedDeployment, ApiError> {
    let outcome = record(store, clock, &[command]).await?.pop();
    Ok(outcome.ok_or(ApiError::Internal(Bug::NoOutcome))??)
}

async fn record(
    store: &dyn Store,
    clock: &dyn Clock,
    commands: &[RecordDeployment],
) -> Result<Vec<RecordDeploymentOutcome>, ApiError> {
    let recording = AssertUnwindSafe(record_deployments(store, commands, clock.now())).catch_unwind();
    Ok(recording.await.map_err(|_| ApiError::Internal(Bug::Panic))??)
}
