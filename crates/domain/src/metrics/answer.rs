//! The answer to a question: the figures of a metric, how many events they rest on, how much of what was asked about is
//! linked, and, where there is no figure, why.

use super::change_failure_rate::ChangeFailureRate;
use super::contributors::Contributors;
use super::coverage::Coverage;
use super::cycle_time::CycleTime;
use super::deployment_frequency::DeploymentFrequency;
use super::lead_time::LeadTimes;
use super::merges::{MergeCounts, merged};
use super::overview::Overview;
use super::question::{Material, Scope};
use super::recovery::Recovery;
use super::risk_signals::RiskSignals;
use super::service_health::{RepositoryHealth, service_health};
use super::size_vs_time::SizeVsTime;
use super::{Distribution, Metric, NoData, Rated};
use crate::id::{DeploymentId, PullRequestId};

/// The figures of a metric.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is the metric of its name")]
pub enum Figures {
    Overview(Box<Overview>),
    DeploymentFrequency(DeploymentFrequency),
    LeadTime(LeadTimes),
    ChangeFailureRate(ChangeFailureRate),
    Recovery(Recovery),
    CycleTime(CycleTime),
    Throughput(MergeCounts),
    Velocity(MergeCounts),
    SizeVsTime(SizeVsTime),
    Contributors(Contributors),
    ServiceHealth(Vec<RepositoryHealth>),
    RiskSignals(RiskSignals),
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was asked.
    pub metric: Metric,
    /// How many events the figures of the window rest on: deployments, shipments, outages or pull requests.
    pub sample_size: u64,
    /// Why there is no figure, if there is none.
    pub no_data: Option<NoData>,
    /// How much of what was asked about is linked.
    pub coverage: Coverage,
    /// The figures.
    pub figures: Figures,
}

impl Material {
    /// How much of what is asked about is linked.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        Coverage::of(&Scope::of(self))
    }

    /// Computes a metric: in milliseconds for a hundred thousand events, without waiting for anything.
    #[must_use]
    pub fn measure(&self, metric: Metric) -> Answer {
        let scope = Scope::of(self);
        Answer::of(metric, &scope, Coverage::of(&scope))
    }

    /// Computes the answers by some metrics, in their order. What they all tell is computed once.
    #[must_use]
    pub fn measure_all(&self, metrics: &[Metric]) -> Vec<Answer> {
        let scope = Scope::of(self);
        let coverage = Coverage::of(&scope);
        let answers = metrics
            .iter()
            .map(|metric| Answer::of(*metric, &scope, coverage.clone()));
        answers.collect()
    }
}

impl Answer {
    fn of(metric: Metric, scope: &Scope<'_>, coverage: Coverage) -> Self {
        let figures = Figures::of(metric, scope);
        let (sample_size, no_data) = figures.sample(scope);
        Self {
            metric,
            sample_size,
            no_data: no_data.filter(|_| sample_size == 0),
            coverage,
            figures,
        }
    }
}

impl Figures {
    fn of(metric: Metric, scope: &Scope<'_>) -> Self {
        match metric {
            Metric::Overview => Self::Overview(Box::new(Overview::of(scope))),
            Metric::DeploymentFrequency => Self::DeploymentFrequency(DeploymentFrequency::of(scope)),
            Metric::LeadTime => Self::LeadTime(LeadTimes::of(scope)),
            Metric::ChangeFailureRate => Self::ChangeFailureRate(ChangeFailureRate::of(scope)),
            Metric::Recovery => Self::Recovery(Recovery::of(scope)),
            Metric::CycleTime => Self::CycleTime(CycleTime::of(scope)),
            Metric::Throughput => Self::Throughput(MergeCounts::throughput(scope)),
            Metric::Velocity => Self::Velocity(MergeCounts::velocity(scope)),
            Metric::SizeVsTime => Self::SizeVsTime(SizeVsTime::of(scope)),
            Metric::Contributors => Self::Contributors(Contributors::of(scope)),
            Metric::ServiceHealth => Self::ServiceHealth(service_health(scope)),
            Metric::RiskSignals => Self::RiskSignals(RiskSignals::of(scope)),
        }
    }

    /// How many events they rest on, and why there are none if there are none.
    fn sample(&self, scope: &Scope<'_>) -> (u64, Option<NoData>) {
        let count = |distribution: Option<Distribution>| {
            distribution.map_or(0, |distribution| distribution.count as u64)
        };
        let count_rated = |rated: Option<Rated>| count(rated.map(|rated| rated.distribution));
        let merges = || merged(scope, scope.window);
        let no_merges = || {
            Some(if scope.service_is_unmatched {
                NoData::ServiceUnmatched
            } else if scope.repositories.is_empty() {
                NoData::NoRepositories
            } else {
                NoData::NoMerges
            })
        };
        let no_details = || {
            if merges() > 0 {
                Some(NoData::NoDetails)
            } else {
                no_merges()
            }
        };
        match self {
            Self::Overview(overview) => {
                let deployments = overview.current.deployment_frequency;
                let deployments = deployments.map_or(0, |frequency| frequency.statuses.total());
                let events = deployments + overview.current.pull_requests_merged.unwrap_or_default();
                (events, Some(no_deployments(scope)))
            }
            Self::DeploymentFrequency(frequency) => {
                let total = frequency.current.map_or(0, |current| current.statuses.total());
                (total, Some(no_deployments(scope)))
            }
            Self::LeadTime(lead_times) => (count_rated(lead_times.current), Some(not_shipped(scope))),
            Self::ChangeFailureRate(rate) => {
                let decided = rate
                    .current
                    .map_or(0, |rate| rate.statuses.total() - rate.statuses.cancelled);
                (decided, Some(no_outcomes(scope)))
            }
            Self::Recovery(recovery) => (count_rated(recovery.current), Some(no_recoveries(scope))),
            Self::CycleTime(cycle_time) => (count(cycle_time.current), no_details()),
            Self::SizeVsTime(points) => (points.current as u64, no_details()),
            Self::Throughput(_) | Self::Velocity(_) | Self::Contributors(_) | Self::ServiceHealth(_) => {
                (merges(), no_merges())
            }
            Self::RiskSignals(signals) => (signals.sample_size, no_merges()),
        }
    }

    /// The pull requests that are told of.
    #[must_use]
    pub fn pull_requests(&self) -> Vec<PullRequestId> {
        match self {
            Self::LeadTime(lead_times) => {
                let slowest = lead_times.slowest.iter();
                slowest.map(|shipment| shipment.pull_request_id).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The deployments that are told of.
    #[must_use]
    pub fn deployments(&self) -> Vec<DeploymentId> {
        match self {
            Self::LeadTime(lead_times) => {
                let slowest = lead_times.slowest.iter();
                slowest.map(|shipment| shipment.deployment_id).collect()
            }
            Self::ChangeFailureRate(rate) => rate.recent_failures.clone(),
            Self::Recovery(recovery) => {
                let outages = recovery.incidents.iter().chain(&recovery.open);
                let ids = outages.flat_map(|outage| [Some(outage.opened_by), outage.ended.map(|(id, _)| id)]);
                ids.flatten().collect()
            }
            _ => Vec::new(),
        }
    }
}

fn not_shipped(scope: &Scope<'_>) -> NoData {
    if !scope.is_of_production() {
        NoData::NotProduction
    } else if scope.deployments(scope.window).next().is_none() {
        no_deployments(scope)
    } else {
        NoData::NothingShipped
    }
}

/// Why a figure is empty to which no deployment belongs.
fn no_deployments(scope: &Scope<'_>) -> NoData {
    let others =
        if scope.question.environment.means_tier() && scope.deployments(scope.window).next().is_none() {
            scope.other_environments()
        } else {
            Vec::new()
        };
    if others.is_empty() {
        NoData::NoDeployments
    } else {
        NoData::EnvironmentNotProduction(others)
    }
}

fn no_recoveries(scope: &Scope<'_>) -> NoData {
    match no_deployments(scope) {
        NoData::NoDeployments => NoData::NoRecoveries,
        others => others,
    }
}

fn no_outcomes(scope: &Scope<'_>) -> NoData {
    if scope.deployments(scope.window).next().is_none() {
        no_deployments(scope)
    } else {
        NoData::NoOutcomes
    }
}
