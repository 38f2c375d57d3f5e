//! The range that the commit graph proves: what the deployed commit contains and the base does not. The base is the
//! previous commit, if the sender gave one; else all that was live before in the line: the commits of every earlier
//! deployment, of which none has to be an ancestor, so that release branches, hotfixes and roll-backs come out right.

use super::line::{EarlierDeployment, Head};
use super::scope::Scope;
use super::{BaseFinding, Finding, KnownHistory, LinkRule, Linking, Links, Novelty, Surroundings};
use crate::commit_graph::{Beyond, CommitGraph, Node, Resolution};
use crate::commit_sha::{CommitReference, CommitSha};
use crate::deployment::Deployment;
use crate::id::{DeploymentId, RepositoryId};
use crate::timestamp::Timestamp;
use crate::warning::Warning;
use std::borrow::Cow;
use std::collections::HashSet;

/// What the commit graph of one repository said of a deployment: enough to know, whatever arrives later, whether that
/// can change the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphRange {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The deployed commit.
    pub commit: CommitSha,
    /// When the first and the last of the range's commits were committed, as they say themselves: a pull request
    /// belongs to the range only if its merge commit lies between. `None` for a range without commits.
    pub committed: Option<(Timestamp, Timestamp)>,
    /// What the graph could tell.
    pub answer: GraphAnswer,
    /// Whether open commits that get their parents may change what is linked, or which links are first deliveries.
    pub is_open: bool,
    /// Whether the deployment is a head of its line: it may contain what no earlier one of the line does. A roll-back is none,
    /// because the deployments that contain it stand for it.
    pub is_head: bool,
    /// Heads of the line, with their commits, that the deployed commit contains: it supersedes them. Other deployments of the
    /// same batch have a [provisional number](super::position_in_batch).
    pub contained: Vec<(DeploymentId, CommitSha)>,
}

/// What a graph could tell of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphAnswer {
    /// What lies in it, for certain.
    Certain,
    /// There is a base, but what lies behind open commits may matter.
    Open,
    /// There is no base, or it is not known.
    NoBase,
}

impl GraphRange {
    /// Whether a commit of the repository that says to have been committed within a span of time may be in the range.
    #[must_use]
    pub fn may_contain(
        &self,
        repository_id: RepositoryId,
        committed: Option<(Timestamp, Timestamp)>,
    ) -> bool {
        self.repository_id == repository_id
            && self
                .committed
                .zip(committed)
                .is_some_and(|(range, commit)| range.0 <= commit.1 && commit.0 <= range.1)
    }
}

/// What linking by graphs came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GraphOutcome {
    /// Whether any graph told what lies in the range.
    pub(super) has_range: bool,
    /// Whether any line of a repository had no earlier deployment that its graph knows.
    pub(super) lacks_base: bool,
    /// Whether the latest earlier deployment is of a commit that no graph knows.
    pub(super) base_is_unknown: bool,
}

/// Links what the graphs prove.
pub(super) fn link(
    deployment: &Deployment,
    surroundings: &Surroundings,
    scope: &Scope<'_>,
    head: CommitSha,
    links: &mut Links,
    linking: &mut Linking,
) -> GraphOutcome {
    let mut outcome = GraphOutcome::default();
    let earlier = &surroundings.earlier;
    let latest = earlier.latest.as_ref();
    outcome.base_is_unknown = latest.is_some_and(|latest| is_unknown(&latest.commit, scope));
    for known in &scope.histories {
        let graph = known.history.graph();
        let Some(node) = graph.find(&head) else {
            continue;
        };
        let live = Live::new(deployment, known, surroundings);
        let new = graph.commits_beyond(&live.in_line, node);
        let mut range = GraphRange {
            repository_id: known.repository_id,
            commit: head,
            committed: None,
            answer: GraphAnswer::NoBase,
            is_open: !new.is_certain,
            is_head: !live.is_all_of(&new),
            contained: live.contained(&new),
        };
        let new_to_service = live.new_to_service(graph, node, &new);
        range.is_open |= !new_to_service.is_certain;
        let commits = new_to_service.commits.iter();
        links.delivers(
            known.repository_id,
            commits.map(|node| graph.sha(*node)).collect(),
        );
        match &deployment.previous_commit {
            Some(previous) => link_given(previous, known, node, &mut range, links, linking),
            None if outcome.base_is_unknown => {}
            None if live.in_line.is_empty() => outcome.lacks_base = true,
            None => link_new(known, &live, &new, &mut range, links, linking),
        }
        outcome.has_range |= range.answer == GraphAnswer::Certain;
        linking.graph_ranges.push(range);
        if !live.in_line.is_empty() {
            let novelty = live.novelty(graph, node, &new);
            linking.novelty = linking.novelty.max(Some(novelty));
        }
    }
    outcome
}

/// Whether no graph that is looked at knows a commit, or it fits several.
fn is_unknown(commit: &CommitReference, scope: &Scope<'_>) -> bool {
    let mut histories = scope.histories.iter();
    !histories.any(|known| matches!(known.history.graph().resolve(commit), Resolution::Known(_)))
}

/// What a graph knows of what was live before a deployment.
struct Live<'a> {
    /// The commits of the line's earlier deployments, the latest first.
    in_line: Vec<Node>,
    /// Those of all of the service's.
    in_service: Vec<Node>,
    /// The line's earlier deployments by their commits.
    heads: Vec<(Node, &'a Head)>,
    /// The commit of the line's latest one.
    latest: Option<Node>,
}

impl<'a> Live<'a> {
    fn new(deployment: &Deployment, known: &KnownHistory, surroundings: &'a Surroundings) -> Self {
        let graph = known.history.graph();
        let earlier = &surroundings.earlier;
        let latest = earlier.latest.as_ref();
        let latest = latest.and_then(|latest| match graph.resolve(&latest.commit) {
            Resolution::Known(node) => Some(node),
            Resolution::Ambiguous | Resolution::Unknown => None,
        });
        let mut of_repository: Vec<_> = earlier
            .heads
            .iter()
            .filter(|head| head.repository_id == known.repository_id)
            .filter_map(|head| Some((graph.find(&head.commit)?, head)))
            .collect();
        of_repository.sort_by(|(_, one), (_, other)| {
            (other.completed_at, &other.external_id.as_str())
                .cmp(&(one.completed_at, &one.external_id.as_str()))
        });
        let is_in_line = |head: &Head| head.environment == deployment.environment;
        let heads: Vec<_> = of_repository
            .iter()
            .copied()
            .filter(|(_, head)| is_in_line(head))
            .collect();
        let nodes = |heads: &[(Node, &Head)]| {
            let mut seen = HashSet::new();
            let nodes = latest.into_iter().chain(heads.iter().map(|(node, _)| *node));
            nodes.filter(|node| seen.insert(*node)).collect::<Vec<_>>()
        };
        Self {
            in_line: nodes(&heads),
            in_service: nodes(&of_repository),
            heads,
            latest,
        }
    }

    /// Whether earlier deployments of the line surely contain all of the deployed commit.
    fn is_all_of(&self, new: &Beyond) -> bool {
        !self.in_line.is_empty() && new.is_certain && new.commits.is_empty()
    }

    /// The line's heads that the deployed commit contains; none if they contain it, and stay heads.
    fn contained(&self, new: &Beyond) -> Vec<(DeploymentId, CommitSha)> {
        if self.is_all_of(new) {
            return Vec::new();
        }
        let contained: HashSet<Node> = new.contained.iter().copied().collect();
        let heads = self.heads.iter().filter(|(node, _)| contained.contains(node));
        heads.map(|(_, head)| (head.deployment_id, head.commit)).collect()
    }

    /// What the deployed commit contains and no earlier deployment of the service does.
    fn new_to_service<'b>(&self, graph: &CommitGraph, head: Node, new: &'b Beyond) -> Cow<'b, Beyond> {
        if self.in_service.len() == self.in_line.len() {
            Cow::Borrowed(new)
        } else {
            Cow::Owned(graph.commits_beyond(&self.in_service, head))
        }
    }

    /// Whether anything in the deployed commit is new to the line.
    fn novelty(&self, graph: &CommitGraph, head: Node, new: &Beyond) -> Novelty {
        if !new.commits.is_empty() {
            return Novelty::New;
        }
        let lies_behind = |latest| latest != head && graph.is_ancestor(head, latest) == Some(true);
        if self.latest.is_some_and(lies_behind) {
            Novelty::RollBack
        } else {
            Novelty::Redeployment
        }
    }
}

fn link_given(
    previous: &CommitReference,
    known: &KnownHistory,
    head: Node,
    range: &mut GraphRange,
    links: &mut Links,
    linking: &mut Linking,
) {
    let graph = known.history.graph();
    let Resolution::Known(base) = graph.resolve(previous) else {
        return;
    };
    let mut found = |step| linking.findings.push(Finding::Base(known.repository_id, step));
    let between = graph.commits_between(base, head);
    let base_commit = graph.sha(base);
    let Some(commits) = &between.commits else {
        range.answer = GraphAnswer::Open;
        range.is_open = true;
        found(BaseFinding::RangeUndecided(base_commit));
        return;
    };
    link_range(commits, known, base_commit, range, links);
    found(BaseFinding::Given(base_commit));
    if between.base_is_ancestor == Some(false) {
        found(BaseFinding::NotAncestor(base_commit));
        linking.warnings.push(Warning::BaseNotAncestor(previous.clone()));
    }
}

fn link_new(
    known: &KnownHistory,
    live: &Live<'_>,
    new: &Beyond,
    range: &mut GraphRange,
    links: &mut Links,
    linking: &mut Linking,
) {
    let graph = known.history.graph();
    let base = live.latest.or_else(|| live.in_line.first().copied());
    let Some(base) = base.map(|base| graph.sha(base)) else {
        return;
    };
    let step = if new.is_certain {
        link_range(&new.commits, known, base, range, links);
        BaseFinding::Live {
            latest: base,
            others: live.in_line.len().saturating_sub(1),
        }
    } else {
        range.answer = GraphAnswer::Open;
        BaseFinding::RangeUndecided(base)
    };
    linking.findings.push(Finding::Base(known.repository_id, step));
}

/// Links what lies in a range.
fn link_range(
    commits: &[Node],
    known: &KnownHistory,
    base: CommitSha,
    range: &mut GraphRange,
    links: &mut Links,
) {
    let graph = known.history.graph();
    for commit in commits {
        for merge in known.history.merged_as(graph.sha(*commit)) {
            links.add(merge, LinkRule::Graph, Some(base), known.repository_id);
        }
    }
    range.answer = GraphAnswer::Certain;
    range.committed = committed(graph, commits);
}

/// Between when and when commits were committed.
fn committed(graph: &CommitGraph, commits: &[Node]) -> Option<(Timestamp, Timestamp)> {
    let mut times = commits.iter().map(|commit| graph.committed_between(*commit));
    let start = times.next()?;
    Some(times.fold(start, |(first, last), (from, until)| {
        (first.min(from), last.max(until))
    }))
}

/// The earlier deployment that a redeployment repeats: the latest one that contains the deployed commit.
pub(super) fn repeated<'a>(
    head: CommitSha,
    scope: &Scope<'_>,
    deployment: &Deployment,
    surroundings: &'a Surroundings,
) -> Option<&'a str> {
    let latest = surroundings.earlier.latest.as_ref();
    let is_latest = |earlier: &&EarlierDeployment| earlier.commit.matches(&head);
    if let Some(latest) = latest.filter(is_latest) {
        return Some(latest.external_id.as_str());
    }
    let mut found: Option<&Head> = None;
    for known in &scope.histories {
        let graph = known.history.graph();
        let Some(node) = graph.find(&head) else { continue };
        let heads = surroundings.earlier.heads.iter().filter(|earlier| {
            earlier.repository_id == known.repository_id && earlier.environment == deployment.environment
        });
        for earlier in heads {
            let contains = |base| graph.is_ancestor(node, base) == Some(true);
            let is_later = found.is_none_or(|found| found.completed_at < earlier.completed_at);
            if is_later && graph.find(&earlier.commit).is_some_and(contains) {
                found = Some(earlier);
            }
        }
    }
    found.map(|head| head.external_id.as_str())
}
