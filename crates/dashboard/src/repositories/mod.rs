//! Repositories: which are alive, who works on them, and whether large changes take longer. Asked about one service, it is
//! the page of the repository that the service names.

mod charts;
mod tables;

use crate::controls::Controls;
use crate::frame::{Frame, Section};
use crate::page::{self, Answer};
use crate::table::Table;
use crate::text;
use crate::visitor::Visitor;
use askama::Template;
use periscope_domain::metrics::{Metric, NoData};
use periscope_domain::use_cases::{find_setup, list_services};
use periscope_server::{ApiError, Query};
use std::borrow::Cow;

const METRICS: [Metric; 5] = [
    Metric::ServiceHealth,
    Metric::Throughput,
    Metric::CycleTime,
    Metric::SizeVsTime,
    Metric::Contributors,
];

#[derive(Template)]
#[template(path = "repositories.html")]
struct RepositoriesPage {
    frame: Frame,
    controls: Controls,
    window: String,
    before: String,
    no_data: Option<Cow<'static, str>>,
    health: Table,
    merges: Option<String>,
    cycle_time: Option<String>,
    sizes: Option<String>,
    contributors: Table,
    definition: &'static str,
}

pub(crate) async fn list(visitor: Visitor, mut query: Query) -> Answer {
    let mut controls = Controls::of_figures(&mut query, &visitor);
    query.finish().map_err(ApiError::from)?;
    let organization_id = visitor.organization_id();
    let deployed = list_services(visitor.store(), organization_id).await?;
    controls.offer(&deployed);
    let question = controls.question();
    let window = question.window;
    let reports = visitor.state.reports(organization_id, &METRICS, question).await?;
    let mut frame = Frame::new(&visitor, Section::Repositories, "Repositories").await?;
    frame.ask_about(&controls);
    frame.offer_next_step(&find_setup(visitor.store(), organization_id, &deployed).await?);
    let named = visitor.store().pull_requests();
    let named = named.list(organization_id, &charts::named(&reports)).await?;
    let no_data = reports.first().and_then(|report| report.answer.no_data.as_ref());
    page::html(&RepositoriesPage {
        window: text::span(window, &controls.time_zone),
        before: text::span(window.previous(), &controls.time_zone),
        no_data: no_data.map(NoData::sentence),
        health: tables::health(&reports, &frame, &controls),
        merges: charts::merges(&reports),
        cycle_time: charts::cycle_time(&reports),
        sizes: charts::sizes(&reports, &named),
        contributors: tables::contributors(&reports, &frame, &controls),
        definition: Metric::ServiceHealth.definition(),
        frame,
        controls,
    })
}
