//! The ports on Postgres. A context is one statement and so is an apply, except where a batch needs several; each
//! file has one port's rows and queries together.

mod connect;
pub mod diagnosis;
mod error;
mod meters;
pub mod migrate;
mod pool;
pub mod private;
mod statement;
mod tls;

mod api_keys;
mod commits;
mod deployments;
mod environments;
mod github_connections;
mod histories;
mod intake;
mod listing;
mod metric_facts;
mod organization_removal;
mod organizations;
mod placement;
mod pull_requests;
mod recent;
mod relinking;
mod repositories;
mod row;
mod schema;
mod server_run;
mod service_keys;
mod sessions;
mod touched;

pub mod testing;

pub use connect::ConnectError;

use histories::Histories;
use metric_facts::KeptFacts;
use periscope_domain::ports::{
    ApiKeys, Commits, Deployments, Environments, GithubConnections, MetricFacts, Organizations, PullRequests,
    Relinking, Repositories, Sessions, Store,
};
use pool::Pool;

/// Where the store is and how much of it to use.
#[derive(Clone, Debug)]
pub struct PgOptions {
    /// `postgres://user:password@host:5432/database`.
    pub url: String,
    /// How many connections to open at most.
    pub pool_size: usize,
}

/// Everything that is kept, in a Postgres database. Cloning it shares the connections and what is kept in memory.
#[derive(Clone)]
pub struct PgStore {
    pool: Pool,
    histories: Histories,
    facts: KeptFacts,
}

impl std::fmt::Debug for PgStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PgStore(..)")
    }
}

impl PgStore {
    /// A store on a database. Connections are opened when they are first needed, and live on the Tokio runtime that this
    /// is called on.
    ///
    /// # Errors
    /// [`ConnectError`] when the URL cannot be read, or outside of a runtime.
    pub fn connect(options: &PgOptions) -> Result<Self, ConnectError> {
        let pool = Pool::new(&options.url, options.pool_size)?;
        Ok(Self {
            pool,
            histories: Histories::default(),
            facts: KeptFacts::default(),
        })
    }
}

impl Store for PgStore {
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
