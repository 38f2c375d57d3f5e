//! The size of pull requests against the time they took, a mark each. Many marks are more than a page should carry and an
//! eye can tell apart: past 400 points the plot is cut into small cells and one mark stands for all points of a cell,
//! larger and stronger the more there are. A few may be named and linked.

use super::frame::{Across, Caption, Frame};
use super::text::{Num, Text, counted, duration};
use super::ticks::Axis;
use std::collections::BTreeMap;
use std::fmt;

/// The plot: its width is what `charts.css` stretches, its height is in pixels.
const WIDTH: f64 = 1_200.0;
const HEIGHT: f64 = 280.0;
/// A cell.
const CELL: (f64, f64) = (10.0, 7.0);
/// How many points are drawn where they are.
const EXACT: usize = 400;
/// From how many points on a cell has the next stronger mark, and how a legend says so.
const DENSITIES: [(u32, &str); 6] = [
    (1, "1"),
    (2, "2\u{2013}3"),
    (4, "4\u{2013}7"),
    (8, "8\u{2013}15"),
    (16, "16\u{2013}31"),
    (32, "32 or more"),
];

/// A pull request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// How many lines it changes.
    pub lines: u32,
    /// How long it took.
    pub seconds: f64,
}

/// A pull request that is named.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marked<'a> {
    /// Where it lies; it need not be among the points.
    pub point: Point,
    /// `#123 Faster imports`.
    pub name: &'a str,
    /// Where more is told: a path of this site, or an address of `http` or `https`; anything else is not linked.
    pub href: Option<&'a str>,
}

/// Size against time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scatter<'a> {
    /// How the chart is called.
    pub caption: Caption<'a>,
    /// What the time is: `cycle time`.
    pub measure: &'a str,
    /// All of them.
    pub points: &'a [Point],
    /// The few that are named.
    pub marked: &'a [Marked<'a>],
}

/// Both axes.
struct Axes {
    across: Axis,
    up: Axis,
}

impl Axes {
    fn place(&self, point: Point) -> (f64, f64) {
        let x = self.across.at(f64::from(point.lines));
        (WIDTH * x, HEIGHT * (1.0 - self.up.at(point.seconds)))
    }
}

/// The places of marks, by how dense they are.
type Marks = [Vec<(f64, f64)>; DENSITIES.len()];

impl Scatter<'_> {
    fn axes(&self) -> Axes {
        let all = self
            .points
            .iter()
            .chain(self.marked.iter().map(|marked| &marked.point));
        Axes {
            across: Axis::counts_of_any_size(all.clone().map(|point| f64::from(point.lines))),
            up: Axis::durations_of_any_size(all.map(|point| point.seconds), Axis::WIDE),
        }
    }

    fn marks(&self, axes: &Axes) -> Marks {
        let mut marks = Marks::default();
        let mut add = |count: u32, place: (f64, f64)| {
            let density = DENSITIES
                .iter()
                .zip(&mut marks)
                .rfind(|((from, _), _)| count >= *from);
            if let Some((_, places)) = density {
                places.push(place);
            }
        };
        let places = self.points.iter().map(|point| axes.place(*point));
        if self.points.len() <= EXACT {
            places.for_each(|place| add(1, place));
        } else {
            let mut cells: BTreeMap<(u32, u32), u32> = BTreeMap::new();
            for (x, y) in places {
                let cell = (
                    whole(y / CELL.1, HEIGHT / CELL.1),
                    whole(x / CELL.0, WIDTH / CELL.0),
                );
                *cells.entry(cell).or_default() += 1;
            }
            for ((row, column), count) in cells {
                let x = (f64::from(column) + 0.5) * CELL.0;
                add(count, (x, (f64::from(row) * CELL.1 + CELL.1 / 2.0).ceil()));
            }
        }
        marks
    }

    fn write_marked(&self, f: &mut fmt::Formatter<'_>, axes: &Axes) -> fmt::Result {
        f.write_str(r#"<g class="chart-marked">"#)?;
        for marked in self.marked {
            let (x, y) = axes.place(marked.point);
            let lines = counted(marked.point.lines.into(), ("line", "lines"));
            let name = format!("{}: {lines}, {}", marked.name, duration(marked.point.seconds));
            let link = marked.href.filter(|href| may_be_linked(href));
            if let Some(href) = link {
                write!(f, r#"<a href="{}" aria-label="{}">"#, Text(href), Text(&name))?;
            }
            let (x, y, name) = (Num(x), Num(y), Text(&name));
            write!(f, r#"<g><title>{name}</title><path d="M{x} {y}h0"/></g>"#)?;
            f.write_str(if link.is_some() { "</a>" } else { "" })?;
        }
        f.write_str("</g>")
    }
}

impl fmt::Display for Scatter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes = self.axes();
        let marks = self.marks(&axes);
        let each = self.points.len() <= EXACT;
        let unit = match axes.up.unit {
            "" => self.measure.to_owned(),
            unit => format!("{}, {unit}", self.measure),
        };
        let frame = Frame {
            caption: self.caption,
            links: self
                .marked
                .iter()
                .any(|marked| marked.href.is_some_and(may_be_linked)),
            unit: &unit,
            up: &axes.up,
            across: Across::Numbers(&axes.across, "lines changed"),
            plot: (WIDTH, HEIGHT),
            beside: false,
        };
        f.write_str(r#"<div class="chart">"#)?;
        let all = fmt::from_fn(|f| {
            write_points(f, &marks, each)?;
            self.write_marked(f, &axes)
        });
        frame.write(f, all, "")?;
        if !each {
            write_legend(f, &marks)?;
        }
        f.write_str("</div>")
    }
}

/// Marks of a row follow each other by their distance, which is shorter to say than a place.
fn write_points(f: &mut fmt::Formatter<'_>, marks: &Marks, each: bool) -> fmt::Result {
    for (density, places) in (1..).zip(marks) {
        if places.is_empty() {
            continue;
        }
        if each {
            f.write_str(r#"<path class="chart-cell chart-each" d=""#)?;
        } else {
            write!(f, r#"<path class="chart-cell chart-density-{density}" d=""#)?;
        }
        let mut before: Option<(f64, f64)> = None;
        for (x, y) in places {
            match before {
                Some((left, row)) if (row - y).abs() < f64::EPSILON && left.fract().abs() < f64::EPSILON => {
                    write!(f, "m{} 0h0", Num(x - left))?;
                }
                _ => write!(f, "M{} {}h0", Num(*x), Num(*y))?,
            }
            before = Some((*x, *y));
        }
        f.write_str(r#""/>"#)?;
    }
    Ok(())
}

fn write_legend(f: &mut fmt::Formatter<'_>, marks: &Marks) -> fmt::Result {
    f.write_str(r#"<ul class="chart-legend"><li>pull requests in a mark:</li>"#)?;
    let used = (1..)
        .zip(DENSITIES)
        .zip(marks)
        .filter(|(_, places)| !places.is_empty());
    for ((density, (_, words)), _) in used {
        write!(
            f,
            r#"<li><svg width="12" height="12" aria-hidden="true"><path class="chart-cell chart-density-{density}" d="M6 6h0"/></svg>{words}</li>"#
        )?;
    }
    f.write_str("</ul>")
}

/// The cell that a place lies in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between zero and the number of cells, which is small"
)]
fn whole(place: f64, cells: f64) -> u32 {
    place.floor().clamp(0.0, cells - 1.0) as u32
}

fn may_be_linked(href: &str) -> bool {
    let is_path = href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\");
    is_path || href.starts_with("https://") || href.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{points, scatter};
    use super::super::tests::{count, path};
    use super::*;

    #[test]
    fn few_points_are_drawn_where_they_are_and_many_by_cell() {
        let few = points(400);
        let chart = scatter("few", &few, &[]).to_string();
        assert_eq!(count(path(&chart, "chart-cell chart-each"), "h0"), 400);
        assert_eq!(
            (count(&chart, "chart-density"), count(&chart, "chart-legend")),
            (0, 0)
        );

        let same = vec![
            Point {
                lines: 5,
                seconds: 3_600.0
            };
            401
        ];
        let chart = scatter("same", &same, &[]).to_string();
        assert_eq!(count(path(&chart, "chart-cell chart-density-6"), "h0"), 1);
        assert_eq!(count(&chart, ">32 or more</li>"), 1);
        assert_eq!(count(&chart, "chart-density-1"), 0);
    }

    #[test]
    fn only_sound_addresses_are_linked_and_an_image_has_no_links() {
        let point = Point {
            lines: 340,
            seconds: 12_000.0,
        };
        for (href, linked) in [
            (Some("/pulls/7?a=1&b=2"), true),
            (Some("https://github.com/a/b/pull/7"), true),
            (Some("javascript:alert(1)"), false),
            (Some("//evil.example/"), false),
            (Some("/\\evil.example/"), false),
            (Some("data:text/html,x"), false),
            (None, false),
        ] {
            let marked = [Marked {
                point,
                name: "#7 Faster",
                href,
            }];
            let chart = scatter("marked", &[point], &marked).to_string();
            assert_eq!(count(&chart, "<a href="), usize::from(linked), "{href:?}");
            assert_eq!(chart.contains(r#"role="img""#), !linked, "{href:?}");
            assert_eq!(count(&chart, "<title>#7 Faster: 340 lines, 3.3 h</title>"), 1);
        }
    }
}
