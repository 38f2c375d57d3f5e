//! Deployments, or whatever is counted, day by day or week by week: a bar for each, its parts stacked in one order,
//! success at the bottom.
//!
//! A bar is a vertical stroke and its stripes are dashes of that stroke, so that they stay even at any width and cost
//! nothing. A part that is there is at least a pixel high: one failure among a thousand is seen. Past 120 days, where a day
//! would be less than a pixel on a telephone, deployments are drawn by week, and the title says so.

use super::calendar::{Date, Grain, date_of, monday_of, told};
use super::frame::{Across, Caption, Frame};
use super::text::{Num, Text, counted, grouped, real, real_len};
use super::ticks::Axis;
use periscope_domain::metrics::{StatusCounts, TimeSlice};
use std::fmt;

/// How high the plot is, in pixels.
const HEIGHT: f64 = 200.0;
/// How wide the place of a bar is.
const PLACE: f64 = 10.0;
/// The greatest part of the width that one bar takes.
const WIDEST: f64 = 0.05;
/// More days than these are too narrow on a telephone: a range of 120 days begins and ends within one.
const MOST_DAYS: usize = 121;

const BY_DAY: Caption<'_> = Caption {
    id: "deployments-over-time",
    title: "Deployments per day",
    description: "A bar for each day, split by how the deployments ended.",
};
const BY_WEEK: Caption<'_> = Caption {
    title: "Deployments per week",
    description: "A bar for each week, split by how the deployments ended. The first and the last week are only as long \
                  as the range.",
    ..BY_DAY
};

/// What a part of a bar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Success,
    Failure,
    RolledBack,
    Cancelled,
    Merged,
}

impl Kind {
    /// How deployments end.
    pub(crate) const STATUSES: &[Self] = &[Self::Success, Self::Failure, Self::RolledBack, Self::Cancelled];

    /// How a legend calls it.
    #[must_use]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::RolledBack => "rolled back",
            Self::Cancelled => "cancelled",
            Self::Merged => "merged",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Success => "chart-success",
            Self::Failure => "chart-failure",
            Self::RolledBack => "chart-rolled-back",
            Self::Cancelled => "chart-cancelled",
            Self::Merged => "chart-merged",
        }
    }
}

/// A day or a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The day, or the Monday of the week.
    pub date: Date,
    /// How many there are of each kind, in the order of [`StackedBars::kinds`].
    pub counts: [u64; 4],
}

impl Bar {
    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Counts by day or week.
#[derive(Clone, Debug)]
pub(crate) struct StackedBars<'a> {
    /// How the chart is called.
    pub caption: Caption<'a>,
    /// What a bar stands for.
    pub grain: Grain,
    /// What is counted, once and many times.
    pub noun: (&'a str, &'a str),
    /// What its parts are, the lowest first; four at most.
    pub kinds: &'a [Kind],
    /// Without gaps, in order.
    pub bars: Vec<Bar>,
}

impl<'a> StackedBars<'a> {
    /// Deployments by day, or by week if there are many days, and by how they ended.
    #[must_use]
    pub(crate) fn deployments(daily: &[(TimeSlice, StatusCounts)]) -> Self {
        let bar = |(slice, counts): &(TimeSlice, StatusCounts)| {
            let date = date_of(slice)?;
            let counts = [
                counts.success,
                counts.failure,
                counts.rolled_back,
                counts.cancelled,
            ];
            Some(Bar { date, counts })
        };
        let days: Vec<Bar> = daily.iter().filter_map(bar).collect();
        let (caption, grain, bars) = if days.len() > MOST_DAYS {
            (BY_WEEK, Grain::Week, by_week(&days))
        } else {
            (BY_DAY, Grain::Day, days)
        };
        Self {
            caption,
            grain,
            noun: ("deployment", "deployments"),
            kinds: Kind::STATUSES,
            bars,
        }
    }

    /// Merged pull requests by day or by week.
    #[must_use]
    pub(crate) fn merges(caption: Caption<'a>, grain: Grain, series: &[(TimeSlice, u64)]) -> Self {
        let bar = |(slice, count): &(TimeSlice, u64)| {
            let counts = [*count, 0, 0, 0];
            date_of(slice).map(|date| Bar { date, counts })
        };
        Self {
            caption,
            grain,
            noun: ("pull request", "pull requests"),
            kinds: &[Kind::Merged],
            bars: series.iter().filter_map(bar).collect(),
        }
    }

    /// How many there are of each kind.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.kinds.iter().enumerate().map(|(index, kind)| {
            let counts = self.bars.iter().filter_map(|bar| bar.counts.get(index));
            (*kind, counts.sum())
        })
    }

    fn write_drawing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let up = Axis::counts(self.bars.iter().map(|bar| real(bar.total())).fold(0.0, f64::max));
        let dates: Vec<Date> = self.bars.iter().map(|bar| bar.date).collect();
        let every = match self.grain {
            Grain::Day => "day",
            Grain::Week => "week",
        };
        let frame = Frame {
            caption: self.caption,
            links: false,
            unit: &format!("{} per {every}", self.noun.1),
            up: &up,
            across: Across::Dates(&dates),
            plot: (PLACE * real_len(self.bars.len()), HEIGHT),
            beside: false,
        };
        frame.write(f, fmt::from_fn(|f| self.write_marks(f, &up)), "")
    }

    fn write_marks(&self, f: &mut fmt::Formatter<'_>, up: &Axis) -> fmt::Result {
        let count = real_len(self.bars.len());
        let width = PLACE * f64::min(0.7, WIDEST * count);
        write!(f, r#"<g stroke-width="{}">"#, Num(width))?;
        for (index, kind) in self.kinds.iter().enumerate() {
            if self
                .bars
                .iter()
                .all(|bar| bar.counts.get(index).is_none_or(|count| *count == 0))
            {
                continue;
            }
            write!(f, r#"<path class="{}" d=""#, kind.class())?;
            for (place, bar) in self.bars.iter().enumerate() {
                let mut parts = bar.counts.iter().map(|count| height(*count, up));
                let below: f64 = parts.by_ref().take(index).sum();
                if let Some(height) = parts.next().filter(|height| *height > 0.0) {
                    write!(f, "M{} {}v{}", middle(place), Num(HEIGHT - below), Num(-height))?;
                }
            }
            f.write_str(r#""/>"#)?;
        }
        f.write_str("</g>")?;
        self.write_titles(f)
    }

    /// What a pointer finds on a bar: the whole height of its place, also where it is empty.
    fn write_titles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<g class="chart-places" stroke-width="{PLACE}">"#)?;
        for (place, bar) in self.bars.iter().enumerate() {
            let total = counted(bar.total(), self.noun);
            write!(f, "<g><title>{}: {}", told(bar.date, self.grain), Text(&total))?;
            let parts = self.kinds.iter().zip(bar.counts);
            for (kind, count) in parts.filter(|(_, count)| *count > 0 && self.kinds.len() > 1) {
                write!(f, ", {} {}", grouped(count), kind.word())?;
            }
            write!(f, r#"</title><path d="M{} 0v{HEIGHT}"/></g>"#, middle(place))?;
        }
        f.write_str("</g>")
    }

    fn write_legend(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"<ul class="chart-legend">"#)?;
        for (kind, total) in self.totals() {
            write!(
                f,
                r#"<li><svg width="12" height="12" aria-hidden="true"><path class="{}" stroke-width="12" d="M6 12v-12"/></svg>{} <b>{}</b></li>"#,
                kind.class(),
                kind.word(),
                grouped(total)
            )?;
        }
        f.write_str("</ul>")
    }
}

impl fmt::Display for StackedBars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"<div class="chart">"#)?;
        self.write_drawing(f)?;
        if self.kinds.len() > 1 {
            self.write_legend(f)?;
        }
        f.write_str("</div>")
    }
}

fn by_week(days: &[Bar]) -> Vec<Bar> {
    let mut weeks: Vec<Bar> = Vec::new();
    for day in days {
        let date = monday_of(day.date);
        match weeks.last_mut().filter(|week| week.date == date) {
            Some(week) => {
                let sums = week.counts.iter_mut().zip(day.counts);
                sums.for_each(|(sum, count)| *sum += count);
            }
            None => weeks.push(Bar { date, ..*day }),
        }
    }
    weeks
}

fn height(count: u64, up: &Axis) -> f64 {
    if count == 0 {
        0.0
    } else {
        (up.at(real(count)) * HEIGHT).max(1.0)
    }
}

fn middle(place: usize) -> Num {
    Num(PLACE * (real_len(place) + 0.5))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{bars, caption, dates};
    use super::super::tests::{count, path, slice};
    use super::*;

    #[test]
    fn counts_of_the_domain_become_bars() {
        let [success, failure, rolled_back, cancelled] = [4, 3, 2, 1];
        let counts = StatusCounts {
            success,
            failure,
            rolled_back,
            cancelled,
        };
        let chart = StackedBars::deployments(&[(slice("2026-02-03"), counts)]);
        let date = dates("2026-02-03", 1, 1)[0];
        assert_eq!(
            chart.bars,
            [Bar {
                date,
                counts: [4, 3, 2, 1]
            }]
        );
        let totals: Vec<_> = chart.totals().map(|(kind, total)| (kind.word(), total)).collect();
        assert_eq!(
            totals,
            [
                ("success", 4),
                ("failure", 3),
                ("rolled back", 2),
                ("cancelled", 1)
            ]
        );

        let merges = StackedBars::merges(
            caption("merges", "Merged"),
            Grain::Week,
            &[(slice("2026-W06"), 5)],
        );
        assert_eq!(
            merges
                .to_string()
                .matches("Week of Mon 2 Feb 2026: 5 pull requests</title>")
                .count(),
            1
        );
    }

    #[test]
    fn every_day_has_a_title_and_every_part_a_mark() {
        let mut chart = bars("days", 3);
        let days = [[10, 2, 0, 0], [0; 4], [0, 0, 0, 1_200]];
        for (bar, counts) in chart.bars.iter_mut().zip(days) {
            bar.counts = counts;
        }
        let chart = chart.to_string();
        for title in [
            "Tue 21 Oct 2025: 12 deployments, 10 success, 2 failure",
            "Wed 22 Oct 2025: no deployments",
            "Thu 23 Oct 2025: 1,200 deployments, 1,200 cancelled",
        ] {
            assert_eq!(count(&chart, &format!("<title>{title}</title>")), 1, "{title}");
        }
        assert_eq!(path(&chart, "chart-success"), "M5 200v-1.3");
        assert_eq!(
            path(&chart, "chart-failure"),
            "M5 198.7v-1",
            "seen, however few they are"
        );
        assert_eq!(path(&chart, "chart-cancelled"), "M25 200v-160");
        for legend in [
            "success <b>10</b>",
            "failure <b>2</b>",
            "rolled back <b>0</b>",
            "cancelled <b>1,200</b>",
        ] {
            assert_eq!(count(&chart, legend), 1, "{legend}");
        }
    }

    #[test]
    fn past_120_days_deployments_are_drawn_by_week() {
        let daily = |days: usize| -> Vec<_> {
            let dates = dates("2025-10-21", 1, days).into_iter();
            let counts = StatusCounts {
                success: 3,
                failure: 1,
                ..StatusCounts::default()
            };
            dates.map(|date| (slice(&date.to_string()), counts)).collect()
        };
        for (days, title, bars, first) in [
            (121, "Deployments per day", 121, "Tue 21 Oct 2025: 4 "),
            (122, "Deployments per week", 18, "Week of Mon 20 Oct 2025: 24 "),
            (400, "Deployments per week", 58, "Week of Mon 27 Oct 2025: 28 "),
        ] {
            let chart = StackedBars::deployments(&daily(days));
            let text = chart.to_string();
            assert_eq!((chart.caption.title, count(&text, title)), (title, 1));
            assert_eq!(
                (count(&text, "<g><title>"), count(&text, first)),
                (bars, 1),
                "{days}"
            );
            let told: u64 = chart.totals().map(|(_, total)| total).sum();
            assert_eq!(told, 4 * days as u64);
        }
    }

    #[test]
    fn merged_pull_requests_are_bars_of_one_part_without_a_legend() {
        let chart = StackedBars {
            noun: ("pull request", "pull requests"),
            kinds: &[Kind::Merged],
            ..bars("days", 10)
        };
        let chart = chart.to_string();
        assert_eq!(
            (count(&chart, "chart-merged"), count(&chart, "chart-legend")),
            (1, 0)
        );
        assert_eq!(count(&chart, "success"), 0);
    }
}
