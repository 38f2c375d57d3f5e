//! Axes of time: the days and weeks of a chart as dates of the zone they were cut in, and which of them are labelled.
//! The finest of days, Mondays, months, quarters and years is taken whose labels stay apart; the first label and the
//! first of every year say the year.

use super::text;
use jiff::civil::{ISOWeekDate, Weekday};
use periscope_domain::metrics::TimeSlice;

pub(super) use jiff::civil::Date;

/// How far labels stay apart, in pixels.
const GAP: f64 = 12.0;
/// How far a label may reach beyond the plot.
const BEYOND: f64 = 12.0;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What a bar or a point of a chart stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grain {
    /// A day.
    Day,
    /// An ISO week, by its Monday.
    Week,
}

/// The date of a day, or the Monday of a week.
#[must_use]
pub(super) fn date_of(slice: &TimeSlice) -> Option<Date> {
    match slice.name.split_once("-W") {
        None => slice.name.parse().ok(),
        Some((year, week)) => {
            let week = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday);
            Some(week.ok()?.date())
        }
    }
}

/// The Monday of a date's week.
pub(super) fn monday_of(date: Date) -> Date {
    let week = date.iso_week_date();
    ISOWeekDate::new(week.year(), week.week(), Weekday::Monday).map_or(date, ISOWeekDate::date)
}

/// `Tue 3 Feb 2026`, or `Week of Mon 2 Feb 2026`.
pub(super) fn told(date: Date, grain: Grain) -> String {
    let weekday = match date.weekday() {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    };
    let date = format!("{weekday} {} {} {}", date.day(), month(date), date.year());
    match grain {
        Grain::Day => date,
        Grain::Week => format!("Week of {date}"),
    }
}

fn month(date: Date) -> &'static str {
    let index = usize::try_from(date.month() - 1).unwrap_or_default();
    MONTHS.get(index).copied().unwrap_or_default()
}

/// A label under an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    /// Where its middle is, from 0 to 1.
    pub(super) at: f64,
    pub(super) text: String,
}

/// How dense labels are.
#[derive(Clone, Copy)]
enum Step {
    /// Every so many days or weeks.
    Every(usize),
    /// Every so many Mondays.
    Mondays(usize),
    /// Every so many months, January among them.
    Months(i8),
    Years,
}

/// The labels for dates that share so many pixels, if each has the same part of them.
pub(super) fn labels(dates: &[Date], pixels: f64) -> Vec<Label> {
    let steps = [
        Step::Every(1),
        Step::Every(2),
        Step::Mondays(1),
        Step::Mondays(2),
        Step::Months(1),
        Step::Months(2),
        Step::Months(3),
        Step::Months(6),
        Step::Years,
    ];
    let of_each = steps.into_iter().map(|step| step.labels(dates, pixels));
    let fit = of_each
        .filter(|labels| !labels.is_empty())
        .find(|labels| stay_apart(labels, pixels));
    fit.unwrap_or_else(|| {
        let mut first = Step::Every(1).labels(dates, pixels);
        first.truncate(1);
        first
    })
}

/// Whether no label touches the next, with so many pixels for all.
pub(super) fn stay_apart(labels: &[Label], pixels: f64) -> bool {
    let ends = labels
        .iter()
        .map(|label| (label.at * pixels, text::width(&label.text) / 2.0));
    let next = ends.clone().skip(1);
    ends.zip(next)
        .all(|((at, half), (next, next_half))| next - next_half - at - half >= GAP)
}

/// Whether a label stays within its axis, or near enough.
pub(super) fn stays_within(label: &Label, pixels: f64) -> bool {
    label.at * pixels + text::width(&label.text) / 2.0 <= pixels + BEYOND
}

impl Step {
    fn labels(self, dates: &[Date], pixels: f64) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        let (mut mondays, mut year) = (0, None);
        let days_of_each = match dates {
            [first, second, ..] => (*second - *first).get_days(),
            _ => 1,
        };
        for (index, date) in dates.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| dates.get(before));
            let begins_month = match before {
                None => i32::from(date.day()) <= days_of_each,
                Some(before) => before.month() != date.month() || before.year() != date.year(),
            };
            let chosen = match self {
                Self::Every(count) => index.is_multiple_of(count),
                Self::Mondays(count) if date.weekday() == Weekday::Monday => {
                    mondays += 1;
                    (mondays - 1_usize).is_multiple_of(count)
                }
                Self::Mondays(_) => false,
                Self::Months(count) => begins_month && (date.month() - 1) % count == 0,
                Self::Years => begins_month && date.month() == 1,
            };
            if !chosen {
                continue;
            }
            let label = Label {
                at: (text::real_len(index) + 0.5) / text::real_len(dates.len()),
                text: self.text(*date, year != Some(date.year())),
            };
            if stays_within(&label, pixels) {
                labels.push(label);
                year = Some(date.year());
            }
        }
        labels
    }

    fn text(self, date: Date, with_year: bool) -> String {
        let text = match self {
            Self::Every(_) | Self::Mondays(_) => format!("{} {}", date.day(), month(date)),
            Self::Months(_) => month(date).to_owned(),
            Self::Years => return date.year().to_string(),
        };
        if with_year {
            format!("{text} {}", date.year())
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periscope_domain::metrics::Window;
    use periscope_domain::timestamp::Timestamp;

    fn days(first: &str, count: usize) -> Vec<Date> {
        let first: Date = first.parse().unwrap();
        first.series(jiff::Span::new().days(1)).take(count).collect()
    }

    fn weeks(first: &str, count: usize) -> Vec<Date> {
        let first: Date = first.parse().unwrap();
        first.series(jiff::Span::new().weeks(1)).take(count).collect()
    }

    fn shown(dates: &[Date], pixels: f64) -> Vec<String> {
        labels(dates, pixels)
            .into_iter()
            .map(|label| label.text)
            .collect()
    }

    #[test]
    fn slices_are_dates_of_their_zone() {
        let [since, until] =
            ["2026-11-23T23:00:00Z", "2026-11-24T23:00:00Z"].map(|time| Timestamp::parse(time).unwrap());
        for (name, date) in [
            ("2026-11-24", Some("2026-11-24")),
            ("2026-W48", Some("2026-11-23")),
            ("2020-W53", Some("2020-12-28")),
            ("2021-W53", None),
            ("soon", None),
        ] {
            let name = name.to_owned();
            let window = Window { since, until };
            let found = date_of(&TimeSlice { name, window }).map(|date| date.to_string());
            assert_eq!(found.as_deref(), date);
        }
    }

    #[test]
    fn labels_are_days_or_months_or_years_by_how_much_room_there_is() {
        assert_eq!(
            shown(&days("2026-02-02", 3), 600.0),
            ["2 Feb 2026", "3 Feb", "4 Feb"]
        );
        assert_eq!(
            shown(&days("2026-01-30", 30), 600.0),
            ["2 Feb 2026", "9 Feb", "16 Feb", "23 Feb"]
        );
        assert_eq!(
            shown(&days("2025-12-10", 90), 600.0),
            [
                "15 Dec 2025",
                "29 Dec",
                "12 Jan 2026",
                "26 Jan",
                "9 Feb",
                "23 Feb"
            ]
        );
        assert_eq!(
            shown(&days("2025-11-20", 90), 260.0),
            ["Dec 2025", "Jan 2026", "Feb"]
        );
        assert_eq!(
            shown(&days("2025-02-10", 400), 240.0),
            ["Apr 2025", "Jul", "Oct", "Jan 2026"]
        );
        assert_eq!(shown(&days("2026-02-02", 1), 600.0), ["2 Feb 2026"]);
        assert_eq!(
            shown(&weeks("2025-12-22", 4), 600.0),
            ["22 Dec 2025", "29 Dec", "5 Jan 2026", "12 Jan"]
        );
        assert!(labels(&[], 600.0).is_empty());
    }

    #[test]
    fn labels_never_touch_and_never_leave_the_axis() {
        for count in 1..=400 {
            for pixels in [180.0, 260.0, 560.0, 900.0] {
                for dates in [days("2025-08-27", count), weeks("2025-08-25", count)] {
                    let labels = labels(&dates, pixels);
                    assert!(
                        !labels.is_empty() && stay_apart(&labels, pixels),
                        "{count} {pixels}"
                    );
                    assert!(
                        labels.iter().all(|label| label.at * pixels >= 0.0),
                        "{count} {pixels}"
                    );
                }
            }
        }
    }

    #[test]
    fn dates_are_told_as_people_write_them() {
        let date: Date = "2026-02-03".parse().unwrap();
        assert_eq!(told(date, Grain::Day), "Tue 3 Feb 2026");
        assert_eq!(told(monday_of(date), Grain::Week), "Week of Mon 2 Feb 2026");
    }
}
