//! Performance levels, without gaps between them: the four of the DORA reports
//! (<https://dora.dev/guides/dora-metrics-four-keys/>, clusters of *Accelerate State of DevOps 2021-2023*), with the
//! bounds that stand beside each rule. A figure over fewer than five events has no level: one good or bad day would
//! decide it.

use super::Distribution;

/// How a team does, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Among the best.
    Elite,
    /// Well.
    High,
    /// Fairly.
    Medium,
    /// Badly.
    Low,
}

/// The level of a figure, or why it has none.
pub type Rating = Result<Level, TooFew>;

/// Fewer events than a level rests on, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooFew {
    /// Completed deployments.
    Deployments,
    /// Shipped pull requests.
    PullRequests,
    /// Outages that ended.
    Outages,
}

/// The least number of events that a level rests on; the sentences of [`TooFew`] and the definitions name it too.
const LEAST: u64 = 5;

impl TooFew {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Deployments, Self::PullRequests, Self::Outages];

    /// The code, which never changes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Deployments => "too_few_deployments",
            Self::PullRequests => "too_few_pull_requests",
            Self::Outages => "too_few_outages",
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Deployments => "Fewer than 5 deployments are too few for a level.",
            Self::PullRequests => "Fewer than 5 shipped pull requests are too few for a level.",
            Self::Outages => "Fewer than 5 ended outages are too few for a level.",
        }
    }

    fn unless(self, events: u64, level: Level) -> Rating {
        if events < LEAST { Err(self) } else { Ok(level) }
    }
}

/// A distribution with the level of its median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rated {
    /// The distribution.
    pub distribution: Distribution,
    /// How good it is.
    pub level: Rating,
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

impl Level {
    /// Every level, the best first.
    pub const ALL: [Self; 4] = [Self::Elite, Self::High, Self::Medium, Self::Low];

    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elite => "elite",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// By successful deployments a day, of some deployments that ended: at least one a day, one a week, one in 30 days, or
    /// less.
    ///
    /// # Errors
    /// [`TooFew`] below five deployments.
    pub fn of_deployment_frequency(deployments: u64, per_day: f64) -> Rating {
        let level = Self::by([per_day >= 1.0, per_day >= 1.0 / 7.0, per_day >= 1.0 / 30.0]);
        TooFew::Deployments.unless(deployments, level)
    }

    /// By the median lead time in seconds of some shipped pull requests: less than an hour, 7 days, 30 days, or more.
    ///
    /// # Errors
    /// [`TooFew`] below five pull requests.
    pub fn of_lead_time(pull_requests: u64, p50_seconds: f64) -> Rating {
        let level = Self::by([HOUR, 7.0 * DAY, 30.0 * DAY].map(|bound| p50_seconds < bound));
        TooFew::PullRequests.unless(pull_requests, level)
    }

    /// By the share of deployments that failed, of some that succeeded, failed or were rolled back: at most 5 %, 10 %,
    /// 15 %, or more.
    ///
    /// # Errors
    /// [`TooFew`] below five deployments.
    pub fn of_change_failure_rate(deployments: u64, share: f64) -> Rating {
        let level = Self::by([0.05, 0.10, 0.15].map(|bound| share <= bound));
        TooFew::Deployments.unless(deployments, level)
    }

    /// By the median time to recovery in seconds of some outages: less than an hour, a day, 7 days, or more.
    ///
    /// # Errors
    /// [`TooFew`] below five outages.
    pub fn of_recovery(outages: u64, p50_seconds: f64) -> Rating {
        let level = Self::by([HOUR, DAY, 7.0 * DAY].map(|bound| p50_seconds < bound));
        TooFew::Outages.unless(outages, level)
    }

    fn by(reached: [bool; 3]) -> Self {
        match reached {
            [true, _, _] => Self::Elite,
            [_, true, _] => Self::High,
            [_, _, true] => Self::Medium,
            _ => Self::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metric;
    use super::*;
    use Level::{Elite, High, Low, Medium};

    #[test]
    fn every_figure_over_enough_events_has_exactly_one_level() {
        for (level, expected) in [
            (Level::of_deployment_frequency(5, 1.0), Elite),
            (Level::of_deployment_frequency(5, 0.999), High),
            (Level::of_deployment_frequency(5, 1.0 / 7.0), High),
            (Level::of_deployment_frequency(5, 0.14), Medium),
            (Level::of_deployment_frequency(5, 1.0 / 30.0), Medium),
            (Level::of_deployment_frequency(5, 0.0), Low),
            (Level::of_lead_time(5, 0.0), Elite),
            (Level::of_lead_time(5, 3_599.9), Elite),
            (Level::of_lead_time(5, 3_600.0), High),
            (Level::of_lead_time(5, 604_799.9), High),
            (Level::of_lead_time(5, 604_800.0), Medium),
            (Level::of_lead_time(5, 2_591_999.9), Medium),
            (Level::of_lead_time(5, 2_592_000.0), Low),
            (Level::of_change_failure_rate(5, 0.0), Elite),
            (Level::of_change_failure_rate(5, 0.05), Elite),
            (Level::of_change_failure_rate(5, 0.051), High),
            (Level::of_change_failure_rate(5, 0.10), High),
            (Level::of_change_failure_rate(5, 0.15), Medium),
            (Level::of_change_failure_rate(5, 0.16), Low),
            (Level::of_recovery(5, 3_599.0), Elite),
            (Level::of_recovery(5, 3_600.0), High),
            (Level::of_recovery(5, 86_399.9), High),
            (Level::of_recovery(5, 86_400.0), Medium),
            (Level::of_recovery(5, 604_799.9), Medium),
            (Level::of_recovery(5, 604_800.0), Low),
        ] {
            assert_eq!(level, Ok(expected));
        }
    }

    #[test]
    fn below_five_events_a_figure_has_no_level() {
        for (events, few) in [
            (0, true),
            (1, true),
            (4, true),
            (5, false),
            (6, false),
            (u64::MAX, false),
        ] {
            for (rating, level, reason) in [
                (
                    Level::of_deployment_frequency(events, 2.0),
                    Elite,
                    TooFew::Deployments,
                ),
                (
                    Level::of_deployment_frequency(events, 0.0),
                    Low,
                    TooFew::Deployments,
                ),
                (Level::of_lead_time(events, 60.0), Elite, TooFew::PullRequests),
                (
                    Level::of_change_failure_rate(events, 0.0),
                    Elite,
                    TooFew::Deployments,
                ),
                (
                    Level::of_change_failure_rate(events, 1.0),
                    Low,
                    TooFew::Deployments,
                ),
                (Level::of_recovery(events, 60.0), Elite, TooFew::Outages),
            ] {
                assert_eq!(rating, if few { Err(reason) } else { Ok(level) }, "{events}");
            }
        }
    }

    #[test]
    fn sentences_and_definitions_name_the_least_number_of_events() {
        let least = format!("fewer than {LEAST} ");
        for reason in TooFew::ALL {
            assert!(reason.sentence().to_lowercase().contains(&least), "{reason:?}");
        }
        for metric in [
            Metric::DeploymentFrequency,
            Metric::LeadTime,
            Metric::ChangeFailureRate,
            Metric::Recovery,
        ] {
            assert!(metric.definition().contains(&least), "{metric:?}");
        }
    }
}
