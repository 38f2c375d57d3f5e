//! Says that a service is built from a repository.

use crate::id::{OrganizationId, RepositoryId};
use crate::ports::{Store, StoreError};
use crate::repository::{MatchedBy, Repository, RepositoryName, match_service};
use crate::text::ServiceName;
use crate::timestamp::Timestamp;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedAlias {
    /// No other repository had the alias.
    Added,
    /// Another repository had it and no longer has.
    Moved,
}

/// Why there is no such alias.
#[derive(Debug, thiserror::Error)]
pub enum AddAliasError {
    /// The organization has no such repository.
    #[error("there is no such repository")]
    RepositoryNotFound,
    /// It is the name of another repository, which comes before any alias.
    #[error("it is the name of {0}, and the name of a repository comes before an alias")]
    NameOfAnother(RepositoryName),
    /// The store failed. It may have been added, and may be added again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a name an alias of a repository, and links the deployments of the service of that name anew.
///
/// # Errors
/// [`AddAliasError`] says why it is none.
pub async fn add_alias(
    store: &dyn Store,
    organization_id: OrganizationId,
    repository_id: RepositoryId,
    alias: &ServiceName,
    now: Timestamp,
) -> Result<AddedAlias, AddAliasError> {
    let repositories = store.repositories();
    let all = repositories.list(organization_id).await?;
    if all.iter().all(|repository| repository.id != repository_id) {
        return Err(AddAliasError::RepositoryNotFound);
    }
    let added = decide(repository_id, alias, &all)?;
    repositories
        .set_alias(organization_id, repository_id, alias, now)
        .await?;
    Ok(added)
}

fn decide(
    repository_id: RepositoryId,
    alias: &ServiceName,
    repositories: &[Repository],
) -> Result<AddedAlias, AddAliasError> {
    match match_service(alias, repositories) {
        Some((other, by)) if other.id != repository_id => match by {
            MatchedBy::FullName | MatchedBy::BareName => {
                Err(AddAliasError::NameOfAnother(other.name.clone()))
            }
            MatchedBy::Alias => Ok(AddedAlias::Moved),
            MatchedBy::FormerName => Ok(AddedAlias::Added),
        },
        _ => Ok(AddedAlias::Added),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_of_one_repository_and_never_another_s_name() {
        let repositories = [
            (1, "acme/api", None),
            (2, "acme/web", Some("shop")),
            (3, "old/web", None),
        ];
        let repositories = repositories.map(|(id, name, alias)| Repository {
            former_names: Vec::new(),
            id: RepositoryId::new(id),
            name: RepositoryName::parse(name).unwrap(),
            monitored: true,
            aliases: alias.and_then(ServiceName::clean).into_iter().collect(),
        });
        for (alias, expected) in [
            ("checkout", Ok(AddedAlias::Added)),
            ("API", Ok(AddedAlias::Added)),
            ("Shop", Ok(AddedAlias::Moved)),
            ("acme/Web", Err("acme/web")),
            ("web", Ok(AddedAlias::Added)),
        ] {
            let alias = ServiceName::clean(alias).unwrap();
            let decided = decide(RepositoryId::new(1), &alias, &repositories);
            let decided = decided.map_err(|error| match error {
                AddAliasError::NameOfAnother(name) => name.to_string(),
                other => other.to_string(),
            });
            assert_eq!(decided, expected.map_err(ToOwned::to_owned), "{alias}");
        }
        let bare = decide(
            RepositoryId::new(2),
            &ServiceName::clean("api").unwrap(),
            &repositories,
        );
        assert_eq!(
            bare.unwrap_err().to_string(),
            "it is the name of acme/api, and the name of a repository comes before an alias"
        );
    }
}
