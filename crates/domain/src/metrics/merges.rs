//! How many pull requests are merged: throughput, per ISO week, and velocity, per day.
//!
//! The pull requests that were merged in the window; per week or day: divided by the window's length in weeks or days of 24
//! hours, up to now if it is not over, without an hour that the zone's clocks show twice.

use super::Window;
use super::calendar::{Cut, Sorter, TimeSlice};
use super::deployment_frequency::float;
use super::question::Scope;

/// Merged pull requests, counted in weeks or in days.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeCounts {
    /// In the window.
    pub current: Option<MergeCount>,
    /// In the one before.
    pub previous: Option<MergeCount>,
    /// Week by week or day by day.
    pub series: Vec<(TimeSlice, u64)>,
}

/// How many pull requests were merged in a window in which any was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MergeCount {
    /// All of them.
    pub merged: u64,
    /// A week, or a day.
    pub per_slice: f64,
}

impl MergeCounts {
    /// Per ISO week.
    pub(crate) fn throughput(scope: &Scope<'_>) -> Self {
        Self::of(scope, Cut::Weeks)
    }

    /// Per day.
    pub(crate) fn velocity(scope: &Scope<'_>) -> Self {
        Self::of(scope, Cut::Days)
    }

    fn of(scope: &Scope<'_>, cut: Cut) -> Self {
        let window = scope.window;
        let slices = cut.slices(window, &scope.question.time_zone);
        let mut series: Sorter<'_, u64> = Sorter::new(&slices);
        for row in scope.merges(window) {
            if let Some(count) = series.at(row.merged_at) {
                *count += 1;
            }
        }
        let count = |window: Window| {
            let merged = merged(scope, window);
            let slices = match cut {
                Cut::Days => scope.days(window),
                Cut::Weeks => scope.days(window) / 7.0,
            };
            (merged > 0).then(|| MergeCount {
                merged,
                per_slice: float(merged) / slices,
            })
        };
        Self {
            current: count(window),
            previous: count(window.previous()),
            series: series.finish(|count| count),
        }
    }
}

/// How many pull requests were merged in a window.
pub(crate) fn merged(scope: &Scope<'_>, window: Window) -> u64 {
    scope.merges(window).count() as u64
}
