//! Charts of made-up data, always the same.

use super::calendar::Date;
use super::lines::Series;
use super::stacked_bars::{Bar, Kind};
use super::*;

/// Numbers that look like chance and are always the same, from 0 to 1.
pub(super) struct Chance(u32);

impl Chance {
    pub(super) const fn new() -> Self {
        Self(2_463_534_242)
    }

    pub(super) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0) / f64::from(u32::MAX)
    }

    /// A whole number below another.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let chosen = self.next() * f64::from(bound);
        (0..bound)
            .rfind(|count| f64::from(*count) <= chosen)
            .unwrap_or_default()
    }

    /// About as lines of code and spans of time are spread: many small ones, few great.
    pub(super) fn skewed(&mut self, middle: f64, spread: f64) -> f64 {
        let sum: f64 = (0..6).map(|_| self.next()).sum();
        middle * ((sum - 3.0) * spread).exp()
    }
}

pub(super) fn caption<'a>(id: &'a str, title: &'a str) -> Caption<'a> {
    let description = "payments, production";
    Caption {
        id,
        title,
        description,
    }
}

pub(super) fn dates(first: &str, step: i64, count: usize) -> Vec<Date> {
    let first: Date = first.parse().unwrap();
    first.series(jiff::Span::new().days(step)).take(count).collect()
}

pub(super) fn bars(id: &str, count: usize) -> StackedBars<'_> {
    let mut chance = Chance::new();
    let bar = |date: Date| {
        let is_weekend = date.weekday().to_monday_one_offset() > 5;
        let most = if is_weekend { 2 } else { 14 };
        let [success, failure] = [chance.below(most), chance.below(most / 3 + 1)];
        let [rolled_back, cancelled] = [chance.below(8) / 6, chance.below(9) / 7];
        let rare = if is_weekend {
            [0, 0]
        } else {
            [rolled_back, cancelled]
        };
        let counts = [success, failure / 2, rare[0], rare[1]].map(u64::from);
        Bar { date, counts }
    };
    StackedBars {
        caption: caption(id, "Deployments per day"),
        grain: Grain::Day,
        noun: ("deployment", "deployments"),
        kinds: Kind::STATUSES,
        bars: dates("2025-10-21", 1, count).into_iter().map(bar).collect(),
    }
}

pub(super) fn lines(id: &str, count: usize) -> Lines<'_> {
    let mut chance = Chance::new();
    let weeks: Vec<Option<[f64; 3]>> = (0..count)
        .map(|week| {
            let p50 = chance.skewed(9_000.0, 0.5);
            let values = [
                p50,
                p50 * (1.5 + chance.next()),
                p50 * (3.0 + 3.0 * chance.next()),
            ];
            (!matches!(week, 3 | 7 | 9 | 10)).then_some(values)
        })
        .collect();
    let series = |index: usize, name| Series {
        name,
        values: weeks
            .iter()
            .map(|week| week.map(|values| values[index]))
            .collect(),
    };
    Lines {
        caption: caption(id, "Lead time by week"),
        grain: Grain::Week,
        measure: "lead time",
        dates: dates("2026-04-06", 7, count),
        series: vec![series(0, "p50"), series(1, "p75"), series(2, "p95")],
    }
}

pub(super) fn points(count: usize) -> Vec<Point> {
    let mut chance = Chance::new();
    let point = |_| {
        let lines = chance.skewed(90.0, 1.5);
        let seconds = chance.skewed(20_000.0, 1.3) * lines.powf(0.25);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small and positive"
        )]
        let lines = if chance.next() < 0.01 { 0 } else { lines as u32 };
        Point { lines, seconds }
    };
    (0..count).map(point).collect()
}

pub(super) fn scatter<'a>(id: &'a str, points: &'a [Point], marked: &'a [Marked<'a>]) -> Scatter<'a> {
    Scatter {
        caption: caption(id, "Size against cycle time"),
        measure: "cycle time",
        points,
        marked,
    }
}
