//! What is known of a repository's past: its commits, and the pull requests that were merged as them.

use crate::commit_graph::{Commit, CommitGraph, Push};
use crate::commit_sha::CommitSha;
use crate::id::PullRequestId;
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// About how many bytes a merge takes here.
const MERGE_WEIGHT: usize = 128;

/// A pull request as a history knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownMerge {
    /// Its number.
    pub pull_request_id: PullRequestId,
    /// The commit that it was merged as.
    pub commit: CommitSha,
    /// When.
    pub merged_at: Timestamp,
}

/// The commits and merges of one repository. What arrives is added to it; a copy is only made when somebody still
/// looks at the one before.
#[derive(Clone, Debug, Default)]
pub struct RepositoryHistory {
    graph: CommitGraph,
    merges: BTreeMap<(CommitSha, PullRequestId), Timestamp>,
    commits_of_merges: HashMap<PullRequestId, CommitSha>,
}

impl RepositoryHistory {
    /// A history without commits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds commits and pushes that have become known.
    pub fn add_commits(&mut self, commits: &[Commit], pushes: &[Push]) {
        self.graph.extend(commits, pushes);
    }

    /// Adds a pull request, or changes what it was merged as and when.
    pub fn set_merge(&mut self, merge: KnownMerge) {
        let before = self.commits_of_merges.insert(merge.pull_request_id, merge.commit);
        if let Some(before) = before {
            self.merges.remove(&(before, merge.pull_request_id));
        }
        self.merges
            .insert((merge.commit, merge.pull_request_id), merge.merged_at);
    }

    /// The commits.
    #[must_use]
    pub const fn graph(&self) -> &CommitGraph {
        &self.graph
    }

    /// The pull requests that were merged as a commit, in order of their numbers.
    pub fn merged_as(&self, commit: CommitSha) -> impl Iterator<Item = KnownMerge> {
        let span = (commit, PullRequestId::new(i64::MIN))..=(commit, PullRequestId::new(i64::MAX));
        self.merges
            .range(span)
            .map(|((commit, pull_request_id), merged_at)| KnownMerge {
                pull_request_id: *pull_request_id,
                commit: *commit,
                merged_at: *merged_at,
            })
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.graph.weight() + self.merges.len() * MERGE_WEIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_is_found_by_the_commit_that_it_was_last_said_to_be_merged_as() {
        let sha = |byte| CommitSha::from_bytes([byte; 20]);
        let merge = |number, byte| KnownMerge {
            pull_request_id: PullRequestId::new(number),
            commit: sha(byte),
            merged_at: Timestamp::parse("2024-01-15T10:30:00Z").unwrap(),
        };
        let mut history = RepositoryHistory::new();
        for told in [merge(2, 7), merge(1, 7), merge(3, 8), merge(1, 9)] {
            history.set_merge(told);
        }
        let merged_as = |byte| history.merged_as(sha(byte)).collect::<Vec<_>>();
        assert_eq!(merged_as(7), [merge(2, 7)]);
        assert_eq!(merged_as(9), [merge(1, 9)]);
        assert_eq!(merged_as(1), []);
    }
}
