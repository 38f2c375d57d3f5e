//! Contributors: whose pull requests were merged in the window, and what they were like. It tells whether work lies on
//! many shoulders, and is no measure of a person.

use super::Window;
use super::deployment_frequency::float;
use super::names::{NameNumber, place_by_name};
use super::question::Scope;
use super::tally::Tally;
use crate::timestamp::Timestamp;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Contributors.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributors {
    /// How many authors there are in the window, those that are not known left out.
    pub current: usize,
    /// How many there were in the one before.
    pub previous: usize,
    /// Each with what was merged; who had the most merged comes first, of equals by name.
    pub contributors: Vec<Contributor>,
}

/// An author, whatever the letter case of the login.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributor {
    /// The login, as the last pull request of the window spells it; `None` stands for all pull requests of which nobody
    /// has told whose they are.
    pub author: Option<String>,
    /// How many pull requests were merged.
    pub merged: u64,
    /// How many were in the window before.
    pub previously_merged: u64,
    /// Of all pull requests that were merged in the window: 0 to 1.
    pub share: f64,
    /// Lines added and deleted together, on average over those of which they are known.
    pub mean_lines: Option<f64>,
    /// From opening to merge, on average over those of which it is known.
    pub mean_cycle_time_hours: Option<f64>,
    /// The last merge in the window.
    pub last_merged_at: Option<Timestamp>,
}

impl Contributors {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let before = tallies(scope, scope.window.previous());
        let now = tallies(scope, scope.window);
        let all: u64 = now.values().map(|(_, tally)| tally.merged).sum();
        let known = |tallies: &Tallies<'_>| tallies.keys().filter(|key| **key > 0).count();
        let mut contributors: Vec<_> = now
            .iter()
            .map(|(key, (author, tally))| Contributor {
                author: author.map(str::to_owned),
                merged: tally.merged,
                previously_merged: before.get(key).map_or(0, |(_, tally)| tally.merged),
                share: float(tally.merged) / float(all),
                mean_lines: tally.mean_lines(),
                mean_cycle_time_hours: tally.mean_cycle_time_hours(),
                last_merged_at: tally.last_merged_at(),
            })
            .collect();
        contributors.sort_by_cached_key(|one| (Reverse(one.merged), place_by_name(one.author.as_deref())));
        Self {
            current: known(&now),
            previous: known(&before),
            contributors,
        }
    }
}

/// The known author of the most pull requests of the window, how many those are, and their share of all.
pub(crate) fn leading_author<'a>(scope: &Scope<'a>) -> Option<(&'a str, u64, f64)> {
    let tallies = tallies(scope, scope.window);
    let all: u64 = tallies.values().map(|(_, tally)| tally.merged).sum();
    let known = tallies
        .values()
        .filter_map(|(author, tally)| Some((tally.merged, Reverse((*author)?))));
    let (merged, Reverse(author)) = known.max()?;
    Some((author, merged, float(merged) / float(all)))
}

/// By the key of the author: the author's name, and what was merged.
type Tallies<'a> = HashMap<NameNumber, (Option<&'a str>, Tally)>;

fn tallies<'a>(scope: &Scope<'a>, window: Window) -> Tallies<'a> {
    let mut tallies = Tallies::new();
    for row in scope.merges(window) {
        let (author, tally) = tallies.entry(scope.facts.author_key(row)).or_default();
        *author = scope.facts.author_name(row);
        tally.add(row);
    }
    tallies
}
