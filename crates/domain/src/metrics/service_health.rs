//! Service health: which repositories are alive.
//!
//! `stale`: nothing was merged for 14 days when the window ends, or now if it is not over; else `warning`: one contributor,
//! a mean cycle time above 72 hours, or merges down by half or more on the window before; else `healthy`.

use super::Window;
use super::calendar::{Cut, Sorter, TimeSlice};
use super::facts::{MergeRow, time_of};
use super::names::NameNumber;
use super::number_set::{NumberSet, number_set};
use super::question::{Scope, merges_since};
use super::risk_signals::{LARGE_AND_SLOW, LARGE_LINES};
use super::tally::Tally;
use crate::id::RepositoryId;
use crate::timestamp::Timestamp;
use time::Duration;

/// For how long nothing is merged into what is stale.
pub(crate) const STALE_AFTER: Duration = Duration::days(14);

/// The mean cycle time, in hours, above which reviews are slow.
pub(crate) const SLOW_HOURS: f64 = 72.0;

/// How a repository does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing is to be said.
    Healthy,
    /// Something is.
    Warning,
    /// Nothing has been merged for 14 days.
    Stale,
}

impl Health {
    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Warning => "warning",
            Self::Stale => "stale",
        }
    }
}

/// What is to be said of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Nothing was merged for 14 days.
    NoMerge,
    /// All pull requests are of one author.
    OneContributor,
    /// The mean cycle time is above 72 hours.
    SlowReviews,
    /// At most half as much was merged as in the window before.
    MergesDown,
}

impl Concern {
    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoMerge => "no_merge",
            Self::OneContributor => "one_contributor",
            Self::SlowReviews => "slow_reviews",
            Self::MergesDown => "merges_down",
        }
    }
}

/// A repository.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryHealth {
    /// Which.
    pub repository_id: RepositoryId,
    /// How it does.
    pub health: Health,
    /// Why.
    pub concerns: Vec<Concern>,
    /// Pull requests merged in the window.
    pub merged: u64,
    /// Pull requests merged in the one before.
    pub previously_merged: u64,
    /// How many known authors they are of.
    pub contributors: usize,
    /// From opening to merge, on average over those of which it is known.
    pub mean_cycle_time_hours: Option<f64>,
    /// The last merge before the window's end; `None` if there was none for so long as facts are looked at: the window,
    /// the one before it, and 90 days.
    pub last_merged_at: Option<Timestamp>,
    /// Merges week by week.
    pub weekly: Vec<(TimeSlice, u64)>,
}

/// Every repository of the scope, by name.
pub(crate) fn service_health(scope: &Scope<'_>) -> Vec<RepositoryHealth> {
    let weekly = weekly(scope);
    let mut health: Vec<_> = activities(scope)
        .into_iter()
        .zip(&scope.repositories)
        .enumerate()
        .map(|(place, (activity, repository))| {
            let weekly = weekly.iter().map(|(week, counts)| {
                let count = counts.get(place).copied();
                (week.clone(), count.unwrap_or_default())
            });
            let concerns = activity.concerns(scope);
            RepositoryHealth {
                repository_id: repository.id,
                health: health(&concerns),
                concerns,
                merged: activity.now.merged,
                previously_merged: activity.previously_merged,
                contributors: activity.authors.len(),
                mean_cycle_time_hours: activity.now.mean_cycle_time_hours(),
                last_merged_at: activity.last_merged_at,
                weekly: weekly.collect(),
            }
        })
        .collect();
    health.sort_by_cached_key(|health| {
        let place = scope.place_of(health.repository_id);
        let repository = place.and_then(|place| scope.repositories.get(place));
        repository.map(|repository| repository.name.as_str().to_lowercase())
    });
    health
}

/// For each week the merges of each repository, by its place.
fn weekly(scope: &Scope<'_>) -> Vec<(TimeSlice, Vec<u64>)> {
    let weeks = Cut::Weeks.slices(scope.window, &scope.question.time_zone);
    let mut weekly: Sorter<'_, Vec<u64>> = Sorter::new(&weeks);
    for row in scope.merges(scope.window) {
        let Some((counts, place)) = weekly.at(row.merged_at).zip(scope.place_of(row.repository_id)) else {
            continue;
        };
        counts.resize(scope.repositories.len(), 0);
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    weekly.finish(|counts| counts)
}

fn health(concerns: &[Concern]) -> Health {
    if concerns.contains(&Concern::NoMerge) {
        Health::Stale
    } else if concerns.is_empty() {
        Health::Healthy
    } else {
        Health::Warning
    }
}

/// What happened in a repository.
pub(crate) struct Activity {
    pub(crate) now: Tally,
    pub(crate) previously_merged: u64,
    /// The known ones.
    pub(crate) authors: NumberSet<NameNumber>,
    /// How many pull requests are of nobody that is known.
    unknown_authors: u64,
    pub(crate) last_merged_at: Option<Timestamp>,
    /// Pull requests of 500 lines or more that took 48 hours or more.
    pub(crate) large_and_slow: u64,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            now: Tally::default(),
            previously_merged: 0,
            authors: number_set(0),
            unknown_authors: 0,
            last_merged_at: None,
            large_and_slow: 0,
        }
    }
}

/// What happened in each repository of the scope, in their order.
pub(crate) fn activities(scope: &Scope<'_>) -> Vec<Activity> {
    let window = scope.window;
    let mut activities: Vec<Activity> = Vec::new();
    activities.resize_with(scope.repositories.len(), Activity::default);
    let looked_at = Window {
        since: merges_since(window),
        until: window.until,
    };
    let (previous, begins) = (
        window.previous().since.microseconds(),
        window.since.microseconds(),
    );
    for row in scope.merges(looked_at) {
        let place = scope.place_of(row.repository_id);
        let Some(activity) = place.and_then(|place| activities.get_mut(place)) else {
            continue;
        };
        activity.last_merged_at = Some(time_of(row.merged_at));
        if row.merged_at >= begins {
            activity.add(row, scope.facts.author_key(row));
        } else if row.merged_at >= previous {
            activity.previously_merged += 1;
        }
    }
    activities
}

impl Activity {
    fn add(&mut self, row: &MergeRow, author: NameNumber) {
        self.now.add(row);
        if author > 0 {
            self.authors.insert(author);
        } else {
            self.unknown_authors += 1;
        }
        let is_large = row.lines().is_some_and(|lines| lines >= LARGE_LINES);
        let is_slow = row.cycle_time().is_some_and(|time| time >= LARGE_AND_SLOW);
        self.large_and_slow += u64::from(is_large && is_slow);
    }

    /// Whether everything that was merged is of one author.
    pub(crate) fn has_one_contributor(&self) -> bool {
        self.authors.len() == 1 && self.unknown_authors == 0
    }

    /// Whether nothing was merged for 14 days when the window ends, or now if it is not over. A window that lies far ahead
    /// does not tell: these days are not looked at.
    pub(crate) fn is_stale(&self, scope: &Scope<'_>) -> bool {
        let stale_before = scope.end().plus(-STALE_AFTER);
        self.last_merged_at
            .map_or(merges_since(scope.window) <= stale_before, |last| {
                last < stale_before
            })
    }

    fn concerns(&self, scope: &Scope<'_>) -> Vec<Concern> {
        let slow = self
            .now
            .mean_cycle_time_hours()
            .is_some_and(|hours| hours > SLOW_HOURS);
        [
            (self.is_stale(scope), Concern::NoMerge),
            (self.has_one_contributor(), Concern::OneContributor),
            (slow, Concern::SlowReviews),
            (
                self.previously_merged > 0 && self.now.merged * 2 <= self.previously_merged,
                Concern::MergesDown,
            ),
        ]
        .into_iter()
        .filter_map(|(holds, concern)| holds.then_some(concern))
        .collect()
    }
}
