//! Deployment frequency: how often something reaches its environment.
//!
//! Successful deployments that ended in the window, redeployments and roll-backs among them and counted beside. Per day:
//! divided by the window's length in days of 24 hours, up to now if it is not over, without an hour that the zone's clocks
//! show twice. Per week: by its length in weeks. Source: DORA, <https://dora.dev/guides/dora-metrics-four-keys/>.

use super::calendar::{Cut, Sorter, TimeSlice};
use super::question::Scope;
use super::{Level, Rating, Window};
use crate::run::DeploymentStatus;
use std::collections::BTreeMap;

/// How many deployments ended with each terminal status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusCounts {
    /// They succeeded.
    pub success: u64,
    /// They failed.
    pub failure: u64,
    /// They were ended before they could succeed.
    pub cancelled: u64,
    /// They had succeeded and were taken back.
    pub rolled_back: u64,
}

impl StatusCounts {
    /// Every deployment that ended.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.success + self.failure + self.cancelled + self.rolled_back
    }

    pub(crate) fn add(&mut self, status: DeploymentStatus) {
        match status {
            DeploymentStatus::Success => self.success += 1,
            DeploymentStatus::Failure => self.failure += 1,
            DeploymentStatus::Cancelled => self.cancelled += 1,
            DeploymentStatus::RolledBack => self.rolled_back += 1,
            DeploymentStatus::Pending | DeploymentStatus::InProgress => {}
        }
    }
}

/// How often something was deployed in a window in which any deployment ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frequency {
    /// The deployments by how they ended.
    pub statuses: StatusCounts,
    /// How many of the successful ones brought nothing that was not live before.
    pub redeployments: u64,
    /// Successful ones a day.
    pub per_day: f64,
    /// Successful ones a week.
    pub per_week: f64,
    /// How good that is.
    pub level: Rating,
}

/// Deployment frequency.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentFrequency {
    /// In the window.
    pub current: Option<Frequency>,
    /// In the one before.
    pub previous: Option<Frequency>,
    /// By environment, every one that something was deployed to, by name.
    pub environments: Vec<(String, StatusCounts)>,
    /// Day by day.
    pub daily: Vec<(TimeSlice, StatusCounts)>,
}

impl DeploymentFrequency {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let window = scope.window;
        let mut environments: BTreeMap<&str, StatusCounts> = BTreeMap::new();
        let mut by_number: Vec<StatusCounts> = Vec::new();
        for (row, _) in scope.deployments_anywhere(window) {
            let place = row.environment as usize;
            if by_number.len() <= place {
                by_number.resize(place + 1, StatusCounts::default());
            }
            if let Some(counts) = by_number.get_mut(place) {
                counts.add(row.status);
            }
        }
        for (number, counts) in (0..).zip(by_number).filter(|(_, counts)| counts.total() > 0) {
            environments.insert(scope.facts.environment_name(number), counts);
        }
        let days = Cut::Days.slices(window, &scope.question.time_zone);
        let mut daily: Sorter<'_, StatusCounts> = Sorter::new(&days);
        for (row, _) in scope.deployments(window) {
            if let Some(day) = daily.at(row.completed_at) {
                day.add(row.status);
            }
        }
        Self {
            current: frequency(scope, window),
            previous: frequency(scope, window.previous()),
            environments: environments
                .into_iter()
                .map(|(name, counts)| (name.to_owned(), counts))
                .collect(),
            daily: daily.finish(|counts| counts),
        }
    }
}

/// How deployments of a window ended.
pub(crate) fn statuses(scope: &Scope<'_>, window: Window) -> StatusCounts {
    let mut counts = StatusCounts::default();
    for (row, _) in scope.deployments(window) {
        counts.add(row.status);
    }
    counts
}

pub(crate) fn frequency(scope: &Scope<'_>, window: Window) -> Option<Frequency> {
    let statuses = statuses(scope, window);
    let redeployments = scope.deployments(window).filter(|(row, _)| row.is_redeployment);
    let redeployments = redeployments.count() as u64;
    let per_day = float(statuses.success) / scope.days(window);
    (statuses.total() > 0).then(|| Frequency {
        statuses,
        redeployments,
        per_day,
        per_week: per_day * 7.0,
        level: Level::of_deployment_frequency(statuses.total(), per_day),
    })
}

/// A count as a number to divide.
#[expect(clippy::cast_precision_loss, reason = "nobody has counted to 2 to the 53rd")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
