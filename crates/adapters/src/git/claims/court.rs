//! The rules one after the other, over claims that are still open.

use super::lines::Lines;
use super::numbers::{self, Band};
use super::reason::Reason;
use super::{Claim, Commits, Judgement, Setting};
use crate::git::graph::Place;
use crate::git::wordings::Forge;
use periscope_domain::pull_request::PullRequestNumber;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The claims that are still open while they are judged.
pub(super) struct Court<'a> {
    commits: &'a Commits<'a>,
    claims: &'a [Claim],
    setting: &'a Setting,
    lines: Lines,
    forge: Option<Forge>,
    /// Why each claim does not count, as far as that is known.
    reasons: Vec<Option<Reason>>,
    /// The claim that counts of each number.
    found: BTreeMap<PullRequestNumber, usize>,
}

impl<'a> Court<'a> {
    pub(super) fn new(commits: &'a Commits<'a>, claims: &'a [Claim], setting: &'a Setting) -> Self {
        let lines = Lines::new(commits, setting);
        let forge = numbers::forge(commits, claims, &lines, setting.forge);
        Self {
            commits,
            claims,
            setting,
            lines,
            forge,
            reasons: vec![None; claims.len()],
            found: BTreeMap::new(),
        }
    }

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
    pub(super) fn exclude_other_forges(&mut self) {
        let forge = self.forge;
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

    pub(super) fn exclude_unfit(&mut self) {
        let setting = self.setting;
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
    pub(super) fn hear_own_line(&mut self) {
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
    pub(super) fn hear_others(&mut self) {
        let own: Vec<(i64, PullRequestNumber)> = self
            .found
            .iter()
            .filter_map(|(number, index)| Some((self.commits.time(self.claims.get(*index)?.commit), *number)))
            .collect();
        let mut rivals: BTreeMap<PullRequestNumber, Vec<usize>> = BTreeMap::new();
        for (index, claim) in self.open() {
            if !self.lines.is_own(claim.commit) {
                rivals.entry(claim.number()).or_default().push(index);
            }
        }
        // In git flow most numbers are on another line than the default branch's, which then bounds nothing.
        let branches_off = |index: &usize| {
            self.claims
                .get(*index)
                .is_some_and(|claim| self.lines.branches_off(claim.commit))
        };
        let elsewhere = rivals
            .iter()
            .filter(|(number, rivals)| !self.found.contains_key(number) && rivals.iter().any(branches_off));
        let band = if elsewhere.count() > own.len() {
            Band::default()
        } else {
            Band::new(own)
        };
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
    pub(super) fn narrow(&mut self) {
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

    /// On request, counts numbers in doubt too: the first merge of each, else its first commit.
    pub(super) fn accept(&mut self) {
        if !self.setting.accept_claims {
            return;
        }
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

    pub(super) fn end(self) -> Judgement {
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
            forge: self.forge,
            merged,
            apart,
            lines: self.lines,
        }
    }
}
