//! The Business trial: an organization on the Free plan gets 14 days of Business with its first accepted
//! deployment event, once in its life.

use crate::timestamp::Timestamp;
use time::Duration;

/// How long a trial runs.
pub const TRIAL_LENGTH: Duration = Duration::days(14);

/// A trial that has begun, and may have ended. It lasts from its start up to, not including, its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ends or ended.
    pub ends_at: Timestamp,
}

impl Trial {
    /// A trial that begins now.
    #[must_use]
    pub fn starting_at(now: Timestamp) -> Self {
        Self {
            started_at: now,
            ends_at: now.plus(TRIAL_LENGTH),
        }
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&self, now: Timestamp) -> bool {
        now < self.ends_at
    }
}
