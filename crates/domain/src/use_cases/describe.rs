//! Tells all that is known of one deployment or one pull request, as it is stored: nothing is decided again.

use crate::deployment::{DeploymentEvent, StoredDeployment};
use crate::id::{DeploymentId, OrganizationId, PullRequestId, RepositoryId};
use crate::linking::Link;
use crate::ports::{Store, StoreError};
use crate::pull_request::StoredPullRequest;
use crate::repository::Repository;
use std::collections::BTreeMap;

/// A link with what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedPullRequest {
    /// The link.
    pub link: Link,
    /// The pull request.
    pub pull_request: StoredPullRequest,
    /// The full name of its repository.
    pub repository: String,
}

/// A deployment with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentDescription {
    /// The deployment.
    pub deployment: StoredDeployment,
    /// The pull requests that it shipped, in order of the numbers that Periscope gave them.
    pub links: Vec<LinkedPullRequest>,
    /// Every event that was accepted, in order of arrival.
    pub history: Vec<DeploymentEvent>,
}

/// A pull request with where it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestDescription {
    /// The pull request.
    pub pull_request: StoredPullRequest,
    /// Its repository.
    pub repository: Option<Repository>,
    /// Every deployment that shipped it, in order of completion.
    pub shipped_by: Vec<(StoredDeployment, Link)>,
}

/// Describes a deployment; `None` if the organization has none with the number.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn describe_deployment(
    store: &dyn Store,
    organization_id: OrganizationId,
    id: DeploymentId,
) -> Result<Option<DeploymentDescription>, StoreError> {
    let deployments = store.deployments();
    let Some(deployment) = deployments.find_by_id(organization_id, id).await? else {
        return Ok(None);
    };
    let names = repositories_by_id(store, organization_id).await?;
    Ok(Some(DeploymentDescription {
        deployment,
        links: linked_pull_requests(store, organization_id, id, &names).await?,
        history: deployments.history(organization_id, id).await?,
    }))
}

/// Describes a pull request; `None` if the organization has none with the number.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn describe_pull_request(
    store: &dyn Store,
    organization_id: OrganizationId,
    id: PullRequestId,
) -> Result<Option<PullRequestDescription>, StoreError> {
    let found = store.pull_requests().find(organization_id, id).await?;
    match found {
        Some(pull_request) => Ok(Some(describe(store, organization_id, pull_request).await?)),
        None => Ok(None),
    }
}

pub(super) async fn describe(
    store: &dyn Store,
    organization_id: OrganizationId,
    pull_request: StoredPullRequest,
) -> Result<PullRequestDescription, StoreError> {
    let mut repositories = repositories_by_id(store, organization_id).await?;
    let shipped_by = store
        .deployments()
        .list_shipped_with(organization_id, pull_request.id)
        .await?;
    Ok(PullRequestDescription {
        repository: repositories.remove(&pull_request.repository_id),
        pull_request,
        shipped_by,
    })
}

/// The links of a deployment with what they lead to.
pub(super) async fn linked_pull_requests(
    store: &dyn Store,
    organization_id: OrganizationId,
    id: DeploymentId,
    repositories: &BTreeMap<RepositoryId, Repository>,
) -> Result<Vec<LinkedPullRequest>, StoreError> {
    let links = store.deployments().links(organization_id, id).await?;
    let ids: Vec<_> = links.iter().map(|link| link.pull_request_id).collect();
    let pull_requests = store.pull_requests().list(organization_id, &ids).await?;
    let linked = links.into_iter().zip(pull_requests);
    Ok(linked
        .map(|(link, pull_request)| LinkedPullRequest {
            link,
            repository: name_of(repositories, pull_request.repository_id),
            pull_request,
        })
        .collect())
}

/// The full name of a repository.
pub(super) fn name_of(repositories: &BTreeMap<RepositoryId, Repository>, id: RepositoryId) -> String {
    let repository = repositories.get(&id);
    repository.map_or_else(String::new, |repository| repository.name.to_string())
}

pub(super) async fn repositories_by_id(
    store: &dyn Store,
    organization_id: OrganizationId,
) -> Result<BTreeMap<RepositoryId, Repository>, StoreError> {
    let repositories = store.repositories().list(organization_id).await?;
    Ok(repositories
        .into_iter()
        .map(|repository| (repository.id, repository))
        .collect())
}
