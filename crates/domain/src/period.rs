//! Spans of time that have their beginning and not their end, so that spans that follow each other share nothing and
//! leave nothing out.

use crate::timestamp::Timestamp;
use thiserror::Error;
use time::Duration;

/// From one time up to, not including, another; open on the side where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// A period ends before it begins, or at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be after since")]
pub struct ReversedPeriod;

impl Period {
    /// All of time.
    pub const ALWAYS: Self = Self {
        since: None,
        until: None,
    };

    /// Puts a beginning and an end together.
    ///
    /// # Errors
    /// [`ReversedPeriod`] when it has both and the end is not after the beginning.
    pub fn new(since: Option<Timestamp>, until: Option<Timestamp>) -> Result<Self, ReversedPeriod> {
        match (since, until) {
            (Some(since), Some(until)) if until <= since => Err(ReversedPeriod),
            _ => Ok(Self { since, until }),
        }
    }

    /// From a time on.
    #[must_use]
    pub const fn from(since: Timestamp) -> Self {
        Self {
            since: Some(since),
            until: None,
        }
    }

    /// Up to a time, and with it.
    #[must_use]
    pub fn up_to(last: Timestamp) -> Self {
        Self {
            since: None,
            until: Some(last.plus(Duration::microseconds(1))),
        }
    }

    /// Its first point in time, if it has one.
    #[must_use]
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// The first point in time after it, if it has an end.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether a time lies in it.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u8) -> Timestamp {
        Timestamp::parse(&format!("2024-01-15T{hour:02}:00:00Z")).unwrap()
    }

    #[test]
    fn a_period_has_its_beginning_but_not_its_end() {
        for (since, until, times) in [
            (Some(2), Some(4), [false, true, true, false]),
            (Some(2), None, [false, true, true, true]),
            (None, Some(4), [true, true, true, false]),
            (None, None, [true, true, true, true]),
        ] {
            let period = Period::new(since.map(at), until.map(at)).unwrap();
            assert_eq!(
                [1, 2, 3, 4].map(|hour| period.contains(at(hour))),
                times,
                "{period:?}"
            );
            assert_eq!(
                (period.since(), period.until()),
                (since.map(at), until.map(at)),
                "{period:?}"
            );
        }
    }

    #[test]
    fn a_period_from_a_time_or_up_to_one_has_that_time() {
        for (period, times) in [
            (Period::from(at(2)), [false, true, true]),
            (Period::up_to(at(2)), [true, true, false]),
        ] {
            assert_eq!(
                [1, 2, 3].map(|hour| period.contains(at(hour))),
                times,
                "{period:?}"
            );
        }
    }

    #[test]
    fn a_period_that_ends_before_it_has_begun_is_refused() {
        for (since, until, sound) in [(2, 3, true), (2, 2, false), (3, 2, false)] {
            assert_eq!(
                Period::new(Some(at(since)), Some(at(until))).is_ok(),
                sound,
                "{since} {until}"
            );
        }
    }
}
