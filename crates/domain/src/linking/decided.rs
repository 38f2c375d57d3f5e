//! The links of one deployment, with all that a store keeps beside them.

use super::{Finding, GraphRange, Link, MergeTimeRange, Novelty};
use crate::environment::{Environment, Tier};
use crate::id::PullRequestId;
use crate::run::DeploymentStatus;
use crate::warning::Warning;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What a deployment ships.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linking {
    /// The pull requests, each once, in order of their numbers.
    pub links: Vec<Link>,
    /// The spans of merge times that were linked whole.
    pub ranges: Vec<MergeTimeRange>,
    /// What the commit graphs said, one for each repository whose graph knows the deployed commit.
    pub graph_ranges: Vec<GraphRange>,
    /// Whether it brings anything that was not live before; `None` if it ships nothing.
    pub novelty: Option<Novelty>,
    /// What could not be known.
    pub warnings: Vec<Warning>,
    /// How all that was found, step by step.
    pub findings: Vec<Finding>,
}

impl Linking {
    /// What a deployment ships that is no successful production one.
    #[must_use]
    pub fn of_nothing(status: DeploymentStatus, environment: &Environment) -> Self {
        let may_be_meant = status == DeploymentStatus::Success && environment.tier() == Tier::Other;
        let warning = may_be_meant.then(|| Warning::EnvironmentNotProduction(environment.clone()));
        Self {
            warnings: warning.into_iter().collect(),
            findings: vec![Finding::ShipsNothing(status, environment.clone())],
            ..Self::default()
        }
    }

    /// The pull requests that are linked for the first time, as far as the commits of earlier deployments tell.
    pub fn first_deliveries(&self) -> impl Iterator<Item = PullRequestId> {
        let links = self.links.iter().filter(|link| link.is_first);
        links.map(|link| link.pull_request_id)
    }

    /// The same links, where earlier deployments of the service link some of the pull requests already.
    #[must_use]
    pub fn after_deliveries_of(mut self, delivered: &BTreeSet<PullRequestId>) -> Self {
        for link in &mut self.links {
            link.is_first &= !delivered.contains(&link.pull_request_id);
        }
        self
    }

    /// A number that is another one, but for an accident in 2^64, where anything differs that a store keeps of it. Which
    /// earlier deployments the deployed commit contains is no part of it.
    #[must_use]
    pub fn digest(&self) -> i64 {
        let links = self.links.iter();
        let links: Vec<_> = links
            .map(|link| {
                (
                    link.pull_request_id,
                    link.rule,
                    link.base,
                    link.lead_time,
                    link.is_first,
                )
            })
            .collect();
        let graph_ranges = self.graph_ranges.iter();
        let graph_ranges: Vec<_> = graph_ranges
            .map(|range| {
                (
                    range.repository_id,
                    range.commit,
                    range.committed,
                    range.is_open,
                    range.is_head,
                )
            })
            .collect();
        let whole = format!(
            "{links:?}{:?}{graph_ranges:?}{:?}{:?}",
            self.ranges,
            self.novelty,
            self.unlinked_reason()
        );
        let hash = Sha256::digest(whole.as_bytes());
        hash.iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | i64::from(*byte))
    }
}
