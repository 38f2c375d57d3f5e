//! Numbers as people read them, and small charts of them made of block characters.

use crate::output::{duration, table};
use periscope_domain::metrics::{Change, Distribution, Level, Rating, TimeSlice};

/// What stands where there is no figure.
pub(super) const NOTHING: &str = "-";

/// How many characters a chart is wide.
const WIDTH: usize = 60;

/// How many characters the longest bar of a table is wide.
const BAR: f64 = 20.0;

const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A series as one line: each value as high as it is, neighbours together if there are more than fit.
pub(super) fn line(values: &[f64]) -> String {
    let together = values.len().div_ceil(WIDTH).max(1);
    let values: Vec<f64> = values.chunks(together).map(|chunk| chunk.iter().sum()).collect();
    let max = values.iter().copied().fold(0.0, f64::max);
    let heights = values.iter().map(|value| match value {
        value if *value <= 0.0 => ' ',
        value => height(value / max),
    });
    heights.collect()
}

/// A share of the highest one, above 0.
fn height(share: f64) -> char {
    *HEIGHTS.get(eighths(share) - 1).unwrap_or(&'█')
}

/// Figures week by week as one line: a blank where there is none, a low line where it is 0.
pub(super) fn weeks<T>(series: &[(TimeSlice, Option<T>)], figure: impl Fn(&T) -> f64) -> String {
    let figures: Vec<_> = series.iter().map(|(_, of)| of.as_ref().map(&figure)).collect();
    let max = figures.iter().flatten().copied().fold(0.0, f64::max);
    let heights = figures.into_iter().map(|figure| match figure {
        None => ' ',
        Some(value) if value <= 0.0 => '_',
        Some(value) => height(value / max),
    });
    heights.collect()
}

/// The medians of each week.
pub(super) fn medians(weekly: &[(TimeSlice, Option<Distribution>)]) -> String {
    format!("p50 by week  {}", weeks(weekly, |week| week.p50))
}

/// What stands under a list of which not all is shown.
pub(super) fn more(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        rest => format!("and {rest} more; --output json tells them"),
    }
}

/// A bar as long as a share of the longest one.
pub(super) fn bar(value: f64, max: f64) -> String {
    if max <= 0.0 {
        return String::new();
    }
    let eighths = eighths(value / max * BAR);
    let part = PARTS.get(eighths % 8).unwrap_or(&"");
    format!("{}{part}", "█".repeat(eighths / 8))
}

/// How many eighths, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "charts are some characters wide"
)]
fn eighths(value: f64) -> usize {
    (value.clamp(0.0, 1_000.0) * 8.0).ceil() as usize
}

/// A count to draw or to divide.
#[expect(clippy::cast_precision_loss, reason = "nobody has counted to 2 to the 53rd")]
pub(super) fn count(count: u64) -> f64 {
    count as f64
}

/// A number with as many decimals as are worth reading.
pub(super) fn number(value: f64) -> String {
    let decimals = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// A time in seconds, rounded to whole ones.
#[expect(clippy::cast_possible_truncation, reason = "no time is that long")]
pub(super) fn time(seconds: f64) -> String {
    duration(seconds.round() as i64)
}

/// A level, or that there are too few events for one.
pub(super) fn level(rating: Rating) -> &'static str {
    rating.map_or("too few", Level::as_str)
}

/// How much more or less than before, or from what to what where that says more.
pub(super) fn change(now: Option<f64>, before: Option<f64>, write: impl Fn(f64) -> String) -> String {
    let Some((now, before)) = now.zip(before) else {
        return NOTHING.to_owned();
    };
    match Change::between(before, now) {
        Change::Percent(percent) => format!("{percent:+.0} %"),
        Change::FromTo => format!("from {} to {}", write(before), write(now)),
    }
}

/// Distributions of now and before in rows; `size` is how many seconds a unit of theirs has.
pub(super) fn distributions(now: Option<Distribution>, before: Option<Distribution>, size: f64) -> String {
    let row = |name: &str, of: Option<Distribution>| {
        of.map(|of| {
            let times = [of.p50, of.p75, of.p95, of.mean, of.min, of.max].map(|value| time(value * size));
            [name.to_owned(), of.count.to_string()]
                .into_iter()
                .chain(times)
                .collect()
        })
    };
    let rows: Vec<Vec<String>> = [row("now", now), row("before", before)]
        .into_iter()
        .flatten()
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    table(&["", "count", "p50", "p75", "p95", "mean", "min", "max"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use periscope_domain::metrics::{TimeRange, Window};
    use periscope_domain::timestamp::Timestamp;

    #[test]
    fn a_line_is_as_high_as_its_values_and_no_wider_than_fits() {
        assert_eq!(line(&[0.0, 1.0, 4.0, 8.0]), " ▁▄█");
        assert_eq!(line(&[]), "");
        assert_eq!(line(&[0.0; 3]), "   ");
        assert_eq!(line(&[1.0; 400]).chars().count(), 58);
    }

    #[test]
    fn a_week_without_a_figure_is_blank_and_one_of_0_is_not() {
        let now = Timestamp::parse("2024-01-08T00:00:00Z").unwrap();
        let week = |figure: Option<f64>| {
            let window = Window::of_last(TimeRange::DEFAULT, now);
            let name = "2024-W01".to_owned();
            (TimeSlice { name, window }, figure)
        };
        let series = [None, Some(0.0), Some(0.5), Some(4.0), None, Some(2.0)].map(week);
        assert_eq!(weeks(&series, |figure| *figure), " _▁█ ▄");
        assert_eq!(weeks(&[Some(0.0), None].map(week), |figure| *figure), "_ ");
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        for (value, expected) in [
            (0.0, ""),
            (1.0, "█".repeat(20).as_str()),
            (0.5, "█".repeat(10).as_str()),
            (0.01, "▎"),
        ] {
            assert_eq!(bar(value, 1.0), expected, "{value}");
        }
        assert_eq!(bar(0.0, 0.0), "");
    }

    #[test]
    fn numbers_have_the_decimals_that_are_worth_reading() {
        for (value, text) in [(0.126, "0.13"), (12.34, "12.3"), (123.4, "123")] {
            assert_eq!(number(value), text);
        }
        for (now, before, text) in [
            (Some(3.0), Some(2.0), "+50 %"),
            (Some(1.0), Some(2.0), "-50 %"),
            (Some(1.0), Some(0.0), "from 0.00 to 1.00"),
            (Some(20.0), Some(1.0), "from 1.00 to 20.0"),
            (None, Some(1.0), "-"),
        ] {
            assert_eq!(change(now, before, number), text);
        }
    }
}
