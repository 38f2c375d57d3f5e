//! What a late arrival can change: who has to be looked at again, and nobody else.

use super::{GraphRange, Linking, MergeTimeRange};
use crate::commit_sha::{CommitReference, CommitSha};
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
    },
    /// A commit exists.
    Commit(CommitSha),
    /// What an open commit contains.
    Contents,
}

/// Whether something that has become known of a repository can change what a deployment ships, going by the commits
/// that it names and by how its links were found.
#[must_use]
pub fn is_touched_by(
    deployment: &Deployment,
    linking: &Linking,
    repository_id: RepositoryId,
    told: &Told,
) -> bool {
    let names = |sha: &CommitSha| {
        let names_it = |commit: &CommitReference| commit.matches(sha);
        names_it(&deployment.commit) || deployment.previous_commit.as_ref().is_some_and(names_it)
    };
    let touches_range = |range: &MergeTimeRange, merge: &Merge| range.contains(repository_id, merge);
    let touches_graph = |range: &GraphRange, committed| range.may_contain(repository_id, committed);
    deployment.shipped_at().is_some()
        && match told {
            Told::Merge { merge, committed } => {
                names(&merge.commit)
                    || linking.ranges.iter().any(|range| touches_range(range, merge))
                    || linking
                        .graph_ranges
                        .iter()
                        .any(|range| touches_graph(range, *committed))
            }
            Told::Commit(sha) => names(sha),
            Told::Contents => {
                let mut ranges = linking.graph_ranges.iter();
                ranges.any(|range| range.repository_id == repository_id && range.is_open())
            }
        }
}

/// Whether [whatever becomes known](is_touched_by) and touches a deployment by how its links are found now would have
/// touched it by how they were found before as well: it has no range that it did not have.
#[must_use]
pub fn is_touched_as_before(before: &Linking, now: &Linking) -> bool {
    now.ranges.iter().all(|range| before.ranges.contains(range))
        && now
            .graph_ranges
            .iter()
            .all(|range| before.graph_ranges.contains(range))
}

/// Whether a deployment that is recorded, or recorded again, may become the base of others, or no longer be it: they have
/// to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseChange {
    /// It is to others what it was.
    None,
    /// It is something else, but without commits no deployment has a base: only if some have been told of meanwhile.
    IfEpochMoved,
    /// It is something else.
    Possible,
}

impl BaseChange {
    /// That from a deployment as it was, if it was known, to what it becomes, in an organization with commits or without.
    #[must_use]
    pub fn between(before: Option<&Deployment>, after: &Deployment, has_commits: bool) -> Self {
        let as_base = |deployment: &Deployment| {
            let service = deployment
                .service
                .as_ref()
                .map(|service| service.as_str().to_ascii_lowercase());
            deployment
                .shipped_at()
                .map(|shipped_at| (shipped_at, service, deployment.commit.clone()))
        };
        match (before.and_then(as_base) == as_base(after), has_commits) {
            (true, _) => Self::None,
            (false, false) => Self::IfEpochMoved,
            (false, true) => Self::Possible,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linking::{BaseSearch, GraphAnswer};

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
            answer: GraphAnswer::Certain,
            base: BaseSearch::Given,
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
