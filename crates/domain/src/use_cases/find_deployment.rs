//! Finds a deployment by the name that a person has at hand: the sender's id, Periscope's number, a tag, or a commit.

use crate::commit_sha::CommitReference;
use crate::deployment::StoredDeployment;
use crate::id::{DeploymentId, OrganizationId};
use crate::listing::{DeploymentFilter, Order, PageLimit, PageRequest, Position};
use crate::ports::{Store, StoreError};
use crate::text::ExternalDeploymentId;

const PAGE: PageLimit = PageLimit::new(200).unwrap();

/// How many pages of the latest deployments are searched for a commit.
const PAGES: usize = 50;

/// Gives the deployments that a name can mean, in this order of preference: the one with that id of its sender, the one with
/// that number of Periscope, the one that was imported from that tag, and those of that commit, the latest first. A commit
/// is looked for among the latest 10 000 deployments.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn find_deployments(
    store: &dyn Store,
    organization_id: OrganizationId,
    name: &str,
) -> Result<Vec<StoredDeployment>, StoreError> {
    let name = name.trim();
    let deployments = store.deployments();
    for id in [name.to_owned(), format!("tag:{name}")] {
        if let Ok(id) = ExternalDeploymentId::parse(&id)
            && let Some(found) = deployments.find(organization_id, &id).await?
        {
            return Ok(vec![found]);
        }
        if let Ok(number) = name.trim_start_matches('#').parse()
            && let Some(found) = deployments
                .find_by_id(organization_id, DeploymentId::new(number))
                .await?
        {
            return Ok(vec![found]);
        }
    }
    match CommitReference::parse(name) {
        Ok(commit) => of_commit(store, organization_id, &commit).await,
        Err(_) => Ok(Vec::new()),
    }
}

async fn of_commit(
    store: &dyn Store,
    organization_id: OrganizationId,
    commit: &CommitReference,
) -> Result<Vec<StoredDeployment>, StoreError> {
    let mut found = Vec::new();
    let mut request = PageRequest {
        order: Order::Newest,
        after: None,
        limit: PAGE,
    };
    for _ in 0..PAGES {
        let page = store
            .deployments()
            .page(organization_id, &DeploymentFilter::default(), &request)
            .await?;
        request.after = page.items.last().map(|last| Position {
            time: last.stored.deployment.run.time(),
            id: last.stored.id,
        });
        let stored = page.items.into_iter().map(|listed| listed.stored);
        found.extend(stored.filter(|stored| is_same(&stored.deployment.commit, commit)));
        if !page.has_more {
            break;
        }
    }
    Ok(found)
}

/// Whether two names can mean one commit: one begins with the other.
fn is_same(one: &CommitReference, other: &CommitReference) -> bool {
    one.as_str().starts_with(other.as_str()) || other.as_str().starts_with(one.as_str())
}
