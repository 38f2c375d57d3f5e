//! Lead time by quarter: the median over the pull requests that are delivered first in a quarter.

use crate::history::History;
use crate::rules::Links;
use anyhow::Context;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Three months of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quarter {
    year: i32,
    /// From 0 to 3.
    index: u8,
}

impl Quarter {
    pub(crate) fn new(seconds: i64) -> anyhow::Result<Self> {
        let date = OffsetDateTime::from_unix_timestamp(seconds)?.date();
        Ok(Self {
            year: date.year(),
            index: (u8::from(date.month()) - 1) / 3,
        })
    }

    fn next(self) -> Self {
        Self {
            year: self.year + i32::from(self.index == 3),
            index: (self.index + 1) % 4,
        }
    }

    /// When it begins.
    fn start(self) -> String {
        format!("{}-{:02}-01T00:00:00Z", self.year, self.index * 3 + 1)
    }

    /// The window of the quarter, as the parameters of a metric.
    pub(crate) fn parameters(self) -> String {
        format!("since={}&until={}", self.start(), self.next().start())
    }

    /// Every quarter from that of the first to that of the last deployment.
    pub(crate) fn all(history: &History) -> anyhow::Result<Vec<Self>> {
        let deployments = history.deployments.iter();
        let quarters = deployments.map(|deployment| Self::new(seconds(&deployment.completed_at)?));
        let quarters: BTreeSet<_> = quarters.collect::<anyhow::Result<_>>()?;
        let Some((first, last)) = quarters.first().zip(quarters.last()) else {
            return Ok(Vec::new());
        };
        let mut all = vec![*first];
        let mut quarter = *first;
        while quarter < *last {
            quarter = quarter.next();
            all.push(quarter);
        }
        Ok(all)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} Q{}", self.year, self.index + 1)
    }
}

/// The lead time of a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Figure {
    pub(crate) count: usize,
    #[serde(rename = "p50Seconds")]
    pub(crate) p50: f64,
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} s over {}", self.p50, self.count)
    }
}

/// The lead times of the quarters that have one.
pub(crate) type Figures = BTreeMap<Quarter, Figure>;

/// The lead times that links make: first deliveries, or every link of a rule that does not know them.
pub(crate) fn figures(history: &History, links: &Links) -> anyhow::Result<Figures> {
    let merged_at: HashMap<_, _> = history
        .pull_requests
        .iter()
        .map(|pull_request| (pull_request.number, pull_request.merged_at.as_str()))
        .collect();
    let mut lead_times: BTreeMap<Quarter, Vec<i64>> = BTreeMap::new();
    for deployment in &history.deployments {
        let completed = seconds(&deployment.completed_at)?;
        for number in links.get(&deployment.id).into_iter().flatten() {
            let merged = merged_at.get(number).context("a link to no pull request")?;
            let of_quarter = lead_times.entry(Quarter::new(completed)?).or_default();
            of_quarter.push((completed - seconds(merged)?).max(0));
        }
    }
    let figures = lead_times.into_iter();
    Ok(figures
        .filter_map(|(quarter, lead_times)| Some((quarter, figure(lead_times)?)))
        .collect())
}

fn figure(mut lead_times: Vec<i64>) -> Option<Figure> {
    lead_times.sort_unstable();
    let count = lead_times.len();
    let lower = lead_times.get(count.checked_sub(1)? / 2)?;
    let upper = lead_times.get(count / 2)?;
    #[expect(clippy::cast_precision_loss, reason = "centuries in seconds are exact")]
    let p50 = (lower + upper) as f64 / 2.0;
    Some(Figure { count, p50 })
}

fn seconds(time: &str) -> anyhow::Result<i64> {
    let time = OffsetDateTime::parse(time, &Rfc3339).with_context(|| format!("{time} is no time"))?;
    Ok(time.unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::project;

    #[test]
    fn the_median_lies_in_the_middle_or_between_two() {
        for (lead_times, expected) in [
            (vec![], None),
            (vec![7], Some((1, 7.0))),
            (vec![9, 2], Some((2, 5.5))),
            (vec![9, 1, 2], Some((3, 2.0))),
            (vec![9, 1, 2, 4], Some((4, 3.0))),
        ] {
            let found = figure(lead_times).map(|figure| (figure.count, figure.p50));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_first_delivery_counts_in_the_quarter_of_its_deployment() {
        let mut history = project().history;
        history.deployments[5].completed_at = "2025-01-01T00:00:00Z".to_owned();
        let first = Links::from([
            ("a".to_owned(), BTreeSet::from([1, 2])),
            ("f".to_owned(), BTreeSet::from([7])),
        ]);
        let found = figures(&history, &first).unwrap().into_iter();
        let found: Vec<_> = found
            .map(|(quarter, figure)| format!("{quarter}: {figure}"))
            .collect();
        assert_eq!(found, ["2024 Q1: 510 s over 2", "2025 Q1: 31621980 s over 1"]);
        let all = Quarter::all(&history).unwrap();
        let parameters: Vec<_> = all.iter().map(|quarter| quarter.parameters()).collect();
        assert_eq!(parameters.len(), 5);
        assert_eq!(
            parameters[3],
            "since=2024-10-01T00:00:00Z&until=2025-01-01T00:00:00Z"
        );
    }
}
