use super::StoreError;
use crate::id::{OrganizationId, RepositoryId};
use crate::repository::{Repository, RepositoryName};
use crate::text::ServiceName;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// Git repositories. A full name is unique in an organization whatever its letter case, and so is an alias. A
/// repository comes into being with its first pull request or commit, see [`PullRequests`](super::PullRequests) and
/// [`Commits`](super::Commits).
///
/// Every change leaves every successful production deployment of the organization whose links they can alter for
/// the relinking worker, in the same transaction, and moves the organization's epoch.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// Every repository of an organization, by full name.
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Repository>, StoreError>;

    /// The repository with a full name, in any letter case.
    async fn find_by_name(
        &self,
        organization_id: OrganizationId,
        name: &RepositoryName,
    ) -> Result<Option<Repository>, StoreError>;

    /// Sets whether a repository of the organization is monitored. Touches the deployments that name one of its
    /// merge commits.
    async fn set_monitored(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        monitored: bool,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Makes a service name an alias of a repository of the organization, taking it from any other. Touches the
    /// deployments of that service.
    async fn set_alias(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        alias: &ServiceName,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Takes an alias, in any letter case, from a repository of the organization, and gives whether it had it. Touches the
    /// deployments of that service.
    async fn remove_alias(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        alias: &ServiceName,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
