//! Keeps the identity of a repository whose name changes: what was recorded under the old name stays, the old name still finds
//! it, and the services that it is built into follow.

use crate::id::OrganizationId;
use crate::ports::{Applied, Store, StoreError};
use crate::repository::{ForgeRepositoryId, Repository, RepositoryName};
use crate::timestamp::Timestamp;

/// Why a repository keeps its name.
#[derive(Debug, thiserror::Error)]
pub enum RenameRepositoryError {
    /// No repository has the old name.
    #[error("there is no repository {0}")]
    NotFound(RepositoryName),
    /// Another repository has the new name.
    #[error("there is a repository {0} already")]
    NameTaken(RepositoryName),
    /// The store failed. The repository may have been renamed, and may be renamed again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives the repository of a name another name.
///
/// # Errors
/// [`RenameRepositoryError`] says why it keeps its name.
pub async fn rename_repository(
    store: &dyn Store,
    organization_id: OrganizationId,
    from: &RepositoryName,
    to: &RepositoryName,
    now: Timestamp,
) -> Result<(), RenameRepositoryError> {
    let repositories = store.repositories();
    let repository = repositories.find_by_name(organization_id, from).await?;
    let repository = repository.ok_or_else(|| RenameRepositoryError::NotFound(from.clone()))?;
    rename(store, organization_id, &repository, to, now).await
}

/// The name of a repository as a forge tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeRepository {
    /// What the forge calls it, whatever its name.
    pub id: ForgeRepositoryId,
    /// Its name.
    pub name: RepositoryName,
}

/// Follows a forge that tells of a repository by its number: one that has another name since is renamed first, unless it has had
/// this name before, because a delivery may be older than the last rename. A new number is kept with the repository of the name.
/// Returns whether the repository is known; if not, the number is kept once something of it is recorded.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn identify_repository(
    store: &dyn Store,
    organization_id: OrganizationId,
    told: &ForgeRepository,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let repositories = store.repositories();
    if let Some(known) = repositories.find_by_forge_id(organization_id, &told.id).await? {
        if !known.name.is_same_as(&told.name) && !known.had(&told.name) {
            // Where another repository has the name, the pull requests go there.
            repositories
                .rename(organization_id, known.id, &told.name, now)
                .await?;
        }
    } else if let Some(named) = repositories.find_by_name(organization_id, &told.name).await? {
        repositories
            .set_forge_id(organization_id, named.id, &told.id)
            .await?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Renames a repository as its forge says. Nothing happens if the repository is not known, or no longer has the old name: the
/// delivery came late.
///
/// # Errors
/// [`RenameRepositoryError`] when another repository has the name, or the store failed.
pub async fn follow_rename(
    store: &dyn Store,
    organization_id: OrganizationId,
    from: &RepositoryName,
    told: &ForgeRepository,
    now: Timestamp,
) -> Result<bool, RenameRepositoryError> {
    let repositories = store.repositories();
    let known = match repositories.find_by_forge_id(organization_id, &told.id).await? {
        Some(known) => Some(known),
        None => repositories.find_by_name(organization_id, from).await?,
    };
    let Some(known) = known.filter(|known| known.name.is_same_as(from)) else {
        return Ok(false);
    };
    repositories
        .set_forge_id(organization_id, known.id, &told.id)
        .await?;
    rename(store, organization_id, &known, &told.name, now).await?;
    Ok(true)
}

async fn rename(
    store: &dyn Store,
    organization_id: OrganizationId,
    repository: &Repository,
    to: &RepositoryName,
    now: Timestamp,
) -> Result<(), RenameRepositoryError> {
    let repositories = store.repositories();
    match repositories
        .rename(organization_id, repository.id, to, now)
        .await?
    {
        Applied::Done(()) => Ok(()),
        Applied::Stale => Err(RenameRepositoryError::NameTaken(to.clone())),
    }
}
