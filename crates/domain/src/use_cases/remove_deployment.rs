//! Removes a wrong or test deployment from lists, links and figures. Later deployments of its line are linked again, because
//! what they ship depends on it; who removed it and when stays.

use super::{ROUNDS, relink_later_of_lines};
use crate::deployment::StoredDeployment;
use crate::id::{DeploymentId, OrganizationId};
use crate::linking::LineChange;
use crate::ports::{Applied, DeploymentRemoval, Store, StoreError};
use crate::text::Remover;
use crate::timestamp::Timestamp;
use thiserror::Error;

/// A deployment to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveDeployment {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The deployment.
    pub id: DeploymentId,
    /// Who removes it.
    pub removed_by: Remover,
}

/// Why a deployment was not removed.
#[derive(Debug, Error)]
pub enum RemoveDeploymentError {
    /// The organization has no such deployment, perhaps no more.
    #[error("deployment {0} does not exist")]
    NotFound(DeploymentId),
    /// Too many reports of the deployment arrived meanwhile; remove it again.
    #[error("the deployment is being written to by too many others")]
    Busy,
    /// The store failed. The deployment may have been removed, and removing it again is safe.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Removes a deployment and gives what was recorded of it.
///
/// # Errors
/// [`RemoveDeploymentError`] when there is no such deployment, or it cannot be removed now.
pub async fn remove_deployment(
    store: &dyn Store,
    command: &RemoveDeployment,
    now: Timestamp,
) -> Result<StoredDeployment, RemoveDeploymentError> {
    let RemoveDeployment {
        organization_id, id, ..
    } = *command;
    let deployments = store.deployments();
    for _ in 0..ROUNDS {
        let stored = deployments.find_by_id(organization_id, id).await?;
        let stored = stored.ok_or(RemoveDeploymentError::NotFound(id))?;
        let removal = DeploymentRemoval {
            organization_id,
            id,
            revision: stored.revision,
            line_change: LineChange::left_by(&stored),
            removed_at: now,
            removed_by: command.removed_by.clone(),
        };
        if deployments.remove(&removal).await? == Applied::Done(()) {
            relink_later_of_lines(store, &[organization_id].into(), now).await;
            return Ok(stored);
        }
    }
    Err(RemoveDeploymentError::Busy)
}
