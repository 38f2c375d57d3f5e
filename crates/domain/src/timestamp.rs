//! Points in time: UTC, whole microseconds, because that is what Postgres keeps; nanoseconds held in memory
//! would make equal things differ after a round trip.

use std::fmt;
use thiserror::Error;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Duration, OffsetDateTime, UtcOffset, macros::datetime};

const MICROSECOND: i128 = 1_000;

/// The earliest time that anyone may report.
const EARLIEST: Timestamp = Timestamp(datetime!(2000-01-01 00:00 UTC));

/// How far ahead of our clock a reported time may lie.
const CLOCK_TOLERANCE: Duration = Duration::hours(24);

/// A point in time in UTC, in whole microseconds, between the years 1 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

/// A text is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an ISO 8601 timestamp with a time zone")]
pub struct InvalidTimestamp;

/// A time lies outside of what may be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must lie between 2000-01-01 and 24 hours from now")]
pub struct ImplausibleTimestamp;

impl Timestamp {
    /// The first point in time there is.
    pub const FIRST: Self = Self(datetime!(0001-01-01 00:00 UTC));

    /// The last whole second there is.
    pub const LAST: Self = Self(datetime!(9999-12-31 23:59:59 UTC));

    /// Cuts a point in time to whole microseconds, in UTC.
    #[must_use]
    pub fn new(time: OffsetDateTime) -> Self {
        let excess = time.unix_timestamp_nanos().rem_euclid(MICROSECOND);
        let excess = Duration::nanoseconds(i64::try_from(excess).unwrap_or_default());
        let utc = time.checked_to_offset(UtcOffset::UTC).unwrap_or(time);
        Self(utc.checked_sub(excess).unwrap_or(utc))
    }

    /// The point that lies so many seconds after 1970-01-01 00:00 UTC, as Git stores times. `None` outside of
    /// the years 1 to 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        (time.year() >= 1).then_some(Self(time))
    }

    /// The point that lies so many microseconds after 1970-01-01 00:00 UTC. `None` outside of the years 1 to 9999.
    #[must_use]
    pub fn from_microseconds(microseconds: i64) -> Option<Self> {
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * MICROSECOND).ok()?;
        (time.year() >= 1).then_some(Self(time))
    }

    /// Reads an ISO 8601 date and time with a zone, in the extended form (`2024-01-15T10:30:00Z`,
    /// `2024-01-15T10:30:00.5+02:00`, also `+0200` as `date +%z` prints it) or the basic one
    /// (`20240115T103000Z`).
    ///
    /// # Errors
    /// [`InvalidTimestamp`] when it is something else, no real date, or lacks the zone.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let text = text.trim();
        let time = OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(text, &Iso8601::PARSING))
            .or_else(|error| {
                with_colon_in_offset(text).map_or(Err(error), |text| OffsetDateTime::parse(&text, &Rfc3339))
            })
            .map_err(|_| InvalidTimestamp)?;
        let utc = time.checked_to_offset(UtcOffset::UTC).ok_or(InvalidTimestamp)?;
        if (1..=9999).contains(&utc.year()) {
            Ok(Self::new(utc))
        } else {
            Err(InvalidTimestamp)
        }
    }

    /// The same time, if it may be reported: from 2000-01-01 to 24 hours after `now`.
    ///
    /// # Errors
    /// [`ImplausibleTimestamp`] when it lies outside.
    pub fn plausible(self, now: Self) -> Result<Self, ImplausibleTimestamp> {
        let latest = now.plus(CLOCK_TOLERANCE);
        if (EARLIEST..=latest).contains(&self) {
            Ok(self)
        } else {
            Err(ImplausibleTimestamp)
        }
    }

    /// The point that lies so much later, or earlier; the last or the first one there is, if that is past it.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration)).clamp(Self::FIRST, Self::LAST)
    }

    /// Microseconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub fn microseconds(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / MICROSECOND).unwrap_or(i64::MAX)
    }

    /// The same point for the `time` crate.
    #[must_use]
    pub const fn to_offset_date_time(self) -> OffsetDateTime {
        self.0
    }
}

/// `date +%Y-%m-%dT%H:%M:%S%z` writes `+0200`, which mixes the two forms of ISO 8601 and which shells send often.
fn with_colon_in_offset(text: &str) -> Option<String> {
    let (rest, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
    Some(format!("{rest}:{minutes}"))
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with as many decimals as there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_8601_with_a_zone_is_read_as_utc() {
        for (text, utc) in [
            ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
            (" 2024-01-15T10:30:00Z\n", "2024-01-15T10:30:00Z"),
            ("2024-01-15t10:30:00z", "2024-01-15T10:30:00Z"),
            ("2024-01-15T10:30:00+02:00", "2024-01-15T08:30:00Z"),
            ("2024-01-15T10:30:00+0200", "2024-01-15T08:30:00Z"),
            ("2024-01-15 10:30:00-0330", "2024-01-15T14:00:00Z"),
            ("2024-01-15T10:30:00.25-0330", "2024-01-15T14:00:00.25Z"),
            ("2024-01-15T10:30:00.123456789Z", "2024-01-15T10:30:00.123456Z"),
            ("2024-01-15T10:30Z", "2024-01-15T10:30:00Z"),
            ("20240115T103000Z", "2024-01-15T10:30:00Z"),
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ] {
            assert_eq!(
                Timestamp::parse(text).map(|t| t.to_string()),
                Ok(utc.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "now",
            "2024-01-15",
            "2024-01-15T10:30:00",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-15T25:00:00Z",
            "2024-01-15T10:30:00+99:00",
            "1705314600",
            "+99999-01-01T00:00:00Z",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "é024-01-15T10:30:00+0200",
        ] {
            assert_eq!(Timestamp::parse(bad), Err(InvalidTimestamp), "{bad}");
        }
    }

    #[test]
    fn a_time_comes_back_from_its_microseconds() {
        for text in [
            "2024-01-15T10:30:00.123456Z",
            "1969-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00Z",
        ] {
            let time = Timestamp::parse(text).unwrap();
            assert_eq!(
                Timestamp::from_microseconds(time.microseconds()),
                Some(time),
                "{text}"
            );
        }
        assert_eq!(Timestamp::from_microseconds(i64::MAX), None);
        assert_eq!(Timestamp::from_microseconds(i64::MIN), None);
    }

    #[test]
    fn no_sum_leaves_the_years_1_to_9999() {
        let years = Duration::days(400 * 365);
        for (time, duration, sum) in [
            (
                "2024-01-15T10:30:00Z",
                Duration::days(-14),
                "2024-01-01T10:30:00Z",
            ),
            ("0001-01-02T00:00:00Z", Duration::days(-1), "0001-01-01T00:00:00Z"),
            (
                "0001-01-01T00:00:00Z",
                Duration::microseconds(-1),
                "0001-01-01T00:00:00Z",
            ),
            ("0002-02-05T00:00:00Z", -years, "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:58Z", Duration::SECOND, "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59Z", Duration::SECOND, "9999-12-31T23:59:59Z"),
            ("9990-01-01T00:00:00Z", years, "9999-12-31T23:59:59Z"),
        ] {
            let sum_found = Timestamp::parse(time).unwrap().plus(duration);
            assert_eq!(sum_found, Timestamp::parse(sum).unwrap(), "{time} {duration}");
        }
    }

    #[test]
    fn a_reported_time_lies_between_2000_and_a_day_from_now() {
        let now = Timestamp::parse("2024-01-15T10:30:00Z").unwrap();
        for (text, plausible) in [
            ("2000-01-01T00:00:00Z", true),
            ("1999-12-31T23:59:59.999999Z", false),
            ("2024-01-16T10:30:00Z", true),
            ("2024-01-16T10:30:00.000001Z", false),
        ] {
            assert_eq!(
                Timestamp::parse(text).unwrap().plausible(now).is_ok(),
                plausible,
                "{text}"
            );
        }
    }
}
