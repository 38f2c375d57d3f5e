//! What is measured and how: pure functions over the [`Facts`] of an organization, each with its definition, formula and
//! source. [`Material::measure`] answers every one of them, for the API, the command line and whoever embeds this crate, so
//! that a figure never differs between two of them.
//!
//! Windows are half open, on the completion of deployments and on the merge of pull requests. Where there is nothing to
//! measure there is no figure and no level, but a [reason](NoData); a figure over too little has no level, but
//! [why](TooFew).

mod answer;
mod calendar;
mod change;
mod change_failure_rate;
mod contributors;
mod coverage;
mod cycle_time;
mod deployment_frequency;
mod distribution;
mod facts;
mod lead_time;
mod level;
mod merges;
mod metric;
mod names;
mod no_data;
mod number_set;
mod overview;
mod question;
mod recovery;
mod risk_signals;
mod service_health;
mod services;
mod size_vs_time;
mod spans;
mod tally;
#[cfg(test)]
mod tests;
mod window;

pub use answer::{Answer, Figures};
pub use calendar::TimeSlice;
pub use change::Change;
pub use change_failure_rate::{ChangeFailureRate, FailureRate, ServiceFailureRate};
pub use contributors::{Contributor, Contributors};
pub use coverage::{Coverage, Share, UnshippedReason};
pub use cycle_time::CycleTime;
pub use deployment_frequency::{DeploymentFrequency, Frequency, StatusCounts};
pub use distribution::Distribution;
pub use facts::{ChangedDeployment, CompletedDeployment, Facts, MergedPullRequest, ShippedPullRequest};
pub use lead_time::{LeadTimes, ServiceLeadTime, Shipment};
pub use level::{Level, Rated, Rating, TooFew};
pub use merges::{MergeCount, MergeCounts};
pub use metric::Metric;
pub use no_data::NoData;
pub use overview::{Overview, Summary};
pub use question::{Material, Question, ServiceState};
pub use recovery::{Outage, Recovery};
pub use risk_signals::{Entity, RiskKind, RiskSignal, RiskSignals, Severity};
pub use service_health::{Concern, Health, RepositoryHealth};
pub use size_vs_time::{SizePoint, SizeVsTime};
pub use window::{InvalidTimeRange, InvalidWindow, MAX_DAYS, TimeRange, Window};
