//! The tables of repositories and of those who work on them.

use crate::charts::Sparkline;
use crate::controls::Controls;
use crate::frame::Frame;
use crate::table::{Cell, Table, numbers, short, words};
use crate::text;
use crate::tile::float;
use periscope_domain::metrics::{Concern, Contributor, Figures, RepositoryHealth};
use periscope_domain::use_cases::Report;

/// More contributors than this are not listed.
const CONTRIBUTORS: usize = 50;

const HOUR: f64 = 3_600.0;

pub(super) fn health(reports: &[Report], frame: &Frame, controls: &Controls) -> Table {
    let found = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::ServiceHealth(health) => Some((report, health)),
        _ => None,
    });
    let rows = found.map(|(report, health)| {
        let rows = health.iter().map(|of| health_row(of, report, frame, controls));
        rows.collect()
    });
    Table {
        id: "health",
        title: "Health".to_owned(),
        columns: vec![
            words("Repository"),
            words("Health"),
            numbers("Merged"),
            words("By week"),
            numbers("Contributors"),
            numbers("Mean cycle time"),
            short("Last merge"),
        ],
        rows: rows.unwrap_or_default(),
        empty: "No repository is monitored: the first pull request or commit makes one.",
    }
}

fn health_row(of: &RepositoryHealth, report: &Report, frame: &Frame, controls: &Controls) -> Vec<Cell> {
    let mut repositories = report.repositories.iter();
    let repository = repositories.find(|repository| repository.id == of.repository_id);
    let name = repository.map_or_else(String::new, |repository| repository.name.to_string());
    let path = controls.path("/repositories", &[("service", &name)]);
    let concerns: Vec<_> = of.concerns.iter().map(|concern| sentence(*concern)).collect();
    let weekly: Vec<_> = of.weekly.iter().map(|(_, merged)| Some(float(*merged))).collect();
    let trend = Sparkline {
        values: &weekly,
        title: None,
    };
    vec![
        Cell::link(name, path),
        Cell::from(of.health.as_str()).with_detail(concerns.join(", ")),
        Cell::from(text::count(of.merged))
            .with_detail(format!("{} before", text::count(of.previously_merged))),
        Cell {
            drawing: Some(trend.to_string()),
            ..Cell::default()
        },
        text::count(of.contributors).into(),
        hours(of.mean_cycle_time_hours),
        of.last_merged_at
            .map_or_else(|| "long ago".to_owned(), |time| frame.ago(time))
            .into(),
    ]
}

const fn sentence(concern: Concern) -> &'static str {
    match concern {
        Concern::NoMerge => "nothing merged for 14 days",
        Concern::OneContributor => "one contributor",
        Concern::SlowReviews => "mean cycle time above 72 hours",
        Concern::MergesDown => "merges down by half or more",
    }
}

pub(super) fn contributors(reports: &[Report], frame: &Frame, controls: &Controls) -> Table {
    let found = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::Contributors(figures) => Some(figures),
        _ => None,
    });
    let all = found
        .map(|figures| figures.contributors.as_slice())
        .unwrap_or_default();
    let rows = all.iter().take(CONTRIBUTORS);
    Table {
        id: "contributors",
        title: if all.len() > CONTRIBUTORS {
            format!(
                "Contributors: the first {CONTRIBUTORS} of {}",
                text::count(all.len())
            )
        } else {
            "Contributors".to_owned()
        },
        columns: vec![
            words("Author"),
            numbers("Merged"),
            numbers("Share"),
            numbers("Mean lines"),
            numbers("Mean cycle time"),
            short("Last merge"),
        ],
        rows: rows.map(|of| contributor_row(of, frame, controls)).collect(),
        empty: "Nothing was merged in these days.",
    }
}

fn contributor_row(of: &Contributor, frame: &Frame, controls: &Controls) -> Vec<Cell> {
    let author = match &of.author {
        Some(author) => Cell::link(
            author,
            controls.path_to_list("/pull-requests", &[("author", author)]),
        ),
        None => "Unknown".into(),
    };
    vec![
        author,
        Cell::from(text::count(of.merged))
            .with_detail(format!("{} before", text::count(of.previously_merged))),
        text::percent(of.share).into(),
        of.mean_lines
            .map_or_else(|| text::NOTHING.to_owned(), |lines| text::number(lines.round()))
            .into(),
        hours(of.mean_cycle_time_hours),
        of.last_merged_at
            .map_or_else(|| text::NOTHING.to_owned(), |time| frame.ago(time))
            .into(),
    ]
}

fn hours(hours: Option<f64>) -> Cell {
    hours
        .map_or_else(|| text::NOTHING.to_owned(), |hours| text::duration(hours * HOUR))
        .into()
}
