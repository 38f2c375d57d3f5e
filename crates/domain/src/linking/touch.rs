//! What a late arrival can change: who has to be looked at again, and nobody else.

use super::{GraphRange, Linking, MergeTimeRange};
use crate::commit_sha::CommitSha;
use crate::deployment::Deployment;
use crate::id::RepositoryId;
use crate::pull_request::Merge;
use crate::timestamp::Timestamp;

/// Something that has become known of a repository, or is no longer what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A pull request was merged.
    Merge {
        /// How.
        merge: Merge,
        /// Between when and when the merge commit was committed, as it says itself; `None` when the graph does not
        /// know it.
        committed: Option<(Timestamp, Timestamp)>,
        /// The objects of tags that stand for the merge commit.
        tags: Vec<CommitSha>,
    },
    /// A commit exists.
    Commit(CommitSha),
    /// What an open commit contains.
    Contents,
    /// That a commit has other parents than were told before.
    Correction,
}

/// What has to be looked at again because of something that has become known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// The deployment.
    Deployment,
    /// The deployment and later ones of its line: what was live before them, or which of their links are first deliveries,
    /// may be something else.
    Line,
}

/// Whether something that has become known of a repository can change what a deployment ships, going by the commits
/// that it names and by how its links were found.
#[must_use]
pub fn touched_by(
    deployment: &Deployment,
    linking: &Linking,
    repository_id: RepositoryId,
    told: &Told,
) -> Option<Touched> {
    deployment.shipped_at()?;
    let is_deployed = |sha: &CommitSha| deployment.commit.matches(sha);
    let is_previous = |sha: &CommitSha| {
        let previous = deployment.previous_commit.as_ref();
        previous.is_some_and(|commit| commit.matches(sha))
    };
    let touches_range = |range: &MergeTimeRange, merge: &Merge| range.contains(repository_id, merge);
    let touches_graph = |range: &GraphRange, committed| range.may_contain(repository_id, committed);
    let (line, alone) = match told {
        Told::Merge {
            merge,
            committed,
            tags,
        } => (
            tags.iter()
                .chain([&merge.commit])
                .any(|sha| is_deployed(sha) || is_previous(sha))
                || linking.ranges.iter().any(|range| touches_range(range, merge)),
            linking
                .graph_ranges
                .iter()
                .any(|range| touches_graph(range, *committed)),
        ),
        Told::Commit(sha) => (is_deployed(sha), is_previous(sha)),
        Told::Correction => (true, false),
        Told::Contents => {
            let mut ranges = linking.graph_ranges.iter();
            let is_open = ranges.any(|range| range.repository_id == repository_id && range.is_open);
            (false, is_open)
        }
    };
    line.then_some(Touched::Line)
        .or_else(|| alone.then_some(Touched::Deployment))
}

/// Whether [whatever becomes known](touched_by) and touches a deployment by how its links are found now would have
/// touched it by how they were found before as well: it has no range that it did not have.
#[must_use]
pub fn is_touched_as_before(before: &Linking, now: &Linking) -> bool {
    let is_known = |range: &GraphRange| {
        let mut before = before.graph_ranges.iter();
        before.any(|old| {
            (old.repository_id, old.committed, old.is_open)
                == (range.repository_id, range.committed, range.is_open)
        })
    };
    now.ranges.iter().all(|range| before.ranges.contains(range)) && now.graph_ranges.iter().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linking::GraphAnswer;

    #[test]
    fn what_has_no_new_range_is_touched_as_before() {
        let time = |hour: u8| Timestamp::parse(&format!("2024-01-01T{hour:02}:00:00Z")).unwrap();
        let span = |until: &u8| MergeTimeRange {
            repository_id: RepositoryId::new(1),
            base_branch: None,
            after: time(0),
            until: time(*until),
        };
        let graph = |until: &u8| GraphRange {
            repository_id: RepositoryId::new(1),
            committed: Some((time(0), time(*until))),
            commit: CommitSha::from_bytes([1; 20]),
            answer: GraphAnswer::Certain,
            is_open: false,
            is_head: true,
            contained: Vec::new(),
        };
        let linking = |spans: &[u8], graphs: &[u8]| Linking {
            ranges: spans.iter().map(span).collect(),
            graph_ranges: graphs.iter().map(graph).collect(),
            ..Linking::default()
        };
        let before = linking(&[1, 2], &[3]);
        let cases: [(&[u8], &[u8], bool); 8] = [
            (&[], &[], true),
            (&[2, 1], &[3], true),
            (&[2], &[], true),
            (&[1, 4], &[3], false),
            (&[1, 2], &[4], false),
            (&[4], &[], false),
            (&[], &[4], false),
            (&[4], &[4], false),
        ];
        for (spans, graphs, is_as_before) in cases {
            let now = linking(spans, graphs);
            assert_eq!(
                is_touched_as_before(&before, &now),
                is_as_before,
                "{spans:?} {graphs:?}"
            );
        }
    }
}
