use super::{Applied, StoreError};
use crate::id::{OrganizationId, RepositoryId};
use crate::repository::{ForgeRepositoryId, Repository, RepositoryName};
use crate::text::ServiceName;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// Git repositories. A full name is unique in an organization whatever its letter case, and so is an alias. A
/// repository comes into being with its first pull request or commit, see [`PullRequests`](super::PullRequests) and
/// [`Commits`](super::Commits).
///
/// A former name is a name of one repository at most, and finds it where no repository has the name now.
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

    /// The repository that a forge calls by its own number.
    async fn find_by_forge_id(
        &self,
        organization_id: OrganizationId,
        forge_id: &ForgeRepositoryId,
    ) -> Result<Option<Repository>, StoreError>;

    /// Keeps what the forge calls a repository of the organization, unless another repository is called so.
    async fn set_forge_id(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        forge_id: &ForgeRepositoryId,
    ) -> Result<(), StoreError>;

    /// Gives a repository of the organization another name and keeps the one that it had as a former name; stale if another
    /// repository has the name, or there is no such repository. Raises the organization's revision, and requests the
    /// [concerned](crate::linking::concerned_keys) services to be [placed](super::Relinking::claim_placements) again.
    async fn rename(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        name: &RepositoryName,
        now: Timestamp,
    ) -> Result<Applied<()>, StoreError>;

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
