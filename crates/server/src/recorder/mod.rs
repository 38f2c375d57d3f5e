//! Records deployments in groups. While a group is recorded the reports that come meanwhile gather for the next one, so
//! the busier the server is the less each report costs; on a quiet one a group is a single report, and nobody waits for
//! company. Another group begins beside those that are being recorded once as many wait as they have together: sooner,
//! there would be many small groups, and later, a slow one would hold up everyone.
//!
//! A group is made up of organizations rather than of who came first: what one of them reports is written to the same
//! pages of every index, so the more of a group is of one the less each costs.
//!
//! Whose client has gone away before its turn is left out; what is being recorded is recorded whatever becomes of its
//! client.
//!
//! Reports of one line meet in one group or come one after the other, so that each is decided on what those before it leave;
//! otherwise the worker would decide most of them again.
//!
//! Nobody fails for another: reports of one deployment never meet in a group nor at once, and what of a group is not known
//! to be recorded when the store fails is recorded again one by one.

mod queue;

use crate::error::{ApiError, Bug};
use futures_util::FutureExt;
use metrics::Histogram;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::use_cases::{RecordDeployment, RecordedDeployment, record_deployments};
use queue::{Queue, Waiting};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tracing::{Instrument, Span, debug_span};

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
        Self { size: 64, at_once: 4 }
    }
}

/// Takes reports from handlers and hands them to whoever records.
#[derive(Default)]
pub(crate) struct Recorder {
    queue: Mutex<Queue>,
    ready: Notify,
}

impl Recorder {
    /// Waits until a report is recorded durably.
    pub(crate) async fn record(&self, command: RecordDeployment) -> Result<RecordedDeployment, ApiError> {
        let (answer, answered) = oneshot::channel();
        let is_ready = {
            let mut queue = self.queue();
            queue.push(Waiting::new(command, answer, Span::current()))?;
            queue.is_ready()
        };
        if is_ready {
            self.ready.notify_one();
        }
        let answered = answered.await;
        answered.unwrap_or(Err(ApiError::Internal(Bug::NoOutcome)))
    }

    /// How many reports wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.queue().len()
    }

    /// Records one group after the other, for ever.
    pub(crate) async fn run(
        self: Arc<Self>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        size: usize,
        sizes: Histogram,
    ) {
        loop {
            let (group, is_ready) = {
                let mut queue = self.queue();
                (queue.take(size), queue.is_ready())
            };
            if group.is_empty() {
                self.ready.notified().await;
                continue;
            }
            if is_ready {
                self.ready.notify_one();
            }
            sizes.record(u32::try_from(group.len()).unwrap_or(u32::MAX));
            let recorded: Vec<_> = group
                .iter()
                .map(|next| (next.identity.clone(), next.line.clone()))
                .collect();
            let span = span_of(&group);
            record_group(&*store, &*clock, group).instrument(span).await;
            self.queue().finish(&recorded);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The span of a group, in that of its first request and linked to those of the others.
fn span_of(group: &[Waiting]) -> Span {
    let parent = group.first().and_then(|first| first.span.id());
    let span = debug_span!(parent: parent, "record deployments", deployments = group.len());
    for other in group.iter().skip(1) {
        span.follows_from(&other.span);
    }
    span
}

/// Records a group and tells each of its members what became of it. Whoever failed may have done so for another, and has a
/// turn of its own; whoever is recorded does not wait for that, and is not recorded twice.
async fn record_group(store: &dyn Store, clock: &dyn Clock, group: Vec<Waiting>) {
    let is_alone = group.len() == 1;
    let (commands, answers): (Vec<_>, Vec<_>) =
        group.into_iter().map(|next| (next.command, next.answer)).unzip();
    let outcomes = record(store, clock, &commands).await;
    let mut failed = Vec::new();
    for ((command, answer), outcome) in commands.into_iter().zip(answers).zip(outcomes) {
        match outcome {
            Err(ApiError::Store(_) | ApiError::Internal(_)) if !is_alone => failed.push((command, answer)),
            outcome => {
                let _ = answer.send(outcome);
            }
        }
    }
    for (command, answer) in failed {
        if !answer.is_closed()
            && let Some(outcome) = record(store, clock, &[command]).await.pop()
        {
            let _ = answer.send(outcome);
        }
    }
}

/// Records reports and tells what became of each.
async fn record(
    store: &dyn Store,
    clock: &dyn Clock,
    commands: &[RecordDeployment],
) -> Vec<Result<RecordedDeployment, ApiError>> {
    let recording = AssertUnwindSafe(record_deployments(store, commands, clock.now())).catch_unwind();
    match recording.await {
        Ok(outcomes) => outcomes
            .into_iter()
            .map(|outcome| outcome.map_err(ApiError::from))
            .collect(),
        Err(_) => commands
            .iter()
            .map(|_| Err(ApiError::Internal(Bug::Panic)))
            .collect(),
    }
}
