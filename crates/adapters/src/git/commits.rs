//! The commits of a clone with their parents, as they truly are: neither replacements nor what a shallow clone makes of
//! its rim count.

use super::GitError;
use super::stream::Records;
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::timestamp::Timestamp;
use std::collections::HashSet;

/// Goes through commits, parents before children.
#[derive(Debug)]
pub struct Commits {
    records: Records,
    /// The commits whose parents the clone does not have.
    rim: HashSet<CommitSha>,
}

impl Commits {
    pub(super) const fn new(records: Records, rim: HashSet<CommitSha>) -> Self {
        Self { records, rim }
    }
}

impl Iterator for Commits {
    type Item = Result<Commit, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.read().transpose()?;
        Some(record.and_then(|record| {
            commit(&record, &self.rim).ok_or_else(|| GitError::Failed {
                command: "log",
                message: format!("{record:?} is no commit with a SHA-1"),
            })
        }))
    }
}

/// Reads `SHA seconds parents`, separated by spaces. A time that makes no sense is left out.
pub(super) fn commit(record: &str, rim: &HashSet<CommitSha>) -> Option<Commit> {
    let mut words = record.split(' ');
    let sha = CommitSha::parse(words.next()?).ok()?;
    let committed_at = words.next()?.parse().ok().and_then(Timestamp::from_unix_seconds);
    let parents: Option<Vec<CommitSha>> = words
        .filter(|word| !word.is_empty())
        .map(|word| CommitSha::parse(word).ok())
        .collect();
    Some(Commit {
        sha,
        parents: Some(parents?).filter(|_| !rim.contains(&sha)),
        committed_at,
    })
}
