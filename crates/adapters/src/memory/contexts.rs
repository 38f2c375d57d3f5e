//! What decisions on deployments depend on.

use super::State;
use super::deployments::Entry;
use super::lines::line_place;
use periscope_domain::id::OrganizationId;
use periscope_domain::linking::{Candidate, Earlier, KnownHistory, Surroundings, service_key};
use periscope_domain::ports::{
    DeploymentContext, DeploymentQuery, DeploymentVersion, LineRevision, LinkingEpoch,
};
use periscope_domain::text::ServiceName;
use std::sync::Arc;

impl State {
    pub(super) fn deployment_context(&self, query: &DeploymentQuery) -> Option<DeploymentContext> {
        let tenant = self.organizations.get(&query.organization_id)?;
        let entry = self.entry(query.organization_id, &query.external_id);
        let service_key = match &query.service {
            None => entry.map_or_else(String::new, |entry| entry.stored.service_key.clone()),
            service => self.service_key(query.organization_id, service.as_ref()),
        };
        let surroundings = if query.linking {
            self.surroundings(query, &service_key, entry)
        } else {
            Surroundings::default()
        };
        let place = line_place(query, entry).filter(|_| query.linking);
        let line = place.and_then(|_| self.kept_line(query.organization_id, &service_key));
        Some(DeploymentContext {
            subscription: tenant.organization.subscription,
            tiers: query
                .environment
                .as_ref()
                .map_or_else(Default::default, |_| tenant.tiers.clone()),
            stored: entry.map(|entry| entry.stored.clone()),
            service_key,
            linked_pull_requests: entry.map_or(0, |entry| entry.linking.links.len() as u64),
            digest: entry.map(|entry| entry.linking.digest()),
            surroundings,
            last_of_line: line.map(|line| line.last.clone()),
            version: DeploymentVersion {
                line: LineRevision::new(line.map_or(0, |line| line.revision)),
                organization_revision: tenant.revision,
                deployment_revision: entry.map(|entry| entry.stored.revision),
                epoch: LinkingEpoch::new(tenant.epoch),
            },
        })
    }

    /// What a service is compared by.
    pub(super) fn service_key(
        &self,
        organization_id: OrganizationId,
        service: Option<&ServiceName>,
    ) -> String {
        let repositories: Vec<_> = self.repositories_of(organization_id).cloned().collect();
        service_key(service, &repositories)
    }

    /// All that the organization has: more than a decision needs, which does no harm.
    fn surroundings(
        &self,
        query: &DeploymentQuery,
        service_key: &str,
        stored: Option<&Entry>,
    ) -> Surroundings {
        let organization_id = query.organization_id;
        let earlier = line_place(query, stored).filter(|_| query.earlier);
        let candidate = |((owner, id), repository_id): (&(OrganizationId, _), _), merge| {
            let repository = self.repositories.get(&(*owner, repository_id));
            Candidate {
                pull_request_id: *id,
                repository_id,
                repository_is_monitored: repository.is_some_and(|repository| repository.monitored),
                merge,
            }
        };
        Surroundings {
            repositories: self.repositories_of(organization_id).cloned().collect(),
            candidates: self
                .pull_requests
                .iter()
                .filter(|((owner, _), _)| *owner == organization_id)
                .map(|(key, stored)| candidate((key, stored.repository_id), stored.pull_request.merge()))
                .collect(),
            histories: self
                .repositories_of(organization_id)
                .filter_map(|repository| {
                    Some(KnownHistory {
                        repository_id: repository.id,
                        repository_is_monitored: repository.monitored,
                        history: Arc::clone(self.histories.get(&(organization_id, repository.id))?),
                    })
                })
                .collect(),
            earlier: earlier.map_or_else(Earlier::default, |place| {
                self.earlier(organization_id, service_key, &place)
            }),
        }
    }
}
