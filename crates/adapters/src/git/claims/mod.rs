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

mod lines;
mod numbers;
#[cfg(test)]
mod tests;

use super::graph::{Graph, Place};
use super::wordings::{Forge, Mention};
use lines::Lines;
use numbers::Band;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::pull_request::PullRequestNumber;
use std::collections::{BTreeMap, HashMap, HashSet};

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

/// Why a number does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Another forge words its merges so.
    OtherForge,
    /// The line of commits begins at a root of its own: a repository that was merged in.
    OtherRepository,
    /// Only branches of another remote have the commit.
    OtherRemote,
    /// The own numbers start anew after it: a hard fork's upstream.
    BeforeRestart,
    /// The number does not fit those of its time.
    OutOfSequence,
    /// The clone has refs of pull requests, and none of this number.
    NoSuchRef,
    /// Several commits off the own line claim the number.
    Contested,
    /// Neither a merge nor made by the forge, and not on the own line: a pick, or a number of something else.
    Unproved,
    /// Another commit is the merge.
    Second,
    /// The commit is on none of the named branches.
    OtherBranch,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::OtherForge,
        Self::OtherRepository,
        Self::OtherRemote,
        Self::BeforeRestart,
        Self::OutOfSequence,
        Self::NoSuchRef,
        Self::Contested,
        Self::Unproved,
        Self::Second,
        Self::OtherBranch,
    ];

    /// Its code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherForge => "other_forge",
            Self::OtherRepository => "other_repository",
            Self::OtherRemote => "other_remote",
            Self::BeforeRestart => "before_restart",
            Self::OutOfSequence => "out_of_sequence",
            Self::NoSuchRef => "no_such_ref",
            Self::Contested => "contested",
            Self::Unproved => "unproved",
            Self::Second => "second",
            Self::OtherBranch => "other_branch",
        }
    }

    /// A sentence about the commits that it concerns.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::OtherForge => "worded as by another forge or an issue tracker",
            Self::OtherRepository => "of a repository that was merged in",
            Self::OtherRemote => "on branches of another remote only",
            Self::BeforeRestart => "of the upstream of a hard fork, because the numbers start anew later",
            Self::OutOfSequence => "far from the numbers of their time",
            Self::NoSuchRef => "without a ref of the pull request, though the clone has such refs",
            Self::Contested => "claimed by several commits off the default branch",
            Self::Unproved => {
                "at the end of a title off the default branch, where picks and issues look alike"
            }
            Self::Second => "named by a further commit, a pick or a part of the same pull request",
            Self::OtherBranch => "on branches that were not named",
        }
    }

    /// Whether the number itself is in doubt, rather than which commit is its merge.
    #[must_use]
    pub const fn is_doubt(self) -> bool {
        !matches!(self, Self::Second | Self::OtherBranch)
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
    /// The forge, if any number tells it.
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
    let lines = Lines::new(commits, setting);
    let forge = numbers::forge(commits, claims, &lines, setting.forge);
    let mut court = Court {
        commits,
        claims,
        setting,
        lines,
        reasons: vec![None; claims.len()],
        found: BTreeMap::new(),
    };
    court.exclude_other_forges(forge);
    court.exclude_unfit(setting);
    court.hear_own_line();
    court.hear_others();
    court.narrow();
    if setting.accept_claims {
        court.accept();
    }
    court.end(forge)
}

/// The claims that are still open while they are judged.
struct Court<'a> {
    commits: &'a Commits<'a>,
    claims: &'a [Claim],
    setting: &'a Setting,
    lines: Lines,
    reasons: Vec<Option<Reason>>,
    /// The claim that counts of each number.
    found: BTreeMap<PullRequestNumber, usize>,
}

impl Court<'_> {
    fn refuse(&mut self, claim: usize, reason: Reason) {
        if let Some(place) = self.reasons.get_mut(claim) {
            *place = Some(reason);
        }
    }

    /// The claims that nothing speaks against yet.
    fn open(&self) -> impl Iterator<Item = (usize, &Claim)> {
        let claims = self.claims.iter().enumerate();
        claims.filter(|(index, _)| self.reasons.get(*index) == Some(&None))
    }

    /// Only wordings of the own forge count, and of a commit only the first reading by one.
    fn exclude_other_forges(&mut self, forge: Option<Forge>) {
        let is_own = |claim: &Claim| forge.is_some_and(|forge| claim.mention.forges.contains(&forge));
        let mut read = None;
        for (index, claim) in self.claims.iter().enumerate() {
            let reading = (claim.commit, claim.mention.place);
            if !is_own(claim) {
                self.refuse(index, Reason::OtherForge);
            } else if read.is_some_and(|(commit, place)| commit == reading.0 && place != reading.1) {
                self.refuse(index, Reason::Second);
            } else {
                read = Some(reading);
            }
        }
    }

    fn exclude_unfit(&mut self, setting: &Setting) {
        let reachable = self.commits.graph.reachable_from(&setting.own_heads);
        let is_own = |claim: &Claim| reachable.get(claim.commit as usize) == Some(&true);
        let highest_ref = setting.pull_heads.keys().max().copied();
        let has_no_ref = |claim: &Claim| {
            highest_ref >= Some(claim.number()) && !setting.pull_heads.contains_key(&claim.number())
        };
        let unfit: Vec<_> = self
            .open()
            .filter_map(|(index, claim)| match claim {
                claim if !is_own(claim) => Some((index, Reason::OtherRemote)),
                claim if has_no_ref(claim) => Some((index, Reason::NoSuchRef)),
                _ => None,
            })
            .collect();
        for (index, reason) in unfit {
            self.refuse(index, reason);
        }
    }

    /// How well a claim is proved to be the merge: by the clone's ref, by the project that the message names.
    fn proof(&self, claim: &Claim) -> u8 {
        let head = self.setting.pull_heads.get(&claim.number());
        let is_merge_of_head = head.is_some_and(|head| {
            let sides = self.commits.graph.parents(claim.commit).iter().skip(1);
            sides
                .filter_map(|side| self.commits.shas.get(*side as usize))
                .any(|sha| sha == head)
        });
        let is_named = claim.mention.project.as_deref().is_some_and(|project| {
            self.setting
                .project
                .as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(project))
        });
        u8::from(is_merge_of_head) * 2 + u8::from(is_named)
    }

    /// Judges the claims of the own line and of named branches.
    fn hear_own_line(&mut self) {
        let own: Vec<usize> = self
            .open()
            .filter(|(_, claim)| self.lines.is_own(claim.commit))
            .map(|(index, _)| index)
            .collect();
        let out = numbers::out_of_sequence(self.commits, self.claims, &own);
        for index in &out {
            self.refuse(*index, Reason::OutOfSequence);
        }
        let own: Vec<usize> = own.into_iter().filter(|index| !out.contains(index)).collect();
        let restart = numbers::restart(self.commits, self.claims, &own);
        for (order, index) in own.iter().enumerate() {
            let Some(claim) = self.claims.get(*index) else {
                continue;
            };
            if restart.is_some_and(|restart| order < restart) {
                self.refuse(*index, Reason::BeforeRestart);
                continue;
            }
            match self.found.get(&claim.number()).copied() {
                Some(before) if !self.is_better(*index, before) => self.refuse(*index, Reason::Second),
                before => {
                    if let Some(before) = before {
                        self.refuse(before, Reason::Second);
                    }
                    self.found.insert(claim.number(), *index);
                }
            }
        }
        if let Some(claim) = restart.and_then(|order| self.claims.get(*own.get(order)?)) {
            self.lines.begin_at(self.commits.graph, claim.commit);
        }
        self.yield_picks();
    }

    /// Whether a later claim of the own line counts instead of an earlier one.
    fn is_better(&self, later: usize, earlier: usize) -> bool {
        let (Some(later), Some(earlier)) = (self.claims.get(later), self.claims.get(earlier)) else {
            return false;
        };
        let rank = |claim: &Claim| {
            (
                self.lines.is_default(claim.commit),
                !claim.is_picked,
                self.proof(claim),
            )
        };
        let time = |claim: &Claim| self.commits.time(claim.commit);
        let are_alike = later.mention.place == earlier.mention.place
            && self.lines.is_default(earlier.commit)
            && [later, earlier]
                .iter()
                .all(|claim| self.commits.graph.is_merge(claim.commit));
        match rank(later).cmp(&rank(earlier)) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal if self.lines.is_default(earlier.commit) => are_alike,
            std::cmp::Ordering::Equal => time(later) < time(earlier),
        }
    }

    /// A picked commit never becomes the merge where another commit claims the number.
    fn yield_picks(&mut self) {
        let others: HashMap<PullRequestNumber, usize> = self
            .open()
            .filter(|(index, claim)| !claim.is_picked && self.found.get(&claim.number()) != Some(index))
            .map(|(index, claim)| (claim.number(), index))
            .collect();
        let picks: Vec<_> = self
            .found
            .iter()
            .filter(|(number, index)| {
                others.contains_key(number) && self.claims.get(**index).is_some_and(|claim| claim.is_picked)
            })
            .map(|(number, index)| (*number, *index))
            .collect();
        for (number, index) in picks {
            self.found.remove(&number);
            self.refuse(index, Reason::Second);
        }
    }

    /// Judges the claims of all other lines.
    fn hear_others(&mut self) {
        let own: Vec<(i64, PullRequestNumber)> = self
            .found
            .iter()
            .filter_map(|(number, index)| Some((self.commits.time(self.claims.get(*index)?.commit), *number)))
            .collect();
        let band = Band::new(own);
        let mut rivals: BTreeMap<PullRequestNumber, Vec<usize>> = BTreeMap::new();
        for (index, claim) in self.open() {
            if !self.lines.is_own(claim.commit) {
                rivals.entry(claim.number()).or_default().push(index);
            }
        }
        for (number, rivals) in rivals {
            if self.found.contains_key(&number) {
                for index in rivals {
                    self.refuse(index, Reason::Second);
                }
                continue;
            }
            match self.winner(&rivals, &band) {
                Ok(winner) => {
                    self.found.insert(number, winner);
                    let others = rivals.into_iter().filter(|index| *index != winner);
                    others.for_each(|index| self.refuse(index, Reason::Second));
                }
                Err(reasons) => reasons
                    .into_iter()
                    .for_each(|(index, reason)| self.refuse(index, reason)),
            }
        }
    }

    /// The claim that counts of several of one number off the own line; else why each does not.
    fn winner(&self, rivals: &[usize], band: &Band) -> Result<usize, Vec<(usize, Reason)>> {
        let proved = |index: &&usize| {
            self.claims
                .get(**index)
                .is_some_and(|claim| self.proof(claim) >= 2)
        };
        if let Some(proved) = rivals.iter().find(proved) {
            return Ok(*proved);
        }
        let is_original = |index: &&usize| self.claims.get(**index).is_some_and(|claim| !claim.is_picked);
        let originals: Vec<usize> = rivals.iter().filter(is_original).copied().collect();
        let reasons = rivals.iter().map(|index| (*index, self.doubt(*index, band)));
        let reasons: Vec<_> = reasons.collect();
        let contested =
            |(index, reason): (usize, Option<Reason>)| (index, reason.unwrap_or(Reason::Contested));
        match originals.as_slice() {
            [only]
                if reasons
                    .iter()
                    .any(|(index, reason)| index == only && reason.is_none()) =>
            {
                Ok(*only)
            }
            _ => Err(reasons.into_iter().map(contested).collect()),
        }
    }

    /// Why a number off the own line does not count even if no other commit claims it.
    fn doubt(&self, index: usize, band: &Band) -> Option<Reason> {
        let claim = self.claims.get(index)?;
        let has_ref = self.setting.pull_heads.contains_key(&claim.number());
        if !self.lines.branches_off(claim.commit) {
            return Some(self.lines.reason_to_stand_apart(claim.commit));
        }
        if !has_ref && !band.fits(claim.number(), self.commits.time(claim.commit)) {
            return Some(Reason::OutOfSequence);
        }
        let is_proved = has_ref || claim.is_of_forge || self.commits.graph.is_merge(claim.commit);
        (claim.is_picked || !is_proved).then_some(Reason::Unproved)
    }

    /// If branches are named, only what lies on them counts.
    fn narrow(&mut self) {
        if self.setting.named_heads.is_empty() {
            return;
        }
        let is_elsewhere = |index: usize| {
            self.claims
                .get(index)
                .is_some_and(|claim| !self.lines.is_named(claim.commit))
        };
        let elsewhere: Vec<_> = self
            .found
            .values()
            .copied()
            .filter(|index| is_elsewhere(*index))
            .collect();
        self.found.retain(|_, index| !elsewhere.contains(index));
        for index in elsewhere {
            self.refuse(index, Reason::OtherBranch);
        }
    }

    /// Takes numbers in doubt too, the first merge of each, else its first commit.
    fn accept(&mut self) {
        let mut in_doubt: Vec<usize> = (0..self.claims.len())
            .filter(|index| {
                self.reasons
                    .get(*index)
                    .is_some_and(|reason| reason.is_some_and(Reason::is_doubt))
            })
            .collect();
        in_doubt.sort_by_key(|index| {
            let commit = self.claims.get(*index).map_or(0, |claim| claim.commit);
            (
                !self.lines.is_own(commit),
                !self.commits.graph.is_merge(commit),
                *index,
            )
        });
        for index in in_doubt {
            let Some(claim) = self.claims.get(index) else {
                continue;
            };
            let is_taken = *self.found.entry(claim.number()).or_insert(index) != index;
            if let Some(place) = self.reasons.get_mut(index) {
                *place = is_taken.then_some(Reason::Second);
            }
        }
    }

    fn end(self, forge: Option<Forge>) -> Judgement {
        let mut merged: Vec<usize> = self.found.into_values().collect();
        merged.sort_unstable();
        let commits: HashSet<Place> = merged
            .iter()
            .filter_map(|index| self.claims.get(*index).map(|claim| claim.commit))
            .collect();
        // The second reading of a message that counts already is no further claim.
        let is_repetition = |index: usize, reason: Reason| {
            let commit = self.claims.get(index).map(|claim| claim.commit);
            reason == Reason::Second && commit.is_some_and(|commit| commits.contains(&commit))
        };
        let apart = self.reasons.iter().enumerate();
        let apart = apart.filter_map(|(index, reason)| Some((index, (*reason)?)));
        let apart = apart
            .filter(|(index, reason)| !is_repetition(*index, *reason))
            .collect();
        Judgement {
            forge,
            merged,
            apart,
            lines: self.lines,
        }
    }
}
