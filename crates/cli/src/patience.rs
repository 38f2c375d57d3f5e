//! Work on a store that others use too. A store that is busy or slow refuses a piece of work; the same piece, or a smaller
//! one, succeeds later. So long work shrinks its pieces, waits longer after each refusal, and ends only after ten minutes
//! without any success.

use periscope_domain::ports::StoreError;
use periscope_domain::use_cases::{RecordCommitsError, RecordDeploymentError, RecordPullRequestsError};
use std::time::Duration;
use tokio::time::sleep;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long refusals may last without any success.
const LIMIT: Duration = Duration::from_mins(10);

/// A piece that took no longer than this may be followed by a larger one.
const QUICK: Duration = Duration::from_millis(500);

/// A failure that passes by itself, or does not.
pub(crate) trait Passing: Into<anyhow::Error> {
    /// Whether the same work may succeed later.
    fn passes(&self) -> bool;
}

impl Passing for StoreError {
    fn passes(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Passing for RecordCommitsError {
    fn passes(&self) -> bool {
        matches!(self, Self::Busy) || matches!(self, Self::Store(error) if error.passes())
    }
}

impl Passing for RecordPullRequestsError {
    fn passes(&self) -> bool {
        matches!(self, Self::Busy) || matches!(self, Self::Store(error) if error.passes())
    }
}

impl Passing for RecordDeploymentError {
    fn passes(&self) -> bool {
        matches!(self, Self::Busy) || matches!(self, Self::Store(error) if error.passes())
    }
}

/// How large the next piece is, and how long to wait before it.
#[derive(Debug)]
pub(crate) struct Patience {
    size: usize,
    most: usize,
    pause: Duration,
    waited: Duration,
}

impl Patience {
    /// Pieces of `first` to begin with, and of up to `most` while the store is quick.
    pub(crate) const fn new(first: usize, most: usize) -> Self {
        Self {
            size: first,
            most,
            pause: FIRST_PAUSE,
            waited: Duration::ZERO,
        }
    }

    /// The size of the next piece.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// Notes that a piece was done.
    pub(crate) fn succeeded(&mut self, took: Duration) {
        (self.pause, self.waited) = (FIRST_PAUSE, Duration::ZERO);
        if took <= QUICK {
            self.size = (self.size * 2).min(self.most);
        }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The failure itself, when it does not pass or has lasted too long.
    pub(crate) async fn failed<E: Passing>(&mut self, error: E) -> anyhow::Result<()> {
        match self.next_pause(error.passes()) {
            Some(pause) => {
                sleep(pause).await;
                Ok(())
            }
            None => Err(error.into()),
        }
    }

    fn next_pause(&mut self, passes: bool) -> Option<Duration> {
        if !passes || self.waited >= LIMIT {
            return None;
        }
        let pause = self.pause;
        self.size = (self.size / 2).max(1);
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        self.waited += pause;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_shrink_while_the_store_refuses_and_grow_while_it_is_quick() {
        let mut patience = Patience::new(4, 10);
        let mut sizes = Vec::new();
        for quick in [
            Some(true),
            Some(true),
            None,
            None,
            None,
            None,
            Some(false),
            Some(true),
        ] {
            match quick {
                None => assert!(patience.next_pause(true).is_some()),
                Some(true) => patience.succeeded(QUICK),
                Some(false) => patience.succeeded(QUICK * 2),
            }
            sizes.push(patience.size());
        }
        assert_eq!(sizes, [8, 10, 5, 2, 1, 1, 1, 2]);
    }

    #[test]
    fn pauses_grow_and_end_after_ten_minutes_without_success() {
        let mut patience = Patience::new(1, 1);
        let pauses: Vec<Duration> = std::iter::from_fn(|| patience.next_pause(true)).collect();
        let seconds: Vec<f64> = pauses.iter().take(8).map(Duration::as_secs_f64).collect();
        assert_eq!(seconds, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]);
        let all: Duration = pauses.iter().sum();
        assert!((LIMIT..LIMIT + LONGEST_PAUSE).contains(&all), "{all:?}");
        patience.succeeded(QUICK);
        assert_eq!(patience.next_pause(true), Some(FIRST_PAUSE));
        assert_eq!(patience.next_pause(false), None);
    }
}
