//! What is measured, for the terminal: the same answers as the API's, as tables and small charts.

mod charts;
mod deployments;
mod overview;
mod pull_requests;

use super::organization::OrganizationChoice;
use crate::config::Output;
use anyhow::Context;
use clap::Args;
use periscope_adapters::system::SystemClock;
use periscope_domain::environment::Environment;
use periscope_domain::id::RepositoryId;
use periscope_domain::linking::UnlinkedReason;
use periscope_domain::metrics::{
    Coverage, Figures, Metric, Question, Share, TimeRange, UnshippedReason, Window,
};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::text::ServiceName;
use periscope_domain::time_zone::{Moment, TimeZone};
use periscope_domain::use_cases::{Report, report_metrics};
use periscope_server::report_json;
use serde_json::{Map, Value};
use std::fmt::Write;

/// Tell how fast and how safely work reaches users.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  periscope report --org acme --time-range 90d --service api --metric lead-time"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    org: OrganizationChoice,
    /// How far back from now: a number of days, 1d to 400d
    #[arg(long, value_parser = TimeRange::parse, default_value = "30d", conflicts_with_all = ["since", "until"])]
    time_range: TimeRange,
    /// The beginning of the window, instead of --time-range: 2026-02-01, or a time with a zone
    #[arg(long, value_parser = Moment::parse, requires = "until", value_name = "DATE")]
    since: Option<Moment>,
    /// The end of the window, which does not belong to it
    #[arg(long, value_parser = Moment::parse, requires = "since", value_name = "DATE")]
    until: Option<Moment>,
    /// Deployments to where
    #[arg(long, value_parser = Environment::parse, default_value = Environment::PRODUCTION)]
    environment: Environment,
    /// Deployments of what, and pull requests of the repository that it names; all, if it is left out
    #[arg(long, value_parser = ServiceName::parse)]
    service: Option<ServiceName>,
    /// The IANA name of the zone whose days and weeks are told
    #[arg(long, value_parser = TimeZone::parse, default_value = "UTC", value_name = "ZONE")]
    time_zone: TimeZone,
    /// Only this metric; may be given several times
    #[arg(long = "metric", value_parser = parse_metric, value_name = "NAME")]
    metrics: Vec<Metric>,
}

fn parse_metric(name: &str) -> anyhow::Result<Metric> {
    let metric = Metric::ALL.into_iter().find(|metric| metric.as_str() == name);
    metric.with_context(|| format!("must be one of: {}", Metric::ALL.map(Metric::as_str).join(", ")))
}

pub(crate) async fn run(arguments: &Arguments, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let organization = arguments.org.find(store).await?;
    let question = question(arguments)?;
    let metrics = match arguments.metrics.as_slice() {
        [] => &Metric::ALL,
        some => some,
    };
    let mut json = Map::new();
    let mut text = heading(&organization.slug, &question);
    let reports = report_metrics(store, organization.id, metrics, question).await?;
    if let Some(first) = reports.first() {
        write_coverage(&mut text, &first.answer.coverage)?;
    }
    for report in &reports {
        let name = report.answer.metric.as_str().to_owned();
        json.insert(name, serde_json::to_value(report_json(report))?);
        write!(text, "\n\n{}", section(report)?)?;
    }
    Ok(output.sentence(&text, &Value::Object(json))?)
}

fn question(arguments: &Arguments) -> anyhow::Result<Question> {
    let now = SystemClock.now();
    let window = match arguments.since.zip(arguments.until) {
        Some((since, until)) => {
            let [since, until] = [since, until].map(|moment| moment.at(&arguments.time_zone));
            let window = Window::new(since, until);
            window.map_err(|rule| anyhow::anyhow!("--until {rule}"))?
        }
        None => Window::of_last(arguments.time_range, now),
    };
    Ok(Question {
        window,
        now,
        time_zone: arguments.time_zone.clone(),
        environment: arguments.environment.clone(),
        service: arguments.service.clone(),
    })
}

fn heading(slug: &OrganizationSlug, question: &Question) -> String {
    let service = question.service.as_ref();
    let service = service.map_or_else(String::new, |service| format!(", service {service}"));
    format!(
        "{slug}, {}{service}: {} to {}, {}; before: as long, and just before",
        question.environment, question.window.since, question.window.until, question.time_zone
    )
}

fn write_coverage(text: &mut String, coverage: &Coverage) -> std::fmt::Result {
    let deployments = share(&coverage.deployments, UnlinkedReason::as_str);
    let pull_requests = share(&coverage.pull_requests, UnshippedReason::as_str);
    write!(
        text,
        "\ncoverage: {deployments} of the successful production deployments are linked to pull requests"
    )?;
    write!(
        text,
        "\n          {pull_requests} of the merged pull requests are in a deployment"
    )
}

fn share<R: Copy>(share: &Share<R>, as_str: impl Fn(R) -> &'static str) -> String {
    let unlinked = share.unlinked.iter();
    let unlinked: Vec<_> = unlinked
        .map(|(reason, count)| format!("{} {count}", as_str(*reason)))
        .collect();
    let unlinked = match unlinked.as_slice() {
        [] => String::new(),
        reasons => format!(" (others: {})", reasons.join(", ")),
    };
    format!("{} of {}{unlinked}", share.linked, share.total)
}

/// A metric under its name.
fn section(report: &Report) -> Result<String, std::fmt::Error> {
    let answer = &report.answer;
    let mut text = answer.metric.as_str().to_uppercase();
    if let Some(reason) = &answer.no_data {
        write!(text, "\nno data: {}", reason.sentence())?;
    }
    let body = match &answer.figures {
        Figures::Overview(figures) => overview::overview(figures),
        Figures::DeploymentFrequency(figures) => deployments::deployment_frequency(figures),
        Figures::LeadTime(figures) => deployments::lead_time(figures, report),
        Figures::ChangeFailureRate(figures) => deployments::change_failure_rate(figures, report),
        Figures::Recovery(figures) => deployments::recovery(figures, report),
        Figures::CycleTime(figures) => pull_requests::cycle_time(figures),
        Figures::Throughput(figures) => pull_requests::merges(figures, "a week"),
        Figures::Velocity(figures) => pull_requests::merges(figures, "a day"),
        Figures::SizeVsTime(figures) => pull_requests::size_vs_time(figures),
        Figures::Contributors(figures) => pull_requests::contributors(figures),
        Figures::ServiceHealth(figures) => pull_requests::service_health(figures, report),
        Figures::RiskSignals(figures) => pull_requests::risk_signals(figures),
    };
    for part in body.iter().filter(|part| !part.is_empty()) {
        write!(text, "\n{part}")?;
    }
    Ok(text)
}

fn repository_name(report: &Report, id: RepositoryId) -> String {
    let repository = report.repositories.iter().find(|one| one.id == id);
    repository.map_or_else(String::new, |one| one.name.to_string())
}
