//! Lists the services that something was deployed of, each with the repository that it is built from, and where to.

use crate::environment::Environment;
use crate::id::OrganizationId;
use crate::ports::{Store, StoreError};
use crate::repository::{MatchedBy, RepositoryName, match_service};
use crate::text::ServiceName;
use crate::timestamp::Timestamp;
use std::collections::BTreeSet;

/// A service and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceOverview {
    /// Its name, as its latest deployment spells it.
    pub name: ServiceName,
    /// The time of its latest deployment.
    pub last_deployed_at: Timestamp,
    /// Where it was deployed to, in alphabetical order.
    pub environments: Vec<Environment>,
    /// The repository that it names, and how; `None` if it names none.
    pub repository: Option<(RepositoryName, MatchedBy)>,
}

/// What was deployed, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceList {
    /// Every service, in alphabetical order.
    pub services: Vec<ServiceOverview>,
    /// Every environment, those too that only deployments without a service went to, in alphabetical order.
    pub environments: Vec<Environment>,
}

/// The services of an organization.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn list_services(
    store: &dyn Store,
    organization_id: OrganizationId,
) -> Result<ServiceList, StoreError> {
    let repositories = store.repositories().list(organization_id).await?;
    let deployed = store.deployments().list_services(organization_id).await?;
    let environments = deployed.iter().flat_map(|service| service.environments.clone());
    let environments: BTreeSet<_> = environments.collect();
    let services = deployed.into_iter().filter_map(|service| {
        let name = service.name?;
        let matched = match_service(&name, &repositories);
        Some(ServiceOverview {
            repository: matched.map(|(repository, by)| (repository.name.clone(), by)),
            name,
            last_deployed_at: service.last_deployed_at,
            environments: service.environments,
        })
    });
    let mut services: Vec<_> = services.collect();
    services.sort_by_cached_key(|service| (service.name.as_str().to_lowercase(), service.name.to_string()));
    Ok(ServiceList {
        services,
        environments: environments.into_iter().collect(),
    })
}
