//! Reports that wait for their turn, and which of them make the next group.

use crate::error::ApiError;
use periscope_domain::id::OrganizationId;
use periscope_domain::linking::{LineKey, possible_line};
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::use_cases::{RecordDeployment, RecordedDeployment};
use std::collections::{HashMap, HashSet, VecDeque};
use tokio::sync::oneshot;
use tracing::Span;

/// How many reports may wait. Where so many do, the next is told to come again rather than kept until its deadline.
const MOST_WAITING: usize = 4096;

/// A group is made up of those that have waited longest, of so many times as many as it takes. So nobody is overtaken by
/// more than fill that many groups.
const REACH: usize = 4;

pub(super) type Identity = (OrganizationId, ExternalDeploymentId);
pub(super) type Answer = Result<RecordedDeployment, ApiError>;

/// A report that waits for its turn.
pub(super) struct Waiting {
    pub(super) identity: Identity,
    /// The line to which the deployment may come.
    pub(super) line: Option<LineKey>,
    pub(super) command: RecordDeployment,
    pub(super) answer: oneshot::Sender<Answer>,
    /// That of its request.
    pub(super) span: Span,
}

impl Waiting {
    pub(super) fn new(command: RecordDeployment, answer: oneshot::Sender<Answer>, span: Span) -> Self {
        Self {
            identity: (command.organization_id, command.report.external_id.clone()),
            line: possible_line(command.organization_id, &command.report),
            command,
            answer,
            span,
        }
    }
}

/// Reports in the order in which they came, and which deployments and lines are being recorded.
#[derive(Default)]
pub(super) struct Queue {
    /// Each in a box of its own, since a group is picked out from among them.
    waiting: VecDeque<Box<Waiting>>,
    recording: HashSet<Identity>,
    recording_lines: HashSet<LineKey>,
}

impl Queue {
    /// Lets a report wait for its turn, unless too many do.
    pub(super) fn push(&mut self, next: Waiting) -> Result<(), ApiError> {
        self.forget_gone();
        if self.waiting.len() >= MOST_WAITING {
            return Err(ApiError::Busy);
        }
        self.waiting.push_back(Box::new(next));
        Ok(())
    }

    /// How many wait for their turn.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whoever comes first goes first, so those who have gone away are at the front: none of them may keep another from
    /// waiting, or a group from beginning.
    fn forget_gone(&mut self) {
        while self.waiting.front().is_some_and(|first| first.answer.is_closed()) {
            self.waiting.pop_front();
        }
    }

    /// Whether a group should begin.
    pub(super) fn is_ready(&self) -> bool {
        !self.waiting.is_empty() && self.waiting.len() >= self.recording.len()
    }

    /// The next group, if one should begin, with the reports of an organization side by side.
    pub(super) fn take(&mut self, most: usize) -> Vec<Waiting> {
        self.forget_gone();
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
        self.recording_lines
            .extend(group.iter().filter_map(|next| next.line.clone()));
        group
    }

    /// What was recorded no longer keeps reports of the same deployments and lines waiting.
    pub(super) fn finish(&mut self, recorded: &[(Identity, Option<LineKey>)]) {
        for (identity, line) in recorded {
            self.recording.remove(identity);
            if let Some(line) = line {
                self.recording_lines.remove(line);
            }
        }
    }

    /// Where the members of the next group wait, each of another deployment and line than any that is being recorded: whoever has
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
                    && next
                        .line
                        .as_ref()
                        .is_none_or(|line| !self.recording_lines.contains(line))
                    && seen.insert(&next.identity)
            })
            .take(REACH * most)
            .map(|(place, next)| (*first_of.entry(next.identity.0).or_insert(place), place))
            .collect();
        places.sort_unstable();
        places.into_iter().map(|(_, place)| place).take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periscope_domain::commit_sha::CommitReference;
    use periscope_domain::deployment::Deployment;
    use periscope_domain::environment::Environment;
    use periscope_domain::run::{DeploymentStatus, Run};
    use periscope_domain::text::ServiceName;
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
            self.push(waiting).unwrap();
            answered
        }

        fn take_ids(&mut self, most: usize) -> Vec<String> {
            let taken = self.take(most);
            taken.iter().map(|next| next.identity.1.to_string()).collect()
        }

        fn add_shipped(&mut self, id: &str, service: &str) -> Answered {
            let (answer, answered) = oneshot::channel();
            let mut command = command(1, id);
            let started_at = command.report.run.started_at();
            command.report.run = Run::new(DeploymentStatus::Success, started_at, Some(started_at)).unwrap();
            command.report.service = ServiceName::clean(service);
            self.push(Waiting::new(command, answer, Span::none())).unwrap();
            answered
        }

        fn finish_all(&mut self) {
            self.recording.clear();
            self.recording_lines.clear();
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
        queue.finish_all();
        assert_eq!(queue.take_ids(8), ["g"]);
    }

    #[test]
    fn a_group_is_bounded_and_taken_in_order() {
        let mut queue = Queue::default();
        let _all = queue.add(["a", "b", "c", "d", "e"]);
        assert_eq!(queue.take_ids(2), ["a", "b"]);
        assert_eq!(queue.take_ids(2), ["c", "d"]);
        queue.finish_all();
        assert_eq!(queue.take_ids(2), ["e"]);
    }

    #[test]
    fn reports_of_one_deployment_are_taken_one_after_the_other() {
        let mut queue = Queue::default();
        let _all = queue.add(["a", "a", "b", "a", "c"]);
        assert_eq!(queue.take_ids(8), ["a", "b", "c"]);
        assert!(queue.take_ids(8).is_empty());
        queue.finish_all();
        assert_eq!(queue.take_ids(8), ["a"]);
        queue.finish_all();
        assert_eq!(queue.take_ids(8), ["a"]);
    }

    #[test]
    fn reports_of_one_line_are_taken_together_or_one_after_the_other() {
        let mut queue = Queue::default();
        let sent = |queue: &mut Queue, ids: &[(&str, &str)]| -> Vec<_> {
            ids.iter()
                .map(|(id, service)| queue.add_shipped(id, service))
                .collect()
        };
        let _first = sent(&mut queue, &[("a", "api"), ("b", "API")]);
        assert_eq!(queue.take_ids(8), ["a", "b"]);
        let _next = sent(&mut queue, &[("c", "api"), ("d", "web"), ("e", "Api")]);
        assert_eq!(queue.take_ids(8), ["d"], "the line of `api` is being recorded");
        queue.finish_all();
        assert_eq!(queue.take_ids(8), ["c", "e"]);
    }

    #[test]
    fn a_group_is_of_as_few_organizations_as_may_be() {
        let mut queue = Queue::default();
        let sent = [(7, "a"), (8, "b"), (9, "c"), (8, "d"), (7, "e"), (9, "f")];
        let _all = sent.map(|(organization, id)| queue.add_of(organization, id));
        assert_eq!(queue.take_ids(3), ["a", "e", "b"]);
        queue.finish_all();
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
        let mut queue = Queue::default();
        let _all: Vec<_> = (0..MOST_WAITING)
            .map(|number| queue.add_of(1, &number.to_string()))
            .collect();
        let (answer, _answered) = oneshot::channel();
        let refused = queue.push(Waiting::new(command(1, "one more"), answer, Span::none()));
        assert!(matches!(refused, Err(ApiError::Busy)));
        assert_eq!(queue.len(), MOST_WAITING);
    }

    #[test]
    fn who_has_gone_away_takes_nobody_s_room() {
        let mut queue = Queue::default();
        for number in 0..MOST_WAITING {
            drop(queue.add_of(1, &number.to_string()));
        }
        let _next = queue.add(["next"]);
        assert_eq!(queue.take_ids(8), ["next"]);
    }
}
