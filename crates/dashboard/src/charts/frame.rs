//! What all charts share: the grid with its labels, the title and description that a screen reader speaks, and one way
//! to be as wide as there is room.
//!
//! The outer `svg` has no view box: a label is placed at a percentage of the width and keeps its size at any. What is
//! drawn lies in an inner `svg` that is stretched to the width, with strokes that are not (`vector-effect`); a point is a
//! line of no length with round ends. So one drawing serves a wall and a telephone; of the labels of the other axis those
//! that only have room in one of the two are shown in that one.

use super::calendar::{self, Label};
use super::text::{Num, Text, identifier};
use super::ticks::Axis;
use std::fmt;

/// Pixels above the plot, for the unit of its axis.
const ABOVE: f64 = 26.0;
/// Pixels below it, for a line of text.
const BELOW: f64 = 22.0;
/// From how many pixels on a chart shows the labels of a wide one; `charts.css` has it too.
const WIDE_FROM: f64 = 640.0;
/// The least room for a chart, on a telephone.
const NARROW_FROM: f64 = 320.0;

/// How a chart is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caption<'a> {
    /// Unlike every other id of the page; other ids are derived from it.
    pub id: &'a str,
    /// What is shown: `Deployments per day`.
    pub title: &'a str,
    /// What of it, for those who do not see it: `payments, production, 26 Oct to 24 Nov 2026`. May be empty.
    pub description: &'a str,
}

/// Which widths a label is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Any,
    Wide,
    Narrow,
}

impl Room {
    const fn class(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Wide => " only-wide",
            Self::Narrow => " only-narrow",
        }
    }
}

/// An axis from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) enum Across<'a> {
    Dates(&'a [calendar::Date]),
    Numbers(&'a Axis, &'static str),
}

/// A drawing without its marks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) caption: Caption<'a>,
    /// Whether it holds links, which an image cannot.
    pub(super) links: bool,
    /// What the axis upwards counts.
    pub(super) unit: &'a str,
    pub(super) up: &'a Axis,
    pub(super) across: Across<'a>,
    /// How wide and how high the plot is; only the height is in pixels.
    pub(super) plot: (f64, f64),
    /// Whether there is something beside the plot, to its right.
    pub(super) beside: bool,
}

impl Frame<'_> {
    /// Writes a drawing: what lies in the plot, and what beside it.
    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        marks: impl fmt::Display,
        beside: impl fmt::Display,
    ) -> fmt::Result {
        let (width, height) = self.plot;
        self.open(f)?;
        self.write_labels_up(f)?;
        self.write_labels_across(f)?;
        write!(
            f,
            r#"<svg class="chart-plot" y="{ABOVE}" width="100%" height="{height}" viewBox="0 0 {} {height}" preserveAspectRatio="none">"#,
            Num(width)
        )?;
        self.write_grid(f)?;
        write!(f, "{marks}</svg>")?;
        if self.beside {
            write!(
                f,
                r#"<svg class="chart-plot" x="100%" y="{ABOVE}" width="80" height="{height}">{beside}</svg>"#
            )?;
        }
        f.write_str("</svg>")
    }

    fn open(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = identifier(self.caption.id);
        let role = if self.links { "group" } else { "img" };
        let described = !self.caption.description.is_empty();
        write!(
            f,
            r#"<svg class="chart-drawing chart-left-{}{}" height="{}" role="{role}" aria-labelledby="{id}-title""#,
            self.left().0,
            if self.beside { " chart-beside" } else { "" },
            ABOVE + self.plot.1 + self.below(),
        )?;
        if described {
            write!(f, r#" aria-describedby="{id}-desc""#)?;
        }
        write!(
            f,
            r#"><title id="{id}-title">{}</title>"#,
            Text(self.caption.title)
        )?;
        if described {
            write!(
                f,
                r#"<desc id="{id}-desc">{}</desc>"#,
                Text(self.caption.description)
            )?;
        }
        Ok(())
    }

    /// How much room labels take below the plot: a line, and another where the axis says what it counts.
    const fn below(&self) -> f64 {
        match self.across {
            Across::Dates(_) => BELOW,
            Across::Numbers(..) => 2.0 * BELOW,
        }
    }

    /// How much room labels take left of the plot: its name in the style sheet, and pixels.
    fn left(&self) -> (u8, f64) {
        let widths = self.up.ticks.iter().map(|tick| tick.label.chars().count());
        match widths.max().unwrap_or_default() {
            0..=2 => (1, 28.0),
            3..=4 => (2, 44.0),
            5..=6 => (3, 60.0),
            _ => (4, 76.0),
        }
    }

    fn write_labels_up(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<text y="12">{}</text><g class="chart-up">"#,
            Text(self.unit)
        )?;
        for tick in &self.up.ticks {
            let y = ABOVE + self.plot.1 * (1.0 - tick.at) + 4.0;
            write!(f, r#"<text x="-8" y="{}">{}</text>"#, Num(y), Text(&tick.label))?;
        }
        f.write_str("</g>")
    }

    fn write_labels_across(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let y = ABOVE + self.plot.1 + 18.0;
        f.write_str(r#"<g class="chart-across">"#)?;
        for (label, room) in self.labels_across() {
            let class = match room {
                Room::Any => "",
                Room::Wide => r#" class="only-wide""#,
                Room::Narrow => r#" class="only-narrow""#,
            };
            let at = Num(label.at * 100.0);
            write!(
                f,
                r#"<text{class} x="{at}%" y="{y}">{}</text>"#,
                Text(&label.text)
            )?;
        }
        f.write_str("</g>")?;
        if let Across::Numbers(_, unit) = self.across {
            write!(
                f,
                r#"<text class="chart-end" x="100%" y="{}">{unit}</text>"#,
                y + 18.0
            )?;
        }
        Ok(())
    }

    /// The labels under the plot, and where there is room for each.
    pub(super) fn labels_across(&self) -> Vec<(Label, Room)> {
        let sides = self.left().1 + if self.beside { 88.0 } else { 12.0 };
        let chosen = |pixels: f64| match self.across {
            Across::Dates(dates) => calendar::labels(dates, pixels),
            Across::Numbers(axis, _) => thinned(axis, pixels),
        };
        let mut labels: Vec<(Label, Room)> = Vec::new();
        for (room, pixels) in [(Room::Narrow, NARROW_FROM), (Room::Wide, WIDE_FROM)] {
            for label in chosen(pixels - sides) {
                match labels.iter_mut().find(|(known, _)| *known == label) {
                    Some((_, room)) => *room = Room::Any,
                    None => labels.push((label, room)),
                }
            }
        }
        labels
    }

    /// Hairlines at the labels of the axis upwards, and, if it has any, of the one across.
    fn write_grid(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.plot;
        let rises = self.up.ticks.iter().skip(1).map(|tick| height * (1.0 - tick.at));
        f.write_str(r#"<path class="chart-grid" d=""#)?;
        for y in rises {
            write!(f, "M0 {}h{}", Num(y), Num(width))?;
        }
        if let Across::Numbers(axis, _) = self.across {
            for tick in axis.ticks.iter().skip(1) {
                write!(f, "M{} 0v{}", Num(width * tick.at), Num(height))?;
            }
        }
        write!(
            f,
            r#""/><path class="chart-axis" d="M0 {}h{}"/>"#,
            Num(height),
            Num(width)
        )?;
        self.write_ticks(f)
    }

    /// What ties a label to its bar, which may be narrow.
    fn write_ticks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = match self.across {
            Across::Dates(_) => self.labels_across(),
            Across::Numbers(..) => Vec::new(),
        };
        for room in [Room::Any, Room::Wide, Room::Narrow] {
            let mut here = labels.iter().filter(|(_, of)| *of == room).peekable();
            if here.peek().is_none() {
                continue;
            }
            write!(f, r#"<path class="chart-axis{}" d=""#, room.class())?;
            for (label, _) in here {
                write!(f, "M{} {}v5", Num(label.at * self.plot.0), Num(self.plot.1))?;
            }
            f.write_str(r#""/>"#)?;
        }
        Ok(())
    }
}

/// As many labels of an axis of numbers as stay apart: all, every second, every third.
fn thinned(axis: &Axis, pixels: f64) -> Vec<Label> {
    let each = |step: usize| -> Vec<Label> {
        let ticks = axis.ticks.iter().step_by(step);
        ticks
            .map(|tick| Label {
                at: tick.at,
                text: tick.label.clone(),
            })
            .filter(|label| calendar::stays_within(label, pixels))
            .collect()
    };
    let steps = (1..=axis.ticks.len().max(1)).map(each);
    let mut fitting = steps.filter(|labels| calendar::stay_apart(labels, pixels));
    fitting.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{caption, dates};
    use super::*;

    fn frame<'a>(across: Across<'a>, up: &'a Axis) -> Frame<'a> {
        Frame {
            caption: caption("frame", "A frame"),
            links: false,
            unit: "things",
            up,
            across,
            plot: (100.0, 100.0),
            beside: true,
        }
    }

    /// The labels that are seen in a room, from left to right.
    fn seen(frame: &Frame<'_>, room: Room) -> Vec<Label> {
        let labels = frame.labels_across().into_iter();
        let labels = labels.filter(|(_, of)| [Room::Any, room].contains(of));
        let mut labels: Vec<Label> = labels.map(|(label, _)| label).collect();
        labels.sort_by(|one, other| one.at.total_cmp(&other.at));
        labels
    }

    #[test]
    fn labels_stay_apart_in_every_room() {
        let up = Axis::counts(12_000.0);
        let numbers = [
            Axis::counts_of_any_size([0.0, 1.0, 4e9].into_iter()),
            Axis::counts_of_any_size([1.0, 900.0].into_iter()),
            Axis::counts(987_654.0),
        ];
        let days: Vec<_> = (1..=400).map(|count| dates("2025-10-21", 1, count)).collect();
        let numbers = numbers.iter().map(|axis| Across::Numbers(axis, "lines"));
        for across in numbers.chain(days.iter().map(|dates| Across::Dates(dates))) {
            for (room, pixels) in [(Room::Narrow, NARROW_FROM), (Room::Wide, WIDE_FROM)] {
                let labels = seen(&frame(across, &up), room);
                assert!(!labels.is_empty(), "{across:?}");
                assert!(calendar::stay_apart(&labels, pixels - 60.0 - 88.0), "{labels:?}");
            }
        }
    }
}
