use super::{Body, deployment, distributions, service};
use crate::charts::{Caption, Lines};
use crate::frame::Frame;
use crate::table::{Cell, Table, numbers, short, words};
use crate::text;
use periscope_domain::id::PullRequestId;
use periscope_domain::metrics::LeadTimes;
use periscope_domain::use_cases::Report;

pub(super) fn body(figures: &LeadTimes, report: &Report, frame: &Frame) -> Body {
    let caption = Caption {
        id: "lead-time-by-week",
        title: "Lead time by week",
        description: "The median, and what 75 % and 95 % of the pull requests stayed below.",
    };
    let chart = Lines::percentiles(caption, "lead time", 1.0, &figures.weekly);
    let [now, before] = [figures.current, figures.previous].map(|of| of.map(|rated| rated.distribution));
    Body {
        chart_title: "Lead time by week",
        chart: (!chart.is_empty()).then(|| chart.to_string()),
        tables: vec![
            slowest(figures, report, frame),
            services(figures, frame),
            distributions(now, before, 1.0),
        ],
    }
}

fn slowest(figures: &LeadTimes, report: &Report, frame: &Frame) -> Table {
    let rows = figures.slowest.iter().map(|shipment| {
        let id = shipment.pull_request_id;
        let stored = report.pull_requests.get(&id).map(|stored| &stored.pull_request);
        vec![
            pull_request(report, frame, id),
            stored
                .map_or_else(String::new, |stored| frame.moment(stored.merged_at))
                .into(),
            deployment(report, frame, shipment.deployment_id),
            service(shipment.service.as_deref(), frame),
            text::duration(text::float(shipment.lead_time.seconds())).into(),
        ]
    });
    Table {
        id: "slowest",
        title: "Slowest pull requests".to_owned(),
        columns: vec![
            words("Pull request"),
            short("Merged"),
            words("Shipped by"),
            words("Service"),
            numbers("Lead time"),
        ],
        rows: rows.collect(),
        empty: "No pull request was shipped in these days.",
    }
}

/// A pull request by its title, with its repository and number, leading to its page.
fn pull_request(report: &Report, frame: &Frame, id: PullRequestId) -> Cell {
    let path = format!("/pull-requests/{id}{}", frame.kept);
    let Some(stored) = report.pull_requests.get(&id) else {
        return Cell::link("A pull request", path);
    };
    let name = text::reference(stored, &report.repositories);
    match &stored.pull_request.title {
        Some(title) => Cell::link(title.as_str(), path).with_detail(name),
        None => Cell::link(name, path),
    }
}

fn services(figures: &LeadTimes, frame: &Frame) -> Table {
    let rows = figures.services.iter().map(|of| {
        let times = of.lead_time.distribution;
        vec![
            service(of.service.as_deref(), frame),
            text::count(times.count).into(),
            text::duration(times.p50).into(),
            text::duration(times.p75).into(),
            text::duration(times.p95).into(),
            text::rating(of.lead_time.level).into(),
        ]
    });
    Table {
        id: "services",
        title: "Services".to_owned(),
        columns: vec![
            words("Service"),
            numbers("Pull requests"),
            numbers("Median"),
            numbers("75 % within"),
            numbers("95 % within"),
            short("Level"),
        ],
        rows: rows.collect(),
        empty: "No service shipped a pull request in these days.",
    }
}
