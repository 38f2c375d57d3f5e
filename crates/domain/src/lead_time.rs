//! Lead time for changes: from the merge of a pull request to the completion of the deployment that shipped it
//! (DORA, <https://dora.dev/guides/dora-metrics-four-keys/>, measured from the merge).

use crate::timestamp::Timestamp;
use thiserror::Error;

/// Whole seconds from merge to completion, never below 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeadTime(i64);

/// A number of seconds is no lead time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must not be negative")]
pub struct NegativeLeadTime;

impl LeadTime {
    /// Wraps a number of seconds that a store keeps.
    ///
    /// # Errors
    /// [`NegativeLeadTime`] when it is below 0.
    pub const fn from_seconds(seconds: i64) -> Result<Self, NegativeLeadTime> {
        if seconds < 0 {
            Err(NegativeLeadTime)
        } else {
            Ok(Self(seconds))
        }
    }

    /// The lead time of a pull request merged at one time and live at another. Clocks of a forge and of a CI
    /// runner differ: a completion before the merge counts as 0.
    #[must_use]
    pub fn between(merged_at: Timestamp, completed_at: Timestamp) -> Self {
        Self((completed_at.microseconds() - merged_at.microseconds()).max(0) / 1_000_000)
    }

    /// Whole seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_time_is_whole_seconds_and_never_negative() {
        for (merged_at, completed_at, seconds) in [
            ("2024-01-15T10:00:00Z", "2024-01-15T10:05:00Z", 300),
            ("2024-01-15T10:00:00.9Z", "2024-01-15T10:00:02.8Z", 1),
            ("2024-01-15T10:00:00Z", "2024-01-15T10:00:00Z", 0),
            ("2024-01-15T10:00:01Z", "2024-01-15T10:00:00Z", 0),
            ("2024-01-15T10:00:00+02:00", "2024-01-15T10:00:00Z", 7200),
        ] {
            let [merged_at, completed_at] = [merged_at, completed_at].map(|t| Timestamp::parse(t).unwrap());
            assert_eq!(LeadTime::between(merged_at, completed_at).seconds(), seconds);
        }
    }
}
