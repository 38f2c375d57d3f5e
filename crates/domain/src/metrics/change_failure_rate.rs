//! Change failure rate: the share of deployments that do harm.
//!
//! Deployments that failed or were rolled back, divided by those that succeeded, failed or were rolled back. Beside it the
//! narrower share: those that failed, divided by every deployment that ended, the cancelled ones included. Source: DORA,
//! <https://dora.dev/guides/dora-metrics-four-keys/>.

use super::calendar::{Cut, Sorter, TimeSlice};
use super::deployment_frequency::{StatusCounts, float, statuses};
use super::names::{NameNumber, place_by_name};
use super::question::Scope;
use super::{Level, Rating, Window};
use crate::id::DeploymentId;
use std::collections::BTreeMap;

/// How many of the latest failures are told.
const RECENT: usize = 20;

/// How deployments ended, and which share of them did harm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureRate {
    /// The deployments by how they ended.
    pub statuses: StatusCounts,
    /// Failed or rolled back, of those that succeeded, failed or were rolled back: 0 to 1.
    pub share: f64,
    /// Failed, of all that ended: 0 to 1.
    pub narrow_share: f64,
    /// How good the share is.
    pub level: Rating,
}

impl FailureRate {
    /// The rate of some deployments; `None` if none of them succeeded, failed or was rolled back.
    #[must_use]
    pub fn of(statuses: StatusCounts) -> Option<Self> {
        let harmful = statuses.failure + statuses.rolled_back;
        let decided = harmful + statuses.success;
        let share = float(harmful) / float(decided);
        (decided > 0).then(|| Self {
            statuses,
            share,
            narrow_share: float(statuses.failure) / float(statuses.total()),
            level: Level::of_change_failure_rate(decided, share),
        })
    }
}

/// Change failure rate.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeFailureRate {
    /// In the window.
    pub current: Option<FailureRate>,
    /// In the one before.
    pub previous: Option<FailureRate>,
    /// Service by service, by name; those whose deployments name none come first.
    pub services: Vec<ServiceFailureRate>,
    /// Week by week, by the deployments' completion.
    pub weekly: Vec<(TimeSlice, Option<FailureRate>)>,
    /// The latest deployments that failed or were rolled back, the latest first.
    pub recent_failures: Vec<DeploymentId>,
}

/// The change failure rate of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceFailureRate {
    /// The service, as its latest deployment spells it.
    pub service: Option<String>,
    /// Its rate.
    pub rate: FailureRate,
}

impl ChangeFailureRate {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let window = scope.window;
        let weeks = Cut::Weeks.slices(window, &scope.question.time_zone);
        let mut weekly: Sorter<'_, StatusCounts> = Sorter::new(&weeks);
        let mut counts = StatusCounts::default();
        let mut recent_failures = Vec::new();
        for (row, _) in scope.deployments(window) {
            counts.add(row.status);
            if let Some(week) = weekly.at(row.completed_at) {
                week.add(row.status);
            }
            if row.status.is_harmful() {
                recent_failures.push(row.id);
            }
        }
        recent_failures.reverse();
        recent_failures.truncate(RECENT);
        Self {
            current: FailureRate::of(counts),
            previous: FailureRate::of(statuses(scope, window.previous())),
            services: services(scope, window),
            weekly: weekly.finish(FailureRate::of),
            recent_failures,
        }
    }
}

/// The rate of each service of which a deployment succeeded, failed or was rolled back in a window.
pub(crate) fn services(scope: &Scope<'_>, window: Window) -> Vec<ServiceFailureRate> {
    let mut by_key: BTreeMap<NameNumber, (Option<&str>, StatusCounts)> = BTreeMap::new();
    for (row, _) in scope.deployments(window) {
        let (name, counts) = by_key.entry(scope.services.of(row)).or_default();
        *name = scope.facts.service_name(row);
        counts.add(row.status);
    }
    let mut services: Vec<_> = by_key
        .into_values()
        .filter_map(|(name, counts)| {
            Some(ServiceFailureRate {
                service: name.map(str::to_owned),
                rate: FailureRate::of(counts)?,
            })
        })
        .collect();
    services.sort_by_cached_key(|service| place_by_name(service.service.as_deref()));
    services
}
