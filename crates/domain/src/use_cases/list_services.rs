//! Lists the services that something was deployed of, each with the repository that it is built from.

use crate::id::OrganizationId;
use crate::listing::DeployedService;
use crate::ports::{Store, StoreError};
use crate::repository::{MatchedBy, RepositoryName, match_service};

/// A service and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceOverview {
    /// What is known of its deployments.
    pub service: DeployedService,
    /// The repository that it names, and how; `None` if it names none.
    pub repository: Option<(RepositoryName, MatchedBy)>,
}

/// Every service of an organization, in alphabetical order.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn list_services(
    store: &dyn Store,
    organization_id: OrganizationId,
) -> Result<Vec<ServiceOverview>, StoreError> {
    let repositories = store.repositories().list(organization_id).await?;
    let services = store.deployments().list_services(organization_id).await?;
    let overviews = services.into_iter().map(|service| {
        let matched = match_service(&service.name, &repositories);
        ServiceOverview {
            repository: matched.map(|(repository, by)| (repository.name.clone(), by)),
            service,
        }
    });
    Ok(overviews.collect())
}
