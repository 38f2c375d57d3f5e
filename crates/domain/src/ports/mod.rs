//! What the rules need from the outside, as traits that an adapter implements.
//!
//! Every write has three steps: a port reads a *context* with everything that the decision depends on and the
//! version of it; a pure rule decides; a port *applies* the decision, but only if the version still holds. No
//! transaction, lock or connection crosses a port, so a caller that goes away leaves nothing open and a slow one
//! blocks nobody.

mod api_keys;
mod commits;
mod deployments;
mod environments;
mod github_connections;
mod metric_facts;
mod organizations;
mod pull_requests;
mod random;
mod relinking;
mod repositories;
mod sessions;
mod time;

pub use api_keys::{ApiKeys, NewApiKey};
pub use commits::{CommitDecision, CommitQuery, Commits, CommitsContext, CompletedCommit};
pub use deployments::{
    DeliveryQuery, DeploymentContext, DeploymentDecision, DeploymentQuery, DeploymentRemoval,
    DeploymentVersion, Deployments, LineMember, LineRevision, LinkingEpoch, RemovedDeployment,
};
pub use environments::{Environments, TiersContext, TiersDecision};
pub use github_connections::GithubConnections;
pub use metric_facts::MetricFacts;
pub use organizations::{NewOrganization, Organizations, Removed};
pub use pull_requests::{
    ChangedPullRequest, PullRequestDecision, PullRequestQuery, PullRequests, PullRequestsContext,
    TargetRepository,
};
pub use random::Randomness;
pub use relinking::{
    LineRequest, Placement, PlacementRequest, RelinkReason, RelinkRequest, Relinking, RelinkingDecision,
};
pub use repositories::Repositories;
pub use sessions::{NewSession, Sessions};
pub use time::Clock;

use std::error::Error;
use thiserror::Error;

/// All that a port may fail with. Anything that a caller can bring about is an outcome instead, not an error.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The store cannot be reached, is overloaded or too slow. Whether a write was made is not known; trying
    /// again later is safe.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Something stored is not what any version of this program writes.
    #[error("{table}.{column} of {id} is corrupt: {problem}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's number.
        id: i64,
        /// What is wrong with it.
        problem: String,
    },
    /// A bug: ours or the store's.
    #[error("the store failed")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied<T> {
    /// It is durable, whole.
    Done(T),
    /// Somebody was faster: what it was based on no longer holds, and nothing of it was written.
    Stale,
}

/// Whether something new was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted<T> {
    /// It was made.
    New(T),
    /// One with its identity was there before, and is unchanged.
    Already,
}

/// Everything that is kept, port by port.
pub trait Store: Send + Sync {
    /// Tenants.
    fn organizations(&self) -> &dyn Organizations;
    /// Keys.
    fn api_keys(&self) -> &dyn ApiKeys;
    /// Sessions of people who signed in.
    fn sessions(&self) -> &dyn Sessions;
    /// Git repositories.
    fn repositories(&self) -> &dyn Repositories;
    /// Connections to GitHub.
    fn github_connections(&self) -> &dyn GithubConnections;
    /// Merged pull requests.
    fn pull_requests(&self) -> &dyn PullRequests;
    /// Commits and pushes.
    fn commits(&self) -> &dyn Commits;
    /// Tiers of environments.
    fn environments(&self) -> &dyn Environments;
    /// Deployments with their history and links.
    fn deployments(&self) -> &dyn Deployments;
    /// Deployments whose links have to be looked at again.
    fn relinking(&self) -> &dyn Relinking;
    /// What metrics are computed from.
    fn metric_facts(&self) -> &dyn MetricFacts;
}
