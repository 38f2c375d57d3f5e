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
}
