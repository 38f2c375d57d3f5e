//! The range that the commit graph proves: what the deployed commit contains and the base does not. The base is the
//! previous commit, if the sender gave one; else the commit of the latest earlier deployment of the service that the
//! deployed commit contains.

use super::scope::Scope;
use super::{
    BaseFinding, Earlier, EarlierDeployment, Finding, KnownHistory, LinkRule, Linking, Links, Rejection,
    Surroundings,
};
use crate::commit_graph::{Between, CommitGraph, Node, Resolution};
use crate::commit_sha::{CommitReference, CommitSha};
use crate::deployment::Deployment;
use crate::id::{DeploymentId, RepositoryId};
use crate::timestamp::Timestamp;
use crate::warning::Warning;

/// What the commit graph of one repository said of a deployment: enough to know, whatever arrives later, whether that
/// can change the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphRange {
    /// The repository.
    pub repository_id: RepositoryId,
    /// When the first and the last of the range's commits were committed, as they say themselves: a pull request
    /// belongs to the range only if its merge commit lies between. `None` for a range without commits.
    pub committed: Option<(Timestamp, Timestamp)>,
    /// What the graph could tell.
    pub answer: GraphAnswer,
    /// How the base was found.
    pub base: BaseSearch,
}

/// What a graph could tell of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphAnswer {
    /// What lies in it, for certain.
    Certain,
    /// There is a base, but what lies behind open commits may matter.
    Open,
    /// There is no base.
    NoBase,
}

/// How a range's base was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseSearch {
    /// The sender gave the previous commit.
    Given,
    /// Earlier deployments were looked at, the latest first, up to this one: it is the base, or, where the range is
    /// open, nobody knows for certain whether it is. `None`: to the end.
    Sought(Option<EarlierDeployment>),
}

impl GraphRange {
    /// Whether open commits that get their parents may change the answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.answer == GraphAnswer::Open
    }

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

    /// The deployment that the search for a base ended at.
    #[must_use]
    pub const fn base_deployment(&self) -> Option<&EarlierDeployment> {
        match &self.base {
            BaseSearch::Sought(found) => found.as_ref(),
            BaseSearch::Given => None,
        }
    }

    /// The number of that deployment.
    #[must_use]
    pub fn base_deployment_id(&self) -> Option<DeploymentId> {
        self.base_deployment().map(|earlier| earlier.id)
    }
}

/// Links what the graphs prove; whether any of them told what lies between.
pub(super) fn link(
    deployment: &Deployment,
    surroundings: &Surroundings,
    scope: &Scope<'_>,
    head: CommitSha,
    links: &mut Links,
    linking: &mut Linking,
) -> bool {
    let mut has_range = false;
    for known in &scope.histories {
        let Some(head) = known.history.graph().find(&head) else {
            continue;
        };
        has_range |= match &deployment.previous_commit {
            Some(previous) => link_given(previous, known, head, links, linking),
            None => link_sought(&surroundings.earlier, known, head, links, linking),
        };
    }
    has_range
}

fn link_given(
    previous: &CommitReference,
    known: &KnownHistory,
    head: Node,
    links: &mut Links,
    linking: &mut Linking,
) -> bool {
    let graph = known.history.graph();
    let repository_id = known.repository_id;
    let mut range = GraphRange {
        repository_id,
        committed: None,
        answer: GraphAnswer::NoBase,
        base: BaseSearch::Given,
    };
    if let Resolution::Known(base) = graph.resolve(previous) {
        let mut found = |step| linking.findings.push(Finding::Base(repository_id, step));
        let between = graph.commits_between(base, head);
        let base_commit = graph.sha(base);
        range.answer = GraphAnswer::Open;
        if link_range(&between, known, base_commit, &mut range, links) {
            found(BaseFinding::Given(base_commit));
            if between.base_is_ancestor == Some(false) {
                linking.warnings.push(Warning::BaseNotAncestor(previous.clone()));
                found(BaseFinding::NotAncestor(base_commit));
            }
        } else {
            found(BaseFinding::RangeUndecided(base_commit));
        }
    }
    let is_linked = range.answer == GraphAnswer::Certain;
    linking.graph_ranges.push(range);
    is_linked
}

fn link_sought(
    earlier: &Earlier,
    known: &KnownHistory,
    head: Node,
    links: &mut Links,
    linking: &mut Linking,
) -> bool {
    let repository_id = known.repository_id;
    let graph = known.history.graph();
    let search = search(&earlier.deployments, graph, head);
    let mut found = |step| linking.findings.push(Finding::Base(repository_id, step));
    for (deployment, why) in search.rejected {
        found(BaseFinding::Rejected(
            deployment.external_id.clone(),
            deployment.commit.clone(),
            why,
        ));
    }
    let mut range = GraphRange {
        repository_id,
        committed: None,
        answer: GraphAnswer::NoBase,
        base: BaseSearch::Sought(search.ended_at.cloned()),
    };
    let mut is_linked = false;
    match (search.base, search.ended_at) {
        (Some(base), Some(deployment)) => {
            let between = graph.commits_between(base, head);
            let base = graph.sha(base);
            range.answer = GraphAnswer::Open;
            is_linked = link_range(&between, known, base, &mut range, links);
            found(if is_linked {
                BaseFinding::Proved(deployment.external_id.clone(), base)
            } else {
                BaseFinding::RangeUndecided(base)
            });
        }
        (None, Some(deployment)) => {
            range.answer = GraphAnswer::Open;
            found(BaseFinding::Undecided(
                deployment.external_id.clone(),
                deployment.commit.clone(),
            ));
        }
        (_, None) => found(BaseFinding::None),
    }
    linking.graph_ranges.push(range);
    is_linked
}

/// Links what lies between, if that is certain.
fn link_range(
    between: &Between,
    known: &KnownHistory,
    base: CommitSha,
    range: &mut GraphRange,
    links: &mut Links,
) -> bool {
    let Some(commits) = &between.commits else {
        return false;
    };
    let graph = known.history.graph();
    for commit in commits {
        for merge in known.history.merged_as(graph.sha(*commit)) {
            links.add(
                merge.pull_request_id,
                merge.merged_at,
                LinkRule::Graph,
                Some(base),
            );
        }
    }
    range.answer = GraphAnswer::Certain;
    range.committed = committed(graph, commits);
    true
}

/// Between when and when commits were committed.
fn committed(graph: &CommitGraph, commits: &[Node]) -> Option<(Timestamp, Timestamp)> {
    let mut times = commits.iter().map(|commit| graph.committed_between(*commit));
    let start = times.next()?;
    Some(times.fold(start, |(first, last), (from, until)| {
        (first.min(from), last.max(until))
    }))
}

/// What came of looking for a base.
struct Search<'a> {
    base: Option<Node>,
    ended_at: Option<&'a EarlierDeployment>,
    rejected: Vec<(&'a EarlierDeployment, Rejection)>,
}

/// Looks for the latest earlier deployment whose commit the head contains. Where that is not certain of one, it is not
/// certain of any before it either.
fn search<'a>(earlier: &'a [EarlierDeployment], graph: &CommitGraph, head: Node) -> Search<'a> {
    let mut search = Search {
        base: None,
        ended_at: None,
        rejected: Vec::new(),
    };
    let mut ancestors = graph.ancestors(head);
    for deployment in earlier {
        let why = match graph.resolve(&deployment.commit) {
            Resolution::Known(commit) => match ancestors.contain(commit) {
                Some(false) => Rejection::NotAncestor,
                contained => {
                    search.base = contained.map(|_| commit);
                    search.ended_at = Some(deployment);
                    return search;
                }
            },
            Resolution::Ambiguous => Rejection::Ambiguous,
            Resolution::Unknown if ancestors.surely_lack_the_unknown() => Rejection::NotAncestor,
            Resolution::Unknown => {
                search.ended_at = Some(deployment);
                return search;
            }
        };
        search.rejected.push((deployment, why));
    }
    search
}

/// Whether earlier deployments that have not been looked up may decide what a deployment ships.
#[must_use]
pub fn needs_more_earlier(deployment: &Deployment, surroundings: &Surroundings) -> bool {
    if !surroundings.earlier.has_more
        || deployment.previous_commit.is_some()
        || deployment.shipped_at().is_none()
    {
        return false;
    }
    let scope = Scope::of(deployment, surroundings);
    let earlier = &surroundings.earlier.deployments;
    scope.histories.iter().any(|known| {
        let graph = known.history.graph();
        match graph.resolve(&deployment.commit) {
            Resolution::Known(head) => search(earlier, graph, head).ended_at.is_none(),
            Resolution::Ambiguous | Resolution::Unknown => false,
        }
    })
}
