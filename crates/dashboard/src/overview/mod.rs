//! The overview: how fast and how safely, against the window before, and what needs somebody's attention now. All of its
//! figures are of one moment and come from the metrics that the API answers with.

mod attention;
mod charts;
mod coverage;
mod services;

use crate::charts::{Lines, StackedBars};
use crate::controls::Controls;
use crate::frame::{Frame, Section};
use crate::page::{self, Answer};
use crate::text;
use crate::tile::{self, Change, Tile};
use crate::visitor::Visitor;
use askama::Template;
use attention::{OutageRow, RiskRow, outages, risks};
use coverage::CoverageLine;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::listing::{DeploymentFilter, ListedDeployment, Page};
use periscope_domain::metrics::{Figures, Metric, Question};
use periscope_domain::use_cases::{Report, find_setup, list_services, list_stuck_deployments};
use periscope_server::{ApiError, Query};
use services::ServiceRow;

/// What the overview is made of, each from one metric.
const METRICS: [Metric; 7] = [
    Metric::DeploymentFrequency,
    Metric::LeadTime,
    Metric::ChangeFailureRate,
    Metric::Recovery,
    Metric::CycleTime,
    Metric::Throughput,
    Metric::RiskSignals,
];

/// How many of a kind there is room for: services, outages, risks.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    controls: Controls,
    tiles: Vec<Tile>,
    beside: [Beside; 2],
    services: First<ServiceRow>,
    outages: First<OutageRow>,
    /// In progress for more than a day.
    stuck: First<StoredDeployment>,
    risks: First<RiskRow>,
    coverage: Vec<CoverageLine>,
    deployments: Option<StackedBars<'static>>,
    lead_times: Option<Lines<'static>>,
    window: String,
    before: String,
}

/// What there is room for of a list.
struct First<T> {
    items: Vec<T>,
    total: usize,
}

impl<T> From<Vec<T>> for First<T> {
    fn from(mut items: Vec<T>) -> Self {
        let total = items.len();
        items.truncate(SHOWN);
        Self { items, total }
    }
}

impl<T> First<T> {
    /// How many there are more.
    fn more(&self) -> Option<String> {
        let more = self.total - self.items.len();
        (more > 0).then(|| format!("{} more", text::count(more)))
    }
}

/// A figure beside the four.
struct Beside {
    name: &'static str,
    figure: String,
    change: Option<Change>,
}

pub(crate) async fn get(visitor: Visitor, mut query: Query) -> Answer {
    let mut controls = Controls::of_figures(&mut query, &visitor);
    query.finish().map_err(ApiError::from)?;
    let organization_id = visitor.organization_id();
    let deployed = list_services(visitor.store(), organization_id).await?;
    controls.offer(&deployed);
    let question = controls.question();
    let reports = visitor.state.reports(organization_id, &METRICS, question).await?;
    let mut frame = Frame::new(&visitor, Section::Overview, "Overview").await?;
    frame.ask_about(&controls);
    frame.offer_next_step(&find_setup(visitor.store(), organization_id, &deployed).await?);
    let Question {
        environment, service, ..
    } = controls.question();
    let about = DeploymentFilter {
        environment: Some(environment),
        service,
        ..DeploymentFilter::default()
    };
    let stuck = list_stuck_deployments(visitor.store(), organization_id, about, visitor.now()).await?;
    page::html(&OverviewPage::of(frame, controls, &reports, stuck))
}

impl OverviewPage {
    fn of(frame: Frame, controls: Controls, reports: &[Report], stuck: Page<ListedDeployment>) -> Self {
        let stuck: Vec<_> = stuck.items.into_iter().map(|listed| listed.stored).collect();
        let zone = &controls.time_zone;
        let window = controls.question().window;
        let figures = |metric| reports.iter().find(|report| report.answer.metric == metric);
        Self {
            tiles: reports.iter().filter_map(Tile::of).collect(),
            beside: [
                Beside::merged(figures(Metric::Throughput)),
                Beside::cycle_time(figures(Metric::CycleTime)),
            ],
            services: services::rows(reports, &controls).into(),
            deployments: charts::deployments(reports),
            lead_times: charts::lead_times(reports),
            outages: figures(Metric::Recovery).map(outages).unwrap_or_default().into(),
            stuck: stuck.into(),
            risks: figures(Metric::RiskSignals)
                .map(|report| risks(report, &controls))
                .unwrap_or_default()
                .into(),
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
    fn merged(report: Option<&Report>) -> Self {
        let [now, before] = match report.map(|report| &report.answer.figures) {
            Some(Figures::Throughput(counts)) => {
                [counts.current, counts.previous].map(|of| of.map(|of| of.merged))
            }
            _ => [None; 2],
        };
        Self {
            name: "Pull requests merged",
            figure: now.map_or_else(|| text::NOTHING.to_owned(), text::count),
            change: Change::between(now.map(tile::float), before.map(tile::float), None, |merged| {
                text::number(merged)
            }),
        }
    }

    fn cycle_time(report: Option<&Report>) -> Self {
        let [now, before] = match report.map(|report| &report.answer.figures) {
            Some(Figures::CycleTime(times)) => {
                [times.current, times.previous].map(|of| of.map(|of| of.p50 * 3600.0))
            }
            _ => [None; 2],
        };
        Self {
            name: "Median cycle time of pull requests",
            figure: now.map_or_else(|| text::NOTHING.to_owned(), text::duration),
            change: Change::between(now, before, Some(tile::Better::Less), text::duration),
        }
    }
}
