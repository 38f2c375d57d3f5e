//! What is summed up about pull requests that belong together: those of an author, or of a repository.

use super::cycle_time::HOUR;
use super::deployment_frequency::float;
use super::facts::{MergeRow, time_of};
use crate::timestamp::Timestamp;

/// Sums over some pull requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) merged: u64,
    lines: Mean,
    cycle_time: Mean,
    last_merged_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: i128,
    count: u64,
}

impl Tally {
    /// Adds a pull request, in order of merges.
    pub(crate) fn add(&mut self, row: &MergeRow) {
        self.merged += 1;
        self.lines.add(row.lines().map(i128::from));
        self.cycle_time.add(row.cycle_time().map(i128::from));
        self.last_merged_at = Some(row.merged_at);
    }

    /// Lines added and deleted together, on average over those of which they are known.
    pub(crate) fn mean_lines(&self) -> Option<f64> {
        self.lines.get()
    }

    /// On average over those of which it is known.
    pub(crate) fn mean_cycle_time_hours(&self) -> Option<f64> {
        self.cycle_time.get().map(|microseconds| microseconds / HOUR)
    }

    pub(crate) fn last_merged_at(&self) -> Option<Timestamp> {
        self.last_merged_at.map(time_of)
    }
}

impl Mean {
    fn add(&mut self, value: Option<i128>) {
        if let Some(value) = value {
            self.sum += value;
            self.count += 1;
        }
    }

    fn get(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a mean is rounded anyway")]
        let sum = self.sum as f64;
        (self.count > 0).then(|| sum / float(self.count))
    }
}
