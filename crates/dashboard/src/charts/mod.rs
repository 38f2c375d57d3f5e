//! Charts, drawn on the server: plain values in, an SVG out. Each is a struct of what it shows whose `Display` is safe to
//! put into a page as it is; templates do not escape it again.
//!
//! They obey a policy of `style-src 'self'`: no script, no style of their own, colours by class only, from
//! `charts.css`. Colour is never the only sign: bars are striped, lines are dashed and named where they end. The same
//! values are in the fields of the structs, for the table that a page puts beside a chart.

mod calendar;
mod frame;
mod lines;
mod scatter;
mod sparkline;
mod stacked_bars;
mod text;
mod ticks;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub(crate) use calendar::Grain;
pub(crate) use frame::Caption;
pub(crate) use lines::Lines;
pub(crate) use scatter::{Marked, Point, Scatter};
pub(crate) use sparkline::Sparkline;
pub(crate) use stacked_bars::StackedBars;

use askama::filters::HtmlSafe;

impl HtmlSafe for StackedBars<'_> {}
impl HtmlSafe for Lines<'_> {}
impl HtmlSafe for Scatter<'_> {}
impl HtmlSafe for Sparkline<'_> {}
