//! Lines in memory: every earlier deployment of a service is a head, which does no harm.

use super::{Entry, State};
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Tier;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::{Earlier, EarlierDeployment, Head, LineKey, LinePosition};
use periscope_domain::ports::{DeploymentDecision, DeploymentQuery};
use periscope_domain::run::{DeploymentStatus, Run};
use std::collections::{BTreeMap, BTreeSet};

/// The revision of a line and its last place.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) revision: i64,
    /// The last place that a deployment has had.
    pub(super) last: LinePosition,
}

/// A deployment with what decides its place in a line, as a query means it; `None` if it ships nothing.
pub(super) fn line_place(query: &DeploymentQuery, stored: Option<&Entry>) -> Option<Deployment> {
    let stored = stored.map(|entry| &entry.stored.deployment);
    let shipped_at = query.shipped_at.or_else(|| stored?.shipped_at())?;
    let environment = query.environment.clone();
    let environment = environment.or_else(|| Some(stored?.environment.clone()))?;
    Some(Deployment {
        external_id: query.external_id.clone(),
        commit: query.commit.clone().or_else(|| Some(stored?.commit.clone()))?,
        // Which tier the environment of a report has is decided later.
        environment: environment.with_tier(Tier::Production),
        run: Run::new(DeploymentStatus::Success, shipped_at, Some(shipped_at)).ok()?,
        service: query.service.clone().or_else(|| stored?.service.clone()),
        previous_commit: None,
        branch: None,
        triggered_by: None,
        pipeline_name: None,
        pipeline_url: None,
    })
}

impl State {
    /// The successful production deployments of a service, each with its place.
    pub(super) fn line<'a>(
        &'a self,
        organization_id: OrganizationId,
        service: &'a str,
    ) -> impl Iterator<Item = (LinePosition, &'a Entry)> {
        self.entries_of(organization_id).filter_map(move |entry| {
            let deployment = &entry.stored.deployment;
            let place = LinePosition::of(deployment)?;
            let is_in_line = entry.stored.service_key == service;
            is_in_line.then_some((place, entry))
        })
    }

    /// Finds the revision and the last place of a line.
    pub(super) fn kept_line(&self, organization_id: OrganizationId, service: &str) -> Option<&Line> {
        self.lines.get(&(organization_id, service.to_owned()))
    }

    /// Raises the revision of a line and returns the revision before.
    pub(super) fn move_line(&mut self, key: LineKey, place: &LinePosition) -> i64 {
        let line = self.lines.entry(key).or_insert_with(|| Line {
            revision: 0,
            last: place.clone(),
        });
        line.revision += 1;
        line.last = line.last.clone().max(place.clone());
        line.revision - 1
    }

    /// Moves on the lines that decisions change, and requests those in which other deployments may ship something else.
    pub(super) fn follow_lines(
        &mut self,
        decisions: &[DeploymentDecision],
        applied: &[Option<DeploymentId>],
    ) {
        let decided = || decisions.iter().zip(applied);
        let left_out: BTreeSet<LineKey> = decided()
            .filter(|(_, applied)| applied.is_none())
            .flat_map(|(decision, _)| {
                let changes = decision.line_changes.iter();
                changes.map(|change| change.line(decision.organization_id))
            })
            .collect();
        let mut before: BTreeMap<LineKey, i64> = BTreeMap::new();
        for (decision, _) in decided().filter(|(_, applied)| applied.is_some()) {
            for change in &decision.line_changes {
                let key = change.line(decision.organization_id);
                let revision = self.move_line(key.clone(), &change.place);
                let revision = *before.entry(key.clone()).or_insert(revision);
                let is_outrun = revision != decision.version.line.get() || left_out.contains(&key);
                if change.changes_later() || is_outrun {
                    self.request_line_from(key, change.place.completed_at, decision.event.received_at);
                }
            }
        }
    }

    /// What is earlier than a deployment.
    pub(super) fn earlier(
        &self,
        organization_id: OrganizationId,
        service_key: &str,
        of: &Deployment,
    ) -> Earlier {
        let Some(before) = LinePosition::of(of) else {
            return Earlier::default();
        };
        let line = self.line(organization_id, service_key);
        let mut earlier: Vec<_> = line
            .filter(|(place, entry)| *place < before && entry.stored.deployment.external_id != of.external_id)
            .collect();
        earlier.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut in_line = earlier.iter().rev();
        let latest = in_line.find(|(_, entry)| entry.stored.deployment.environment == of.environment);
        let latest = latest.map(|(place, entry)| EarlierDeployment {
            id: entry.stored.id,
            external_id: entry.stored.deployment.external_id.clone(),
            commit: entry.stored.deployment.commit.clone(),
            completed_at: place.completed_at,
        });
        let heads = earlier.iter().flat_map(|(place, entry)| {
            let ranges = entry.linking.graph_ranges.iter();
            ranges.map(|range| Head {
                deployment_id: entry.stored.id,
                external_id: entry.stored.deployment.external_id.clone(),
                completed_at: place.completed_at,
                environment: entry.stored.deployment.environment.clone(),
                repository_id: range.repository_id,
                commit: range.commit,
            })
        });
        Earlier {
            latest,
            heads: heads.collect(),
        }
    }
}
