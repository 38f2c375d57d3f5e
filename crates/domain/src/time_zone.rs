//! Time zones by their IANA name, from a database inside the program, so that days are cut alike on every machine.

use crate::timestamp::Timestamp;
use jiff::tz::TimeZoneDatabase;
use std::fmt;
use thiserror::Error;
use time::Duration;

/// A time zone.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone(jiff::tz::TimeZone);

/// What clocks show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The day of the week, 1 for Monday to 7.
    pub weekday: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
}

/// A text names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be the IANA name of a time zone, such as Europe/Berlin")]
pub struct InvalidTimeZone;

impl TimeZone {
    /// UTC.
    pub const UTC: Self = Self(jiff::tz::TimeZone::UTC);

    /// Finds a zone by its name, whatever its letter case.
    ///
    /// # Errors
    /// [`InvalidTimeZone`] when no zone has it.
    pub fn parse(name: &str) -> Result<Self, InvalidTimeZone> {
        TimeZoneDatabase::bundled()
            .get(name.trim())
            .ok()
            .filter(|zone| zone.iana_name().is_some())
            .map(Self)
            .ok_or(InvalidTimeZone)
    }

    /// Its name, as it is properly spelled.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// When a day begins; where clocks skip midnight, just after.
    fn first_moment(&self, day: jiff::civil::Date) -> Timestamp {
        let time = self.0.to_timestamp(day.at(0, 0, 0, 0));
        let time = time.map(|time| Timestamp::from_microseconds(time.as_microsecond()));
        match time {
            Ok(Some(time)) => time,
            _ if day.year() <= 1 => Timestamp::FIRST,
            _ => Timestamp::LAST,
        }
    }

    /// What the zone's clocks show at a point in time.
    #[must_use]
    pub fn local_time(&self, time: Timestamp) -> LocalTime {
        let local = self.0.to_datetime(instant(time));
        let unsigned = i8::unsigned_abs;
        LocalTime {
            year: local.year(),
            month: unsigned(local.month()),
            day: unsigned(local.day()),
            weekday: unsigned(local.weekday().to_monday_one_offset()),
            hour: unsigned(local.hour()),
            minute: unsigned(local.minute()),
        }
    }

    /// How far its clocks are ahead of UTC at a point in time.
    pub(crate) fn ahead_of_utc(&self, time: Timestamp) -> Duration {
        Duration::seconds(self.0.to_offset(instant(time)).seconds().into())
    }

    pub(crate) const fn rules(&self) -> &jiff::tz::TimeZone {
        &self.0
    }
}

fn instant(time: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(time.microseconds()).unwrap_or_default()
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeZone({self})")
    }
}

/// A beginning or an end of a window as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(MomentKind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MomentKind {
    Time(Timestamp),
    Day(jiff::civil::Date),
}

/// A text is neither a time nor a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an ISO 8601 timestamp with a time zone, or a date such as 2026-02-01")]
pub struct InvalidMoment;

impl Moment {
    /// Reads a [timestamp](Timestamp::parse), or a day such as `2026-02-01`, which means its first moment.
    ///
    /// # Errors
    /// [`InvalidMoment`] when it is neither, or no real day of the years 1 to 9999.
    pub fn parse(text: &str) -> Result<Self, InvalidMoment> {
        let kind = match (Timestamp::parse(text), day(text.trim())) {
            (Ok(time), _) => MomentKind::Time(time),
            (Err(_), Some(day)) => MomentKind::Day(day),
            (Err(_), None) => return Err(InvalidMoment),
        };
        Ok(Self(kind))
    }

    /// Whether it is a day.
    #[must_use]
    pub const fn is_day(self) -> bool {
        matches!(self.0, MomentKind::Day(_))
    }

    /// The point in time that it is in a zone.
    #[must_use]
    pub fn at(self, zone: &TimeZone) -> Timestamp {
        match self.0 {
            MomentKind::Time(time) => time,
            MomentKind::Day(day) => zone.first_moment(day),
        }
    }
}

/// A day written as `2026-02-01`.
fn day(text: &str) -> Option<jiff::civil::Date> {
    let mut parts = text.splitn(3, '-');
    let mut part = |length| {
        let part = parts.next()?;
        let is_number = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i16>().ok()).flatten()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    date.ok().filter(|date| date.year() >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name() {
        for (text, name) in [
            ("UTC", "UTC"),
            ("Europe/Berlin", "Europe/Berlin"),
            (" america/st_johns ", "America/St_Johns"),
            ("Etc/GMT+12", "Etc/GMT+12"),
        ] {
            assert_eq!(TimeZone::parse(text).unwrap().name(), name, "{text}");
        }
        assert_eq!(TimeZone::UTC, TimeZone::parse("UTC").unwrap());
    }

    #[test]
    fn clocks_show_what_the_zone_and_the_season_say() {
        for (zone, time, (day, weekday, hour, minute)) in [
            ("UTC", "2026-07-01T00:30:00Z", (1, 3, 0, 30)),
            ("Europe/Berlin", "2026-07-01T22:30:00Z", (2, 4, 0, 30)),
            ("Europe/Berlin", "2026-01-01T22:30:00Z", (1, 4, 23, 30)),
            ("America/St_Johns", "2026-07-01T00:00:00Z", (30, 2, 21, 30)),
        ] {
            let local = TimeZone::parse(zone)
                .unwrap()
                .local_time(Timestamp::parse(time).unwrap());
            let shown = (local.day, local.weekday, local.hour, local.minute);
            assert_eq!(shown, (day, weekday, hour, minute), "{zone} {time}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "Berlin",
            "+02:00",
            "CET-1CEST",
            "../etc/passwd",
            "Europe/Berlin\0",
            "Etc/Unknown",
        ] {
            assert_eq!(TimeZone::parse(bad), Err(InvalidTimeZone), "{bad:?}");
        }
    }

    #[test]
    fn a_day_begins_at_the_midnight_of_its_zone() {
        for (text, zone, time) in [
            ("2026-02-01", "UTC", "2026-02-01T00:00:00Z"),
            (" 2026-02-01 ", "Europe/Berlin", "2026-01-31T23:00:00Z"),
            ("2026-07-01", "Europe/Berlin", "2026-06-30T22:00:00Z"),
            // Clocks go from 23:59:59 to 01:00.
            ("2024-04-26", "Africa/Cairo", "2024-04-25T22:00:00Z"),
            ("2026-02-01T10:00:00Z", "Europe/Berlin", "2026-02-01T10:00:00Z"),
            ("0001-01-01", "Asia/Tokyo", "0001-01-01T00:00:00Z"),
        ] {
            let zone = TimeZone::parse(zone).unwrap();
            let moment = Moment::parse(text).map(|moment| moment.at(&zone).to_string());
            assert_eq!(moment, Ok(time.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_neither_a_time_nor_a_day_is_refused() {
        for text in [
            "",
            "today",
            "2026-2-1",
            "2026-02-30",
            "2026-13-01",
            "0000-01-01",
            "20260201",
            "2026-02-01T10:00",
            "+026-02-01",
            "2026-02-01-01",
        ] {
            assert_eq!(Moment::parse(text), Err(InvalidMoment), "{text}");
        }
    }
}
