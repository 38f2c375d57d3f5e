//! A store that fails on demand: the one in memory, except that one of its ports, or whatever is asked of one
//! deployment, can be made to refuse, to panic or to wait.

use async_trait::async_trait;
use periscope_adapters::memory::MemoryStore;
use periscope_domain::api_key::{ApiKey, ApiKeyHash, KnownApiKey};
use periscope_domain::delivery::ReceivedDelivery;
use periscope_domain::deployment::{DeploymentEvent, StoredDeployment};
use periscope_domain::github::{GithubConnection, KnownGithubConnection};
use periscope_domain::id::{ApiKeyId, DeploymentId, OrganizationId, PullRequestId};
use periscope_domain::linking::{LinePosition, Link};
use periscope_domain::listing::{DeployedService, DeploymentFilter, ListedDeployment, Page, PageRequest};
use periscope_domain::organization::{Organization, OrganizationSlug};
use periscope_domain::ports::{
    ApiKeys, Applied, Commits, DeliveryQuery, DeploymentContext, DeploymentDecision, DeploymentQuery,
    DeploymentRemoval, Deployments, Environments, GithubConnections, Inserted, LineMember, MetricFacts,
    NewApiKey, NewOrganization, Organizations, PullRequests, Relinking, Removed, RemovedDeployment,
    Repositories, Sessions, Store, StoreError,
};
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeSet;
use std::slice;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// A port that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Organizations,
    ApiKeys,
    /// What is noted of the use of keys.
    KeyUses,
    Deployments,
    /// What is noted of deliveries, not the connections themselves.
    DeliveryNotes,
}

/// How it fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Unavailable,
    Internal,
    Corrupt,
    Panic,
    /// Waits to be released before it does as it should.
    Wait,
}

/// When a deployment fails those that it is with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// Whenever it is asked for.
    Asked,
    /// The second time that it is asked for.
    AskedAgain,
    /// When it is written together with others; they are.
    Written,
}

/// A deployment that fails, when, and how.
type BadDeployment = (&'static str, Moment, Fault);

#[derive(Clone)]
pub(crate) struct FaultyStore {
    inner: MemoryStore,
    fault: Arc<Mutex<Option<(Port, Fault)>>>,
    bad_deployment: Arc<Mutex<Option<BadDeployment>>>,
    groups: Arc<Mutex<Vec<Vec<String>>>>,
    waiting: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl FaultyStore {
    pub(crate) fn new() -> Self {
        Self {
            inner: MemoryStore::default(),
            fault: Arc::default(),
            bad_deployment: Arc::default(),
            groups: Arc::default(),
            waiting: Arc::new(Semaphore::new(0)),
            released: Arc::new(Semaphore::new(0)),
        }
    }

    pub(crate) fn break_down(&self, port: Port, fault: Fault) {
        *self.fault.lock().unwrap() = Some((port, fault));
    }

    /// Fails at a moment of this deployment.
    pub(crate) fn break_down_on(&self, id: &'static str, moment: Moment, fault: Fault) {
        *self.bad_deployment.lock().unwrap() = Some((id, moment, fault));
    }

    pub(crate) fn repair(&self) {
        *self.fault.lock().unwrap() = None;
    }

    /// The deployments that were reported together, in order.
    pub(crate) fn groups(&self) -> Vec<Vec<String>> {
        self.groups.lock().unwrap().clone()
    }

    /// Completes once somebody waits at the port.
    pub(crate) async fn until_waiting(&self) {
        self.waiting.acquire().await.unwrap().forget();
    }

    /// Lets one who waits go on.
    pub(crate) fn release(&self) {
        self.released.add_permits(1);
    }

    async fn pass(&self, port: Port) -> Result<(), StoreError> {
        let fault = *self.fault.lock().unwrap();
        match fault {
            Some((broken, fault)) if broken == port => self.suffer(fault).await,
            _ => Ok(()),
        }
    }

    async fn pass_together(&self, queries: &[DeploymentQuery]) -> Result<(), StoreError> {
        // Only a report carries a commit; the worker asks for deployments as they are stored.
        let reported = queries.iter().filter(|query| query.commit.is_some());
        let ids = reported.map(|query| query.external_id.as_str().to_owned());
        let ids: Vec<_> = ids.collect();
        if !ids.is_empty() {
            self.groups.lock().unwrap().push(ids.clone());
        }
        self.pass(Port::Deployments).await?;
        let bad = *self.bad_deployment.lock().unwrap();
        match bad {
            Some((bad, Moment::Asked, fault)) if ids.iter().any(|id| id == bad) => self.suffer(fault).await,
            Some((bad, Moment::AskedAgain, fault)) if self.times_asked(bad) == 2 => self.suffer(fault).await,
            _ => Ok(()),
        }
    }

    fn times_asked(&self, id: &str) -> usize {
        let groups = self.groups();
        groups.iter().flatten().filter(|asked| *asked == id).count()
    }

    async fn write(
        &self,
        decision: &DeploymentDecision,
        is_alone: bool,
    ) -> Result<Applied<DeploymentId>, Arc<StoreError>> {
        let bad = *self.bad_deployment.lock().unwrap();
        if let Some((bad, Moment::Written, fault)) = bad
            && decision.deployment.external_id.as_str() == bad
            && !is_alone
        {
            self.suffer(fault).await?;
        }
        let mut applied = self.inner.deployments().apply(slice::from_ref(decision)).await;
        applied.remove(0)
    }

    async fn suffer(&self, fault: Fault) -> Result<(), StoreError> {
        match fault {
            Fault::Unavailable => Err(StoreError::Unavailable("the secret host is down".into())),
            Fault::Internal => Err(StoreError::Internal("a secret table is missing".into())),
            Fault::Corrupt => Err(StoreError::Corrupt {
                table: "secret_deployments",
                column: "status",
                id: 7,
                problem: "unreadable".to_owned(),
            }),
            Fault::Panic => panic!("the store panics because a test wants it to"),
            Fault::Wait => {
                self.waiting.add_permits(1);
                self.released.acquire().await.unwrap().forget();
                Ok(())
            }
        }
    }
}

impl Store for FaultyStore {
    fn organizations(&self) -> &dyn Organizations {
        self
    }
    fn api_keys(&self) -> &dyn ApiKeys {
        self
    }
    fn sessions(&self) -> &dyn Sessions {
        self.inner.sessions()
    }
    fn repositories(&self) -> &dyn Repositories {
        self.inner.repositories()
    }
    fn github_connections(&self) -> &dyn GithubConnections {
        self
    }
    fn pull_requests(&self) -> &dyn PullRequests {
        self.inner.pull_requests()
    }
    fn commits(&self) -> &dyn Commits {
        self.inner.commits()
    }
    fn environments(&self) -> &dyn Environments {
        self.inner.environments()
    }
    fn deployments(&self) -> &dyn Deployments {
        self
    }
    fn relinking(&self) -> &dyn Relinking {
        self.inner.relinking()
    }
    fn metric_facts(&self) -> &dyn MetricFacts {
        self.inner.metric_facts()
    }
}

#[async_trait]
impl Organizations for FaultyStore {
    async fn insert(&self, organization: &NewOrganization) -> Result<Inserted<Organization>, StoreError> {
        self.inner.organizations().insert(organization).await
    }
    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError> {
        self.inner.organizations().find_by_slug(slug).await
    }
    async fn list(&self) -> Result<Vec<Organization>, StoreError> {
        self.inner.organizations().list().await
    }
    async fn remove_some(&self, id: OrganizationId, most: u32) -> Result<Removed, StoreError> {
        self.inner.organizations().remove_some(id, most).await
    }
    async fn check_health(&self) -> Result<(), StoreError> {
        self.pass(Port::Organizations).await?;
        self.inner.organizations().check_health().await
    }
}

#[async_trait]
impl GithubConnections for FaultyStore {
    async fn insert(&self, connection: &GithubConnection) -> Result<Inserted<()>, StoreError> {
        self.inner.github_connections().insert(connection).await
    }
    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError> {
        self.inner.github_connections().replace(connection).await
    }
    async fn find_by_slug(
        &self,
        slug: &OrganizationSlug,
    ) -> Result<Option<KnownGithubConnection>, StoreError> {
        self.inner.github_connections().find_by_slug(slug).await
    }
    async fn note_delivery(
        &self,
        organization_id: OrganizationId,
        delivery: &ReceivedDelivery,
    ) -> Result<(), StoreError> {
        self.pass(Port::DeliveryNotes).await?;
        let connections = self.inner.github_connections();
        connections.note_delivery(organization_id, delivery).await
    }
    async fn note_wrong_signature(
        &self,
        organization_id: OrganizationId,
        received_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.pass(Port::DeliveryNotes).await?;
        let connections = self.inner.github_connections();
        connections
            .note_wrong_signature(organization_id, received_at)
            .await
    }
    async fn last_effect_at(&self, organization_id: OrganizationId) -> Result<Option<Timestamp>, StoreError> {
        self.inner
            .github_connections()
            .last_effect_at(organization_id)
            .await
    }
}

#[async_trait]
impl ApiKeys for FaultyStore {
    async fn insert(&self, key: &NewApiKey) -> Result<ApiKey, StoreError> {
        self.inner.api_keys().insert(key).await
    }
    async fn find_by_hash(&self, hash: &ApiKeyHash) -> Result<Option<KnownApiKey>, StoreError> {
        let found = self.inner.api_keys().find_by_hash(hash).await;
        self.pass(Port::ApiKeys).await?;
        found
    }
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<ApiKey>, StoreError> {
        self.inner.api_keys().list(organization_id).await
    }
    async fn revoke(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        self.inner.api_keys().revoke(organization_id, id, now).await
    }
    async fn touch(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        used_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.pass(Port::KeyUses).await?;
        self.inner.api_keys().touch(organization_id, id, used_at).await
    }
}

#[async_trait]
impl Deployments for FaultyStore {
    async fn contexts(
        &self,
        queries: &[DeploymentQuery],
    ) -> Result<Vec<Option<DeploymentContext>>, StoreError> {
        self.pass_together(queries).await?;
        self.inner.deployments().contexts(queries).await
    }
    async fn apply(
        &self,
        decisions: &[DeploymentDecision],
    ) -> Vec<Result<Applied<DeploymentId>, Arc<StoreError>>> {
        let mut applied = Vec::new();
        for decision in decisions {
            applied.push(self.write(decision, decisions.len() == 1).await);
        }
        applied
    }
    async fn remove(&self, removal: &DeploymentRemoval) -> Result<Applied<()>, StoreError> {
        self.inner.deployments().remove(removal).await
    }
    async fn list_removed(
        &self,
        organization_id: OrganizationId,
        most: u32,
    ) -> Result<Vec<RemovedDeployment>, StoreError> {
        self.inner.deployments().list_removed(organization_id, most).await
    }
    async fn delivered(&self, queries: &[DeliveryQuery]) -> Result<Vec<BTreeSet<PullRequestId>>, StoreError> {
        self.inner.deployments().delivered(queries).await
    }

    async fn line(
        &self,
        organization_id: OrganizationId,
        service_key: &str,
        from: &LinePosition,
        most: u32,
    ) -> Result<Vec<LineMember>, StoreError> {
        let deployments = self.inner.deployments();
        deployments.line(organization_id, service_key, from, most).await
    }
    async fn find(
        &self,
        organization_id: OrganizationId,
        external_id: &ExternalDeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError> {
        self.inner.deployments().find(organization_id, external_id).await
    }
    async fn history(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Vec<DeploymentEvent>, StoreError> {
        self.inner.deployments().history(organization_id, id).await
    }
    async fn links(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Vec<Link>, StoreError> {
        self.inner.deployments().links(organization_id, id).await
    }
    async fn find_by_id(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError> {
        self.inner.deployments().find_by_id(organization_id, id).await
    }
    async fn list(
        &self,
        organization_id: OrganizationId,
        ids: &[DeploymentId],
    ) -> Result<Vec<StoredDeployment>, StoreError> {
        self.inner.deployments().list(organization_id, ids).await
    }
    async fn list_shipped_with(
        &self,
        organization_id: OrganizationId,
        id: PullRequestId,
    ) -> Result<Vec<(StoredDeployment, Link)>, StoreError> {
        self.inner
            .deployments()
            .list_shipped_with(organization_id, id)
            .await
    }
    async fn page(
        &self,
        organization_id: OrganizationId,
        filter: &DeploymentFilter,
        page: &PageRequest<DeploymentId>,
    ) -> Result<Page<ListedDeployment>, StoreError> {
        self.pass(Port::Deployments).await?;
        self.inner.deployments().page(organization_id, filter, page).await
    }
    async fn list_services(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<DeployedService>, StoreError> {
        self.inner.deployments().list_services(organization_id).await
    }
}
