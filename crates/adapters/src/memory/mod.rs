//! The ports in memory: the same versions, constraints and epochs as on Postgres, kept by hand behind one mutex. For
//! tests, and for services that embed the domain and need no more.

mod api_keys;
mod commits;
mod contexts;
mod deployments;
mod environments;
mod github_connections;
mod lines;
mod metric_facts;
mod organizations;
mod placement;
mod pull_requests;
mod relinking;
mod removal;
mod repositories;
mod sessions;

use deployments::Entry;
use lines::Line;
use periscope_domain::api_key::{ApiKey, ApiKeyHash};
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::environment::Environment;
use periscope_domain::environment_tiers::EnvironmentTiers;
use periscope_domain::github::KnownGithubConnection;
use periscope_domain::history::RepositoryHistory;
use periscope_domain::id::{DeploymentId, OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::linking::{LineKey, Touched};
use periscope_domain::listing::{Order, Page, PageRequest, Position};
use periscope_domain::organization::Organization;
use periscope_domain::ports::{
    ApiKeys, Commits, Deployments, Environments, GithubConnections, MetricFacts, Organizations, PullRequests,
    Relinking, RemovedDeployment, Repositories, Sessions, Store, StoreError,
};
use periscope_domain::pull_request::StoredPullRequest;
use periscope_domain::repository::{ForgeRepositoryId, Repository};
use periscope_domain::session::{Session, SessionHash};
use periscope_domain::text::{DeliveryId, ExternalDeploymentId};
use periscope_domain::timestamp::Timestamp;
use relinking::{Request, WaitingLine};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that is kept, in memory. Cloning it shares what is kept.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    last_id: i64,
    last_generation: i64,
    organizations: BTreeMap<OrganizationId, Tenant>,
    api_keys: Vec<(ApiKeyHash, ApiKey)>,
    sessions: BTreeMap<(OrganizationId, SessionHash), Session>,
    github_connections: BTreeMap<OrganizationId, KnownGithubConnection>,
    repositories: BTreeMap<(OrganizationId, RepositoryId), Repository>,
    pull_requests: BTreeMap<(OrganizationId, PullRequestId), StoredPullRequest>,
    commits: BTreeMap<(OrganizationId, RepositoryId), BTreeMap<CommitSha, Commit>>,
    /// The commits that a clone has said to have no parents.
    proved_roots: BTreeMap<(OrganizationId, RepositoryId), BTreeSet<CommitSha>>,
    histories: BTreeMap<(OrganizationId, RepositoryId), Arc<RepositoryHistory>>,
    deliveries: BTreeMap<(OrganizationId, DeliveryId), Timestamp>,
    deployments: BTreeMap<(OrganizationId, DeploymentId), Entry>,
    deployment_ids: BTreeMap<(OrganizationId, ExternalDeploymentId), DeploymentId>,
    removed_deployments: BTreeMap<(OrganizationId, DeploymentId), RemovedDeployment>,
    relink_requests: BTreeMap<(OrganizationId, DeploymentId), Request>,
    forge_ids: BTreeMap<(OrganizationId, ForgeRepositoryId), RepositoryId>,
    lines: BTreeMap<LineKey, Line>,
    line_requests: BTreeMap<(OrganizationId, String), WaitingLine>,
    /// By service and environment.
    placement_requests: BTreeMap<(OrganizationId, (String, Environment)), Request>,
}

/// An organization with its versions.
#[derive(Debug)]
struct Tenant {
    organization: Organization,
    tiers: EnvironmentTiers,
    revision: i64,
    epoch: i64,
}

impl MemoryStore {
    /// A store with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    fn tenant(&mut self, id: OrganizationId) -> Result<&mut Tenant, StoreError> {
        self.organizations
            .get_mut(&id)
            .ok_or_else(|| StoreError::Internal(format!("organization {id} does not exist").into()))
    }

    fn repositories_of(&self, organization_id: OrganizationId) -> impl Iterator<Item = &Repository> {
        self.repositories
            .iter()
            .filter(move |((owner, _), _)| *owner == organization_id)
            .map(|(_, repository)| repository)
    }

    /// Moves the organization's epoch and leaves every shipping deployment that is touched, or its line, for the relinking
    /// worker; gives how many those are.
    fn touch(
        &mut self,
        organization_id: OrganizationId,
        now: Timestamp,
        touched: impl Fn(&Entry) -> Option<Touched>,
    ) -> Result<u64, StoreError> {
        self.tenant(organization_id)?.epoch += 1;
        let touched: Vec<_> = self
            .deployments
            .iter()
            .filter(|((owner, _), _)| *owner == organization_id)
            .filter_map(|(key, entry)| {
                let deployment = &entry.stored.deployment;
                let line = (organization_id, entry.stored.service_key.clone());
                Some((*key, touched(entry)?, line, deployment.shipped_at()?))
            })
            .collect();
        let count = touched.len() as u64;
        for (key, touched, line, shipped_at) in touched {
            match touched {
                Touched::Deployment => self.request_relinking(key, now),
                Touched::Line => self.request_line_from(line, shipped_at, now),
            }
        }
        Ok(count)
    }

    fn request_relinking(&mut self, key: (OrganizationId, DeploymentId), now: Timestamp) {
        self.last_generation += 1;
        Request::put(&mut self.relink_requests, key, self.last_generation, now);
    }

    fn history(
        &mut self,
        organization_id: OrganizationId,
        repository_id: RepositoryId,
    ) -> &mut RepositoryHistory {
        let history = self
            .histories
            .entry((organization_id, repository_id))
            .or_default();
        Arc::make_mut(history)
    }
}

/// The page that is asked for of things that come in any order.
fn page_of<T, I: Ord + Copy>(
    things: impl Iterator<Item = T>,
    page: &PageRequest<I>,
    position: impl Fn(&T) -> Position<I>,
) -> Page<T> {
    let is_wanted = |thing: &T| {
        let after = page.after.as_ref();
        after.is_none_or(|after| position(thing).is_behind(after, page.order))
    };
    let mut behind: Vec<T> = things.filter(is_wanted).collect();
    behind.sort_by_key(&position);
    if page.order == Order::Newest {
        behind.reverse();
    }
    Page::beginning_with(behind, page.limit)
}

impl Entry {
    /// Whether the service is called by one of the names, in any letter case.
    fn is_of_service(&self, names: &[&str]) -> bool {
        let service = self.stored.deployment.service.as_ref();
        service.is_some_and(|service| {
            names
                .iter()
                .any(|name| service.as_str().eq_ignore_ascii_case(name))
        })
    }
}

impl Store for MemoryStore {
    fn organizations(&self) -> &dyn Organizations {
        self
    }
    fn api_keys(&self) -> &dyn ApiKeys {
        self
    }
    fn sessions(&self) -> &dyn Sessions {
        self
    }
    fn repositories(&self) -> &dyn Repositories {
        self
    }
    fn github_connections(&self) -> &dyn GithubConnections {
        self
    }
    fn pull_requests(&self) -> &dyn PullRequests {
        self
    }
    fn commits(&self) -> &dyn Commits {
        self
    }
    fn environments(&self) -> &dyn Environments {
        self
    }
    fn deployments(&self) -> &dyn Deployments {
        self
    }
    fn relinking(&self) -> &dyn Relinking {
        self
    }
    fn metric_facts(&self) -> &dyn MetricFacts {
        self
    }
}
