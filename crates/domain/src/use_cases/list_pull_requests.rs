//! Lists pull requests: of the repository that is named, or of the one that a service is built from.

use crate::id::{OrganizationId, PullRequestId};
use crate::listing::{ListedPullRequest, Page, PageRequest, PullRequestFilter};
use crate::period::Period;
use crate::ports::{Store, StoreError};
use crate::pull_request::PullRequestNumber;
use crate::repository::{Repository, RepositoryName, match_service};
use crate::text::{Actor, ServiceName};

/// Which pull requests to list: those that meet every condition that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPullRequests {
    /// The full name of their repository, in any letter case.
    pub repository: Option<RepositoryName>,
    /// The number that their forge calls them by.
    pub number: Option<PullRequestNumber>,
    /// A service that [names](match_service) their repository.
    pub service: Option<ServiceName>,
    /// Who opened them, in any letter case.
    pub author: Option<Actor>,
    /// Whether a deployment shipped them.
    pub is_linked: Option<bool>,
    /// When they were merged.
    pub merged: Period,
}

/// One page of the pull requests of an organization. What names no repository has none.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn list_pull_requests(
    store: &dyn Store,
    organization_id: OrganizationId,
    wanted: ListPullRequests,
    page: &PageRequest<PullRequestId>,
) -> Result<Page<ListedPullRequest>, StoreError> {
    let repositories = if wanted.repository.is_some() || wanted.service.is_some() {
        store.repositories().list(organization_id).await?
    } else {
        Vec::new()
    };
    match wanted.filter(&repositories) {
        Some(filter) => store.pull_requests().page(organization_id, &filter, page).await,
        None => Ok(Page::empty()),
    }
}

impl ListPullRequests {
    /// `None` if no pull request can meet the conditions.
    fn filter(self, repositories: &[Repository]) -> Option<PullRequestFilter> {
        let is_named = |name: &RepositoryName| {
            let mut all = repositories.iter();
            all.find(|repository| repository.name.is_same_as(name))
        };
        let is_built_from = |service| Some(match_service(service, repositories)?.0);
        let named = self.repository.as_ref().map(is_named);
        let served = self.service.as_ref().map(is_built_from);
        let mut ids = [named, served]
            .into_iter()
            .flatten()
            .map(|found| found.map(|repository| repository.id));
        let repository_id = ids.next();
        if repository_id == Some(None) || ids.any(|other| Some(other) != repository_id) {
            return None;
        }
        Some(PullRequestFilter {
            repository_id: repository_id.flatten(),
            number: self.number,
            author: self.author,
            is_linked: self.is_linked,
            merged: self.merged,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RepositoryId;

    fn repository(id: i64, name: &str) -> Repository {
        Repository {
            former_names: Vec::new(),
            id: RepositoryId::new(id),
            name: RepositoryName::parse(name).unwrap(),
            monitored: true,
            aliases: Vec::new(),
        }
    }

    #[test]
    fn a_repository_is_named_by_itself_by_a_service_or_by_both() {
        let repositories = [repository(1, "acme/api"), repository(2, "acme/web")];
        for (name, service, found) in [
            (None, None, Some(None)),
            (Some("ACME/api"), None, Some(Some(1))),
            (None, Some("Web"), Some(Some(2))),
            (Some("acme/web"), Some("web"), Some(Some(2))),
            (Some("acme/api"), Some("web"), None),
            (Some("acme/none"), None, None),
            (None, Some("none"), None),
            (Some("acme/api"), Some("none"), None),
        ] {
            let wanted = ListPullRequests {
                repository: name.map(|name| RepositoryName::parse(name).unwrap()),
                service: service.and_then(ServiceName::clean),
                ..ListPullRequests::default()
            };
            let filter = wanted.filter(&repositories);
            let found_id = filter.map(|filter| filter.repository_id.map(RepositoryId::get));
            assert_eq!(found_id, found, "{name:?} {service:?}");
        }
    }
}
