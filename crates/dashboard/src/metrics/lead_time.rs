use super::{Body, deployment, distributions, service};
use crate::charts::{Caption, Lines};
use crate::controls::Controls;
use crate::frame::Frame;
use crate::table::{Cell, Table, numbers, words};
use crate::text;
use periscope_domain::metrics::{LeadTimes, Metric};
use periscope_domain::use_cases::Report;

pub(super) fn body(figures: &LeadTimes, report: &Report, frame: &Frame, controls: &Controls) -> Body {
    let caption = Caption {
        id: "lead-time-by-week",
        title: "Lead time by week",
        description: "The median, and what 75 % and 95 % of the pull requests stayed below.",
    };
    let [now, before] = [figures.current, figures.previous].map(|of| of.map(|rated| rated.distribution));
    Body {
        chart_title: "Lead time by week",
        chart: Some(Lines::percentiles(caption, "lead time", 1.0, &figures.weekly).to_string()),
        tables: vec![
            slowest(figures, report, frame),
            services(figures, controls),
            distributions(now, before, 1.0),
        ],
    }
}

fn slowest(figures: &LeadTimes, report: &Report, frame: &Frame) -> Table {
    let rows = figures.slowest.iter().map(|shipment| {
        let id = shipment.pull_request_id;
        let stored = report.pull_requests.get(&id).map(|stored| &stored.pull_request);
        let number = stored.map_or_else(String::new, |stored| format!("#{}", stored.number));
        let title = stored.and_then(|stored| stored.title.as_ref());
        vec![
            Cell::link(number, format!("/pull-requests/{id}{}", frame.kept))
                .with_detail(title.map_or("", |title| title.as_str())),
            stored
                .map_or_else(String::new, |stored| frame.moment(stored.merged_at))
                .into(),
            deployment(report, frame, shipment.deployment_id)
                .with_detail(shipment.service.as_deref().unwrap_or("")),
            text::duration(text::float(shipment.lead_time.seconds())).into(),
        ]
    });
    Table {
        id: "slowest",
        title: "Slowest pull requests".to_owned(),
        columns: vec![
            words("Pull request"),
            words("Merged"),
            words("Shipped by"),
            numbers("Lead time"),
        ],
        rows: rows.collect(),
        empty: "No pull request was shipped in these days.",
    }
}

fn services(figures: &LeadTimes, controls: &Controls) -> Table {
    let rows = figures.services.iter().map(|of| {
        let times = of.lead_time.distribution;
        vec![
            service(of.service.as_deref(), controls, Metric::LeadTime),
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
            words("Level"),
        ],
        rows: rows.collect(),
        empty: "No service shipped a pull request in these days.",
    }
}
