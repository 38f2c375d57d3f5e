//! The overview: the four levels, and the figures that a team looks at first, each against the window before.

use super::change_failure_rate::FailureRate;
use super::cycle_time::cycle_time;
use super::deployment_frequency::{Frequency, frequency};
use super::lead_time::lead_time;
use super::merges::merged;
use super::question::Scope;
use super::recovery::recoveries;
use super::{Distribution, Rated, Window};

/// The figures of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How often something was deployed.
    pub deployment_frequency: Option<Frequency>,
    /// From merge to users, in seconds.
    pub lead_time: Option<Rated>,
    /// The share of deployments that did harm.
    pub change_failure_rate: Option<FailureRate>,
    /// From failure to recovery, in minutes.
    pub recovery: Option<Rated>,
    /// How many pull requests were merged; `None` if none was.
    pub pull_requests_merged: Option<u64>,
    /// From opening a pull request to its merge, in hours.
    pub cycle_time: Option<Distribution>,
}

/// The overview.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overview {
    /// In the window.
    pub current: Summary,
    /// In the one before.
    pub previous: Summary,
}

impl Overview {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let [recovery, recovery_before] = recoveries(scope);
        Self {
            current: summary(scope, scope.window, recovery),
            previous: summary(scope, scope.window.previous(), recovery_before),
        }
    }
}

fn summary(scope: &Scope<'_>, window: Window, recovery: Option<Rated>) -> Summary {
    let frequency = frequency(scope, window);
    Summary {
        deployment_frequency: frequency,
        lead_time: lead_time(scope, window),
        change_failure_rate: frequency.and_then(|frequency| FailureRate::of(frequency.statuses)),
        recovery,
        pull_requests_merged: Some(merged(scope, window)).filter(|merged| *merged > 0),
        cycle_time: cycle_time(scope, window),
    }
}
