//! Which pull requests a deployment ships, and how that is known. Nothing is guessed: a pull request is linked
//! because its merge commit is the deployed commit, because the commit graph proves that it came with it, or, where
//! there is no graph, because it was merged between two commits whose order is known. Where that cannot be known
//! nothing is added and a warning says so; unknown never means all of history.

mod absence;
mod batch;
mod decided;
mod finding;
mod graph_range;
mod line;
mod merge_time;
mod novelty;
mod scope;
mod service_key;
mod touch;
mod unlinked;

#[cfg(test)]
mod graph_tests;
#[cfg(test)]
mod tests;

pub use absence::{Absence, Absences, absence};
pub use batch::{LineBatch, place_in_line, position_in_batch, possible_line};
pub use decided::Linking;
pub use finding::{BaseFinding, Finding};
pub use graph_range::{GraphAnswer, GraphRange};
pub use line::{Earlier, EarlierDeployment, Head, LineChange, LineKey, LinePosition, LineState};
pub use merge_time::MergeTimeRange;
pub use novelty::Novelty;
pub(crate) use service_key::key_of_matched;
pub use service_key::{concerned_keys, service_key, service_spelling, spellings_under};
pub use touch::{Told, Touched, is_touched_as_before, touched_by};
pub use unlinked::UnlinkedReason;

use crate::commit_sha::CommitSha;
use crate::deployment::Deployment;
use crate::history::{KnownMerge, RepositoryHistory};
use crate::id::{PullRequestId, RepositoryId};
use crate::lead_time::LeadTime;
use crate::pull_request::Merge;
use crate::repository::Repository;
use crate::timestamp::Timestamp;
use crate::warning::Warning;
use scope::{Resolved, Scope};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// How it is known that a deployment shipped a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkRule {
    /// The deployed commit is the pull request's merge commit.
    Exact,
    /// The deployed commit contains its merge commit, and the base does not: what `git rev-list base..commit` lists.
    Graph,
    /// It was merged after the previous commit's pull request and not after the deployed commit's, all three of
    /// one repository and base branch.
    MergeTime,
}

impl LinkRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Graph, Self::MergeTime];

    /// The word that stores and answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Graph => "graph",
            Self::MergeTime => "merge_time",
        }
    }
}

/// A pull request that a deployment may have shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Whether that repository is monitored.
    pub repository_is_monitored: bool,
    /// Its merge.
    pub merge: Merge,
}

impl Candidate {
    fn known_merge(&self) -> KnownMerge {
        KnownMerge {
            pull_request_id: self.pull_request_id,
            commit: self.merge.commit,
            merged_at: self.merge.merged_at,
        }
    }
}

/// The history of a repository in which the deployed or the previous commit may be known.
#[derive(Clone, Debug)]
pub struct KnownHistory {
    /// The repository.
    pub repository_id: RepositoryId,
    /// Whether it is monitored.
    pub repository_is_monitored: bool,
    /// Its commits and merges.
    pub history: Arc<RepositoryHistory>,
}

/// What the organization knows that can matter for the links of one deployment.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Every repository that the service may name: by full name, by bare name or by alias.
    pub repositories: Vec<Repository>,
    /// At least every pull request whose merge commit the deployed or the previous commit may name, and every
    /// one merged between two such in one repository and base branch; in any order, more do no harm.
    pub candidates: Vec<Candidate>,
    /// At least every repository with a commit that the deployed commit may name, or the previous one where it is
    /// abbreviated: it means none that fits several. In any order, more do no harm.
    pub histories: Vec<KnownHistory>,
    /// The earlier deployments of the service.
    pub earlier: Earlier,
}

/// One deployment shipped one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// How it is known.
    pub rule: LinkRule,
    /// The commit that the range began after, if the rule used one.
    pub base: Option<CommitSha>,
    /// From its merge to the deployment's completion.
    pub lead_time: LeadTime,
    /// Whether no earlier successful production deployment of the service links the pull request or contains its merge
    /// commit.
    pub is_first: bool,
}

impl Link {
    /// How it is known, for the person who asks.
    #[must_use]
    pub fn sentence(&self) -> String {
        match (self.rule, self.base) {
            (LinkRule::Exact, _) => "The deployed commit is its merge commit.".to_owned(),
            (LinkRule::Graph, Some(base)) => {
                format!("The deployed commit contains its merge commit, and base {base} does not.")
            }
            (LinkRule::Graph, None) => "The deployed commit contains its merge commit.".to_owned(),
            (LinkRule::MergeTime, Some(base)) => format!(
                "It was merged after the pull request of base {base} and not after that of the deployed commit, into \
                 the same branch."
            ),
            (LinkRule::MergeTime, None) => {
                "It was merged between two merges into the same branch.".to_owned()
            }
        }
    }
}

/// Decides which pull requests a deployment ships: none unless it is a successful production one.
#[must_use]
pub fn link(deployment: &Deployment, surroundings: &Surroundings) -> Linking {
    let Some(shipped_at) = deployment.shipped_at() else {
        return Linking::of_nothing(deployment.run.status(), &deployment.environment);
    };
    let scope = Scope::of(deployment, surroundings);
    let mut linking = Linking {
        findings: vec![scope.finding(deployment)],
        ..Linking::default()
    };
    if let (Some(service), None) = (&deployment.service, scope.named) {
        linking.warnings.push(Warning::ServiceUnmatched(service.clone()));
    }
    match scope.resolve(&deployment.commit) {
        Resolved::Known(head) => {
            if !deployment.commit.matches(&head) {
                let tag = deployment.commit.clone();
                linking.findings.push(Finding::Tag(tag, head));
            }
            let mut links = Links::new(shipped_at);
            link_known(deployment, surroundings, &scope, head, &mut links, &mut linking);
            linking.links = links.finish();
        }
        unresolved => warn_of_unresolved(&unresolved, deployment, surroundings, &scope, &mut linking),
    }
    novelty::decide(deployment, surroundings, &scope, &mut linking);
    linking
}

/// Links what comes with a commit that is known.
fn link_known(
    deployment: &Deployment,
    surroundings: &Surroundings,
    scope: &Scope<'_>,
    head: CommitSha,
    links: &mut Links,
    linking: &mut Linking,
) {
    for candidate in scope.merged_as(head) {
        links.add(
            candidate.known_merge(),
            LinkRule::Exact,
            None,
            candidate.repository_id,
        );
    }
    linking.findings.push(Finding::DeployedMerges {
        commit: head,
        pull_requests: links.len(),
    });
    let graphs = graph_range::link(deployment, surroundings, scope, head, links, linking);
    let has_range = merge_time::link(deployment, scope, head, links, linking) || graphs.has_range;
    if has_range {
        return;
    }
    if let Some(previous) = &deployment.previous_commit {
        linking.warnings.push(Warning::BaseUnknown(previous.clone()));
        linking.findings.push(Finding::BaseUnknown(previous.clone()));
    } else if !linking.graph_ranges.is_empty() {
        let latest = surroundings.earlier.latest.as_ref();
        match latest.filter(|_| graphs.base_is_unknown) {
            Some(latest) => {
                let commit = latest.commit.clone();
                linking.warnings.push(Warning::LatestUnknown(commit.clone()));
                linking
                    .findings
                    .push(Finding::LatestUnknown(latest.external_id.clone(), commit));
            }
            None if graphs.lacks_base => {
                linking.warnings.push(Warning::NoBase(deployment.commit.clone()));
                linking.findings.push(Finding::NoBase);
            }
            None => linking
                .warnings
                .push(Warning::RangeUndecided(deployment.commit.clone())),
        }
    }
}

fn warn_of_unresolved(
    resolved: &Resolved,
    deployment: &Deployment,
    surroundings: &Surroundings,
    scope: &Scope<'_>,
    linking: &mut Linking,
) {
    let commit = &deployment.commit;
    let (warning, finding) = if matches!(resolved, Resolved::Ambiguous) {
        (
            Warning::CommitAmbiguous(commit.clone()),
            Finding::CommitAmbiguous(commit.clone()),
        )
    } else {
        let mut named = surroundings.repositories.iter();
        let named = named.find(|repository| scope.named == Some(repository.id));
        let name = named.map(|repository| repository.name.clone());
        (
            Warning::CommitUnknown(commit.clone(), name),
            Finding::CommitUnknown(commit.clone(), scope.named),
        )
    };
    linking.warnings.push(warning);
    linking.findings.push(finding);
    if let Some(previous) = &deployment.previous_commit {
        linking.warnings.push(Warning::BaseUnknown(previous.clone()));
    }
}

/// The links that have been found so far. The first rule that links a pull request is kept.
struct Links {
    shipped_at: Timestamp,
    by_pull_request: BTreeMap<PullRequestId, (Link, RepositoryId, CommitSha)>,
    new_to_service: HashMap<RepositoryId, HashSet<CommitSha>>,
}

impl Links {
    fn new(shipped_at: Timestamp) -> Self {
        Self {
            shipped_at,
            by_pull_request: BTreeMap::new(),
            new_to_service: HashMap::new(),
        }
    }

    fn len(&self) -> usize {
        self.by_pull_request.len()
    }

    fn add(
        &mut self,
        merge: KnownMerge,
        rule: LinkRule,
        base: Option<CommitSha>,
        repository_id: RepositoryId,
    ) {
        let link = Link {
            pull_request_id: merge.pull_request_id,
            rule,
            base,
            lead_time: LeadTime::between(merge.merged_at, self.shipped_at),
            is_first: true,
        };
        self.by_pull_request
            .entry(merge.pull_request_id)
            .or_insert((link, repository_id, merge.commit));
    }

    /// Takes what the graph of a repository sees in the deployed commit and in no earlier deployment of the service.
    fn delivers(&mut self, repository_id: RepositoryId, new_to_service: HashSet<CommitSha>) {
        self.new_to_service.insert(repository_id, new_to_service);
    }

    /// The links, in order of the pull requests' numbers.
    fn finish(self) -> Vec<Link> {
        let new_to_service = self.new_to_service;
        let links = self.by_pull_request.into_values();
        let links = links.map(|(mut link, repository_id, commit)| {
            let new = new_to_service.get(&repository_id);
            link.is_first = new.is_none_or(|new| new.contains(&commit));
            link
        });
        links.collect()
    }
}
