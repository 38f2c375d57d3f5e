//! Lines in memory: every earlier deployment of a service is a head, which does no harm.

use super::{Entry, State};
use periscope_domain::deployment::Deployment;
use periscope_domain::id::OrganizationId;
use periscope_domain::linking::{Earlier, EarlierDeployment, Head, LinePosition, service_key};
use periscope_domain::ports::{DeploymentQuery, LineFingerprint};
use periscope_domain::run::{DeploymentStatus, Run};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A deployment with what decides its place in a line, as a query means it; `None` if it ships nothing.
pub(super) fn line_place(query: &DeploymentQuery, stored: Option<&Entry>) -> Option<Deployment> {
    let stored = stored.map(|entry| &entry.stored.deployment);
    let shipped_at = query.shipped_at.or_else(|| stored?.shipped_at())?;
    Some(Deployment {
        external_id: query.external_id.clone(),
        commit: query.commit.clone().or_else(|| Some(stored?.commit.clone()))?,
        environment: query
            .environment
            .clone()
            .or_else(|| Some(stored?.environment.clone()))?,
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
            let completed_at = deployment.shipped_at()?;
            let is_in_line = service_key(deployment.service.as_ref()) == service;
            let place = LinePosition {
                completed_at,
                external_id: deployment.external_id.as_str().to_owned(),
            };
            is_in_line.then_some((place, entry))
        })
    }

    /// What is earlier than a deployment in its line, as a number.
    pub(super) fn fingerprint(
        &self,
        organization_id: OrganizationId,
        deployment: &Deployment,
    ) -> LineFingerprint {
        let Some(completed_at) = deployment.shipped_at() else {
            return LineFingerprint::default();
        };
        let before = LinePosition {
            completed_at,
            external_id: deployment.external_id.as_str().to_owned(),
        };
        let mut hasher = DefaultHasher::new();
        let service = service_key(deployment.service.as_ref());
        let earlier = self.line(organization_id, &service).filter(|(place, entry)| {
            *place < before && entry.stored.deployment.external_id != deployment.external_id
        });
        for (_, entry) in earlier {
            let deployment = &entry.stored.deployment;
            let ranges = entry.linking.graph_ranges.iter();
            let commits: Vec<_> = ranges.map(|range| (range.repository_id, range.commit)).collect();
            (
                entry.stored.id,
                deployment.commit.as_str(),
                deployment.environment.as_str(),
                commits,
            )
                .hash(&mut hasher);
        }
        LineFingerprint::new(hasher.finish().cast_signed())
    }

    /// What is earlier than a deployment.
    pub(super) fn earlier(&self, organization_id: OrganizationId, of: &Deployment) -> Earlier {
        let Some(completed_at) = of.shipped_at() else {
            return Earlier::default();
        };
        let before = LinePosition {
            completed_at,
            external_id: of.external_id.as_str().to_owned(),
        };
        let service = service_key(of.service.as_ref());
        let line = self.line(organization_id, &service);
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
