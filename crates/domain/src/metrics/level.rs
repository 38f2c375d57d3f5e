//! Performance levels, without gaps between them: the four of the DORA reports
//! (<https://dora.dev/guides/dora-metrics-four-keys/>, clusters of *Accelerate State of DevOps 2021-2023*), with the
//! bounds that stand beside each rule.

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

/// A distribution with the level of its median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rated {
    /// The distribution.
    pub distribution: Distribution,
    /// How good it is.
    pub level: Level,
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

    /// By successful deployments a day: at least one a day, one a week, one in 30 days, or less.
    #[must_use]
    pub fn of_deployment_frequency(per_day: f64) -> Self {
        Self::by([per_day >= 1.0, per_day >= 1.0 / 7.0, per_day >= 1.0 / 30.0])
    }

    /// By the median lead time in seconds: less than an hour, 7 days, 30 days, or more.
    #[must_use]
    pub fn of_lead_time(p50_seconds: f64) -> Self {
        Self::by([HOUR, 7.0 * DAY, 30.0 * DAY].map(|bound| p50_seconds < bound))
    }

    /// By the share of deployments that failed: at most 5 %, 10 %, 15 %, or more.
    #[must_use]
    pub fn of_change_failure_rate(share: f64) -> Self {
        Self::by([0.05, 0.10, 0.15].map(|bound| share <= bound))
    }

    /// By the median time to recovery in seconds: less than an hour, a day, 7 days, or more.
    #[must_use]
    pub fn of_recovery(p50_seconds: f64) -> Self {
        Self::by([HOUR, DAY, 7.0 * DAY].map(|bound| p50_seconds < bound))
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
    use super::*;
    use Level::{Elite, High, Low, Medium};

    #[test]
    fn every_figure_has_exactly_one_level() {
        for (level, expected) in [
            (Level::of_deployment_frequency(1.0), Elite),
            (Level::of_deployment_frequency(0.999), High),
            (Level::of_deployment_frequency(1.0 / 7.0), High),
            (Level::of_deployment_frequency(0.14), Medium),
            (Level::of_deployment_frequency(1.0 / 30.0), Medium),
            (Level::of_deployment_frequency(0.0), Low),
            (Level::of_lead_time(0.0), Elite),
            (Level::of_lead_time(3_599.9), Elite),
            (Level::of_lead_time(3_600.0), High),
            (Level::of_lead_time(604_799.9), High),
            (Level::of_lead_time(604_800.0), Medium),
            (Level::of_lead_time(2_591_999.9), Medium),
            (Level::of_lead_time(2_592_000.0), Low),
            (Level::of_change_failure_rate(0.0), Elite),
            (Level::of_change_failure_rate(0.05), Elite),
            (Level::of_change_failure_rate(0.051), High),
            (Level::of_change_failure_rate(0.10), High),
            (Level::of_change_failure_rate(0.15), Medium),
            (Level::of_change_failure_rate(0.16), Low),
            (Level::of_recovery(3_599.0), Elite),
            (Level::of_recovery(3_600.0), High),
            (Level::of_recovery(86_399.9), High),
            (Level::of_recovery(86_400.0), Medium),
            (Level::of_recovery(604_799.9), Medium),
            (Level::of_recovery(604_800.0), Low),
        ] {
            assert_eq!(level, expected);
        }
    }
}
