//! `GET /api/metrics/{metric}`: what is measured about deployments and pull requests. All metrics are asked alike and
//! answered in one frame, and every figure comes from the domain; here it only gets its name and unit.

mod answer;
pub(crate) mod calculator;
mod deployments;
mod pull_requests;
mod risks;
mod series;
mod summary;
mod told;

pub use answer::report_json;

use crate::auth::Reader;
use crate::error::{ApiError, Bug};
use crate::openapi::{Operation, schema};
use crate::query::{InvalidQuery, Query};
use crate::read::format::Format;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Data;
use answer::{FrameJson, has_table, respond};
use deployments::{ChangeFailureRateJson, DeploymentFrequencyJson, LeadTimeJson, RecoveryJson};
use periscope_domain::environment::Environment;
use periscope_domain::id::OrganizationId;
use periscope_domain::metrics::{Metric, Question, TimeRange, Window};
use periscope_domain::text::ServiceName;
use periscope_domain::time_zone::TimeZone;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{Report, complete_reports, gather_material};
use pull_requests::{ContributorsJson, CycleTimeJson, SizeVsTimeJson, ThroughputJson, VelocityJson};
use risks::{RiskSignalsJson, ServiceHealthJson};
use summary::OverviewJson;
use utoipa::ToSchema;

/// For each metric its endpoint and what is documented of it.
macro_rules! endpoints {
    ($($name:ident: $metric:ident, $id:literal, $summary:literal, $figures:ty;)+) => {$(
        pub(crate) mod $name {
            use super::*;

            pub(crate) async fn get(
                state: Data<State>,
                reader: Reader,
                query: Query,
                format: Format,
            ) -> Result<HttpResponse, ApiError> {
                let question = question(query, state.clock.now())?;
                let report = report(&state, reader.organization_id(), Metric::$metric, question).await?;
                respond(&report, format)
            }

            pub(crate) fn documented() -> Operation {
                super::documented::<$figures>(Metric::$metric, $id, $summary)
            }
        }
    )+};
}

endpoints! {
    overview: Overview, "getOverview", "Overview", OverviewJson;
    deployment_frequency: DeploymentFrequency, "getDeploymentFrequency", "Deployment frequency", DeploymentFrequencyJson;
    lead_time: LeadTime, "getLeadTime", "Lead time for changes", LeadTimeJson;
    change_failure_rate: ChangeFailureRate, "getChangeFailureRate", "Change failure rate", ChangeFailureRateJson;
    mttr: Recovery, "getMttr", "Time to recovery", RecoveryJson;
    pr_cycle_time: CycleTime, "getPrCycleTime", "Pull request cycle time", CycleTimeJson;
    throughput: Throughput, "getThroughput", "Pull requests merged per week", ThroughputJson;
    pr_velocity: Velocity, "getPrVelocity", "Pull requests merged per day", VelocityJson;
    size_vs_time: SizeVsTime, "getSizeVsTime", "Size against cycle time", SizeVsTimeJson;
    contributors: Contributors, "getContributors", "Contributors", ContributorsJson;
    service_health: ServiceHealth, "getServiceHealth", "Service health", ServiceHealthJson;
    risk_signals: RiskSignals, "getRiskSignals", "Risk signals", RiskSignalsJson;
}

fn documented<F: ToSchema>(metric: Metric, id: &'static str, summary: &str) -> Operation {
    let operation = Operation::measuring(id, summary, metric.definition())
        .query(
            "timeRange",
            "How many days of 24 hours up to now: 30d if nothing else is said.",
            schema::matching("^([1-9]|[1-9][0-9]|[1-3][0-9][0-9]|400)d$"),
        )
        .query("since", "The window's beginning, as a time or as a day of timeZone; goes with until.", schema::moment())
        .query("until", "Its end, which does not belong to it, at most 400 days later.", schema::moment())
        .query(
            "environment",
            "Whose deployments count, in any letter case: production if nothing else is said, which means every environment \
             of that tier.",
            schema::text(100),
        )
        .query(
            "service",
            "Whose deployments count, in any letter case, and the pull requests of the repository that it names.",
            schema::text(255),
        )
        .query(
            "timeZone",
            "The IANA name of the zone whose days and weeks the window is cut into: UTC if nothing else is said.",
            schema::time_zone(),
        )
        .answer_of(
            "application/json",
            schema::both::<FrameJson, F>(),
            200,
            "The figures, those of the window before beside them.",
        );
    if has_table(metric) {
        operation.or_table()
    } else {
        operation
    }
}

async fn report(
    state: &State,
    organization_id: OrganizationId,
    metric: Metric,
    question: Question,
) -> Result<Report, ApiError> {
    let reports = state.reports(organization_id, &[metric], question).await?;
    reports
        .into_iter()
        .next()
        .ok_or(ApiError::Internal(Bug::NoOutcome))
}

impl State {
    /// Answers a question by some metrics, in their order, from the same facts, so that their figures agree.
    ///
    /// # Errors
    /// [`ApiError`] when the store or the calculation failed.
    pub async fn reports(
        &self,
        organization_id: OrganizationId,
        metrics: &[Metric],
        question: Question,
    ) -> Result<Vec<Report>, ApiError> {
        let store = &*self.store;
        let material = gather_material(store, organization_id, metrics, question).await?;
        let (material, answers) = self.calculator.measure(material, metrics.to_vec()).await?;
        Ok(complete_reports(store, organization_id, &material, answers).await?)
    }
}

/// What is asked: about the last 30 days of production in UTC, if nothing else is said.
fn question(mut query: Query, now: Timestamp) -> Result<Question, InvalidQuery> {
    let window = window(&mut query, now);
    let environment = query.optional("environment", Environment::parse);
    let service = query.optional("service", ServiceName::parse);
    let time_zone = query.optional("timeZone", TimeZone::parse);
    query.finish()?;
    Ok(Question {
        window,
        now,
        time_zone: time_zone.unwrap_or(TimeZone::UTC),
        environment: environment.unwrap_or_else(Environment::production),
        service,
    })
}

/// The window of `timeRange`, or of `since` and `until`; the last 30 days if nothing is said.
pub fn window(query: &mut Query, now: Timestamp) -> Window {
    let range = query.optional("timeRange", TimeRange::parse);
    let period = query.period();
    let default = Window::of_last(range.unwrap_or(TimeRange::DEFAULT), now);
    for (name, other) in [("since", "until"), ("until", "since")] {
        if query.has(other) && !query.has(name) {
            query.refuse(name, "is required: since and until go together");
        }
    }
    match (range, (period.since(), period.until())) {
        (None, (Some(since), Some(until))) => Window::new(since, until).unwrap_or_else(|rule| {
            query.refuse("until", rule);
            default
        }),
        (Some(_), _) if query.has("since") || query.has("until") => {
            query.refuse("timeRange", "must not be given together with since and until");
            default
        }
        _ => default,
    }
}
