//! Which of the numbers that commits claim are pull requests of this repository. A history may bring numbers of forks, of
//! merged-in repositories, of earlier forges and of issue trackers, so a number counts only where something proves it:
//!
//! 1. Only wordings of the repository's own forge count: the one that most of the latest merges are worded by.
//! 2. On the own line, the first parents of the default branch, every such number counts, unless numbers start anew later
//!    (a hard fork), or it is a lone number far above all others (a tracker).
//! 3. Off that line a number counts if one commit alone claims it, the commit is a merge or made by the forge, its line
//!    branches off the own line, and the number fits its time.
//! 4. Of several claims of one number the own line wins, then a proof (the clone's ref of the pull request, the project in
//!    the message), then the first; of two merges alike on one line the later, because the first was undone.
//!
//! What does not count is kept apart with its reason.

mod court;
mod lines;
mod numbers;
mod reason;
#[cfg(test)]
mod tests;

pub use reason::Reason;

use super::graph::{Graph, Place};
use super::wordings::{Forge, Mention};
use court::Court;
use lines::Lines;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::pull_request::PullRequestNumber;
use std::collections::HashMap;

/// A number that a commit claims.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) commit: Place,
    pub(super) mention: Mention,
    /// Whether the commit says that it was picked from another one.
    pub(super) is_picked: bool,
    /// Whether the forge itself made the commit.
    pub(super) is_of_forge: bool,
}

impl Claim {
    fn number(&self) -> PullRequestNumber {
        self.mention.number
    }
}

/// What is known of the repository beside its commits.
#[derive(Debug, Default)]
pub(super) struct Setting {
    /// The tip of the default branch.
    pub(super) default_head: Option<Place>,
    /// The tips of branches that alone count, if any is named.
    pub(super) named_heads: Vec<Place>,
    /// The tips of this repository's branches and tags.
    pub(super) own_heads: Vec<Place>,
    /// The heads of pull requests that the clone has refs of.
    pub(super) pull_heads: HashMap<PullRequestNumber, CommitSha>,
    /// The path of the repository at its forge.
    pub(super) project: Option<String>,
    /// The forge that `origin` names.
    pub(super) forge: Option<Forge>,
    /// Whether numbers in doubt count too.
    pub(super) accept_claims: bool,
}

/// The commits that a judgement is about.
#[derive(Debug)]
pub(super) struct Commits<'a> {
    pub(super) graph: &'a Graph,
    pub(super) shas: &'a [CommitSha],
    /// Seconds since 1970.
    pub(super) times: &'a [i64],
    /// Merges of the default branch into itself, as `git pull` makes them.
    pub(super) pulls: &'a [Place],
}

impl Commits<'_> {
    fn time(&self, commit: Place) -> i64 {
        self.times.get(commit as usize).copied().unwrap_or_default()
    }
}

/// Which claims count.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// The forge, if any number decides it.
    pub(super) forge: Option<Forge>,
    /// Claims that are merges of this repository, in the order of the walk.
    pub(super) merged: Vec<usize>,
    /// The others, in the order of the walk.
    pub(super) apart: Vec<(usize, Reason)>,
    /// The lines of the default branch and the named ones.
    pub(super) lines: Lines,
}

/// Judges every claim.
pub(super) fn judge(commits: &Commits<'_>, claims: &[Claim], setting: &Setting) -> Judgement {
    let mut court = Court::new(commits, claims, setting);
    court.exclude_other_forges();
    court.exclude_unfit();
    court.hear_own_line();
    court.hear_others();
    court.narrow();
    court.accept();
    court.end()
}
