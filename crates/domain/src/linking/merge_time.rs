//! The range where no graph tells it: two merges into one branch have an order, and what was merged between them
//! lies between them.

use super::scope::{Resolved, Scope};
use super::{Candidate, Finding, GraphAnswer, LinkRule, Linking, Links};
use crate::commit_sha::CommitSha;
use crate::deployment::Deployment;
use crate::id::RepositoryId;
use crate::pull_request::Merge;
use crate::text::BranchName;
use crate::timestamp::Timestamp;
use std::collections::BTreeSet;

/// A span of merge times on one branch that a deployment ships whole: a pull request that becomes known later
/// and falls into it belongs to the deployment too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MergeTimeRange {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The branch; `None` stands for pull requests of which it is not known.
    pub base_branch: Option<BranchName>,
    /// Merged after this.
    pub after: Timestamp,
    /// And not after this.
    pub until: Timestamp,
}

impl MergeTimeRange {
    /// Whether a pull request of the repository belongs to the span.
    #[must_use]
    pub fn contains(&self, repository_id: RepositoryId, merge: &Merge) -> bool {
        self.repository_id == repository_id
            && self.base_branch == merge.base_branch
            && self.after < merge.merged_at
            && merge.merged_at <= self.until
    }
}

/// Links what was merged between the previous commit and the deployed one in the repositories whose graph could not
/// tell; whether there was a span.
pub(super) fn link(
    deployment: &Deployment,
    scope: &Scope<'_>,
    head: CommitSha,
    links: &mut Links,
    linking: &mut Linking,
) -> bool {
    let Some(previous) = &deployment.previous_commit else {
        return false;
    };
    let Resolved::Known(base) = scope.resolve(previous) else {
        return false;
    };
    let is_decided = |repository_id| {
        let mut decided = linking.graph_ranges.iter();
        decided.any(|range| range.repository_id == repository_id && range.answer == GraphAnswer::Certain)
    };
    let heads: Vec<_> = scope
        .merged_as(head)
        .filter(|head| !is_decided(head.repository_id))
        .collect();
    let bases: Vec<_> = scope.merged_as(base).collect();
    let ranges = ranges(&heads, &bases);
    for candidate in &scope.candidates {
        let mut containing = ranges.iter();
        if candidate.merge.commit != base
            && containing.any(|range| range.contains(candidate.repository_id, &candidate.merge))
        {
            let repository_id = candidate.repository_id;
            links.add(
                candidate.known_merge(),
                LinkRule::MergeTime,
                Some(base),
                repository_id,
            );
        }
    }
    linking
        .findings
        .extend(ranges.iter().cloned().map(Finding::MergeTime));
    linking.ranges = ranges.into_iter().collect();
    !linking.ranges.is_empty()
}

/// The span of merge times on each branch that has both (an empty one when the base is the later of the two).
fn ranges(heads: &[&Candidate], bases: &[&Candidate]) -> BTreeSet<MergeTimeRange> {
    heads
        .iter()
        .flat_map(|head| {
            let same_branch = |base: &&&Candidate| {
                base.repository_id == head.repository_id && base.merge.base_branch == head.merge.base_branch
            };
            bases.iter().filter(same_branch).map(|base| MergeTimeRange {
                repository_id: head.repository_id,
                base_branch: head.merge.base_branch.clone(),
                after: base.merge.merged_at,
                until: head.merge.merged_at,
            })
        })
        .collect()
}
