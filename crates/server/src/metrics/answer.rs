//! The frame of every answer: what was asked, how many events it rests on, how much of that is linked, and the figures.

use super::deployments::{ChangeFailureRateJson, DeploymentFrequencyJson, LeadTimeJson, RecoveryJson};
use super::pull_requests::{ContributorsJson, CycleTimeJson, SizeVsTimeJson, ThroughputJson, VelocityJson};
use super::risks::{RiskSignalsJson, ServiceHealthJson};
use super::series::ReasonJson;
use super::summary::OverviewJson;
use crate::error::ApiError;
use crate::read::format::Format;
use actix_web::HttpResponse;
use periscope_domain::linking::UnlinkedReason;
use periscope_domain::metrics::{Coverage, Figures, Metric, Share, UnshippedReason, Window};
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::Report;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer to a metric as the API gives it.
#[must_use]
pub fn report_json(report: &Report) -> impl Serialize {
    MetricJson::of(report)
}

/// The answer to a metric.
#[derive(Serialize)]
struct MetricJson {
    #[serde(flatten)]
    frame: FrameJson,
    #[serde(flatten)]
    figures: FiguresJson,
}

/// Whether the metric is also answered as a table.
pub(super) const fn has_table(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::DeploymentFrequency
            | Metric::Throughput
            | Metric::Velocity
            | Metric::SizeVsTime
            | Metric::Contributors
            | Metric::ServiceHealth
    )
}

/// The answer to a metric as its reader wants it. A table is only made of its list or its series; a metric without one is
/// always JSON.
pub(super) fn respond(report: &Report, format: Format) -> Result<HttpResponse, ApiError> {
    let answer = MetricJson::of(report);
    match (format, &answer.figures) {
        (Format::Csv, FiguresJson::DeploymentFrequency(figures)) => format.answer(figures, None),
        (Format::Csv, FiguresJson::Throughput(figures)) => format.answer(figures, None),
        (Format::Csv, FiguresJson::Velocity(figures)) => format.answer(figures, None),
        (Format::Csv, FiguresJson::SizeVsTime(figures)) => format.answer(figures, None),
        (Format::Csv, FiguresJson::Contributors(figures)) => format.answer(figures, None),
        (Format::Csv, FiguresJson::ServiceHealth(figures)) => format.answer(figures, None),
        _ => Ok(HttpResponse::Ok().json(answer)),
    }
}

/// What every answer to a metric has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FrameJson {
    /// The metric's name, as in the path.
    metric: &'static str,
    /// What it means, by which formula, and where that comes from.
    definition: &'static str,
    /// What was asked about.
    window: WindowJson,
    /// What it is compared with: as long, and just before.
    previous_window: WindowJson,
    /// The IANA name of the zone whose days and weeks these are.
    time_zone: String,
    /// Whose deployments count.
    environment: String,
    /// Whose deployments count, and the pull requests of the repository that it names; null stands for all.
    service: Option<String>,
    /// How many deployments, shipments, outages or pull requests the figures of the window rest on.
    sample_size: u64,
    /// Why there are no figures; null if there are some.
    no_data: Option<ReasonJson>,
    /// How much of what was asked about is linked.
    coverage: CoverageJson,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FiguresJson {
    Overview(Box<OverviewJson>),
    DeploymentFrequency(DeploymentFrequencyJson),
    LeadTime(LeadTimeJson),
    ChangeFailureRate(ChangeFailureRateJson),
    Recovery(RecoveryJson),
    CycleTime(CycleTimeJson),
    Throughput(ThroughputJson),
    Velocity(VelocityJson),
    SizeVsTime(SizeVsTimeJson),
    Contributors(ContributorsJson),
    ServiceHealth(ServiceHealthJson),
    RiskSignals(RiskSignalsJson),
}

impl MetricJson {
    fn of(report: &Report) -> Self {
        Self {
            frame: FrameJson::of(report),
            figures: FiguresJson::of(report),
        }
    }
}

impl FrameJson {
    fn of(report: &Report) -> Self {
        let (question, answer) = (&report.question, &report.answer);
        Self {
            metric: answer.metric.as_str(),
            definition: answer.metric.definition(),
            window: WindowJson::of(question.window),
            previous_window: WindowJson::of(question.window.previous()),
            time_zone: question.time_zone.name().to_owned(),
            environment: question.environment.as_str().to_owned(),
            service: question
                .service
                .as_ref()
                .map(ServiceName::as_str)
                .map(str::to_owned),
            sample_size: answer.sample_size,
            no_data: answer.no_data.as_ref().map(|reason| ReasonJson {
                code: reason.code(),
                message: reason.sentence().into_owned(),
            }),
            coverage: CoverageJson::of(&answer.coverage),
        }
    }
}

impl FiguresJson {
    fn of(report: &Report) -> Self {
        match &report.answer.figures {
            Figures::Overview(figures) => Self::Overview(Box::new(OverviewJson::of(figures))),
            Figures::DeploymentFrequency(figures) => {
                Self::DeploymentFrequency(DeploymentFrequencyJson::of(figures))
            }
            Figures::LeadTime(figures) => Self::LeadTime(LeadTimeJson::of(figures, report)),
            Figures::ChangeFailureRate(figures) => {
                Self::ChangeFailureRate(ChangeFailureRateJson::of(figures, report))
            }
            Figures::Recovery(figures) => Self::Recovery(RecoveryJson::of(figures, report)),
            Figures::CycleTime(figures) => Self::CycleTime(CycleTimeJson::of(figures)),
            Figures::Throughput(figures) => Self::Throughput(ThroughputJson::of(figures)),
            Figures::Velocity(figures) => Self::Velocity(VelocityJson::of(figures)),
            Figures::SizeVsTime(figures) => Self::SizeVsTime(SizeVsTimeJson::of(figures)),
            Figures::Contributors(figures) => Self::Contributors(ContributorsJson::of(figures)),
            Figures::ServiceHealth(figures) => Self::ServiceHealth(ServiceHealthJson::of(figures, report)),
            Figures::RiskSignals(figures) => Self::RiskSignals(RiskSignalsJson::of(figures, report)),
        }
    }
}

/// A window, half open.
#[derive(Serialize, ToSchema)]
struct WindowJson {
    /// The first point in time that belongs to it.
    since: String,
    /// The first one that does not any more.
    until: String,
}

impl WindowJson {
    fn of(window: Window) -> Self {
        Self {
            since: window.since.to_string(),
            until: window.until.to_string(),
        }
    }
}

/// How much is linked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CoverageJson {
    /// Of the window's successful production deployments.
    deployments: ShareJson,
    /// Of the pull requests that were merged in the window.
    pull_requests: ShareJson,
}

/// How many of something are linked.
#[derive(Serialize, ToSchema)]
struct ShareJson {
    /// All of them.
    total: u64,
    /// Those with a link.
    linked: u64,
    /// Linked ones of all, 0 to 1; null of none.
    share: Option<f64>,
    /// Those without a link, by reason.
    unlinked: Vec<UnlinkedJson>,
}

/// How many are not linked for a reason.
#[derive(Serialize, ToSchema)]
struct UnlinkedJson {
    /// In a code that never changes.
    reason: &'static str,
    /// How many.
    count: u64,
}

impl CoverageJson {
    fn of(coverage: &Coverage) -> Self {
        Self {
            deployments: ShareJson::of(&coverage.deployments, UnlinkedReason::as_str),
            pull_requests: ShareJson::of(&coverage.pull_requests, UnshippedReason::as_str),
        }
    }
}

impl ShareJson {
    fn of<R: Copy>(share: &Share<R>, as_str: impl Fn(R) -> &'static str) -> Self {
        Self {
            total: share.total,
            linked: share.linked,
            share: share.ratio(),
            unlinked: share
                .unlinked
                .iter()
                .map(|(reason, count)| UnlinkedJson {
                    reason: as_str(*reason),
                    count: *count,
                })
                .collect(),
        }
    }
}
