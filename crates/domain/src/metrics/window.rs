//! The span of time that a figure is about, and the one before it, which it is compared with.

use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;
use crate::whole_number;
use thiserror::Error;
use time::Duration;

/// The longest window, in days.
pub const MAX_DAYS: u32 = 400;

/// From a time up to, not including, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first point in time that belongs to it.
    pub since: Timestamp,
    /// The first one that does not any more.
    pub until: Timestamp,
}

/// Two times make no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidWindow {
    /// It ends where it begins, or before.
    #[error("must be after since")]
    Reversed,
    /// It is too long.
    #[error("must be at most {MAX_DAYS} days after since")]
    TooLong,
}

/// A text is no range of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a number of days from 1d to {MAX_DAYS}d")]
pub struct InvalidTimeRange;

impl Window {
    /// The window between two times.
    ///
    /// # Errors
    /// [`InvalidWindow`] when it is empty, reversed or longer than 400 days.
    pub fn new(since: Timestamp, until: Timestamp) -> Result<Self, InvalidWindow> {
        let window = Self { since, until };
        if until <= since {
            Err(InvalidWindow::Reversed)
        } else if window.length() > Duration::days(MAX_DAYS.into()) {
            Err(InvalidWindow::TooLong)
        } else {
            Ok(window)
        }
    }

    /// So many days of 24 hours up to now.
    #[must_use]
    pub fn of_last(range: TimeRange, now: Timestamp) -> Self {
        Self {
            since: now.plus(-Duration::days(range.0.into())),
            until: now,
        }
    }

    /// The window of the same length that ends where this one begins.
    #[must_use]
    pub fn previous(self) -> Self {
        Self {
            since: self.since.plus(-self.length()),
            until: self.since,
        }
    }

    /// What of it lies before a time; all of it if nothing does.
    #[must_use]
    pub fn up_to(self, now: Timestamp) -> Self {
        let until = if self.since < now {
            self.until.min(now)
        } else {
            self.until
        };
        Self { until, ..self }
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> Duration {
        Duration::microseconds(self.until.microseconds() - self.since.microseconds())
    }

    /// Its length in days of 24 hours, as they pass or as the clocks of a zone show them, whichever are fewer: an hour that
    /// clocks show twice costs nobody a level, and neither does one that they skip. No less than a day becomes of it.
    #[must_use]
    pub fn days(self, zone: &TimeZone) -> f64 {
        let length = self.length();
        let set_forward = zone.ahead_of_utc(self.until) - zone.ahead_of_utc(self.since);
        let shown = (length + set_forward).max(length.min(Duration::DAY));
        length.min(shown).as_seconds_f64() / 86_400.0
    }

    /// Whether a time belongs to it.
    #[must_use]
    pub fn contains(self, time: Timestamp) -> bool {
        self.since <= time && time < self.until
    }
}

/// A number of days that a window reaches back from now: 1 to 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange(u32);

impl TimeRange {
    /// What is asked about when nobody says.
    pub const DEFAULT: Self = Self(30);

    /// Reads a number of days: `7d`, `30d`, `90d`, up to `400d`.
    ///
    /// # Errors
    /// [`InvalidTimeRange`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidTimeRange> {
        let days = text.strip_suffix('d').and_then(whole_number::parse);
        days.filter(|days| (1..=MAX_DAYS).contains(days))
            .map(Self)
            .ok_or(InvalidTimeRange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_range_is_1_to_400_days() {
        for (text, days) in [("1d", 1), ("7d", 7), ("90d", 90), ("400d", 400)] {
            assert_eq!(TimeRange::parse(text), Ok(TimeRange(days)), "{text}");
        }
        for bad in [
            "",
            "d",
            "0d",
            "401d",
            "30",
            "30D",
            "-7d",
            "+7d",
            " 7d",
            "07d",
            "7 d",
            "1w",
            "99999999999d",
        ] {
            assert_eq!(TimeRange::parse(bad), Err(InvalidTimeRange), "{bad}");
        }
    }

    #[test]
    fn a_window_ends_after_it_begins_and_spans_at_most_400_days() {
        let since = at("2024-01-01T00:00:00Z");
        for (until, window) in [
            ("2024-01-01T00:00:00Z", Err(InvalidWindow::Reversed)),
            ("2023-12-31T00:00:00Z", Err(InvalidWindow::Reversed)),
            ("2025-02-04T00:00:00.000001Z", Err(InvalidWindow::TooLong)),
        ] {
            assert_eq!(Window::new(since, at(until)), window);
        }
        assert!(Window::new(since, at("2025-02-04T00:00:00Z")).is_ok());
        assert!(Window::new(since, at("2024-01-01T00:00:00.000001Z")).is_ok());
    }

    #[test]
    fn a_range_reaches_back_from_now() {
        let now = at("2024-03-08T12:00:00Z");
        let window = Window::of_last(TimeRange::parse("7d").unwrap(), now);
        assert_eq!((window.since, window.until), (at("2024-03-01T12:00:00Z"), now));
    }

    #[test]
    fn a_window_goes_up_to_now_unless_it_lies_wholly_ahead() {
        let window = Window::new(at("2024-03-01T00:00:00Z"), at("2024-03-08T00:00:00Z")).unwrap();
        for (now, until) in [
            ("2024-02-01T00:00:00Z", "2024-03-08T00:00:00Z"),
            ("2024-03-01T00:00:00Z", "2024-03-08T00:00:00Z"),
            ("2024-03-02T12:00:00Z", "2024-03-02T12:00:00Z"),
            ("2024-03-08T00:00:00Z", "2024-03-08T00:00:00Z"),
            ("2024-04-01T00:00:00Z", "2024-03-08T00:00:00Z"),
        ] {
            let part = window.up_to(at(now));
            assert_eq!((part.since, part.until), (window.since, at(until)), "{now}");
        }
    }

    #[test]
    fn the_window_before_is_as_long_and_ends_where_it_begins() {
        let window = Window::new(at("2024-03-01T00:00:00Z"), at("2024-03-08T12:00:00Z")).unwrap();
        let previous = window.previous();
        assert_eq!(
            (previous.since, previous.until),
            (at("2024-02-22T12:00:00Z"), window.since)
        );
        assert!(window.contains(window.since) && !window.contains(window.until));
    }
}
