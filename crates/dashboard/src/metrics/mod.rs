//! One of the four metrics in full: its definition, its course, and the deployments and pull requests behind it.

mod change_failure_rate;
mod deployment_frequency;
mod lead_time;
mod recovery;

use crate::controls::Controls;
use crate::frame::{Frame, Section};
use crate::listed::PartNumber;
use crate::page::{self, Answer};
use crate::table::{Cell, Table, numbers, words};
use crate::text;
use crate::tile::Tile;
use crate::visitor::Visitor;
use actix_web::web::Path;
use askama::Template;
use periscope_domain::id::DeploymentId;
use periscope_domain::metrics::{Distribution, Figures, Metric};
use periscope_domain::use_cases::{Report, find_setup, list_services};
use periscope_server::{ApiError, Query};

#[derive(Template)]
#[template(path = "metric.html")]
struct MetricPage {
    frame: Frame,
    controls: Controls,
    tile: Tile,
    window: String,
    before: String,
    /// Where programs read the same.
    api: String,
    chart_title: &'static str,
    chart: Option<String>,
    tables: Vec<Table>,
}

/// What a page has beside the headline.
struct Body {
    chart_title: &'static str,
    chart: Option<String>,
    tables: Vec<Table>,
}

pub(crate) async fn get(visitor: Visitor, mut query: Query, name: Path<String>) -> Answer {
    let mut metrics = Metric::ALL.into_iter();
    let metric = metrics
        .find(|metric| metric.as_str() == *name)
        .ok_or(ApiError::NotFound)?;
    let mut controls = Controls::of_figures(&mut query, &visitor);
    let part = query
        .optional(PartNumber::PARAMETER, PartNumber::parse)
        .unwrap_or_default();
    query.finish().map_err(ApiError::from)?;
    let organization_id = visitor.organization_id();
    let deployed = list_services(visitor.store(), organization_id).await?;
    controls.offer(&deployed);
    let reports = visitor
        .state
        .reports(organization_id, &[metric], controls.question())
        .await?;
    let report = reports.first().ok_or(ApiError::NotFound)?;
    let tile = Tile::of(report).ok_or(ApiError::NotFound)?;
    let mut frame = Frame::new(&visitor, Section::Overview, tile.name).await?;
    frame.ask_about(&controls);
    frame.offer_next_step(&find_setup(visitor.store(), organization_id, &deployed).await?);
    let body = Body::of(report, &frame, &controls).ok_or(ApiError::NotFound)?;
    let window = report.question.window;
    let path = format!("/metrics/{}", metric.as_str());
    let address = |part: &str| controls.path(&path, &[(PartNumber::PARAMETER, part)]);
    let tables = body.tables.into_iter().map(|table| table.cut(part, address));
    page::html(&MetricPage {
        window: text::span(window, &controls.time_zone),
        before: text::span(window.previous(), &controls.time_zone),
        api: controls.api_path(&format!("/api{path}")),
        chart_title: body.chart_title,
        chart: body.chart,
        tables: tables.collect(),
        frame,
        controls,
        tile,
    })
}

impl Body {
    fn of(report: &Report, frame: &Frame, controls: &Controls) -> Option<Self> {
        Some(match &report.answer.figures {
            Figures::DeploymentFrequency(figures) => deployment_frequency::body(figures, controls),
            Figures::LeadTime(figures) => lead_time::body(figures, report, frame),
            Figures::ChangeFailureRate(figures) => change_failure_rate::body(figures, report, frame),
            Figures::Recovery(figures) => recovery::body(figures, report, frame, controls.is_over()),
            _ => return None,
        })
    }
}

/// How times are distributed, now and before; a unit of theirs has so many seconds.
fn distributions(now: Option<Distribution>, before: Option<Distribution>, unit: f64) -> Table {
    let row = |name: &str, of: Option<Distribution>| {
        of.map(|of| {
            let times = [of.p50, of.p75, of.p95, of.mean, of.min, of.max];
            let times = times.map(|time| text::duration(time * unit).into());
            let mut row = vec![name.into(), text::count(of.count).into()];
            row.extend(times);
            row
        })
    };
    Table {
        id: "distribution",
        title: "Distribution".to_owned(),
        columns: vec![
            words(""),
            numbers("Count"),
            numbers("Median"),
            numbers("75 % within"),
            numbers("95 % within"),
            numbers("Mean"),
            numbers("Least"),
            numbers("Most"),
        ],
        rows: [row("Now", now), row("Before", before)]
            .into_iter()
            .flatten()
            .collect(),
        empty: "Nothing was measured in either window.",
    }
}

/// A deployment by its sender's name, leading to its page.
fn deployment(report: &Report, frame: &Frame, id: DeploymentId) -> Cell {
    let stored = report.deployments.get(&id);
    let name = stored.map_or_else(
        || id.to_string(),
        |stored| stored.deployment.external_id.to_string(),
    );
    Cell::link(name, format!("/deployments/{id}{}", frame.kept))
}

/// A service by its name, leading to its overview.
fn service(name: Option<&str>, frame: &Frame) -> Cell {
    match name {
        Some(name) => Cell::link(name, frame.service_path(name)),
        None => "Without a service".into(),
    }
}
