//! A trend as large as a word, for a tile or the cell of a table: scaled from its least to its greatest value, with
//! gaps, its last value marked.

use super::text::{Num, Text, real_len};
use std::fmt;

const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 24.0;

/// A small trend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sparkline<'a> {
    /// In order; nothing where nothing was measured.
    pub values: &'a [Option<f64>],
    /// What it shows. Without it the text beside it has to say so, and it is hidden from those who do not see.
    pub title: Option<&'a str>,
}

impl Sparkline<'_> {
    /// Where its values lie, run by run.
    fn runs(&self) -> Vec<Vec<(f64, f64)>> {
        let known = self.values.iter().flatten().copied();
        let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let steps = real_len(self.values.len().saturating_sub(1));
        let point = |(place, value): (usize, f64)| {
            let x = if steps > 0.0 {
                WIDTH * real_len(place) / steps
            } else {
                WIDTH
            };
            let at = if high > low {
                (value - low) / (high - low)
            } else {
                0.5
            };
            (x, HEIGHT * (1.0 - at))
        };
        let places: Vec<_> = self.values.iter().copied().enumerate().collect();
        let runs = places
            .split(|(_, value)| value.is_none())
            .filter(|run| !run.is_empty());
        let points = runs.map(|run| {
            run.iter()
                .filter_map(|(place, value)| Some(point((*place, (*value)?))))
        });
        points.map(Iterator::collect).collect()
    }
}

impl fmt::Display for Sparkline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="chart-spark" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none""#
        )?;
        match self.title {
            Some(title) => write!(f, r#" role="img"><title>{}</title>"#, Text(title))?,
            None => f.write_str(r#" aria-hidden="true">"#)?,
        }
        let runs = self.runs();
        let (dots, lines): (Vec<_>, Vec<_>) = runs.iter().partition(|run| run.len() == 1);
        for (class, end, runs) in [("chart-spark-line", "", lines), ("chart-spark-dot", "h0", dots)] {
            if runs.is_empty() {
                continue;
            }
            write!(f, r#"<path class="{class}" d=""#)?;
            for run in runs {
                let before = std::iter::once("M").chain(std::iter::repeat(" "));
                for ((x, y), before) in run.iter().zip(before) {
                    write!(f, "{before}{} {}", Num(*x), Num(*y))?;
                }
                f.write_str(end)?;
            }
            f.write_str(r#""/>"#)?;
        }
        if let Some((x, y)) = runs.last().and_then(|run| run.last()) {
            write!(
                f,
                r#"<path class="chart-spark-last" d="M{} {}h0"/>"#,
                Num(*x),
                Num(*y)
            )?;
        }
        f.write_str("</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{count, path};
    use super::*;

    #[test]
    fn a_small_trend_has_gaps_and_marks_its_last_value() {
        let draw = |values: &[Option<f64>], title| Sparkline { values, title }.to_string();
        let trend = draw(&[Some(1.0), Some(3.0), None, Some(2.0), None], Some("a < b"));
        assert_eq!(path(&trend, "chart-spark-line"), "M0 24 25 0");
        assert_eq!(path(&trend, "chart-spark-dot"), "M75 12h0");
        assert_eq!(path(&trend, "chart-spark-last"), "M75 12h0");
        assert!(trend.contains(r#"role="img"><title>a &lt; b</title>"#));
        let flat = draw(&[Some(7.0), Some(7.0)], None);
        assert_eq!(path(&flat, "chart-spark-line"), "M0 12 100 12");
        assert!(flat.contains(r#"aria-hidden="true""#));
        assert_eq!(count(&draw(&[None], None), "<path"), 0);
    }
}
