//! Size against time: whether larger pull requests take longer.
//!
//! A point for each pull request that was merged in the window and of which both are known: lines added and deleted
//! together, and cycle time.

use super::Window;
use super::cycle_time::HOUR;
use super::question::Scope;
use crate::id::PullRequestId;

/// How many points are told.
const TOLD: usize = 10_000;

/// Size against time.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeVsTime {
    /// How many points there are in the window.
    pub current: usize,
    /// How many there were in the one before.
    pub previous: usize,
    /// The latest 10,000 of them, in order of the merge.
    pub points: Vec<SizePoint>,
}

/// One pull request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizePoint {
    /// Which.
    pub pull_request_id: PullRequestId,
    /// Lines added and deleted together.
    pub lines: u32,
    /// From its opening to its merge, in hours.
    pub cycle_time_hours: f64,
}

impl SizeVsTime {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let current = points(scope, scope.window).count();
        Self {
            current,
            previous: points(scope, scope.window.previous()).count(),
            points: points(scope, scope.window)
                .skip(current.saturating_sub(TOLD))
                .collect(),
        }
    }
}

fn points(scope: &Scope<'_>, window: Window) -> impl Iterator<Item = SizePoint> {
    scope.merges(window).filter_map(|row| {
        #[expect(
            clippy::cast_precision_loss,
            reason = "times below 285 years in microseconds are exact"
        )]
        let cycle_time = row.cycle_time()? as f64;
        Some(SizePoint {
            pull_request_id: row.id,
            lines: row.lines()?,
            cycle_time_hours: cycle_time / HOUR,
        })
    })
}
