//! The overview.

use super::deployments::{FailureRateJson, FrequencyJson};
use super::series::{HoursJson, MinutesJson, RatedJson, SecondsJson};
use periscope_domain::metrics::{Overview, Summary};
use serde::Serialize;
use utoipa::ToSchema;

/// The figures that a team looks at first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OverviewJson {
    /// In the window.
    current: SummaryJson,
    /// In the window before.
    previous: SummaryJson,
}

/// The figures of one window.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SummaryJson {
    /// How often something was deployed.
    deployment_frequency: Option<FrequencyJson>,
    /// From merge to users.
    lead_time: Option<RatedJson<SecondsJson>>,
    /// The share of deployments that did harm.
    change_failure_rate: Option<FailureRateJson>,
    /// From failure to recovery.
    mttr: Option<RatedJson<MinutesJson>>,
    /// Pull requests merged; null if none was.
    pull_requests_merged: Option<u64>,
    /// From opening a pull request to its merge.
    pr_cycle_time: Option<HoursJson>,
}

impl OverviewJson {
    pub(super) fn of(figures: &Overview) -> Self {
        Self {
            current: SummaryJson::of(&figures.current),
            previous: SummaryJson::of(&figures.previous),
        }
    }
}

impl SummaryJson {
    fn of(summary: &Summary) -> Self {
        Self {
            deployment_frequency: summary.deployment_frequency.map(FrequencyJson::of),
            lead_time: summary.lead_time.map(RatedJson::of),
            change_failure_rate: summary.change_failure_rate.map(FailureRateJson::of),
            mttr: summary.recovery.map(RatedJson::of),
            pull_requests_merged: summary.pull_requests_merged,
            pr_cycle_time: summary.cycle_time.map(Into::into),
        }
    }
}
