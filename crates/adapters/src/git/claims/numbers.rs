//! What numbers say by themselves: pull requests of one repository are numbered in order of time by one forge.

use super::{Claim, Commits, Lines};
use crate::git::graph::Place;
use crate::git::wordings::Forge;
use periscope_domain::pull_request::PullRequestNumber;
use std::collections::{HashMap, HashSet};

/// How many of the latest claims decide the forge, and how many of them the forge of `origin` needs.
const LATEST: usize = 100;
const ENOUGH: usize = 10;

/// How many claims around one are compared with it.
const NEIGHBOURS: usize = 20;

/// The highest number at which numbers are said to start anew.
const START: i32 = 20;

/// How many numbers without a merge must come again for a restart.
const REPEATED_SQUASHES: usize = 3;

/// How long a pull request may stay open, in seconds.
const OPEN: i64 = 365 * 24 * 3600;

/// The forge whose wordings fit the latest claims of the own line best.
pub(super) fn forge(
    commits: &Commits<'_>,
    claims: &[Claim],
    lines: &Lines,
    of_origin: Option<Forge>,
) -> Option<Forge> {
    let is_own = |claim: &&Claim| lines.is_own(claim.commit);
    let mut latest: Vec<&Claim> = claims.iter().filter(is_own).collect();
    if latest.is_empty() {
        latest = claims.iter().collect();
    }
    latest.sort_by_key(|claim| commits.time(claim.commit));
    let latest = latest
        .get(latest.len().saturating_sub(LATEST)..)
        .unwrap_or_default();
    let score = |forge: Forge| {
        let fitting = latest
            .iter()
            .filter(|claim| claim.mention.forges.contains(&forge));
        let alone = fitting.clone().filter(|claim| claim.mention.forges.len() == 1);
        (fitting.count(), alone.count())
    };
    if let Some(forge) = of_origin
        && score(forge).0 >= ENOUGH.min(latest.len())
        && score(forge).0 > 0
    {
        return Some(forge);
    }
    let mut best: Option<(Forge, (usize, usize))> = None;
    for forge in Forge::ALL {
        let score = score(forge);
        if score.0 > 0 && best.is_none_or(|(_, before)| score > before) {
            best = Some((forge, score));
        }
    }
    best.map(|(forge, _)| forge)
}

/// Finds the claims of an issue tracker: at the end of a title on the own line, with a number far above all before and after.
pub(super) fn out_of_sequence(commits: &Commits<'_>, claims: &[Claim], own: &[usize]) -> HashSet<usize> {
    let number = |index: &usize| {
        claims
            .get(*index)
            .map_or(0, |claim| i64::from(claim.number().get()))
    };
    let mut out = HashSet::new();
    let mut highest = 0;
    for (order, index) in own.iter().enumerate() {
        let this = number(index);
        let mut after: Vec<i64> = own.iter().skip(order + 1).take(NEIGHBOURS).map(number).collect();
        after.sort_unstable();
        let usual = after.get(after.len() / 2).copied().unwrap_or_default();
        let is_merge = claims
            .get(*index)
            .is_some_and(|claim| commits.graph.is_merge(claim.commit));
        let is_comparable = own.len() > 2 && (highest > 0 || after.len() > 1);
        if is_comparable && !is_merge && this > 2 * usual.max(highest) + 1000 {
            out.insert(*index);
        } else {
            highest = highest.max(this);
        }
    }
    out
}

/// Where numbers start anew on the own line, as an order in `own`: they fall to a low one, stay below those before for a
/// while, and soon come numbers that were there before, by other merges.
pub(super) fn restart(commits: &Commits<'_>, claims: &[Claim], own: &[usize]) -> Option<usize> {
    let own: Vec<(PullRequestNumber, Place)> = own
        .iter()
        .filter_map(|index| claims.get(*index).map(|claim| (claim.number(), claim.commit)))
        .collect();
    let mut first: HashMap<PullRequestNumber, usize> = HashMap::new();
    // For each claim that comes again: where its number came first.
    let repeats: Vec<Option<usize>> = own
        .iter()
        .enumerate()
        .map(|(order, (number, _))| {
            let before = first.get(number).copied();
            first.entry(*number).or_insert(order);
            before
        })
        .collect();
    let is_merge = |order: usize| {
        own.get(order)
            .is_some_and(|(_, commit)| commits.graph.is_merge(*commit))
    };
    let is_restart = |start: usize| {
        let window = start..(start + NEIGHBOURS).min(own.len());
        let again = window.filter_map(|order| {
            let before = repeats
                .get(order)
                .copied()
                .flatten()
                .filter(|before| *before < start)?;
            // Several commits of one pull request stand side by side.
            (before + 1 < order || is_merge(order)).then_some(is_merge(before) && is_merge(order))
        });
        let again: Vec<bool> = again.collect();
        again.contains(&true) || again.len() >= REPEATED_SQUASHES
    };
    let mut highest = 0;
    own.iter().enumerate().find_map(|(order, (number, _))| {
        let before = highest;
        highest = before.max(number.get());
        let next = own.get(order + 1..(order + 4).min(own.len())).unwrap_or_default();
        let falls = number.get() <= START && before > 2 * number.get();
        let stays_low = !next.is_empty() && next.iter().all(|(next, _)| next.get() < before);
        (falls && stays_low && is_restart(order)).then_some(order)
    })
}

/// The numbers of the own line in order of time, which bound the numbers of other lines. Without any, every number fits.
#[derive(Debug, Default)]
pub(super) struct Band {
    /// Times of merges, and the highest number up to each.
    highest: Vec<(i64, i64)>,
    /// Numbers with the times of their merges.
    times: Vec<(i64, i64)>,
}

impl Band {
    pub(super) fn new(mut merges: Vec<(i64, PullRequestNumber)>) -> Self {
        merges.sort_unstable();
        let mut most = 0;
        let highest = merges
            .iter()
            .map(|(time, number)| {
                most = most.max(i64::from(number.get()));
                (*time, most)
            })
            .collect();
        let mut times: Vec<_> = merges
            .into_iter()
            .map(|(time, number)| (i64::from(number.get()), time))
            .collect();
        times.sort_unstable();
        Self { highest, times }
    }

    /// Whether a number may have been merged at a time: no higher than the numbers soon after, and not opened long before.
    pub(super) fn fits(&self, number: PullRequestNumber, at: i64) -> bool {
        let number = i64::from(number.get());
        let later = self.highest.partition_point(|(time, _)| *time <= at);
        let soon = self
            .highest
            .get((later + NEIGHBOURS).min(self.highest.len().saturating_sub(1)));
        let Some((_, highest)) = soon else {
            return true;
        };
        if number > highest + highest / 10 + 100 {
            return false;
        }
        let place = self.times.partition_point(|(other, _)| *other < number);
        let near = place.saturating_sub(5)..(place + 5).min(self.times.len());
        let mut near: Vec<i64> = self
            .times
            .get(near)
            .unwrap_or_default()
            .iter()
            .map(|(_, time)| *time)
            .collect();
        near.sort_unstable();
        near.get(near.len() / 2).is_none_or(|usual| at - usual <= OPEN)
    }
}
