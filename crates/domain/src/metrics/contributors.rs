//! Contributors: whose pull requests were merged in the window, and what they were like. It tells whether work lies on
//! many shoulders, and is no measure of a person.

use super::Window;
use super::deployment_frequency::float;
use super::names::NameNumber;
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

/// An author.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributor {
    /// The login; `None` stands for all pull requests of which nobody has told whose they are.
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
        let all: u64 = now.values().map(|tally| tally.merged).sum();
        let known = |tallies: &Tallies| tallies.keys().filter(|author| **author > 0).count();
        let mut contributors: Vec<_> = now
            .iter()
            .map(|(author, tally)| Contributor {
                author: scope.facts.author_name(*author).map(str::to_owned),
                merged: tally.merged,
                previously_merged: before.get(author).map_or(0, |tally| tally.merged),
                share: float(tally.merged) / float(all),
                mean_lines: tally.mean_lines(),
                mean_cycle_time_hours: tally.mean_cycle_time_hours(),
                last_merged_at: tally.last_merged_at(),
            })
            .collect();
        contributors.sort_by(|a, b| b.merged.cmp(&a.merged).then_with(|| a.author.cmp(&b.author)));
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
    let all: u64 = tallies.values().map(|tally| tally.merged).sum();
    let known = tallies
        .iter()
        .filter_map(|(author, tally)| Some((tally.merged, Reverse(scope.facts.author_name(*author)?))));
    let (merged, Reverse(author)) = known.max()?;
    Some((author, merged, float(merged) / float(all)))
}

type Tallies = HashMap<NameNumber, Tally>;

fn tallies(scope: &Scope<'_>, window: Window) -> Tallies {
    let mut tallies = Tallies::new();
    for row in scope.merges(window) {
        tallies.entry(row.author).or_default().add(row);
    }
    tallies
}
