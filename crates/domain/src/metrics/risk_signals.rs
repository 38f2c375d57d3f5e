//! Risk signals: what is worth a look, each by a bound that is told with it.
//!
//! Of repositories: `stale_service` (nothing merged for 14 days), `bus_factor` (one contributor), `slow_reviews` (mean cycle
//! time above 72 hours), `large_prs` (pull requests of 500 lines or more that took 48 hours or more). Of all that is asked
//! about: `review_bottleneck` (one author has half of all merges or more), `activity_drop` (merges down by 30 % or more on
//! the window before), `activity_spike` (up by 50 % or more). Of services: `failure_rate` (change failure rate above 15 %).
//! The severity is high where a bound is passed twice over, and low where it rests on fewer than five events.

use super::change_failure_rate::{ServiceFailureRate, services};
use super::contributors::leading_author;
use super::deployment_frequency::float;
use super::merges::merged;
use super::question::Scope;
use super::service_health::{Activity, SLOW_HOURS, STALE_AFTER, activities};
use crate::id::RepositoryId;
use crate::repository::Repository;

/// From how many lines on a pull request is large.
pub(crate) const LARGE_LINES: u32 = 500;

/// From how many microseconds of cycle time on a large pull request counts: 48 hours.
pub(crate) const LARGE_AND_SLOW: i64 = 48 * 3_600 * 1_000_000;

/// The share of merges from which one author is a bottleneck.
const BOTTLENECK: f64 = 0.5;

/// The drop and the rise of merges that count.
const DROP: f64 = 0.3;
const SPIKE: f64 = 0.5;

/// The change failure rate above which it is a risk.
const FAILURE_RATE: f64 = 0.15;

/// Fewer events than this prove little.
const FEW: u64 = 5;

/// What kind of risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskKind {
    /// Nothing was merged for 14 days.
    StaleService,
    /// One contributor.
    BusFactor,
    /// Pull requests wait for their merge.
    SlowReviews,
    /// Large pull requests that took long.
    LargePullRequests,
    /// One author has half of all merges or more.
    ReviewBottleneck,
    /// Less is merged than before.
    ActivityDrop,
    /// More is merged than before.
    ActivitySpike,
    /// Too many deployments do harm.
    FailureRate,
}

impl RiskKind {
    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StaleService => "stale_service",
            Self::BusFactor => "bus_factor",
            Self::SlowReviews => "slow_reviews",
            Self::LargePullRequests => "large_prs",
            Self::ReviewBottleneck => "review_bottleneck",
            Self::ActivityDrop => "activity_drop",
            Self::ActivitySpike => "activity_spike",
            Self::FailureRate => "failure_rate",
        }
    }

    const fn recommendation(self) -> &'static str {
        match self {
            Self::StaleService => "Check whether it still has an owner, or stop monitoring it.",
            Self::BusFactor => "Have somebody else review and change it, so that knowledge is shared.",
            Self::SlowReviews => {
                "Review earlier and in smaller pieces, and agree on how long a review may wait."
            }
            Self::LargePullRequests => "Split changes so that each can be reviewed in one sitting.",
            Self::ReviewBottleneck => "Spread the work, so that it does not stop when one person is away.",
            Self::ActivityDrop => "Find out whether work is blocked, or was only planned so.",
            Self::ActivitySpike => "Watch the change failure rate, and make room for reviews.",
            Self::FailureRate => {
                "Look at the recent failures, and test what they have in common before deploying."
            }
        }
    }
}

/// How serious it is, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The bound is passed twice over.
    High,
    /// The bound is passed.
    Medium,
    /// It is, but by fewer than five events.
    Low,
}

impl Severity {
    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    fn of(events: u64, is_twice: bool) -> Self {
        match (events, is_twice) {
            (..FEW, _) => Self::Low,
            (_, true) => Self::High,
            (_, false) => Self::Medium,
        }
    }
}

/// Whom a risk is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// All that was asked about.
    Everything,
    /// A repository.
    Repository(RepositoryId),
    /// A service, as it is spelled; `None` stands for deployments that name none.
    Service(Option<String>),
    /// An author.
    Author(String),
}

/// One risk.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskSignal {
    /// What kind.
    pub kind: RiskKind,
    /// How serious.
    pub severity: Severity,
    /// Of whom.
    pub entity: Entity,
    /// What was found, with its figure and the bound.
    pub description: String,
    /// What may help.
    pub recommendation: &'static str,
}

/// Risk signals.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskSignals {
    /// How many risks the window has; `None` if nothing happened in it that could show any.
    pub current: Option<usize>,
    /// How many the one before had.
    pub previous: Option<usize>,
    /// Those of the window, the most serious first.
    pub signals: Vec<RiskSignal>,
    /// How many deployments and merges they rest on.
    pub(crate) sample_size: u64,
}

impl RiskSignals {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let before = scope.before();
        let signals = signals(scope);
        let events =
            |scope: &Scope<'_>| merged(scope, scope.window) + scope.deployments(scope.window).count() as u64;
        let sample_size = events(scope);
        let told = |signals: &[RiskSignal], events: u64| {
            (events > 0 || !signals.is_empty()).then_some(signals.len())
        };
        Self {
            current: told(&signals, sample_size),
            previous: told(&self::signals(&before), events(&before)),
            sample_size,
            signals,
        }
    }
}

fn signals(scope: &Scope<'_>) -> Vec<RiskSignal> {
    let activities = activities(scope);
    let of_repositories = scope
        .repositories
        .iter()
        .zip(&activities)
        .flat_map(|(repository, activity)| of_repository(scope, repository, activity));
    let of_services = services(scope, scope.window);
    let mut signals: Vec<_> = of_repositories
        .chain(bottleneck(scope))
        .chain(change_of_activity(scope))
        .chain(of_services.iter().filter_map(failure_rate))
        .collect();
    signals.sort_by(|a, b| (a.severity, a.kind, &a.entity).cmp(&(b.severity, b.kind, &b.entity)));
    signals
}

fn signal(kind: RiskKind, severity: Severity, entity: Entity, description: String) -> RiskSignal {
    RiskSignal {
        kind,
        severity,
        entity,
        description,
        recommendation: kind.recommendation(),
    }
}

fn of_repository(scope: &Scope<'_>, repository: &Repository, activity: &Activity) -> Vec<RiskSignal> {
    let name = &repository.name;
    let mut signals = Vec::new();
    let mut add = |kind, severity, description| {
        signals.push(signal(
            kind,
            severity,
            Entity::Repository(repository.id),
            description,
        ));
    };
    if activity.is_stale(scope) {
        let (description, is_long) = match activity.last_merged_at {
            Some(last) => (
                format!("Nothing has been merged into {name} since {last}, for more than 14 days."),
                last < scope.end().plus(-STALE_AFTER * 2),
            ),
            None => (
                format!("Nothing has been merged into {name} for longer than is looked at."),
                true,
            ),
        };
        add(RiskKind::StaleService, Severity::of(FEW, is_long), description);
    }
    let merged = activity.now.merged;
    if activity.has_one_contributor() {
        let description = format!("All {merged} pull requests merged into {name} are of one contributor.");
        add(
            RiskKind::BusFactor,
            Severity::of(merged, merged >= 4 * FEW),
            description,
        );
    }
    if let Some(hours) = activity
        .now
        .mean_cycle_time_hours()
        .filter(|hours| *hours > SLOW_HOURS)
    {
        let description = format!(
            "Pull requests of {name} take {hours:.1} hours on average; more than {SLOW_HOURS} is slow."
        );
        add(
            RiskKind::SlowReviews,
            Severity::of(merged, hours >= 2.0 * SLOW_HOURS),
            description,
        );
    }
    let large = activity.large_and_slow;
    if large > 0 {
        let description = format!(
            "{large} of {merged} pull requests merged into {name} have {LARGE_LINES} lines or more and took 48 hours \
             or more."
        );
        add(
            RiskKind::LargePullRequests,
            Severity::of(large, large * 2 >= merged),
            description,
        );
    }
    signals
}

fn bottleneck(scope: &Scope<'_>) -> Option<RiskSignal> {
    let (author, merged, share) = leading_author(scope).filter(|(_, _, share)| *share >= BOTTLENECK)?;
    let description = format!(
        "{author} is the author of {:.0} % of the merges, {merged} pull requests; {:.0} % or more is a bottleneck.",
        share * 100.0,
        BOTTLENECK * 100.0
    );
    let severity = Severity::of(merged, share >= 0.75);
    let entity = Entity::Author(author.to_owned());
    Some(signal(RiskKind::ReviewBottleneck, severity, entity, description))
}

fn change_of_activity(scope: &Scope<'_>) -> Option<RiskSignal> {
    let now = merged(scope, scope.window);
    let before = merged(scope, scope.window.previous());
    let change = float(now) / float(before) - 1.0;
    let (kind, word, bound) = if before == 0 {
        return None;
    } else if change <= -DROP {
        (RiskKind::ActivityDrop, "fewer", DROP)
    } else if change >= SPIKE {
        (RiskKind::ActivitySpike, "more", SPIKE)
    } else {
        return None;
    };
    let description = format!(
        "{now} pull requests were merged, {:.0} % {word} than the {before} of the window before; {:.0} % counts.",
        change.abs() * 100.0,
        bound * 100.0
    );
    let severity = Severity::of(now.max(before), change.abs() >= 2.0 * bound);
    Some(signal(kind, severity, Entity::Everything, description))
}

fn failure_rate(of: &ServiceFailureRate) -> Option<RiskSignal> {
    let rate = of.rate;
    (rate.share > FAILURE_RATE).then(|| {
        let name = of.service.as_deref().unwrap_or("deployments without a service");
        let harmful = rate.statuses.failure + rate.statuses.rolled_back;
        let description = format!(
            "{:.1} % of the deployments of {name} failed or were rolled back, {harmful} of {}; more than {:.0} % is a \
             risk.",
            rate.share * 100.0,
            harmful + rate.statuses.success,
            FAILURE_RATE * 100.0
        );
        let severity = Severity::of(
            harmful + rate.statuses.success,
            rate.share >= 2.0 * FAILURE_RATE,
        );
        signal(
            RiskKind::FailureRate,
            severity,
            Entity::Service(of.service.clone()),
            description,
        )
    })
}
