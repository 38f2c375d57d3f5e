//! The charts of repositories.

use crate::charts::{Caption, Grain, Lines, Marked, Point, Scatter, StackedBars};
use periscope_domain::metrics::Figures;
use periscope_domain::use_cases::Report;

const HOUR: f64 = 3_600.0;

/// Up to so many pull requests, each point leads to its own.
const LED_TO: usize = 100;

/// `None` where nothing was merged.
pub(super) fn merges(reports: &[Report]) -> Option<String> {
    let caption = Caption {
        id: "merges-by-week",
        title: "Pull requests merged by week",
        description: "",
    };
    let series = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::Throughput(figures) => Some(&figures.series),
        _ => None,
    });
    let series = series.filter(|series| series.iter().any(|(_, merged)| *merged > 0))?;
    Some(StackedBars::merges(caption, Grain::Week, series).to_string())
}

/// `None` where it is not known of any pull request.
pub(super) fn cycle_time(reports: &[Report]) -> Option<String> {
    let caption = Caption {
        id: "cycle-time-by-week",
        title: "Cycle time by week",
        description: "From opening a pull request to its merge: the median, and what 75 % and 95 % stayed below.",
    };
    let weekly = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::CycleTime(figures) => Some(&figures.weekly),
        _ => None,
    });
    let chart = Lines::percentiles(caption, "cycle time", HOUR, weekly?);
    (!chart.is_empty()).then(|| chart.to_string())
}

/// Size against cycle time; `None` where neither is known of any pull request.
pub(super) fn sizes(reports: &[Report]) -> Option<String> {
    let told = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::SizeVsTime(figures) => Some(figures.points.as_slice()),
        _ => None,
    })?;
    let point = |lines, hours| Point {
        lines,
        seconds: hours * HOUR,
    };
    let points: Vec<_> = told
        .iter()
        .map(|told| point(told.lines, told.cycle_time_hours))
        .collect();
    let names: Vec<_> = told
        .iter()
        .take(if told.len() > LED_TO { 0 } else { LED_TO })
        .map(|told| ("Pull request", format!("/pull-requests/{}", told.pull_request_id)))
        .collect();
    let marked: Vec<_> = names
        .iter()
        .zip(&points)
        .map(|((name, href), point)| Marked {
            point: *point,
            name,
            href: Some(href),
        })
        .collect();
    let scatter = Scatter {
        caption: Caption {
            id: "size-against-time",
            title: "Size against cycle time",
            description: "A point for each merged pull request: lines added and deleted, and how long it was open.",
        },
        measure: "cycle time",
        points: if marked.is_empty() { &points } else { &[] },
        marked: &marked,
    };
    (!points.is_empty()).then(|| scatter.to_string())
}
