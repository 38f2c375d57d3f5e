use super::{Body, deployment, service};
use crate::frame::Frame;
use crate::table::{Column, Table, numbers, short, words};
use crate::text;
use periscope_domain::metrics::{ChangeFailureRate, FailureRate};
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::Report;

pub(super) fn body(figures: &ChangeFailureRate, report: &Report, frame: &Frame) -> Body {
    Body {
        chart_title: "",
        chart: None,
        tables: vec![
            failures(figures, report, frame),
            services(figures, frame),
            weeks(figures),
        ],
    }
}

fn failures(figures: &ChangeFailureRate, report: &Report, frame: &Frame) -> Table {
    let rows = figures.recent_failures.iter().filter_map(|id| {
        let stored = &report.deployments.get(id)?.deployment;
        let name = stored.service.as_ref().map(ServiceName::as_str);
        let ended_at = stored.run.completed_at();
        Some(vec![
            deployment(report, frame, *id),
            service(name, frame),
            text::words(stored.run.status().as_str()).into(),
            ended_at
                .map_or_else(String::new, |time| frame.moment(time))
                .into(),
            text::short_sha(&stored.commit.to_string()).into(),
            stored.triggered_by.as_ref().map_or("", |who| who.as_str()).into(),
        ])
    });
    Table {
        id: "failures",
        title: "Latest failures".to_owned(),
        columns: vec![
            words("Deployment"),
            words("Service"),
            short("Ended as"),
            short("At"),
            short("Commit"),
            words("Triggered by"),
        ],
        rows: rows.collect(),
        empty: "No deployment failed or was rolled back in these days.",
    }
}

fn services(figures: &ChangeFailureRate, frame: &Frame) -> Table {
    let rows = figures.services.iter().map(|of| {
        let mut row = vec![service(of.service.as_deref(), frame)];
        row.extend(rate(&of.rate));
        row
    });
    Table {
        id: "services",
        title: "Services".to_owned(),
        columns: columns(words("Service")),
        rows: rows.collect(),
        empty: "No service was deployed in these days.",
    }
}

fn weeks(figures: &ChangeFailureRate) -> Table {
    let rows = figures.weekly.iter().rev().filter_map(|(week, of)| {
        let mut row = vec![week.name.clone().into()];
        row.extend(rate(of.as_ref()?));
        Some(row)
    });
    Table {
        id: "weeks",
        title: "Weeks".to_owned(),
        columns: columns(short("Week")),
        rows: rows.collect(),
        empty: "There is no week with a deployment.",
    }
}

fn columns(first: Column) -> Vec<Column> {
    vec![
        first,
        numbers("Succeeded"),
        numbers("Failed"),
        numbers("Rolled back"),
        numbers("Failure rate"),
        numbers("Failed of all that ended"),
        short("Level"),
    ]
}

fn rate(of: &FailureRate) -> [crate::table::Cell; 6] {
    let statuses = of.statuses;
    [
        text::count(statuses.success).into(),
        text::count(statuses.failure).into(),
        text::count(statuses.rolled_back).into(),
        text::percent(of.share).into(),
        text::percent(of.narrow_share).into(),
        text::rating(of.level).into(),
    ]
}
