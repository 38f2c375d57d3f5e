//! Time to recovery (`mttr`): how long users live with a failed deployment.
//!
//! For each service and environment, in order of completion, at one instant harm before success: an outage opens with the
//! first deployment that failed or was rolled back after a success, and ends with the next success. It belongs to the
//! window in which it ends. A store tells which services were down when the windows begin, by the last success and the first
//! harm after it, however far back. Cancelled deployments change nothing. Source: DORA, failed deployment recovery time,
//! <https://dora.dev/guides/dora-metrics-four-keys/>.

use super::calendar::{Cut, Sorter, TimeSlice};
use super::facts::{DeploymentRow, time_of};
use super::names::NameNumber;
use super::question::{Scope, ServiceState};
use super::{Distribution, Level, Rated, Window};
use crate::id::DeploymentId;
use crate::run::DeploymentStatus;
use crate::text::ServiceName;
use crate::timestamp::Timestamp;
use std::collections::HashMap;

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
        let found = outages(scope);
        let ended = found.ended_in(scope.window);
        let weeks = Cut::Weeks.slices(scope.window, &scope.question.time_zone);
        let mut weekly: Sorter<'_, Vec<i64>> = Sorter::new(&weeks);
        for outage in ended {
            if let Some(week) = weekly.at(outage.ended_by.completed_at) {
                week.push(outage.length());
            }
        }
        let incidents = ended.iter().rev().take(TOLD);
        let open = found.open.iter().take(TOLD);
        Self {
            current: rated(ended),
            previous: rated(found.ended_in(scope.window.previous())),
            weekly: weekly.finish(|mut lengths| minutes(&mut lengths)),
            incidents: incidents
                .map(|outage| outage.opening.outage(Some(outage.ended_by)))
                .collect(),
            open: open.map(|opening| opening.outage(None)).collect(),
        }
    }
}

/// The times to recovery of the window and of the one before, in minutes.
pub(crate) fn recoveries(scope: &Scope<'_>) -> [Option<Rated>; 2] {
    let found = outages(scope);
    [scope.window, scope.window.previous()].map(|window| rated(found.ended_in(window)))
}

/// The deployment that opened an outage.
#[derive(Clone, Copy)]
struct Opening<'a> {
    at: i64,
    id: DeploymentId,
    service: Option<&'a str>,
    environment: &'a str,
}

#[derive(Clone, Copy)]
struct EndedOutage<'a> {
    opening: Opening<'a>,
    ended_by: &'a DeploymentRow,
}

/// The outages that ended in the window or the one before, by their end, and those that last, by their beginning.
struct Outages<'a> {
    ended: Vec<EndedOutage<'a>>,
    open: Vec<Opening<'a>>,
}

#[derive(Clone, Copy, Default)]
enum State<'a> {
    /// Nothing has succeeded yet.
    #[default]
    Unknown,
    Up,
    Down(Opening<'a>),
}

fn outages<'a>(scope: &Scope<'a>) -> Outages<'a> {
    let facts = scope.facts;
    let followed = Window {
        since: scope.question.outages_since(),
        until: scope.window.until,
    };
    let mut states: HashMap<(NameNumber, NameNumber), State<'_>> = HashMap::new();
    let (mut ended, mut open) = (Vec::new(), Vec::new());
    for known in scope.states() {
        let opening = Opening::of_state(known);
        let service = scope.services.find(known.service.as_ref());
        match service.zip(facts.environment(&known.environment)) {
            Some(key) => drop(states.insert(key, opening.map_or(State::Up, State::Down))),
            // No deployment of the service to the environment has followed.
            None => open.extend(opening),
        }
    }
    let mut rows: Vec<_> = scope.deployments(followed).map(|(row, _)| row).collect();
    // Which of two that ended at once was told first must not matter.
    rows.sort_by_key(|row| (row.completed_at, row.status == DeploymentStatus::Success));
    for row in rows {
        let state = states
            .entry((scope.services.of(row), row.environment))
            .or_default();
        match *state {
            State::Down(opening) if row.status == DeploymentStatus::Success => {
                ended.push(EndedOutage {
                    opening,
                    ended_by: row,
                });
                *state = State::Up;
            }
            State::Unknown if row.status == DeploymentStatus::Success => *state = State::Up,
            State::Up if row.status.is_harmful() => *state = State::Down(Opening::of_row(row, scope)),
            _ => {}
        }
    }
    open.extend(states.into_values().filter_map(|state| match state {
        State::Down(opening) => Some(opening),
        State::Unknown | State::Up => None,
    }));
    open.sort_by_key(|opening| (opening.at, opening.id));
    Outages { ended, open }
}

impl<'a> Outages<'a> {
    /// Those that ended in a window.
    fn ended_in(&self, window: Window) -> &[EndedOutage<'a>] {
        let place = |time: Timestamp| {
            let time = time.microseconds();
            self.ended
                .partition_point(|outage| outage.ended_by.completed_at < time)
        };
        let range = place(window.since)..place(window.until);
        self.ended.get(range).unwrap_or_default()
    }
}

impl EndedOutage<'_> {
    /// How long it lasted, in microseconds.
    const fn length(&self) -> i64 {
        self.ended_by.completed_at - self.opening.at
    }
}

fn rated(ended: &[EndedOutage<'_>]) -> Option<Rated> {
    let mut lengths: Vec<_> = ended.iter().map(EndedOutage::length).collect();
    let distribution = minutes(&mut lengths)?;
    Some(Rated {
        distribution,
        level: Level::of_recovery(distribution.count as u64, distribution.p50 * 60.0),
    })
}

fn minutes(microseconds: &mut [i64]) -> Option<Distribution> {
    Distribution::of(microseconds).map(|lengths| lengths.in_unit_of(MINUTE))
}

impl<'a> Opening<'a> {
    fn of_row(row: &DeploymentRow, scope: &Scope<'a>) -> Self {
        Self {
            at: row.completed_at,
            id: row.id,
            service: scope.facts.service_name(row),
            environment: scope.facts.environment_name(row.environment),
        }
    }

    fn of_state(state: &'a ServiceState) -> Option<Self> {
        let (id, at) = state.down_since?;
        Some(Self {
            at: at.microseconds(),
            id,
            service: state.service.as_ref().map(ServiceName::as_str),
            environment: state.environment.as_str(),
        })
    }

    fn outage(&self, ended_by: Option<&DeploymentRow>) -> Outage {
        Outage {
            service: self.service.map(str::to_owned),
            environment: self.environment.to_owned(),
            opened_by: self.id,
            opened_at: time_of(self.at),
            ended: ended_by.map(|row| (row.id, time_of(row.completed_at))),
        }
    }
}
