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
//! Nobody fails for another: reports of one deployment never meet in a group nor at once, and a group that fails as a
//! whole is recorded again one by one.

use crate::error::{ApiError, Bug};
use futures_util::FutureExt;
use metrics::Histogram;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::use_cases::{
    RecordDeployment, RecordDeploymentOutcome, RecordedDeployment, record_deployments,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tracing::{Instrument, Span, debug_span};

/// How many reports may wait. Where so many do, the next is told to come again rather than kept until its deadline.
const MOST_WAITING: usize = 4096;

/// A group is made up of those that have waited longest, of so many times as many as it takes. So nobody is overtaken by
/// more than fill that many groups.
const REACH: usize = 4;

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

type Identity = (OrganizationId, ExternalDeploymentId);
type Answer = Result<RecordedDeployment, ApiError>;

/// A report that waits for its turn.
struct Waiting {
    identity: Identity,
    command: RecordDeployment,
    answer: oneshot::Sender<Answer>,
    /// That of its request.
    span: Span,
}

impl Waiting {
    fn new(command: RecordDeployment, answer: oneshot::Sender<Answer>, span: Span) -> Self {
        Self {
            identity: (command.organization_id, command.report.external_id.clone()),
            command,
            answer,
            span,
        }
    }
}

/// Reports in the order in which they came, and whose deployments are being recorded.
#[derive(Default)]
struct Queue {
    /// Each in a box of its own, since a group is picked out from among them.
    waiting: VecDeque<Box<Waiting>>,
    recording: HashSet<Identity>,
}

impl Queue {
    /// Whether a group should begin.
    fn is_ready(&self) -> bool {
        !self.waiting.is_empty() && self.waiting.len() >= self.recording.len()
    }

    /// The next group, if one should begin, with the reports of an organization side by side.
    fn take(&mut self, most: usize) -> Vec<Waiting> {
        let places = if self.is_ready() {
            self.places(most)
        } else {
            Vec::new()
        };
        let end = places.iter().max().map_or(0, |last| last + 1);
        let mut near: Vec<_> = self.waiting.drain(..end).map(Some).collect();
        let group: Vec<_> = places
            .iter()
            .filter_map(|place| Some(*near.get_mut(*place)?.take()?))
            .collect();
        for passed_over in near.into_iter().flatten().rev() {
            if !passed_over.answer.is_closed() {
                self.waiting.push_front(passed_over);
            }
        }
        self.recording
            .extend(group.iter().map(|next| next.identity.clone()));
        group
    }

    /// Where the members of the next group wait, each of another deployment than any that is being recorded: whoever has
    /// waited longest, others of the same organization, then whoever has waited longest of the rest, and so on.
    fn places(&self, most: usize) -> Vec<usize> {
        let mut seen = HashSet::new();
        let mut first_of: HashMap<OrganizationId, usize> = HashMap::new();
        let mut places: Vec<_> = self
            .waiting
            .iter()
            .enumerate()
            .filter(|(_, next)| {
                !next.answer.is_closed()
                    && !self.recording.contains(&next.identity)
                    && seen.insert(&next.identity)
            })
            .take(REACH * most)
            .map(|(place, next)| (*first_of.entry(next.identity.0).or_insert(place), place))
            .collect();
        places.sort_unstable();
        places.into_iter().map(|(_, place)| place).take(most).collect()
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
            if queue.waiting.len() >= MOST_WAITING {
                return Err(ApiError::Busy);
            }
            let waiting = Waiting::new(command, answer, Span::current());
            queue.waiting.push_back(Box::new(waiting));
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
        self.queue().waiting.len()
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
            let identities: Vec<_> = group.iter().map(|next| next.identity.clone()).collect();
            let span = span_of(&group);
            record_group(&*store, &*clock, group).instrument(span).await;
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

/// The span of a group, in that of its first request and linked to those of the others.
fn span_of(group: &[Waiting]) -> Span {
    let parent = group.first().and_then(|first| first.span.id());
    let span = debug_span!(parent: parent, "record deployments", deployments = group.len());
    for other in group.iter().skip(1) {
        span.follows_from(&other.span);
    }
    span
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

#[cfg(test)]
mod tests {
    use super::*;
    use periscope_domain::commit_sha::CommitReference;
    use periscope_domain::deployment::Deployment;
    use periscope_domain::environment::Environment;
    use periscope_domain::run::{DeploymentStatus, Run};
    use periscope_domain::timestamp::Timestamp;

    type Answered = oneshot::Receiver<Answer>;

    fn command(organization: i64, id: &str) -> RecordDeployment {
        let started_at = Timestamp::parse("2024-01-15T10:30:00Z").unwrap();
        RecordDeployment {
            organization_id: OrganizationId::new(organization),
            report: Deployment {
                external_id: ExternalDeploymentId::parse(id).unwrap(),
                commit: CommitReference::parse("abcde").unwrap(),
                environment: Environment::parse("production").unwrap(),
                run: Run::new(DeploymentStatus::Pending, started_at, None).unwrap(),
                service: None,
                previous_commit: None,
                branch: None,
                triggered_by: None,
                pipeline_name: None,
                pipeline_url: None,
            },
        }
    }

    impl Queue {
        fn add<const COUNT: usize>(&mut self, ids: [&str; COUNT]) -> [Answered; COUNT] {
            ids.map(|id| self.add_of(1, id))
        }

        fn add_of(&mut self, organization: i64, id: &str) -> Answered {
            let (answer, answered) = oneshot::channel();
            let waiting = Waiting::new(command(organization, id), answer, Span::none());
            self.waiting.push_back(Box::new(waiting));
            answered
        }

        fn take_ids(&mut self, most: usize) -> Vec<String> {
            let taken = self.take(most);
            taken.iter().map(|next| next.identity.1.to_string()).collect()
        }

        fn finish(&mut self) {
            self.recording.clear();
        }
    }

    #[test]
    fn a_report_that_comes_alone_is_taken_at_once() {
        let mut queue = Queue::default();
        let _one = queue.add(["a"]);
        assert_eq!(queue.take_ids(8), ["a"]);
        let _other = queue.add(["b"]);
        assert_eq!(queue.take_ids(8), ["b"]);
        assert!(queue.take_ids(8).is_empty());
    }

    #[test]
    fn another_group_begins_once_as_many_wait_as_are_being_recorded() {
        let mut queue = Queue::default();
        let _first = queue.add(["a", "b", "c"]);
        assert_eq!(queue.take_ids(8).len(), 3);
        let _some = queue.add(["d", "e"]);
        assert!(queue.take_ids(8).is_empty());
        let _enough = queue.add(["f"]);
        assert_eq!(queue.take_ids(8), ["d", "e", "f"]);
        let _more = queue.add(["g"]);
        queue.finish();
        assert_eq!(queue.take_ids(8), ["g"]);
    }

    #[test]
    fn a_group_is_bounded_and_taken_in_order() {
        let mut queue = Queue::default();
        let _all = queue.add(["a", "b", "c", "d", "e"]);
        assert_eq!(queue.take_ids(2), ["a", "b"]);
        assert_eq!(queue.take_ids(2), ["c", "d"]);
        queue.finish();
        assert_eq!(queue.take_ids(2), ["e"]);
    }

    #[test]
    fn reports_of_one_deployment_are_taken_one_after_the_other() {
        let mut queue = Queue::default();
        let _all = queue.add(["a", "a", "b", "a", "c"]);
        assert_eq!(queue.take_ids(8), ["a", "b", "c"]);
        assert!(queue.take_ids(8).is_empty());
        queue.finish();
        assert_eq!(queue.take_ids(8), ["a"]);
        queue.finish();
        assert_eq!(queue.take_ids(8), ["a"]);
    }

    #[test]
    fn a_group_is_of_as_few_organizations_as_may_be() {
        let mut queue = Queue::default();
        let sent = [(7, "a"), (8, "b"), (9, "c"), (8, "d"), (7, "e"), (9, "f")];
        let _all = sent.map(|(organization, id)| queue.add_of(organization, id));
        assert_eq!(queue.take_ids(3), ["a", "e", "b"]);
        queue.finish();
        assert_eq!(queue.take_ids(3), ["c", "f", "d"]);
    }

    #[test]
    fn only_who_is_near_the_front_is_brought_forward() {
        for (others, group) in [(6, ["a", "z"]), (7, ["a", "1"])] {
            let mut queue = Queue::default();
            let _first = queue.add_of(7, "a");
            let _others: Vec<_> = (1..=others)
                .map(|number| queue.add_of(7 + number, &number.to_string()))
                .collect();
            let _last = queue.add_of(7, "z");
            assert_eq!(queue.take_ids(2), group);
        }
    }

    #[test]
    fn many_reports_of_one_deployment_hold_up_nobody() {
        let mut queue = Queue::default();
        let _twins: Vec<_> = (0..20).map(|_| queue.add_of(7, "twin")).collect();
        let _other = queue.add_of(8, "other");
        assert_eq!(queue.take_ids(2), ["twin", "other"]);
    }

    #[test]
    fn whoever_has_gone_away_is_left_out() {
        let mut queue = Queue::default();
        let [_a, b, _c] = queue.add(["a", "b", "c"]);
        drop(b);
        assert_eq!(queue.take_ids(8), ["a", "c"]);
    }

    #[test]
    fn where_too_many_wait_the_next_is_told_to_come_again() {
        let recorder = Recorder::default();
        for number in 0..MOST_WAITING {
            let waits = recorder.record(command(1, &number.to_string())).now_or_never();
            assert!(waits.is_none());
        }
        let refused = recorder.record(command(1, "one more")).now_or_never();
        assert!(matches!(refused, Some(Err(ApiError::Busy))));
    }
}
