use super::{Body, deployment, distributions, service};
use crate::charts::{Caption, Lines};
use crate::frame::Frame;
use crate::table::{Cell, Table, numbers, short, words};
use crate::text;
use periscope_domain::metrics::{Outage, Recovery};
use periscope_domain::use_cases::Report;

const MINUTE: f64 = 60.0;

/// `is_over` if the window ended before now.
pub(super) fn body(figures: &Recovery, report: &Report, frame: &Frame, is_over: bool) -> Body {
    let caption = Caption {
        id: "recovery-by-week",
        title: "Time to recovery by week",
        description: "Of the outages that ended in each week, the median, and what 75 % and 95 % stayed below.",
    };
    let [now, before] = [figures.current, figures.previous].map(|of| of.map(|rated| rated.distribution));
    let chart = Lines::percentiles(caption, "time to recovery", MINUTE, &figures.weekly);
    Body {
        chart_title: "Time to recovery by week",
        chart: (!chart.is_empty()).then(|| chart.to_string()),
        tables: vec![
            open(figures, report, frame, is_over),
            incidents(figures, report, frame),
            distributions(now, before, MINUTE),
        ],
    }
}

fn open(figures: &Recovery, report: &Report, frame: &Frame, is_over: bool) -> Table {
    let (title, empty) = if is_over {
        (
            "Outages open at the end of these days",
            "Nothing was down at the end of these days.",
        )
    } else {
        ("Open outages", "Nothing is down.")
    };
    let rows = figures.open.iter().map(|outage| {
        let mut row = opening(outage, report, frame);
        row.push(frame.ago(outage.opened_at).into());
        row
    });
    Table {
        id: "open",
        title: title.to_owned(),
        columns: vec![
            words("Service"),
            words("Opened by"),
            short("At"),
            numbers("Since"),
        ],
        rows: rows.collect(),
        empty,
    }
}

fn incidents(figures: &Recovery, report: &Report, frame: &Frame) -> Table {
    let rows = figures.incidents.iter().map(|outage| {
        let mut row = opening(outage, report, frame);
        let ended_by = outage.ended.map(|(id, _)| deployment(report, frame, id));
        let lasted = outage.duration_seconds();
        row.extend([
            ended_by.unwrap_or_default(),
            lasted
                .map_or_else(String::new, |seconds| text::duration(text::float(seconds)))
                .into(),
        ]);
        row
    });
    Table {
        id: "incidents",
        title: "Outages that ended".to_owned(),
        columns: vec![
            words("Service"),
            words("Opened by"),
            short("At"),
            words("Ended by"),
            numbers("Lasted"),
        ],
        rows: rows.collect(),
        empty: "No outage ended in these days.",
    }
}

fn opening(outage: &Outage, report: &Report, frame: &Frame) -> Vec<Cell> {
    vec![
        service(outage.service.as_deref(), frame),
        deployment(report, frame, outage.opened_by),
        frame.moment(outage.opened_at).into(),
    ]
}
