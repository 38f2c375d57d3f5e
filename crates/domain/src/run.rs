//! One run of a deployment: its status and its two times, which only make sense together. A run that has ended
//! always knows when; one that has not never claims to. Which of two runs is the newer one is decided here,
//! because CI systems deliver events late and twice.

use crate::timestamp::Timestamp;
use std::fmt;
use thiserror::Error;

/// The state of a deployment, in the words of the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeploymentStatus {
    /// Asked for, not begun.
    Pending,
    /// Begun, not ended.
    InProgress,
    /// Ended well: the commit is live.
    Success,
    /// Ended badly: the commit is not live, or does harm.
    Failure,
    /// Ended by a person or by a newer run, before it could succeed.
    Cancelled,
    /// Had succeeded and was taken back.
    RolledBack,
}

/// A text is no deployment status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be one of: pending, in_progress, success, failure, cancelled, rolled_back")]
pub struct InvalidDeploymentStatus;

impl DeploymentStatus {
    /// Every status, in the order of a deployment's life.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::InProgress,
        Self::Success,
        Self::Failure,
        Self::Cancelled,
        Self::RolledBack,
    ];

    /// Reads one of the six words, exactly as they are spelled, with white space around them ignored.
    ///
    /// # Errors
    /// [`InvalidDeploymentStatus`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidDeploymentStatus> {
        let text = text.trim();
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(InvalidDeploymentStatus)
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Whether the run did harm: it failed, or was taken back.
    #[must_use]
    pub const fn is_harmful(self) -> bool {
        matches!(self, Self::Failure | Self::RolledBack)
    }

    /// Whether the run has ended, so that it has a completion time.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Pending | Self::InProgress)
    }
}

impl fmt::Display for DeploymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A status with the times that belong to it: a completion time exactly when the status is terminal, and not
/// before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    status: DeploymentStatus,
    started_at: Timestamp,
    completed_at: Option<Timestamp>,
}

/// A status and times do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRun {
    /// A terminal status without its time.
    #[error("is required when status is {0}")]
    CompletionMissing(DeploymentStatus),
    /// It ended before it began.
    #[error("must not be before startedAt")]
    CompletedBeforeStart,
}

impl Run {
    /// Puts a status and its times together. A completion time of a status that is not terminal is dropped.
    ///
    /// # Errors
    /// [`InvalidRun`] when a terminal status has no completion time, or one before the start.
    pub fn new(
        status: DeploymentStatus,
        started_at: Timestamp,
        completed_at: Option<Timestamp>,
    ) -> Result<Self, InvalidRun> {
        let completed_at = completed_at.filter(|_| status.is_terminal());
        match completed_at {
            None if status.is_terminal() => Err(InvalidRun::CompletionMissing(status)),
            Some(completed_at) if completed_at < started_at => Err(InvalidRun::CompletedBeforeStart),
            _ => Ok(Self {
                status,
                started_at,
                completed_at,
            }),
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> DeploymentStatus {
        self.status
    }

    /// When it began.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// When it ended; `None` as long as it has not.
    #[must_use]
    pub const fn completed_at(&self) -> Option<Timestamp> {
        self.completed_at
    }

    /// The time by which it is listed and counted: that of its completion, or of its start as long as it has none.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.completed_at.unwrap_or(self.started_at)
    }

    /// When it succeeded; `None` if it did not.
    #[must_use]
    pub fn succeeded_at(&self) -> Option<Timestamp> {
        self.completed_at
            .filter(|_| self.status == DeploymentStatus::Success)
    }

    /// Whether `self` is an older word on the same deployment than `stored`, and came late: of the same run, or of one that
    /// had ended when the stored one began. A later start is a re-run and never stale; what is not covered here is taken in
    /// the order of arrival.
    #[must_use]
    pub fn is_stale_beside(&self, stored: &Self) -> bool {
        use DeploymentStatus::{InProgress, Pending, RolledBack};
        let same_start = self.started_at == stored.started_at;
        let ended_before = |end| end <= stored.started_at && self.started_at < stored.started_at;
        if self.completed_at.is_some_and(ended_before) {
            return true;
        }
        match (self.completed_at, stored.completed_at) {
            (None, Some(stored_end)) => self.started_at <= stored_end,
            (None, None) => same_start && self.status == Pending && stored.status == InProgress,
            (Some(end), Some(stored_end)) => {
                same_start && self.status != RolledBack && stored.status == RolledBack && end < stored_end
            }
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeploymentStatus::{Cancelled, Failure, InProgress, Pending, RolledBack, Success};

    fn at(minute: u8) -> Timestamp {
        Timestamp::parse(&format!("2024-01-15T10:{minute:02}:00Z")).unwrap()
    }

    fn run(status: DeploymentStatus, start: u8, end: Option<u8>) -> Run {
        Run::new(status, at(start), end.map(at)).unwrap()
    }

    #[test]
    fn a_status_is_one_of_six_words() {
        for status in DeploymentStatus::ALL {
            assert_eq!(DeploymentStatus::parse(status.as_str()), Ok(status));
        }
        for bad in ["", "succeeded", "Success", "in-progress"] {
            assert_eq!(
                DeploymentStatus::parse(bad),
                Err(InvalidDeploymentStatus),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_terminal_status_needs_its_time_and_another_drops_it() {
        assert_eq!(
            Run::new(Success, at(1), None),
            Err(InvalidRun::CompletionMissing(Success))
        );
        assert_eq!(
            Run::new(Failure, at(2), Some(at(1))),
            Err(InvalidRun::CompletedBeforeStart)
        );
        assert_eq!(run(Success, 1, Some(1)).succeeded_at(), Some(at(1)));
        assert_eq!(run(Failure, 1, Some(2)).succeeded_at(), None);
        assert_eq!(run(Pending, 5, Some(1)).completed_at(), None);
        assert_eq!(run(Failure, 1, Some(2)).completed_at(), Some(at(2)));
    }

    #[test]
    fn a_late_event_is_stale_and_a_re_run_is_not() {
        for (stored, late, stale) in [
            // pending or in_progress after the end of the same run
            ((Success, 10, Some(20)), (InProgress, 10, None), true),
            ((Success, 10, Some(20)), (Pending, 9, None), true),
            ((Failure, 10, Some(20)), (InProgress, 20, None), true),
            ((Failure, 10, Some(20)), (InProgress, 21, None), false),
            ((RolledBack, 10, Some(20)), (Pending, 10, None), true),
            // pending after in_progress of the same start
            ((InProgress, 10, None), (Pending, 10, None), true),
            ((InProgress, 10, None), (Pending, 11, None), false),
            ((InProgress, 10, None), (Pending, 9, None), false),
            ((Pending, 10, None), (InProgress, 10, None), false),
            ((InProgress, 10, None), (InProgress, 10, None), false),
            // an earlier end after a rollback of the same start
            ((RolledBack, 10, Some(30)), (Success, 10, Some(20)), true),
            ((RolledBack, 10, Some(30)), (Failure, 10, Some(29)), true),
            ((RolledBack, 10, Some(30)), (Cancelled, 10, Some(20)), true),
            ((RolledBack, 10, Some(30)), (Success, 10, Some(30)), false),
            ((RolledBack, 10, Some(30)), (RolledBack, 10, Some(20)), false),
            ((RolledBack, 10, Some(30)), (Success, 11, Some(20)), false),
            // otherwise the last one received wins
            ((Success, 10, Some(20)), (Failure, 10, Some(15)), false),
            ((Success, 10, Some(20)), (RolledBack, 10, Some(15)), false),
            ((InProgress, 10, None), (Success, 5, Some(6)), true),
            // an older run that had ended when the stored one began, whatever became of it
            ((Success, 20, Some(25)), (Failure, 0, Some(5)), true),
            ((Failure, 20, Some(25)), (RolledBack, 0, Some(20)), true),
            ((RolledBack, 20, Some(25)), (Success, 0, Some(21)), false),
            ((Success, 20, Some(25)), (Success, 20, Some(20)), false),
        ] {
            let [stored, late] = [stored, late].map(|(status, start, end)| run(status, start, end));
            assert_eq!(late.is_stale_beside(&stored), stale, "{late:?} after {stored:?}");
        }
    }
}
