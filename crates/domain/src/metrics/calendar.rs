//! Days and ISO weeks of a time zone. Where clocks are set they have 23 or 25 hours, a day that a zone skipped is not
//! there, and the first and last one of a window are as long as the part that lies in it.

use super::Window;
use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;
use jiff::civil::{Date, Weekday};

/// A day or a week, or the part of it that lies in the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeSlice {
    /// `2026-11-24`, or `2026-W48`.
    pub name: String,
    /// What of the window it is.
    pub window: Window,
}

/// How a window is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Days,
    Weeks,
}

impl Cut {
    /// The slices of a window without gaps, in order; those without an event are among them.
    pub(crate) fn slices(self, window: Window, zone: &TimeZone) -> Vec<TimeSlice> {
        let mut slices = Vec::new();
        // The first week may begin later than on its Monday: it is clipped to the window anyway.
        let mut date = date_of(window.since, zone);
        while let Some(current) = date {
            let next = self.after(current);
            let since = start_of(current, zone).unwrap_or(window.since).max(window.since);
            let until = next.and_then(|next| start_of(next, zone));
            let until = until.unwrap_or(window.until).min(window.until);
            if since < until {
                let name = self.name(current);
                let window = Window { since, until };
                slices.push(TimeSlice { name, window });
            }
            date = next.filter(|_| until < window.until);
        }
        slices
    }

    fn after(self, date: Date) -> Option<Date> {
        match self {
            Self::Days => date.tomorrow().ok(),
            Self::Weeks => date.nth_weekday(1, Weekday::Monday).ok(),
        }
    }

    fn name(self, date: Date) -> String {
        match self {
            Self::Days => date.to_string(),
            Self::Weeks => {
                let week = date.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
        }
    }
}

/// Sorts events into slices.
pub(crate) struct Sorter<'a, T> {
    slices: &'a [TimeSlice],
    current: usize,
    sorted: Vec<T>,
}

impl<'a, T: Default + Clone> Sorter<'a, T> {
    pub(crate) fn new(slices: &'a [TimeSlice]) -> Self {
        Self {
            slices,
            current: 0,
            sorted: vec![T::default(); slices.len()],
        }
    }

    /// What belongs to the slice of a time, in microseconds. Times have to come in order.
    pub(crate) fn at(&mut self, time: i64) -> Option<&mut T> {
        while let Some(slice) = self.slices.get(self.current)
            && slice.window.until.microseconds() <= time
        {
            self.current += 1;
        }
        self.sorted.get_mut(self.current)
    }

    /// Every slice with what belongs to it.
    pub(crate) fn finish<U>(self, mut each: impl FnMut(T) -> U) -> Vec<(TimeSlice, U)> {
        let slices = self.slices.iter().cloned();
        slices.zip(self.sorted.into_iter().map(&mut each)).collect()
    }
}

fn date_of(time: Timestamp, zone: &TimeZone) -> Option<Date> {
    let time = jiff::Timestamp::from_microsecond(time.microseconds()).ok()?;
    Some(time.to_zoned_datetime(zone.rules().clone()).date())
}

/// The first point in time of a day; where midnight was skipped, the first one after it.
fn start_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let start = date.to_zoned_datetime(zone.rules().clone()).ok()?;
    Timestamp::from_unix_seconds(start.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(cut: Cut, since: &str, until: &str, zone: &str) -> Vec<(String, String)> {
        let [since, until] = [since, until].map(|text| Timestamp::parse(text).unwrap());
        let window = Window::new(since, until).unwrap();
        cut.slices(window, &TimeZone::parse(zone).unwrap())
            .into_iter()
            .map(|slice| (slice.name, slice.window.since.to_string()))
            .collect()
    }

    fn told(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let expected = expected.iter();
        expected
            .map(|(name, since)| ((*name).to_owned(), (*since).to_owned()))
            .collect()
    }

    #[test]
    fn days_begin_at_midnight_of_the_zone_and_are_clipped_to_the_window() {
        assert_eq!(
            slices(Cut::Days, "2024-02-28T12:00:00Z", "2024-03-01T00:00:00Z", "UTC"),
            told(&[
                ("2024-02-28", "2024-02-28T12:00:00Z"),
                ("2024-02-29", "2024-02-29T00:00:00Z")
            ])
        );
        assert_eq!(
            slices(
                Cut::Days,
                "2024-01-01T00:00:00Z",
                "2024-01-02T00:00:00Z",
                "Asia/Kathmandu"
            ),
            told(&[
                ("2024-01-01", "2024-01-01T00:00:00Z"),
                ("2024-01-02", "2024-01-01T18:15:00Z")
            ])
        );
    }

    #[test]
    fn a_day_on_which_clocks_are_set_has_23_or_25_hours() {
        assert_eq!(
            slices(
                Cut::Days,
                "2024-03-30T23:00:00Z",
                "2024-04-01T22:00:00Z",
                "Europe/Berlin"
            ),
            told(&[
                ("2024-03-31", "2024-03-30T23:00:00Z"),
                ("2024-04-01", "2024-03-31T22:00:00Z")
            ])
        );
        assert_eq!(
            slices(
                Cut::Days,
                "2024-10-26T22:00:00Z",
                "2024-10-28T23:00:00Z",
                "Europe/Berlin"
            ),
            told(&[
                ("2024-10-27", "2024-10-26T22:00:00Z"),
                ("2024-10-28", "2024-10-27T23:00:00Z")
            ])
        );
    }

    #[test]
    fn midnight_may_not_exist_and_a_whole_day_neither() {
        // Clocks were set from 00:00 to 01:00.
        assert_eq!(
            slices(
                Cut::Days,
                "2024-04-25T22:00:00Z",
                "2024-04-26T21:00:00Z",
                "Africa/Cairo"
            ),
            told(&[("2024-04-26", "2024-04-25T22:00:00Z")])
        );
        // Samoa went from the 29th to the 31st.
        assert_eq!(
            slices(
                Cut::Days,
                "2011-12-29T10:00:00Z",
                "2011-12-31T10:00:00Z",
                "Pacific/Apia"
            ),
            told(&[
                ("2011-12-29", "2011-12-29T10:00:00Z"),
                ("2011-12-31", "2011-12-30T10:00:00Z")
            ])
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_are_named_by_iso_8601() {
        assert_eq!(
            slices(Cut::Weeks, "2020-12-30T00:00:00Z", "2021-01-12T00:00:00Z", "UTC"),
            told(&[
                ("2020-W53", "2020-12-30T00:00:00Z"),
                ("2021-W01", "2021-01-04T00:00:00Z"),
                ("2021-W02", "2021-01-11T00:00:00Z")
            ])
        );
    }

    #[test]
    fn events_are_sorted_into_periods_by_time() {
        let window = Window::new(
            Timestamp::parse("2024-01-01T00:00:00Z").unwrap(),
            Timestamp::parse("2024-01-04T00:00:00Z").unwrap(),
        );
        let slices = Cut::Days.slices(window.unwrap(), &TimeZone::UTC);
        let mut sorter: Sorter<'_, u32> = Sorter::new(&slices);
        for time in [
            "2024-01-01T00:00:00Z",
            "2024-01-03T00:00:00Z",
            "2024-01-03T23:59:59Z",
        ] {
            *sorter.at(Timestamp::parse(time).unwrap().microseconds()).unwrap() += 1;
        }
        let counts: Vec<_> = sorter
            .finish(|count| count)
            .into_iter()
            .map(|(_, count)| count)
            .collect();
        assert_eq!(counts, [1, 0, 2]);
    }
}
