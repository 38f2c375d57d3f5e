//! Lead time for changes: how long a merged pull request waits until it reaches users.
//!
//! For each pull request and service its first delivery ever, if that is in the window: the time from the merge to the
//! completion of the first successful production deployment of the service that contains it; percentiles over all of these.
//! No other window, redeployment or roll-back changes the lead time of a pull request. Source: DORA,
//! <https://dora.dev/guides/dora-metrics-four-keys/>, measured from the merge; DORA measures from the commit.

use super::calendar::{Cut, Sorter, TimeSlice};
use super::names::place_by_name;
use super::question::Scope;
use super::{Distribution, Level, Rated, Window};
use crate::id::{DeploymentId, PullRequestId};
use crate::lead_time::LeadTime;
use std::cmp::Reverse;

/// How many of the slowest are told.
const SLOWEST: usize = 10;

/// A pull request's way to users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// The deployment that delivered it first.
    pub deployment_id: DeploymentId,
    /// The service, as that deployment spells it.
    pub service: Option<String>,
    /// From merge to completion.
    pub lead_time: LeadTime,
}

/// Lead time for changes.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadTimes {
    /// In the window, in seconds.
    pub current: Option<Rated>,
    /// In the one before, in seconds.
    pub previous: Option<Rated>,
    /// The slowest, slowest first; of equally slow ones the first pull request first.
    pub slowest: Vec<Shipment>,
    /// Service by service, most shipments first, then by name; deployments that name none are one.
    pub services: Vec<ServiceLeadTime>,
    /// Week by week, by the deployments' completion, in seconds.
    pub weekly: Vec<(TimeSlice, Option<Distribution>)>,
}

/// The lead time of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceLeadTime {
    /// The service, as its latest shipment spells it.
    pub service: Option<String>,
    /// In the window, in seconds.
    pub lead_time: Rated,
}

impl LeadTimes {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let window = scope.window;
        let weeks = Cut::Weeks.slices(window, &scope.question.time_zone);
        let mut weekly: Sorter<'_, Vec<i64>> = Sorter::new(&weeks);
        let shipments: Vec<_> = shipments(scope, window).collect();
        let mut seconds = Vec::with_capacity(shipments.len());
        for (row, link) in &shipments {
            seconds.push(link.lead_time().seconds());
            if let Some(week) = weekly.at(row.completed_at) {
                week.push(link.lead_time().seconds());
            }
        }
        Self {
            current: rated(&mut seconds),
            previous: lead_time(scope, window.previous()),
            services: services(scope, &shipments),
            slowest: slowest(scope, shipments),
            weekly: weekly.finish(|mut seconds| Distribution::of(&mut seconds)),
        }
    }
}

type ShippedRow<'a> = (&'a super::facts::DeploymentRow, &'a super::facts::LinkRow);

/// The first deliveries of a window.
fn shipments<'a>(scope: &Scope<'a>, window: Window) -> impl Iterator<Item = ShippedRow<'a>> {
    scope
        .deployments(window)
        .flat_map(|(row, links)| links.iter().map(move |link| (row, link)))
        .filter(|(_, link)| link.is_first())
}

/// The lead times of a window, in seconds.
pub(crate) fn lead_time(scope: &Scope<'_>, window: Window) -> Option<Rated> {
    let mut seconds: Vec<_> = shipments(scope, window)
        .map(|(_, link)| link.lead_time().seconds())
        .collect();
    rated(&mut seconds)
}

fn rated(seconds: &mut [i64]) -> Option<Rated> {
    Distribution::of(seconds).map(|distribution| Rated {
        distribution,
        level: Level::of_lead_time(distribution.count as u64, distribution.p50),
    })
}

/// The lead times of each service that shipped something.
fn services(scope: &Scope<'_>, shipments: &[ShippedRow<'_>]) -> Vec<ServiceLeadTime> {
    let facts = scope.facts;
    let mut by_key: Vec<(Option<&str>, Vec<i64>)> = vec![Default::default(); scope.services.count()];
    for (row, link) in shipments {
        if let Some((name, seconds)) = by_key.get_mut(scope.services.of(row) as usize) {
            *name = facts.service_name(row);
            seconds.push(link.lead_time().seconds());
        }
    }
    let services = by_key.into_iter().filter_map(|(name, mut seconds)| {
        Some(ServiceLeadTime {
            service: name.map(str::to_owned),
            lead_time: rated(&mut seconds)?,
        })
    });
    let mut services: Vec<_> = services.collect();
    services.sort_by_cached_key(|one| {
        let shipments = one.lead_time.distribution.count;
        (Reverse(shipments), place_by_name(one.service.as_deref()))
    });
    services
}

fn slowest(scope: &Scope<'_>, mut shipments: Vec<ShippedRow<'_>>) -> Vec<Shipment> {
    let order = |(row, link): &ShippedRow<'_>| (Reverse(link.lead_time()), link.pull_request_id, row.id);
    if shipments.len() > SLOWEST {
        shipments.select_nth_unstable_by_key(SLOWEST, order);
        shipments.truncate(SLOWEST);
    }
    shipments.sort_unstable_by_key(order);
    let told = shipments.into_iter().map(|(row, link)| Shipment {
        pull_request_id: link.pull_request_id,
        deployment_id: row.id,
        service: scope.facts.service_name(row).map(str::to_owned),
        lead_time: link.lead_time(),
    });
    told.collect()
}
