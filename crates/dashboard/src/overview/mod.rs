//! The overview: how fast and how safely, against the window before, and what needs somebody's attention now. All of its
//! figures are of one moment and come from the metrics that the API answers with.

mod attention;
mod charts;
mod coverage;
mod services;

use crate::controls::Controls;
use crate::frame::{Frame, Section};
use crate::page::{self, Answer};
use crate::text;
use crate::tile::{self, Change, Tile};
use crate::visitor::Visitor;
use askama::Template;
use attention::{OutageRow, RiskRow, outages, risks};
use coverage::CoverageLine;
use periscope_domain::metrics::{Figures, Metric, Overview};
use periscope_domain::use_cases::{Report, list_services};
use periscope_server::{ApiError, Query};
use services::ServiceRow;

/// What the overview is made of, each from one metric.
const METRICS: [Metric; 6] = [
    Metric::DeploymentFrequency,
    Metric::LeadTime,
    Metric::ChangeFailureRate,
    Metric::Recovery,
    Metric::Overview,
    Metric::RiskSignals,
];

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    controls: Controls,
    tiles: Vec<Tile>,
    beside: [Beside; 2],
    services: Vec<ServiceRow>,
    outages: Vec<OutageRow>,
    risks: Vec<RiskRow>,
    coverage: Vec<CoverageLine>,
    deployments_chart: String,
    lead_time_chart: String,
    window: String,
    before: String,
}

/// A figure beside the four.
struct Beside {
    name: &'static str,
    figure: String,
    change: Option<Change>,
}

pub(crate) async fn get(visitor: Visitor, mut query: Query) -> Answer {
    let mut controls = Controls::of_figures(&mut query, visitor.now());
    query.finish().map_err(ApiError::from)?;
    let organization_id = visitor.organization_id();
    controls.offer(&list_services(visitor.store(), organization_id).await?);
    let question = controls.question();
    let reports = visitor.state.reports(organization_id, &METRICS, question).await?;
    let mut frame = Frame::new(&visitor, Section::Overview, "Overview").await?;
    frame.ask_about(&controls);
    page::html(&OverviewPage::of(frame, controls, &reports))
}

impl OverviewPage {
    fn of(frame: Frame, controls: Controls, reports: &[Report]) -> Self {
        let zone = &controls.time_zone;
        let window = controls.question().window;
        let figures = |metric| reports.iter().find(|report| report.answer.metric == metric);
        let overview = figures(Metric::Overview).and_then(|report| match &report.answer.figures {
            Figures::Overview(overview) => Some(&**overview),
            _ => None,
        });
        Self {
            tiles: reports.iter().filter_map(Tile::of).collect(),
            beside: [Beside::merged(overview), Beside::cycle_time(overview)],
            services: services::rows(reports, &controls),
            deployments_chart: charts::deployments(reports),
            lead_time_chart: charts::lead_times(reports),
            outages: figures(Metric::Recovery).map(outages).unwrap_or_default(),
            risks: figures(Metric::RiskSignals)
                .map(|report| risks(report, &controls))
                .unwrap_or_default(),
            coverage: reports
                .first()
                .map(|report| coverage::lines(&report.answer.coverage))
                .unwrap_or_default(),
            window: text::span(window, zone),
            before: text::span(window.previous(), zone),
            frame,
            controls,
        }
    }
}

impl Beside {
    fn merged(overview: Option<&Overview>) -> Self {
        let [now, before] = [overview.map(|of| &of.current), overview.map(|of| &of.previous)]
            .map(|of| of.and_then(|of| of.pull_requests_merged));
        Self {
            name: "Pull requests merged",
            figure: now.map_or_else(|| text::NOTHING.to_owned(), text::count),
            change: Change::between(now.map(tile::float), before.map(tile::float), None, |merged| {
                text::number(merged)
            }),
        }
    }

    fn cycle_time(overview: Option<&Overview>) -> Self {
        let [now, before] = [overview.map(|of| &of.current), overview.map(|of| &of.previous)]
            .map(|of| of.and_then(|of| of.cycle_time).map(|times| times.p50 * 3600.0));
        Self {
            name: "Median cycle time of pull requests",
            figure: now.map_or_else(|| text::NOTHING.to_owned(), text::duration),
            change: Change::between(now, before, Some(tile::Better::Less), text::duration),
        }
    }
}
