//! The metrics by name, each with its definition for the person who asks what a figure means.

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The four levels and what a team looks at first.
    Overview,
    /// How often something is deployed.
    DeploymentFrequency,
    /// From merge to users.
    LeadTime,
    /// The share of deployments that do harm.
    ChangeFailureRate,
    /// From failure to recovery.
    Recovery,
    /// From opening a pull request to its merge.
    CycleTime,
    /// Merged pull requests per ISO week.
    Throughput,
    /// Merged pull requests per day.
    Velocity,
    /// Size of pull requests against cycle time.
    SizeVsTime,
    /// Whose pull requests were merged.
    Contributors,
    /// How repositories do.
    ServiceHealth,
    /// What is worth a look.
    RiskSignals,
}

impl Metric {
    /// Every metric, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::Overview,
        Self::DeploymentFrequency,
        Self::LeadTime,
        Self::ChangeFailureRate,
        Self::Recovery,
        Self::CycleTime,
        Self::Throughput,
        Self::Velocity,
        Self::SizeVsTime,
        Self::Contributors,
        Self::ServiceHealth,
        Self::RiskSignals,
    ];

    /// The word that URLs, commands and answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::DeploymentFrequency => "deployment-frequency",
            Self::LeadTime => "lead-time",
            Self::ChangeFailureRate => "change-failure-rate",
            Self::Recovery => "mttr",
            Self::CycleTime => "pr-cycle-time",
            Self::Throughput => "throughput",
            Self::Velocity => "pr-velocity",
            Self::SizeVsTime => "size-vs-time",
            Self::Contributors => "contributors",
            Self::ServiceHealth => "service-health",
            Self::RiskSignals => "risk-signals",
        }
    }

    /// Whether the answer depends on the states of services before the window.
    #[must_use]
    pub const fn follows_outages(self) -> bool {
        matches!(self, Self::Overview | Self::Recovery)
    }

    /// Definition, formula and source, in sentences for the person who asks what a figure means.
    #[must_use]
    pub const fn definition(self) -> &'static str {
        match self {
            Self::Overview => {
                "The four DORA metrics with their levels, pull requests merged, and the median cycle time, each beside \
                 the window before."
            }
            Self::DeploymentFrequency => {
                "Successful deployments completed in the window; those that brought nothing new are among them, and \
                 counted beside as redeployments. Per day: divided by the window's length in days of 24 \
                 hours, up to now if it is not over, without an hour that the zone's clocks show twice; per week: by its \
                 length in weeks. Elite at 1 a day or more, high at 1 a week, medium at 1 in 30 days, else low; fewer \
                 than 5 completed deployments have no level. Source: DORA, \
                 https://dora.dev/guides/dora-metrics-four-keys/."
            }
            Self::LeadTime => {
                "For each pull request and service, its first delivery ever, if that is in the window: from the merge to \
                 the completion of the first successful production deployment that contains it, in seconds. No other \
                 window, redeployment or roll-back changes it. Percentiles interpolate linearly. Elite below a median of \
                 1 hour, high below 7 days, medium below 30 days, else low; fewer than 5 first deliveries have no level. \
                 Source: DORA, https://dora.dev/guides/dora-metrics-four-keys/, measured from the merge."
            }
            Self::ChangeFailureRate => {
                "Deployments that ended as failure or rolled_back, divided by those that ended as success, failure or \
                 rolled_back. The narrow share: failure divided by every terminal status. Elite up to 5 %, high up to \
                 10 %, medium up to 15 %, else low; fewer than 5 of these deployments have no level. Source: DORA, \
                 https://dora.dev/guides/dora-metrics-four-keys/."
            }
            Self::Recovery => {
                "Per service and environment, in order of completion, at one instant harm before success: an outage opens \
                 with the first failure or rolled_back after a success and ends with the next success; it belongs to the \
                 window in which it ends. Whether a service is down when the window begins is decided by its last success \
                 and the first harm after it, however far back. Open outages are listed, not counted. Elite below a median \
                 of 1 hour, high below 1 day, medium below 7 days, else low; fewer than 5 ended outages have no level. \
                 Source: DORA, https://dora.dev/guides/dora-metrics-four-keys/."
            }
            Self::CycleTime => {
                "From createdAt to mergedAt of the pull requests merged in the window, in hours; those without createdAt \
                 are left out. Percentiles interpolate linearly."
            }
            Self::Throughput => {
                "Pull requests merged in the window, per ISO week: divided by the window's length in weeks, up to now if \
                 it is not over, without an hour that the zone's clocks show twice."
            }
            Self::Velocity => {
                "Pull requests merged in the window, per day: divided by the window's length in days of 24 hours, up to \
                 now if it is not over, without an hour that the zone's clocks show twice."
            }
            Self::SizeVsTime => {
                "For each pull request merged in the window of which both are known: additions + deletions against the \
                 time from createdAt to mergedAt. The latest 10000 points are told."
            }
            Self::Contributors => {
                "Per author of the pull requests merged in the window: how many, their share, their mean size and mean \
                 cycle time, and the last merge."
            }
            Self::ServiceHealth => {
                "Per repository: stale when nothing was merged for 14 days at the window's end, or now if it is not over; \
                 else warning with one contributor, a mean cycle time above 72 hours, or at most half the merges of the \
                 window before; else healthy."
            }
            Self::RiskSignals => {
                "What passes a bound: stale_service 14 days without a merge at the window's end, or now if it is not \
                 over; bus_factor one contributor; slow_reviews mean cycle time above 72 hours; large_prs pull requests \
                 of 500 lines or more that took 48 hours or more; review_bottleneck one author with half of the merges or \
                 more; activity_drop merges down by 30 % or more, activity_spike up by 50 % or more on the window before; \
                 failure_rate above 15 %. High severity: twice over; low: fewer than 5 events."
            }
        }
    }
}
