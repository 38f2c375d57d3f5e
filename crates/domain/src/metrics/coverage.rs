//! Coverage: how much of what is asked about is linked, and for which reason the rest is not. A figure over little of what
//! happened is not worth much, and says so.

use super::Window;
use super::deployment_frequency::float;
use super::number_set::number_set;
use super::question::Scope;
use crate::linking::UnlinkedReason;
use crate::timestamp::Timestamp;

/// How many of something are linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share<R> {
    /// All of them.
    pub total: u64,
    /// Those with a link.
    pub linked: u64,
    /// Those without one, by reason; reasons that nothing has are left out.
    pub unlinked: Vec<(R, u64)>,
}

impl<R> Share<R> {
    /// The linked ones of all, 0 to 1; `None` of none.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.total > 0).then(|| float(self.linked) / float(self.total))
    }
}

/// Why a merged pull request is in no deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnshippedReason {
    /// No successful production deployment has been completed since its merge.
    NoDeploymentSince,
    /// Some have, and it is in none of them as far as is known.
    NotShipped,
}

impl UnshippedReason {
    /// The word that answers use: the same as in explanations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoDeploymentSince => "no_deployment_since",
            Self::NotShipped => "not_shipped",
        }
    }
}

/// How much of what is asked about is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The successful production deployments of the window, the only ones that ship pull requests, whatever environment is
    /// asked about.
    pub deployments: Share<UnlinkedReason>,
    /// The pull requests that were merged in the window: linked is what any deployment completed since its beginning
    /// shipped, whatever service and until now.
    pub pull_requests: Share<UnshippedReason>,
}

impl Coverage {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        Self {
            deployments: deployments(scope),
            pull_requests: pull_requests(scope),
        }
    }
}

fn deployments(scope: &Scope<'_>) -> Share<UnlinkedReason> {
    let mut counter = Counter::new();
    let successful = scope
        .deployments_anywhere(scope.window)
        .filter(|(row, _)| scope.ships(row));
    for (row, links) in successful {
        let reason = row.unlinked.unwrap_or(UnlinkedReason::NothingNew);
        counter.add(links.is_empty().then_some(reason));
    }
    counter.finish()
}

fn pull_requests(scope: &Scope<'_>) -> Share<UnshippedReason> {
    let since = Window {
        since: scope.window.since,
        until: Timestamp::LAST,
    };
    let merged = scope.merges(scope.window).count();
    let mut shipped = number_set(merged);
    let mut last_shipment = i64::MIN;
    for (row, links) in scope.facts.deployments(since) {
        if scope.ships(row) {
            last_shipment = row.completed_at;
        }
        shipped.extend(links.iter().map(|link| link.pull_request_id));
    }
    let mut counter = Counter::new();
    for row in scope.merges(scope.window) {
        let reason = if row.merged_at > last_shipment {
            UnshippedReason::NoDeploymentSince
        } else {
            UnshippedReason::NotShipped
        };
        counter.add((!shipped.contains(&row.id)).then_some(reason));
    }
    counter.finish()
}

/// Counts by reason, of which there are a few.
struct Counter<R>(Share<R>);

impl<R: Copy + Ord> Counter<R> {
    const fn new() -> Self {
        Self(Share {
            total: 0,
            linked: 0,
            unlinked: Vec::new(),
        })
    }

    fn add(&mut self, unlinked: Option<R>) {
        let share = &mut self.0;
        share.total += 1;
        match unlinked {
            None => share.linked += 1,
            Some(reason) => match share.unlinked.iter_mut().find(|(other, _)| *other == reason) {
                Some((_, count)) => *count += 1,
                None => share.unlinked.push((reason, 1)),
            },
        }
    }

    fn finish(mut self) -> Share<R> {
        self.0.unlinked.sort_by_key(|(reason, _)| *reason);
        self.0
    }
}
