//! The charts of repositories.

use crate::charts::{Caption, Grain, Lines, Marked, Point, Scatter, StackedBars};
use crate::text;
use periscope_domain::id::PullRequestId;
use periscope_domain::metrics::{Figures, SizePoint};
use periscope_domain::pull_request::StoredPullRequest;
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

/// The pull requests that a chart of sizes names: all, if there are few.
pub(super) fn named(reports: &[Report]) -> Vec<PullRequestId> {
    let ids = sized(reports).iter().map(|sized| sized.pull_request_id);
    if ids.len() > LED_TO {
        Vec::new()
    } else {
        ids.collect()
    }
}

fn sized(reports: &[Report]) -> &[SizePoint] {
    let points = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::SizeVsTime(figures) => Some(figures.points.as_slice()),
        _ => None,
    });
    points.unwrap_or_default()
}

/// Size against cycle time, with the pull requests that are named; `None` where neither is known of any.
pub(super) fn sizes(reports: &[Report], named: &[StoredPullRequest]) -> Option<String> {
    let sized = sized(reports);
    let repositories = reports.first().map(|report| report.repositories.as_slice());
    let point = |of: &SizePoint| Point {
        lines: of.lines,
        seconds: of.cycle_time_hours * HOUR,
    };
    let places: Vec<_> = named
        .iter()
        .filter_map(|stored| {
            let point = point(sized.iter().find(|of| of.pull_request_id == stored.id)?);
            let name = text::pull_request(stored, repositories.unwrap_or_default());
            Some((point, name, format!("/pull-requests/{}", stored.id)))
        })
        .collect();
    let marked: Vec<_> = places
        .iter()
        .map(|(point, name, href)| Marked {
            point: *point,
            name,
            href: Some(href),
        })
        .collect();
    let points: Vec<_> = sized.iter().map(point).collect();
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
