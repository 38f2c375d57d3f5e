//! The four figures that matter most, each with its level, how it changed, and what it means.

use crate::charts::Sparkline;
use crate::text;
use periscope_domain::metrics::{
    self, Distribution, Figures, Level, Metric, NoData, Rating, TimeSlice, TooFew,
};
use periscope_domain::use_cases::Report;
use std::borrow::Cow;

/// One of the four.
pub(crate) struct Tile {
    pub(crate) name: &'static str,
    pub(crate) metric: Metric,
    /// The figure with its unit; `None` if there is none.
    pub(crate) figure: Option<String>,
    pub(crate) unit: &'static str,
    /// How good the figure is; `None` if there is none.
    rating: Option<Rating>,
    pub(crate) change: Option<Change>,
    /// Why there is no figure.
    pub(crate) no_data: Option<Cow<'static, str>>,
    /// What the figure rests on.
    pub(crate) sample: String,
    /// Its course.
    pub(crate) trend: Option<String>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    More,
    Less,
}

/// How a figure differs from the window before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// By how much, with an arrow.
    pub(crate) text: String,
    /// `better`, `worse` or nothing.
    pub(crate) word: &'static str,
    /// The figure before, unless the text says it.
    pub(crate) before: Option<String>,
}

impl Tile {
    /// The tile of one of the four metrics; `None` for any other.
    pub(crate) fn of(report: &Report) -> Option<Self> {
        let answer = &report.answer;
        let size = answer.sample_size;
        let tile = match &answer.figures {
            Figures::DeploymentFrequency(figures) => Self {
                name: "Deployment frequency",
                unit: "a day",
                trend: trend(
                    figures
                        .daily
                        .iter()
                        .map(|(_, counts)| Some(float(counts.success))),
                ),
                rating: figures.current.map(|now| now.level),
                sample: text::counted(size, "completed deployment"),
                ..Self::measured(
                    [figures.current, figures.previous].map(|of| of.map(|of| of.per_day)),
                    Better::More,
                    text::number,
                )
            },
            Figures::LeadTime(figures) => Self {
                name: "Lead time for changes",
                unit: "median",
                trend: trend(medians(&figures.weekly)),
                rating: figures.current.map(|now| now.level),
                sample: text::counted(size, "shipped pull request"),
                ..Self::measured(
                    [figures.current, figures.previous].map(|of| of.map(|of| of.distribution.p50)),
                    Better::Less,
                    text::duration,
                )
            },
            Figures::ChangeFailureRate(figures) => Self {
                name: "Change failure rate",
                unit: "",
                trend: trend(figures.weekly.iter().map(|(_, rate)| rate.map(|rate| rate.share))),
                rating: figures.current.map(|now| now.level),
                sample: text::counted(size, "deployment"),
                ..Self::measured(
                    [figures.current, figures.previous].map(|of| of.map(|of| of.share)),
                    Better::Less,
                    text::percent,
                )
            },
            Figures::Recovery(figures) => Self {
                name: "Time to recovery",
                unit: "median",
                trend: trend(medians(&figures.weekly)),
                rating: figures.current.map(|now| now.level),
                sample: text::counted(size, "ended outage"),
                ..Self::measured(
                    [figures.current, figures.previous].map(|of| of.map(|of| of.distribution.p50 * 60.0)),
                    Better::Less,
                    text::duration,
                )
            },
            _ => return None,
        };
        Some(Self {
            metric: answer.metric,
            no_data: answer.no_data.as_ref().map(NoData::sentence),
            ..tile
        })
    }

    pub(crate) fn level(&self) -> Option<Level> {
        self.rating?.ok()
    }

    /// Why the figure has no level.
    pub(crate) fn no_level(&self) -> Option<&'static str> {
        self.rating?.err().map(TooFew::sentence)
    }

    fn measured([now, before]: [Option<f64>; 2], better: Better, write: fn(f64) -> String) -> Self {
        Self {
            name: "",
            metric: Metric::Overview,
            figure: now.map(write),
            unit: "",
            rating: None,
            change: Change::between(now, before, Some(better), write),
            no_data: None,
            sample: String::new(),
            trend: None,
        }
    }
}

type Weekly = [(TimeSlice, Option<Distribution>)];

fn medians(weekly: &Weekly) -> impl Iterator<Item = Option<f64>> {
    weekly.iter().map(|(_, times)| times.map(|times| times.p50))
}

/// A course, if it has any point.
fn trend(values: impl Iterator<Item = Option<f64>>) -> Option<String> {
    let values: Vec<_> = values.collect();
    let sparkline = Sparkline {
        values: &values,
        title: None,
    };
    values.iter().any(Option::is_some).then(|| sparkline.to_string())
}

impl Change {
    /// The change between two figures, if there are two.
    pub(crate) fn between(
        now: Option<f64>,
        before: Option<f64>,
        better: Option<Better>,
        write: impl Fn(f64) -> String,
    ) -> Option<Self> {
        let (now, before) = now.zip(before)?;
        let [now_written, before_written] = [now, before].map(&write);
        if now_written == before_written {
            return Some(Self {
                text: "no change".to_owned(),
                word: "",
                before: Some(before_written),
            });
        }
        let is_more = now > before;
        let word = match better {
            Some(better) if (better == Better::More) == is_more => "better",
            Some(_) => "worse",
            None => "",
        };
        let arrow = if is_more {
            "\u{2191}\u{a0}"
        } else {
            "\u{2193}\u{a0}"
        };
        let (text, before) = match metrics::Change::between(before, now) {
            metrics::Change::Percent(percent) => (text::percent(percent.abs() / 100.0), Some(before_written)),
            metrics::Change::FromTo => (format!("from {before_written} to {now_written}"), None),
        };
        Some(Self {
            text: format!("{arrow}{text}"),
            word,
            before,
        })
    }
}

/// A count to compare.
#[expect(clippy::cast_precision_loss, reason = "nobody has counted to 2 to the 53rd")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_tells_by_how_much_and_whether_that_is_better() {
        for (now, before, better, text, word) in [
            (
                3.0,
                2.0,
                Some(Better::More),
                "\u{2191}\u{a0}50\u{202f}%",
                "better",
            ),
            (3.0, 2.0, Some(Better::Less), "\u{2191}\u{a0}50\u{202f}%", "worse"),
            (
                1.0,
                2.0,
                Some(Better::Less),
                "\u{2193}\u{a0}50\u{202f}%",
                "better",
            ),
            (1.0, 2.0, None, "\u{2193}\u{a0}50\u{202f}%", ""),
            (1.0, 0.0, Some(Better::Less), "\u{2191}\u{a0}from 0 to 1", "worse"),
            (
                20.0,
                1.0,
                Some(Better::More),
                "\u{2191}\u{a0}from 1 to 20",
                "better",
            ),
            (2.0, 2.0, Some(Better::More), "no change", ""),
            (2.0, 2.001, Some(Better::More), "no change", ""),
        ] {
            let change = Change::between(Some(now), Some(before), better, text::number).unwrap();
            assert_eq!(
                (change.text.as_str(), change.word),
                (text, word),
                "{now} after {before}"
            );
        }
        assert_eq!(Change::between(Some(1.0), None, None, text::number), None);
    }
}
