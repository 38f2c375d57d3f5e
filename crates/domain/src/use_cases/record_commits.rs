//! Records commits and pushes, whoever tells of them, and looks again at the deployments that they touch.

use super::record_pull_requests::{Ignored, Origin};
use super::{RELINKED_AT_ONCE, ROUNDS, relink};
use crate::commit_graph::{Commit, CommitGraph, Push};
use crate::commit_sha::CommitSha;
use crate::id::OrganizationId;
use crate::ports::{
    Applied, CommitDecision, CommitQuery, CommitsContext, CompletedCommit, Store, StoreError,
    TargetRepository,
};
use crate::repository::RepositoryName;
use crate::timestamp::Timestamp;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Commits and pushes of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordCommits {
    /// The organization that tells of them.
    pub organization_id: OrganizationId,
    /// The repository; it comes into being with its first commit.
    pub repository: RepositoryName,
    /// The commits, and the objects of annotated tags; one may come more than once.
    pub commits: Vec<Commit>,
    /// What branches were moved by.
    pub pushes: Vec<Push>,
    /// What made somebody tell of them.
    pub origin: Origin,
}

/// What became of commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedCommits {
    /// They are recorded durably.
    Recorded {
        /// How many were new, or known by name only.
        recorded: u64,
    },
    /// The webhook's repository is not monitored.
    RepositoryNotMonitored,
    /// The webhook's delivery has had its effect before.
    DeliveryRepeated,
}

/// Why commits were not recorded.
#[derive(Debug, Error)]
pub enum RecordCommitsError {
    /// There is no such organization.
    #[error("organization {0} does not exist")]
    OrganizationNotFound(OrganizationId),
    /// A commit's name stands for its content, so its parents never change, but for those that a shallow checkout cuts off.
    #[error("commits[{index}].parents contradict what is known of commit {sha}")]
    Contradiction {
        /// Where the commit stands in the batch.
        index: usize,
        /// Its name.
        sha: CommitSha,
    },
    /// The name of a tag's object stands for its content, so the tag never changes its commit, and is none itself.
    #[error("tags[{index}] contradicts what is known of {sha}")]
    TagContradiction {
        /// Where the tag stands among the tags of the batch.
        index: usize,
        /// The name of its object.
        sha: CommitSha,
    },
    /// A tag stands for a commit, as Git peels it: neither for itself nor for the object of another tag.
    #[error("tags[{index}].commit must be a commit, not the object of a tag")]
    TagOfTag {
        /// Where the tag stands among the tags of the batch.
        index: usize,
    },
    /// Its parents, and theirs, lead back to it.
    #[error("commits[{index}].parents make commit {sha} its own ancestor")]
    OwnAncestor {
        /// Where the commit stands in the batch.
        index: usize,
        /// Its name.
        sha: CommitSha,
    },
    /// Too many others wrote to the same records at once; send them again.
    #[error("the commits are being written to by too many others")]
    Busy,
    /// The store failed. They may have been recorded, and may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records commits and pushes, all or none, and links the deployments that they touch: the first few before it
/// returns, the others by the relinking worker.
///
/// # Errors
/// [`RecordCommitsError`] says why nothing was recorded.
pub async fn record_commits(
    store: &dyn Store,
    command: &RecordCommits,
    now: Timestamp,
) -> Result<RecordedCommits, RecordCommitsError> {
    let told = told_once(command)?;
    for _ in 0..ROUNDS {
        let context = store.commits().context(&query(command, &told)).await?;
        let context = context.ok_or(RecordCommitsError::OrganizationNotFound(command.organization_id))?;
        let delivery = match command
            .origin
            .delivery(context.repository.as_ref(), context.delivery_is_known)
        {
            Ok(delivery) => delivery,
            Err(Ignored::RepositoryNotMonitored) => return Ok(RecordedCommits::RepositoryNotMonitored),
            Err(Ignored::DeliveryRepeated) => return Ok(RecordedCommits::DeliveryRepeated),
        };
        check_tags(&command.commits, &told, &context.stored)?;
        let (recorded, decision) = decide(command, &told, context, now)?;
        let decision = CommitDecision { delivery, ..decision };
        let outcome = RecordedCommits::Recorded { recorded };
        if decision.is_empty() {
            return Ok(outcome);
        }
        if let Applied::Done(touched) = store.commits().apply(&decision).await? {
            // They are requested. The worker links many at once without holding up this call and those beside it.
            if touched > 0 && touched <= u64::from(RELINKED_AT_ONCE) {
                let _ = relink(store, Some(command.organization_id), RELINKED_AT_ONCE, now).await;
            }
            return Ok(outcome);
        }
    }
    Err(RecordCommitsError::Busy)
}

/// What is told of each commit.
type Told = BTreeMap<CommitSha, Commit>;

/// What a batch tells of each commit, those among them that it only names.
fn told_once(command: &RecordCommits) -> Result<Told, RecordCommitsError> {
    let mut told = Told::new();
    for (index, commit) in command.commits.iter().enumerate() {
        match told.entry(commit.sha) {
            Entry::Vacant(place) => {
                place.insert(commit.clone());
            }
            Entry::Occupied(mut known) => {
                let both = with(known.get(), commit, Trust::Equal);
                let both = both.ok_or_else(|| contradiction(&command.commits, index))?;
                known.insert(both);
            }
        }
    }
    let commits = command.commits.iter();
    let named = commits.flat_map(|commit| commit.parents.iter().flatten().chain(&commit.tagged));
    let pushed = command
        .pushes
        .iter()
        .flat_map(|push| push.commits.iter().chain([&push.before, &push.after]));
    for sha in named.chain(pushed) {
        told.entry(*sha).or_insert(Commit::named(*sha));
    }
    let mut graph = CommitGraph::new();
    graph.extend(&command.commits, &[]);
    let is_own_ancestor = |commit: &&Commit| {
        let node = graph.find(&commit.sha);
        commit.parents.is_some() && !node.is_some_and(|node| graph.are_parents_known(node))
    };
    match command
        .commits
        .iter()
        .enumerate()
        .find(|(_, commit)| is_own_ancestor(commit))
    {
        Some((index, commit)) => Err(RecordCommitsError::OwnAncestor {
            index,
            sha: commit.sha,
        }),
        None => Ok(told),
    }
}

/// Refuses a tag that stands for itself or for another tag.
fn check_tags(commits: &[Commit], told: &Told, stored: &[Commit]) -> Result<(), RecordCommitsError> {
    let stored = stored.iter().filter(|commit| commit.tagged.is_some());
    let stored: BTreeSet<_> = stored.map(|commit| commit.sha).collect();
    let is_tag = |sha| stored.contains(sha) || told.get(sha).is_some_and(|commit| commit.tagged.is_some());
    let mut tagged = commits.iter().filter_map(|commit| commit.tagged.as_ref());
    match tagged.position(is_tag) {
        Some(index) => Err(RecordCommitsError::TagOfTag { index }),
        None => Ok(()),
    }
}

/// What a commit or a tag contradicts, which stands among others of both kinds.
fn contradiction(commits: &[Commit], index: usize) -> RecordCommitsError {
    let is_tag = |commit: &Commit| commit.tagged.is_some();
    let (before, rest) = commits.split_at_checked(index).unwrap_or_default();
    let sha = rest
        .first()
        .map_or(CommitSha::from_bytes([0; 20]), |commit| commit.sha);
    let tags = before.iter().filter(|commit| is_tag(commit)).count();
    if rest.first().is_some_and(is_tag) {
        RecordCommitsError::TagContradiction { index: tags, sha }
    } else {
        let index = index - tags;
        RecordCommitsError::Contradiction { index, sha }
    }
}

/// Which of two sources that name different parents of a commit is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// The one that names any: a shallow checkout shows its last commits without parents.
    Equal,
    /// The one that is known: a clone has proved that the commit is a root.
    Known,
    /// The one that tells now: it is a clone, or the forge itself.
    Told,
}

/// What is known of a commit with what is told of it; `None` if they contradict each other. The order and the number
/// of times that a parent is named do not matter.
fn with(known: &Commit, told: &Commit, trust: Trust) -> Option<Commit> {
    if known.tagged != told.tagged {
        return match (known.is_described(), told.is_described()) {
            (_, false) => Some(known.clone()),
            (false, true) => Some(told.clone()),
            (true, true) => (trust == Trust::Told).then(|| told.clone()),
        };
    }
    let parents = match (&known.parents, &told.parents) {
        (Some(known), Some(told)) => Some(parents_of_both(known, told, trust)?.to_vec()),
        (known, told) => known.clone().or_else(|| told.clone()),
    };
    Some(Commit {
        sha: known.sha,
        parents,
        committed_at: known.committed_at.or(told.committed_at),
        tagged: known.tagged,
    })
}

fn parents_of_both<'a>(
    known: &'a [CommitSha],
    told: &'a [CommitSha],
    trust: Trust,
) -> Option<&'a [CommitSha]> {
    let set = |parents: &[CommitSha]| parents.iter().copied().collect::<BTreeSet<_>>();
    match (known, told) {
        _ if set(known) == set(told) => Some(known),
        _ if trust == Trust::Told => Some(told),
        (_, []) => Some(known),
        ([], _) if trust == Trust::Equal => Some(told),
        _ => None,
    }
}

fn query(command: &RecordCommits, told: &Told) -> CommitQuery {
    CommitQuery {
        organization_id: command.organization_id,
        repository: command.repository.clone(),
        shas: told.keys().copied().collect(),
        delivery: command.origin.told_by(),
    }
}

/// What shall be recorded, but for the delivery, and how many commits of it are news.
fn decide(
    command: &RecordCommits,
    told: &Told,
    context: CommitsContext,
    now: Timestamp,
) -> Result<(u64, CommitDecision), RecordCommitsError> {
    let stored: BTreeMap<CommitSha, Commit> = context
        .stored
        .into_iter()
        .map(|commit| (commit.sha, commit))
        .collect();
    let mut new = Vec::new();
    let mut completed = Vec::new();
    let mut recorded = 0;
    let mut fills = command.pushes.iter().any(|push| stored.contains_key(&push.after));
    let mut corrects = false;
    let is_clone = command.origin == Origin::Clone;
    let roots = told.values().filter(|commit| {
        let is_root = commit.parents.as_ref().is_some_and(Vec::is_empty);
        is_clone && is_root && !context.proved_roots.contains(&commit.sha)
    });
    let proved_roots = roots.map(|commit| commit.sha).collect();
    for commit in told.values() {
        let Some(known) = stored.get(&commit.sha) else {
            recorded += u64::from(commit.is_described());
            new.push(commit.clone());
            continue;
        };
        let trust = match context.proved_roots.contains(&commit.sha) {
            _ if command.origin != Origin::Sent => Trust::Told,
            true => Trust::Known,
            false => Trust::Equal,
        };
        let both = with(known, commit, trust).ok_or_else(|| {
            let mut commits = command.commits.iter();
            let index = commits.position(|told| told.sha == commit.sha);
            contradiction(&command.commits, index.unwrap_or_default())
        })?;
        if both != *known {
            recorded += 1;
            fills |= known.parents.is_none() && both.parents.is_some();
            corrects |= known.parents.is_some() && known.parents != both.parents;
            corrects |= known.tagged != both.tagged;
            completed.push(CompletedCommit {
                before: known.clone(),
                commit: both,
            });
        }
    }
    let repository = context.repository.map_or_else(
        || TargetRepository::New(command.repository.clone()),
        TargetRepository::Known,
    );
    let decision = CommitDecision {
        organization_id: command.organization_id,
        repository,
        new,
        completed,
        pushes: command.pushes.clone(),
        proved_roots,
        fills,
        corrects,
        delivery: None,
        now,
    };
    Ok((recorded, decision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_with_parents_is_believed_against_a_shallow_one_and_a_clone_against_all() {
        let [one, other] = [1, 2].map(|byte| CommitSha::from_bytes([byte; 20]));
        for (known, told, equal, proved, by_clone) in [
            (&[][..], &[][..], Some(&[][..]), Some(&[][..]), Some(&[][..])),
            (&[], &[one], Some(&[one]), None, Some(&[one])),
            (&[one], &[], Some(&[one]), Some(&[one]), Some(&[])),
            (&[one], &[other], None, None, Some(&[other])),
            (&[one], &[one, other], None, None, Some(&[one, other])),
            (
                &[one, other],
                &[other, one, one],
                Some(&[one, other]),
                Some(&[one, other]),
                Some(&[one, other]),
            ),
        ] {
            let decided =
                [Trust::Equal, Trust::Known, Trust::Told].map(|trust| parents_of_both(known, told, trust));
            assert_eq!(decided, [equal, proved, by_clone], "{known:?} {told:?}");
        }
    }
}
