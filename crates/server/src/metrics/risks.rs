//! What is worth a look: how repositories do, and risk signals.

use super::pull_requests::MergedJson;
use super::series::{WeekJson, weeks};
use super::told::repository_name;
use crate::read::format::List;
use periscope_domain::metrics::{Concern, Entity, RepositoryHealth, RiskSignal, RiskSignals};
use periscope_domain::use_cases::Report;
use serde::Serialize;
use utoipa::ToSchema;

/// How repositories do.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceHealthJson {
    /// Each repository, by name, with the window before beside the present one.
    repositories: Vec<RepositoryHealthJson>,
}

/// How a repository does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryHealthJson {
    /// Its full name.
    repository: String,
    /// `healthy`, `warning` or `stale`.
    health: &'static str,
    /// Why: `no_merge`, `one_contributor`, `slow_reviews`, `merges_down`.
    concerns: Vec<&'static str>,
    /// Pull requests merged in the window.
    merged: u64,
    /// Pull requests merged in the window before.
    previously_merged: u64,
    /// How many known authors they are of.
    contributors: usize,
    /// From opening to merge, on average over those of which it is known.
    mean_cycle_time_hours: Option<f64>,
    /// The last merge before the window's end, as far back as is looked at: the window, the one before and 90 days.
    last_merged_at: Option<String>,
    /// Every week of the window.
    weekly: Vec<WeekJson<MergedJson>>,
}

impl ServiceHealthJson {
    pub(super) fn of(figures: &[RepositoryHealth], report: &Report) -> Self {
        let repositories = figures.iter().map(|one| RepositoryHealthJson {
            repository: repository_name(report, one.repository_id),
            health: one.health.as_str(),
            concerns: one.concerns.iter().copied().map(Concern::as_str).collect(),
            merged: one.merged,
            previously_merged: one.previously_merged,
            contributors: one.contributors,
            mean_cycle_time_hours: one.mean_cycle_time_hours,
            last_merged_at: one.last_merged_at.map(|time| time.to_string()),
            weekly: weeks(&one.weekly, |merged| MergedJson { merged: *merged }),
        });
        Self {
            repositories: repositories.collect(),
        }
    }
}

impl List for ServiceHealthJson {
    type Row = RepositoryHealthJson;
    const COLUMNS: &'static [&'static str] = &[
        "repository",
        "health",
        "concerns",
        "merged",
        "previouslyMerged",
        "contributors",
        "meanCycleTimeHours",
        "lastMergedAt",
    ];

    fn rows(&self) -> &[Self::Row] {
        &self.repositories
    }
}

/// What is worth a look.
#[derive(Serialize, ToSchema)]
pub(super) struct RiskSignalsJson {
    /// In the window.
    current: SignalsJson,
    /// In the window before.
    previous: SignalsJson,
    /// Every risk of the window, the most serious first.
    signals: Vec<RiskSignalJson>,
}

/// How many risks there are.
#[derive(Serialize, ToSchema)]
struct SignalsJson {
    /// 0 where there is something to look at and no risk; null where there is nothing to look at.
    signals: Option<usize>,
}

/// A risk.
#[derive(Serialize, ToSchema)]
struct RiskSignalJson {
    /// `stale_service`, `bus_factor`, `slow_reviews`, `large_prs`, `review_bottleneck`, `activity_drop`,
    /// `activity_spike` or `failure_rate`.
    kind: &'static str,
    /// `high`, `medium` or `low`.
    severity: &'static str,
    /// Whom it is about.
    entity: EntityJson,
    /// What was found, with its figure and the bound.
    description: String,
    /// What may help.
    recommendation: &'static str,
}

/// Whom a risk is about.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EntityJson {
    /// `organization`, `repository`, `service` or `author`.
    kind: &'static str,
    /// Its name; null for the organization, and for deployments that name no service.
    name: Option<String>,
}

impl RiskSignalsJson {
    pub(super) fn of(figures: &RiskSignals, report: &Report) -> Self {
        let signals = figures.signals.iter().map(|signal| RiskSignalJson {
            kind: signal.kind.as_str(),
            severity: signal.severity.as_str(),
            entity: EntityJson::of(signal, report),
            description: signal.description.clone(),
            recommendation: signal.recommendation,
        });
        Self {
            current: SignalsJson {
                signals: figures.current,
            },
            previous: SignalsJson {
                signals: figures.previous,
            },
            signals: signals.collect(),
        }
    }
}

impl EntityJson {
    fn of(signal: &RiskSignal, report: &Report) -> Self {
        let (kind, name) = match &signal.entity {
            Entity::Everything => ("organization", None),
            Entity::Repository(id) => ("repository", Some(repository_name(report, *id))),
            Entity::Service(name) => ("service", name.clone()),
            Entity::Author(name) => ("author", Some(name.clone())),
        };
        Self { kind, name }
    }
}
