//! Pull request cycle time: how long it takes from opening a pull request to its merge.
//!
//! `mergedAt - createdAt` of the pull requests that were merged in the window, never below 0. Those of which nobody has told
//! when they were opened have none. Source: the time to merge of the forges' own reports, without a DORA counterpart.

use super::calendar::{Cut, Sorter, TimeSlice};
use super::facts::MergeRow;
use super::question::Scope;
use super::{Distribution, Window};

/// Microseconds in an hour.
pub(crate) const HOUR: f64 = 3_600_000_000.0;

/// Pull request cycle time.
#[derive(Clone, Debug, PartialEq)]
pub struct CycleTime {
    /// In the window, in hours.
    pub current: Option<Distribution>,
    /// In the one before, in hours.
    pub previous: Option<Distribution>,
    /// Week by week, by the merge, in hours.
    pub weekly: Vec<(TimeSlice, Option<Distribution>)>,
}

impl CycleTime {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let window = scope.window;
        let weeks = Cut::Weeks.slices(window, &scope.question.time_zone);
        let mut weekly: Sorter<'_, Vec<i64>> = Sorter::new(&weeks);
        for row in scope.merges(window) {
            if let (Some(week), Some(time)) = (weekly.at(row.merged_at), row.cycle_time()) {
                week.push(time);
            }
        }
        Self {
            current: cycle_time(scope, window),
            previous: cycle_time(scope, window.previous()),
            weekly: weekly.finish(|mut times| hours(&mut times)),
        }
    }
}

/// The cycle times of a window, in hours.
pub(crate) fn cycle_time(scope: &Scope<'_>, window: Window) -> Option<Distribution> {
    let times = scope.merges(window).filter_map(MergeRow::cycle_time);
    hours(&mut times.collect::<Vec<_>>())
}

fn hours(microseconds: &mut [i64]) -> Option<Distribution> {
    Distribution::of(microseconds).map(|times| times.in_unit_of(HOUR))
}
