//! What is measured about deployments: how often, how safely, and how fast pull requests reach users with them.

use super::series::{DayJson, LevelJson, MinutesJson, RatedJson, SecondsJson, WeekJson, days, weeks};
use super::told;
use crate::read::deployments::DeploymentJson;
use crate::read::format::List;
use crate::read::pull_requests::PullRequestJson;
use periscope_domain::metrics::{
    ChangeFailureRate, DeploymentFrequency, FailureRate, Frequency, LeadTimes, Outage, Recovery, StatusCounts,
};
use periscope_domain::use_cases::Report;
use serde::Serialize;
use utoipa::ToSchema;

/// How many deployments ended with each terminal status.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusCountsJson {
    /// How many succeeded.
    success: u64,
    /// How many failed.
    failure: u64,
    /// How many were ended before they could succeed.
    cancelled: u64,
    /// How many had succeeded and were taken back.
    rolled_back: u64,
}

impl StatusCountsJson {
    pub(super) const fn of(counts: StatusCounts) -> Self {
        Self {
            success: counts.success,
            failure: counts.failure,
            cancelled: counts.cancelled,
            rolled_back: counts.rolled_back,
        }
    }
}

/// How often something was deployed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FrequencyJson {
    /// Successful deployments.
    deployments: u64,
    /// How many of these brought nothing that was not live before.
    redeployments: u64,
    /// Successful deployments a day of 24 hours.
    per_day: f64,
    /// Successful deployments a week.
    per_week: f64,
    /// All that ended, by status.
    statuses: StatusCountsJson,
    #[serde(flatten)]
    level: LevelJson,
}

impl FrequencyJson {
    pub(super) fn of(frequency: Frequency) -> Self {
        Self {
            deployments: frequency.statuses.success,
            redeployments: frequency.redeployments,
            per_day: frequency.per_day,
            per_week: frequency.per_week,
            statuses: StatusCountsJson::of(frequency.statuses),
            level: LevelJson::new(frequency.level),
        }
    }
}

/// Deployment frequency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentFrequencyJson {
    /// In the window; null if no deployment ended in it.
    current: Option<FrequencyJson>,
    /// In the window before.
    previous: Option<FrequencyJson>,
    /// Every environment that something was deployed to in the window.
    environments: Vec<EnvironmentJson>,
    /// Every day of the window, those without a deployment too.
    daily: Vec<DayJson<StatusCountsJson>>,
}

/// The deployments to an environment.
#[derive(Serialize, ToSchema)]
struct EnvironmentJson {
    /// Its name.
    environment: String,
    #[serde(flatten)]
    statuses: StatusCountsJson,
}

impl DeploymentFrequencyJson {
    pub(super) fn of(figures: &DeploymentFrequency) -> Self {
        let environments = figures.environments.iter();
        Self {
            current: figures.current.map(FrequencyJson::of),
            previous: figures.previous.map(FrequencyJson::of),
            environments: environments
                .map(|(name, counts)| EnvironmentJson {
                    environment: name.clone(),
                    statuses: StatusCountsJson::of(*counts),
                })
                .collect(),
            daily: days(&figures.daily, |counts| StatusCountsJson::of(*counts)),
        }
    }
}

impl List for DeploymentFrequencyJson {
    type Row = DayJson<StatusCountsJson>;
    const COLUMNS: &'static [&'static str] = &["date", "success", "failure", "cancelled", "rolledBack"];

    fn rows(&self) -> &[Self::Row] {
        &self.daily
    }
}

/// Lead time for changes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeadTimeJson {
    /// Of the pull requests delivered for the first time in the window; null if there are none.
    current: Option<RatedJson<SecondsJson>>,
    /// In the window before.
    previous: Option<RatedJson<SecondsJson>>,
    /// The ten slowest pull requests, slowest first.
    slowest: Vec<ShipmentJson>,
    /// Service by service, most shipments first, then by name.
    services: Vec<ServiceLeadTimeJson>,
    /// Every week of the window, by the deployments' completion.
    weekly: Vec<WeekJson<LeadTimeOfWeek>>,
}

/// The lead time of one service.
#[derive(Serialize, ToSchema)]
struct ServiceLeadTimeJson {
    /// As its latest shipment spells it; null stands for deployments that name none.
    service: Option<String>,
    #[serde(flatten)]
    lead_time: RatedJson<SecondsJson>,
}

/// The lead times of a week.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeadTimeOfWeek {
    /// Null if nothing was shipped.
    lead_time: Option<SecondsJson>,
}

/// A pull request's way to users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShipmentJson {
    /// From merge to completion.
    lead_time_seconds: i64,
    /// The service that it was shipped with.
    service: Option<String>,
    /// The pull request.
    pull_request: Option<PullRequestJson>,
    /// The deployment that delivered it first with this service.
    deployment: Option<DeploymentJson>,
}

impl LeadTimeJson {
    pub(super) fn of(figures: &LeadTimes, report: &Report) -> Self {
        let slowest = figures.slowest.iter().map(|shipment| ShipmentJson {
            lead_time_seconds: shipment.lead_time.seconds(),
            service: shipment.service.clone(),
            pull_request: told::pull_request(report, shipment.pull_request_id),
            deployment: told::deployment(report, shipment.deployment_id),
        });
        let services = figures.services.iter().map(|one| ServiceLeadTimeJson {
            service: one.service.clone(),
            lead_time: RatedJson::of(one.lead_time),
        });
        Self {
            current: figures.current.map(RatedJson::of),
            previous: figures.previous.map(RatedJson::of),
            slowest: slowest.collect(),
            services: services.collect(),
            weekly: weeks(&figures.weekly, |week| LeadTimeOfWeek {
                lead_time: week.map(Into::into),
            }),
        }
    }
}

/// How deployments ended, and which share of them did harm.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailureRateJson {
    /// Failed or rolled back, of those that succeeded, failed or were rolled back: 0 to 1.
    share: f64,
    /// Failed, of all that ended: 0 to 1.
    narrow_share: f64,
    /// All that ended, by status.
    statuses: StatusCountsJson,
    #[serde(flatten)]
    level: LevelJson,
}

impl FailureRateJson {
    pub(super) fn of(rate: FailureRate) -> Self {
        Self {
            share: rate.share,
            narrow_share: rate.narrow_share,
            statuses: StatusCountsJson::of(rate.statuses),
            level: LevelJson::new(rate.level),
        }
    }
}

/// Change failure rate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeFailureRateJson {
    /// In the window; null if no deployment succeeded, failed or was rolled back in it.
    current: Option<FailureRateJson>,
    /// In the window before.
    previous: Option<FailureRateJson>,
    /// Service by service, by name.
    services: Vec<ServiceJson>,
    /// Every week of the window, by the deployments' completion.
    weekly: Vec<WeekJson<FailureRateOfWeek>>,
    /// The twenty latest deployments that failed or were rolled back, the latest first.
    recent_failures: Vec<DeploymentJson>,
}

/// The change failure rate of a week.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailureRateOfWeek {
    /// Null if no deployment succeeded, failed or was rolled back.
    change_failure_rate: Option<FailureRateJson>,
}

/// The change failure rate of one service.
#[derive(Serialize, ToSchema)]
struct ServiceJson {
    /// As its latest deployment spells it; null stands for deployments that name none.
    service: Option<String>,
    #[serde(flatten)]
    rate: FailureRateJson,
}

impl ChangeFailureRateJson {
    pub(super) fn of(figures: &ChangeFailureRate, report: &Report) -> Self {
        let services = figures.services.iter().map(|one| ServiceJson {
            service: one.service.clone(),
            rate: FailureRateJson::of(one.rate),
        });
        let recent_failures = figures.recent_failures.iter();
        Self {
            current: figures.current.map(FailureRateJson::of),
            previous: figures.previous.map(FailureRateJson::of),
            services: services.collect(),
            weekly: weeks(&figures.weekly, |week| FailureRateOfWeek {
                change_failure_rate: week.map(FailureRateJson::of),
            }),
            recent_failures: recent_failures
                .filter_map(|id| told::deployment(report, *id))
                .collect(),
        }
    }
}

/// Time to recovery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecoveryJson {
    /// Of the outages that ended in the window; null if none did.
    current: Option<RatedJson<MinutesJson>>,
    /// In the window before.
    previous: Option<RatedJson<MinutesJson>>,
    /// Every week of the window, by the outages' end.
    weekly: Vec<WeekJson<RecoveryOfWeek>>,
    /// The hundred latest outages that ended in the window, the latest first.
    incidents: Vec<OutageJson>,
    /// Those that last at the window's end, the oldest first, a hundred at most. They are not counted.
    open_outages: Vec<OutageJson>,
}

/// The times to recovery of a week.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryOfWeek {
    /// Null if no outage ended.
    mttr: Option<MinutesJson>,
}

/// A time in which a service was down.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OutageJson {
    /// The service; null for deployments that name none.
    service: Option<String>,
    /// The environment.
    environment: String,
    /// When it opened.
    opened_at: String,
    /// When it ended; null while it lasts.
    ended_at: Option<String>,
    /// How long it lasted; null while it does.
    duration_seconds: Option<i64>,
    /// The deployment that opened it.
    opened_by: Option<DeploymentJson>,
    /// The deployment that ended it.
    ended_by: Option<DeploymentJson>,
}

impl RecoveryJson {
    pub(super) fn of(figures: &Recovery, report: &Report) -> Self {
        let told = |outages: &[Outage]| {
            outages
                .iter()
                .map(|outage| OutageJson::of(outage, report))
                .collect()
        };
        Self {
            current: figures.current.map(RatedJson::of),
            previous: figures.previous.map(RatedJson::of),
            weekly: weeks(&figures.weekly, |week| RecoveryOfWeek {
                mttr: week.map(Into::into),
            }),
            incidents: told(&figures.incidents),
            open_outages: told(&figures.open),
        }
    }
}

impl OutageJson {
    fn of(outage: &Outage, report: &Report) -> Self {
        Self {
            service: outage.service.clone(),
            environment: outage.environment.clone(),
            opened_at: outage.opened_at.to_string(),
            ended_at: outage.ended.map(|(_, ended_at)| ended_at.to_string()),
            duration_seconds: outage.duration_seconds(),
            opened_by: told::deployment(report, outage.opened_by),
            ended_by: outage.ended.and_then(|(id, _)| told::deployment(report, id)),
        }
    }
}
