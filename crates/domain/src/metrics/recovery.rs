//! Time to recovery (`mttr`): how long users live with a failed deployment.
//!
//! For each service and environment, in order of completion, at one instant harm before success: an outage opens with the
//! first deployment that failed or was rolled back after a success, and ends with the next success. It belongs to the
//! window in which it ends. Whether a service was down when the window began is told by its deployments of the 90 days
//! before. Cancelled deployments change nothing. Source: DORA, failed deployment recovery time,
//! <https://dora.dev/guides/dora-metrics-four-keys/>.

use super::calendar::{Cut, Sorter, TimeSlice};
use super::change_failure_rate::is_harmful;
use super::facts::{DeploymentRow, time_of};
use super::question::{LOOK_BACK, Scope};
use super::{Distribution, Level, Rated, Window};
use crate::id::DeploymentId;
use crate::run::DeploymentStatus;
use crate::timestamp::Timestamp;

/// How many of the latest incidents are told, and of the open outages.
const TOLD: usize = 100;

/// Microseconds in a minute.
const MINUTE: f64 = 60_000_000.0;

/// A time in which a service was down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The service, as the deployment that opened the outage spells it.
    pub service: Option<String>,
    /// The environment.
    pub environment: String,
    /// The deployment that opened it.
    pub opened_by: DeploymentId,
    /// When.
    pub opened_at: Timestamp,
    /// The deployment that ended it, and when; `None` while it lasts.
    pub ended: Option<(DeploymentId, Timestamp)>,
}

impl Outage {
    /// How long it lasted, in whole seconds; `None` while it does.
    #[must_use]
    pub fn duration_seconds(&self) -> Option<i64> {
        let (_, ended_at) = self.ended?;
        Some((ended_at.microseconds() - self.opened_at.microseconds()) / 1_000_000)
    }
}

/// Time to recovery.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// Of the outages that ended in the window, in minutes.
    pub current: Option<Rated>,
    /// In the one before, in minutes.
    pub previous: Option<Rated>,
    /// Week by week, by the outages' end, in minutes.
    pub weekly: Vec<(TimeSlice, Option<Distribution>)>,
    /// The latest outages that ended in the window, the latest first.
    pub incidents: Vec<Outage>,
    /// Those that last at the window's end, the oldest first. They are not counted.
    pub open: Vec<Outage>,
}

impl Recovery {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let found = outages(scope, scope.window);
        let weeks = Cut::Weeks.slices(scope.window, &scope.question.time_zone);
        let mut weekly: Sorter<'_, Vec<i64>> = Sorter::new(&weeks);
        for (ended_at, length) in found.lengths() {
            if let Some(week) = weekly.at(ended_at) {
                week.push(length);
            }
        }
        let told = |outage: &OutageRow<'_>| outage.told(scope);
        Self {
            current: found.rated(),
            previous: recovery(scope, scope.window.previous()),
            weekly: weekly.finish(|mut lengths| minutes(&mut lengths)),
            incidents: found.ended.iter().rev().take(TOLD).map(told).collect(),
            open: found.open.iter().take(TOLD).map(told).collect(),
        }
    }
}

/// The times to recovery of a window, in minutes.
pub(crate) fn recovery(scope: &Scope<'_>, window: Window) -> Option<Rated> {
    outages(scope, window).rated()
}

#[derive(Clone, Copy)]
struct OutageRow<'a> {
    opened_by: &'a DeploymentRow,
    ended_by: Option<&'a DeploymentRow>,
}

/// Outages that ended in a window, by their end, and those that were open then, by their beginning.
struct Outages<'a> {
    ended: Vec<OutageRow<'a>>,
    open: Vec<OutageRow<'a>>,
}

#[derive(Clone, Copy, Default)]
enum State<'a> {
    /// Nothing has succeeded yet.
    #[default]
    Unknown,
    Up,
    Down(&'a DeploymentRow),
}

fn outages<'a>(scope: &Scope<'a>, window: Window) -> Outages<'a> {
    let looked_at = Window {
        since: window.since.plus(-LOOK_BACK),
        until: window.until,
    };
    let begins = window.since.microseconds();
    let mut states = vec![State::default(); scope.facts.service_keys()];
    let mut ended = Vec::new();
    let mut rows: Vec<_> = scope.deployments(looked_at).map(|(row, _)| row).collect();
    // Which of two that ended at once was told first must not matter.
    rows.sort_by_key(|row| (row.completed_at, row.status == DeploymentStatus::Success));
    for row in rows {
        let Some(state) = states.get_mut(scope.facts.service_key(row) as usize) else {
            continue;
        };
        match *state {
            State::Down(opened_by) if row.status == DeploymentStatus::Success => {
                if row.completed_at >= begins {
                    let ended_by = Some(row);
                    ended.push(OutageRow { opened_by, ended_by });
                }
                *state = State::Up;
            }
            State::Unknown if row.status == DeploymentStatus::Success => *state = State::Up,
            State::Up if is_harmful(row.status) => *state = State::Down(row),
            _ => {}
        }
    }
    let open = states.into_iter().filter_map(|state| match state {
        State::Down(opened_by) => Some(OutageRow {
            opened_by,
            ended_by: None,
        }),
        State::Unknown | State::Up => None,
    });
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|outage| (outage.opened_by.completed_at, outage.opened_by.id));
    Outages { ended, open }
}

impl Outages<'_> {
    /// When each of those that ended did, in order, and how long it lasted, in microseconds.
    fn lengths(&self) -> impl Iterator<Item = (i64, i64)> {
        self.ended.iter().filter_map(|outage| {
            let ended_at = outage.ended_by?.completed_at;
            Some((ended_at, ended_at - outage.opened_by.completed_at))
        })
    }

    fn rated(&self) -> Option<Rated> {
        let lengths = self.lengths().map(|(_, length)| length);
        let distribution = minutes(&mut lengths.collect::<Vec<_>>())?;
        Some(Rated {
            distribution,
            level: Level::of_recovery(distribution.count as u64, distribution.p50 * 60.0),
        })
    }
}

fn minutes(microseconds: &mut [i64]) -> Option<Distribution> {
    Distribution::of(microseconds).map(|lengths| lengths.in_unit_of(MINUTE))
}

impl OutageRow<'_> {
    fn told(&self, scope: &Scope<'_>) -> Outage {
        let facts = scope.facts;
        let opened_by = self.opened_by;
        Outage {
            service: facts.service_name(opened_by).map(str::to_owned),
            environment: facts.environment_name(opened_by.environment).to_owned(),
            opened_by: opened_by.id,
            opened_at: time_of(opened_by.completed_at),
            ended: self.ended_by.map(|row| (row.id, time_of(row.completed_at))),
        }
    }
}
