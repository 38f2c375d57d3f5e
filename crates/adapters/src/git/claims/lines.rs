//! Lines of first parents: the own line of the repository, and whether another line branches off it.

use super::{Commits, Reason, Setting};
use crate::git::graph::{Graph, NOWHERE, Place};
use std::collections::HashSet;

/// Which line each commit is on.
#[derive(Debug, Default)]
pub(in crate::git) struct Lines {
    default: Vec<bool>,
    named: Vec<bool>,
    /// The commit of the own line at which each commit's line branches off.
    branch_points: Vec<Place>,
    /// Where the own numbers start; what branches off before is another repository's.
    start: Place,
}

impl Lines {
    pub(super) fn new(commits: &Commits<'_>, setting: &Setting) -> Self {
        let count = commits.graph.len() as usize;
        let mut lines = Self {
            default: vec![false; count],
            named: vec![false; count],
            branch_points: vec![NOWHERE; count],
            start: 0,
        };
        let pulls: HashSet<Place> = commits.pulls.iter().copied().collect();
        let mut open: Vec<Place> = setting.default_head.into_iter().collect();
        while let Some(head) = open.pop() {
            for commit in commits.graph.line(head) {
                if mark(&mut lines.default, commit) {
                    break;
                }
                // A pull swaps the sides: the line as it was continues at the second parent.
                if pulls.contains(&commit) {
                    open.extend(commits.graph.parents(commit).get(1));
                }
            }
        }
        for head in &setting.named_heads {
            for commit in commits.graph.line(*head) {
                if mark(&mut lines.named, commit) {
                    break;
                }
            }
        }
        for commit in 0..commits.graph.len() {
            let point = if lines.is_own(commit) {
                commit
            } else {
                let parent = commits.graph.first_parent(commit);
                parent.map_or(NOWHERE, |parent| lines.branch_point(parent))
            };
            if let Some(place) = lines.branch_points.get_mut(commit as usize) {
                *place = point;
            }
        }
        lines
    }

    /// Forgets what branches off the own line before a commit of it.
    pub(super) fn begin_at(&mut self, graph: &Graph, commit: Place) {
        self.start = graph.first_parent(commit).unwrap_or(commit);
    }

    pub(in crate::git) fn is_default(&self, commit: Place) -> bool {
        self.default.get(commit as usize) == Some(&true)
    }

    pub(super) fn is_named(&self, commit: Place) -> bool {
        self.named.get(commit as usize) == Some(&true)
    }

    pub(super) fn is_own(&self, commit: Place) -> bool {
        self.is_default(commit) || self.is_named(commit)
    }

    fn branch_point(&self, commit: Place) -> Place {
        self.branch_points
            .get(commit as usize)
            .copied()
            .unwrap_or(NOWHERE)
    }

    /// Whether the line of a commit branches off the own line.
    pub(super) fn branches_off(&self, commit: Place) -> bool {
        let point = self.branch_point(commit);
        point != NOWHERE && point >= self.start
    }

    /// Why a commit's line does not branch off.
    pub(super) fn reason_to_stand_apart(&self, commit: Place) -> Reason {
        if self.branch_point(commit) == NOWHERE {
            Reason::OtherRepository
        } else {
            Reason::BeforeRestart
        }
    }
}

/// Marks a commit, and returns whether it was marked before.
fn mark(marks: &mut [bool], commit: Place) -> bool {
    let place = marks.get_mut(commit as usize);
    place.is_none_or(|place| std::mem::replace(place, true))
}
