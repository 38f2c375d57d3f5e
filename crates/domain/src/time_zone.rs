//! Time zones by their IANA name, from a database inside the program, so that days are cut alike on every machine.

use jiff::tz::TimeZoneDatabase;
use std::fmt;
use thiserror::Error;

/// A time zone.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone(jiff::tz::TimeZone);

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

    pub(crate) const fn rules(&self) -> &jiff::tz::TimeZone {
        &self.0
    }
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
