//! Spans of time day by day or week by week, a line for each figure, named and valued where it ends. A missing value
//! leaves a gap, for nothing was measured there and a zero would be a lie; a value between two gaps is a dot.

use super::calendar::{Date, Grain, date_of, told};
use super::frame::{Across, Caption, Frame};
use super::text::{Num, Text, duration, real_len};
use super::ticks::Axis;
use periscope_domain::metrics::{Distribution, TimeSlice};
use std::fmt;

/// How high the plot is, in pixels.
const HEIGHT: f64 = 220.0;
/// How wide the place of a point is.
const PLACE: f64 = 10.0;
/// From this ratio of the greatest to the least value on, the scale is logarithmic, so that a median beside the 95th
/// percentile is more than a line along the axis.
const LEGIBLE: f64 = 10.0;
/// How far the names of lines stay apart, in pixels.
const LEADING: f64 = 15.0;

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series<'a> {
    /// As short as `p50`.
    pub name: &'a str,
    /// In seconds, one for every date.
    pub values: Vec<Option<f64>>,
}

/// Spans of time by day or week.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    /// How the chart is called.
    pub caption: Caption<'a>,
    /// What a point stands for.
    pub grain: Grain,
    /// What the values are, in front of their unit: `lead time`.
    pub measure: &'a str,
    /// Without gaps, in order: the days, or the Mondays of the weeks.
    pub dates: Vec<Date>,
    /// Four at most.
    pub series: Vec<Series<'a>>,
}

impl<'a> Lines<'a> {
    /// The median, the third quartile and the 95th percentile of every week, of figures whose unit has so many seconds.
    #[must_use]
    pub(crate) fn percentiles(
        caption: Caption<'a>,
        measure: &'a str,
        seconds: f64,
        weekly: &[(TimeSlice, Option<Distribution>)],
    ) -> Self {
        let weeks = weekly
            .iter()
            .filter_map(|(slice, figures)| Some((date_of(slice)?, figures)));
        let weeks: Vec<(Date, &Option<Distribution>)> = weeks.collect();
        let series = |name, figure: fn(&Distribution) -> f64| {
            let values = weeks
                .iter()
                .map(|(_, figures)| figures.as_ref().map(|figures| figure(figures) * seconds));
            let values = values.collect();
            Series { name, values }
        };
        Self {
            caption,
            grain: Grain::Week,
            measure,
            series: vec![
                series("p50", |figures| figures.p50),
                series("p75", |figures| figures.p75),
                series("p95", |figures| figures.p95),
            ],
            dates: weeks.iter().map(|(date, _)| *date).collect(),
        }
    }

    /// Whether there is no value to draw.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        let mut values = self.series.iter().flat_map(|series| &series.values);
        values.all(Option::is_none)
    }

    fn write_marks(&self, f: &mut fmt::Formatter<'_>, up: &Axis) -> fmt::Result {
        for (number, series) in (1..).zip(&self.series) {
            write!(f, r#"<g class="chart-series-{number}">"#)?;
            write_line(f, &series.values, up)?;
            f.write_str("</g>")?;
        }
        for (number, series) in (1..).zip(&self.series) {
            write!(f, r#"<g class="chart-points chart-series-{number}">"#)?;
            for ((place, date), value) in self.dates.iter().enumerate().zip(&series.values) {
                let Some(value) = value else { continue };
                let (date, name) = (told(*date, self.grain), Text(series.name));
                write!(f, "<g><title>{date}: {name} {}</title>", duration(*value))?;
                write!(
                    f,
                    r#"<path d="M{} {}h0"/></g>"#,
                    across(place),
                    Num(down(*value, up))
                )?;
            }
            f.write_str("</g>")?;
        }
        Ok(())
    }

    fn write_names(&self, f: &mut fmt::Formatter<'_>, up: &Axis) -> fmt::Result {
        let ends = self
            .series
            .iter()
            .map(|series| series.values.iter().rev().find_map(|value| *value));
        let ends: Vec<Option<f64>> = ends.collect();
        let heights: Vec<f64> = ends.iter().flatten().map(|value| down(*value, up)).collect();
        let mut places = apart(&heights).into_iter();
        for ((number, series), end) in (1..).zip(&self.series).zip(ends) {
            let Some((end, place)) = end.and_then(|end| Some((end, places.next()?))) else {
                continue;
            };
            write!(
                f,
                r#"<g class="chart-series-{number}"><path class="chart-line" d="M5 {0}h12"/><text x="21" y="{1}">{2} {3}</text></g>"#,
                Num(place),
                Num(place + 4.0),
                Text(series.name),
                duration(end)
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.series.iter().flat_map(|series| &series.values).flatten();
        let up = Axis::durations_of_any_size(values.copied(), LEGIBLE);
        let unit = if up.is_logarithmic() { "log scale" } else { up.unit };
        let frame = Frame {
            caption: self.caption,
            links: false,
            unit: &format!("{}, {unit}", self.measure),
            up: &up,
            across: Across::Dates(&self.dates),
            plot: (PLACE * real_len(self.dates.len()), HEIGHT),
            beside: true,
        };
        f.write_str(r#"<div class="chart">"#)?;
        frame.write(
            f,
            fmt::from_fn(|f| self.write_marks(f, &up)),
            fmt::from_fn(|f| self.write_names(f, &up)),
        )?;
        f.write_str("</div>")
    }
}

/// A line through what lies between two gaps, a dot where that is one value.
fn write_line(f: &mut fmt::Formatter<'_>, values: &[Option<f64>], up: &Axis) -> fmt::Result {
    let places: Vec<(usize, Option<f64>)> = values.iter().copied().enumerate().collect();
    let runs = places
        .split(|(_, value)| value.is_none())
        .filter(|run| !run.is_empty());
    let (dots, lines): (Vec<_>, Vec<_>) = runs.partition(|run| run.len() == 1);
    for (class, end, runs) in [("chart-line", "", lines), ("chart-dot", "h0", dots)] {
        if runs.is_empty() {
            continue;
        }
        write!(f, r#"<path class="{class}" d=""#)?;
        for run in runs {
            let points = run.iter().filter_map(|(place, value)| Some((*place, (*value)?)));
            for ((place, value), before) in points.zip(std::iter::once("M").chain(std::iter::repeat(" "))) {
                write!(f, "{before}{} {}", across(place), Num(down(value, up)))?;
            }
            f.write_str(end)?;
        }
        f.write_str(r#""/>"#)?;
    }
    Ok(())
}

fn across(place: usize) -> Num {
    Num(PLACE * (real_len(place) + 0.5))
}

fn down(value: f64, up: &Axis) -> f64 {
    HEIGHT * (1.0 - up.at(value))
}

/// Heights for names as near to their lines as they can be without touching each other or leaving the plot.
fn apart(heights: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = heights.iter().copied().enumerate().collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut highest = f64::NEG_INFINITY;
    for (_, height) in &mut order {
        *height = height.max(highest);
        highest = *height + LEADING;
    }
    let mut lowest = HEIGHT;
    for (_, height) in order.iter_mut().rev() {
        *height = height.min(lowest);
        lowest = *height - LEADING;
    }
    order.sort_by_key(|(index, _)| *index);
    order.into_iter().map(|(_, height)| height).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{caption, dates, lines};
    use super::super::tests::{count, path, slice};
    use super::*;

    fn one_series(values: &[Option<f64>]) -> String {
        let chart = Lines {
            caption: caption("lead-time", "Lead time by week"),
            grain: Grain::Week,
            measure: "lead time",
            dates: dates("2026-02-02", 7, values.len()),
            series: vec![Series {
                name: "p50",
                values: values.to_vec(),
            }],
        };
        chart.to_string()
    }

    #[test]
    fn figures_of_the_domain_become_lines() {
        let of_hours = Distribution::of(&mut [1, 2, 3]);
        let weekly = [(slice("2026-W06"), None), (slice("2026-W07"), of_hours)];
        let chart = Lines::percentiles(caption("cycle", "Cycle time"), "cycle time", 3_600.0, &weekly);
        assert_eq!(chart.dates, dates("2026-02-02", 7, 2));
        assert_eq!(chart.series[0].values, [None, Some(7_200.0)]);
        assert_eq!(
            chart.series.iter().map(|series| series.name).collect::<Vec<_>>(),
            ["p50", "p75", "p95"]
        );
    }

    #[test]
    fn a_missing_value_is_a_gap_and_a_single_one_a_dot() {
        let hours = |hours: f64| Some(3_600.0 * hours);
        let chart = one_series(&[
            hours(4.0),
            hours(2.0),
            None,
            hours(1.0),
            None,
            hours(3.0),
            hours(0.0),
        ]);
        assert_eq!(path(&chart, "chart-line"), "M5 0 15 110M55 55 65 220");
        assert_eq!(path(&chart, "chart-dot"), "M35 165h0");
        assert_eq!(count(&chart, "<g><title>"), 5);
        assert_eq!(count(&chart, "Week of Mon 23 Feb 2026: p50 1 h</title>"), 1);
        assert_eq!(count(&chart, ">p50 0 s</text>"), 1, "named where it ends");
        assert_eq!(count(&chart, ">lead time, hours</text>"), 1);
    }

    #[test]
    fn a_median_far_below_the_95th_percentile_stands_off_the_axis() {
        for (hours, scale, least) in [([1.0, 9.0], "hours", 20.0), ([1.0, 1_000.0], "log scale", 40.0)] {
            let mut chart = lines("apart", 1);
            chart.series.truncate(2);
            for (series, hours) in chart.series.iter_mut().zip(hours) {
                series.values = vec![Some(3_600.0 * hours)];
            }
            let chart = chart.to_string();
            assert_eq!(
                count(&chart, &format!(">lead time, {scale}</text>")),
                1,
                "{chart}"
            );
            let (_, down) = path(&chart, "chart-dot").split_once(' ').unwrap();
            let up = HEIGHT - down.trim_end_matches("h0").parse::<f64>().unwrap();
            assert!(up > least, "{hours:?}: {up}");
        }
    }

    #[test]
    fn a_line_of_one_point_and_one_of_none_are_drawn_too() {
        let one = one_series(&[Some(60.0)]);
        assert_eq!((count(&one, "chart-dot"), count(&one, "<g><title>")), (1, 1));
        let none = one_series(&[None, None]);
        assert_eq!((count(&none, "<g><title>"), count(&none, "p50")), (0, 0));
        assert!(one_series(&[]).ends_with("</svg></div>"));
    }

    #[test]
    fn names_at_the_ends_of_lines_do_not_touch() {
        for values in [
            [3_600.0, 3_601.0, 3_602.0],
            [0.0, 0.0, 100_000.0],
            [9e4, 9e4, 9e4],
        ] {
            let mut chart = lines("close", 1);
            for (series, value) in chart.series.iter_mut().zip(values) {
                series.values = vec![Some(value)];
            }
            let chart = chart.to_string();
            let ends = chart.split(r#"<text x="21" y=""#).skip(1);
            let mut places: Vec<f64> = ends
                .map(|end| end.split_once('"').unwrap().0.parse().unwrap())
                .collect();
            places.sort_by(f64::total_cmp);
            assert_eq!(places.len(), 3);
            assert!(
                places.windows(2).all(|pair| pair[1] - pair[0] >= 15.0),
                "{places:?}"
            );
            assert!(
                places.iter().all(|place| (4.0..=224.0).contains(place)),
                "{places:?}"
            );
        }
    }
}
