use super::{Applied, StoreError};
use crate::commit_sha::CommitReference;
use crate::deployment::{Deployment, DeploymentEvent, Revision, StoredDeployment};
use crate::environment::Environment;
use crate::environment_tiers::EnvironmentTiers;
use crate::id::{DeploymentId, OrganizationId, PullRequestId};
use crate::linking::{LineChange, LinePosition, Link, Linking, Surroundings};
use crate::listing::{DeployedService, DeploymentFilter, ListedDeployment, Page, PageRequest};
use crate::organization::Subscription;
use crate::text::{ExternalDeploymentId, Remover, ServiceName};
use crate::timestamp::Timestamp;
use crate::trial::Trial;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Counts the changes of what an organization's links are decided from: its pull requests,
/// commits and repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkingEpoch(i64);

impl LinkingEpoch {
    /// Wraps the number that a store keeps.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The bare number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Asks for the context of one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentQuery {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The sender's name for the deployment.
    pub external_id: ExternalDeploymentId,
    /// Whether its links may have to be decided; if not, the surroundings are left empty. Which tier the environment of a
    /// report has is only known with the context, so every successful one may ship.
    pub linking: bool,
    /// The commit that a report carries; if none, the stored one is meant.
    pub commit: Option<CommitReference>,
    /// The previous commit that a report carries; if none, the stored one is meant.
    pub previous_commit: Option<CommitReference>,
    /// The service that a report carries; if none, the stored one is meant.
    pub service: Option<ServiceName>,
    /// The environment that a report carries; if none, the stored one is meant, and no rules of tiers are read.
    pub environment: Option<Environment>,
    /// When what a report tells of shipped; if none, the stored completion is meant.
    pub shipped_at: Option<Timestamp>,
    /// Whether the earlier deployments of the service matter; if not, the surroundings have none.
    pub earlier: bool,
}

/// Asks which pull requests earlier deployments of a service link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// The organization.
    pub organization_id: OrganizationId,
    /// [What the service is compared by](crate::linking::service_key).
    pub service_key: String,
    /// Earlier than this.
    pub before: LinePosition,
    /// The pull requests in question.
    pub pull_requests: Vec<PullRequestId>,
}

/// A successful production deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineMember {
    /// The sender's name for it.
    pub external_id: ExternalDeploymentId,
    /// Where it went.
    pub environment: Environment,
    /// Its place in the order of the service's deployments.
    pub place: LinePosition,
}

/// Counts the changes of a line: of the deployments of one service. 0 before the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineRevision(i64);

impl LineRevision {
    /// Wraps the number that a store keeps.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The bare number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Everything that the decision on one deployment depends on.
#[derive(Clone, Debug)]
pub struct DeploymentContext {
    /// The organization's plan and trial.
    pub subscription: Subscription,
    /// The tiers of the organization's environments, if the query carries an environment.
    pub tiers: EnvironmentTiers,
    /// [What the service is compared by](crate::linking::service_key) that the report names, else the stored one.
    pub service_key: String,
    /// What is recorded of the deployment, if anything is.
    pub stored: Option<StoredDeployment>,
    /// How many pull requests are linked to it.
    pub linked_pull_requests: u64,
    /// The digest of its links as they were last written.
    pub digest: Option<i64>,
    /// What its links are decided from.
    pub surroundings: Surroundings,
    /// The last place of its line, or one behind it where the last deployment is gone.
    pub last_of_line: Option<LinePosition>,
    /// The version of all that.
    pub version: DeploymentVersion,
}

/// The version of a [`DeploymentContext`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeploymentVersion {
    /// Raised by every change of the organization's plan, trial, tiers or names of repositories.
    pub organization_revision: i64,
    /// `None`: the deployment was not recorded.
    pub deployment_revision: Option<Revision>,
    /// The epoch of the surroundings. They may have moved on without making a decision stale.
    pub epoch: LinkingEpoch,
    /// The revision of its line. The line may have moved on without making a decision stale.
    pub line: LineRevision,
}

/// What shall be true of one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentDecision {
    /// The organization.
    pub organization_id: OrganizationId,
    /// What the decision was based on.
    pub version: DeploymentVersion,
    /// The deployment as it shall be recorded.
    pub deployment: Deployment,
    /// [What its service is compared by](crate::linking::service_key).
    pub service_key: String,
    /// The event to append to its history.
    pub event: DeploymentEvent,
    /// Its links, in place of all that it had; `None` leaves them as they are.
    pub linking: Option<Linking>,
    /// What it does to lines.
    pub line_changes: Vec<LineChange>,
    /// The trial that begins with it.
    pub trial: Option<Trial>,
}

/// A deployment to remove, if its revision still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentRemoval {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The deployment.
    pub id: DeploymentId,
    /// The revision that the decision was based on.
    pub revision: Revision,
    /// The change of the line that the deployment leaves.
    pub line_change: Option<LineChange>,
    /// Now.
    pub removed_at: Timestamp,
    /// Who removes it.
    pub removed_by: Remover,
}

/// The record that stays of a removed deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedDeployment {
    /// The number that the deployment had.
    pub id: DeploymentId,
    /// The sender's name for it.
    pub external_id: ExternalDeploymentId,
    /// When it was removed.
    pub removed_at: Timestamp,
    /// Who removed it.
    pub removed_by: Remover,
}

/// Deployments with their history and links. The identity of one is its organization and external id.
#[async_trait]
pub trait Deployments: Send + Sync {
    /// Reads a context for each query, in order; `None` where the organization does not exist.
    ///
    /// Histories may have moved on from the version's epoch, but never lie behind it.
    async fn contexts(
        &self,
        queries: &[DeploymentQuery],
    ) -> Result<Vec<Option<DeploymentContext>>, StoreError>;

    /// Writes each decision whole if its version still holds, and tells of each, in order, what became of it: what is
    /// written stays so whatever others of the call fail with. Of several decisions on one deployment at most one is
    /// applied.
    ///
    /// Where only the epoch has moved on, the decision is applied all the same and the deployment is left for
    /// the relinking worker in the same transaction.
    ///
    /// Each line that decisions change moves on. The transaction requests it from the first of their places on where a change
    /// [changes later deployments](LineChange::changes_later), where the line is no longer what the decisions saw, and where
    /// another decision of the call on the same line is not applied: decisions of one call on one line have been made in
    /// order, each as if those before it were recorded.
    async fn apply(
        &self,
        decisions: &[DeploymentDecision],
    ) -> Vec<Result<Applied<DeploymentId>, Arc<StoreError>>>;

    /// Deletes a deployment with its events, links and requests, keeps who removed it and when, and requests its line from its
    /// place on, all in one transaction. Stale if the revision no longer holds. The
    /// next report of the external id makes a new deployment with another number.
    async fn remove(&self, removal: &DeploymentRemoval) -> Result<Applied<()>, StoreError>;

    /// Up to `most` removals of the organization, the latest first.
    async fn list_removed(
        &self,
        organization_id: OrganizationId,
        most: u32,
    ) -> Result<Vec<RemovedDeployment>, StoreError>;

    /// For each query, in order, those of its pull requests that earlier successful production deployments of the service
    /// link.
    async fn delivered(&self, queries: &[DeliveryQuery]) -> Result<Vec<BTreeSet<PullRequestId>>, StoreError>;

    /// Up to `most` successful production deployments of a service from a place on, in order.
    async fn line(
        &self,
        organization_id: OrganizationId,
        service_key: &str,
        from: &LinePosition,
        most: u32,
    ) -> Result<Vec<LineMember>, StoreError>;

    /// What is recorded of a deployment.
    async fn find(
        &self,
        organization_id: OrganizationId,
        external_id: &ExternalDeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError>;

    /// The events of a deployment of the organization, in order of arrival.
    async fn history(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Vec<DeploymentEvent>, StoreError>;

    /// The links of a deployment of the organization, in order of the pull requests' numbers.
    async fn links(&self, organization_id: OrganizationId, id: DeploymentId)
    -> Result<Vec<Link>, StoreError>;

    /// The deployment of the organization with a number.
    async fn find_by_id(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError>;

    /// Those of the organization that have one of the numbers, in order of these.
    async fn list(
        &self,
        organization_id: OrganizationId,
        ids: &[DeploymentId],
    ) -> Result<Vec<StoredDeployment>, StoreError>;

    /// The deployments that shipped a pull request of the organization, each with its link, in order of completion.
    async fn list_shipped_with(
        &self,
        organization_id: OrganizationId,
        pull_request_id: PullRequestId,
    ) -> Result<Vec<(StoredDeployment, Link)>, StoreError>;

    /// The deployments of the organization that a filter [takes](DeploymentFilter::takes), in order of
    /// [their time](crate::run::Run::time) and, among those of one time, of their numbers.
    async fn page(
        &self,
        organization_id: OrganizationId,
        filter: &DeploymentFilter,
        page: &PageRequest<DeploymentId>,
    ) -> Result<Page<ListedDeployment>, StoreError>;

    /// Every service that a deployment of the organization names, once however it is [spelled](crate::linking::service_key), in
    /// order of keys; before them, if there are any, the deployments that name none.
    async fn list_services(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<DeployedService>, StoreError>;
}
