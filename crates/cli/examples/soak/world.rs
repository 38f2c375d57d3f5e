//! What a scenario begins with: settings of the run, a database with the schema, and organizations with a key each.

use crate::database::Database;
use crate::logs::Logs;
use crate::service::{Start, free_address};
use anyhow::bail;
use clap::ValueEnum;
use periscope_adapters::postgres::{PgOptions, PgStore, migrate};
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::api_key::Scope;
use periscope_domain::organization::{OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, Inserted, NewOrganization, Store};
use periscope_domain::text::{ApiKeyName, OrganizationName};
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How much a scenario does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Size {
    /// Two minutes for all, of a program without optimizations: counts as always, times with ten times the limit
    Short,
    /// A few minutes for all
    Ci,
    /// Hours
    Long,
}

/// What all scenarios of a run share.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) program: Arc<Path>,
    pub(crate) older: Option<Arc<Path>>,
    pub(crate) size: Size,
    /// Whether to do the harm that the claims exclude.
    pub(crate) sabotage: bool,
    pub(crate) logs: Arc<Logs>,
}

/// An organization with a key that may ingest and read.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) slug: String,
    pub(crate) key: String,
    pub(crate) key_id: i64,
}

/// A database with organizations in it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) tenants: Arc<[Tenant]>,
}

impl Run {
    pub(crate) fn pick<T>(&self, short: T, ci: T, long: T) -> T {
        match self.size {
            Size::Short => short,
            Size::Ci => ci,
            Size::Long => long,
        }
    }

    /// A limit of time, ten times as long for a program without optimizations beside a compiler.
    pub(crate) fn limit(&self, limit: Duration) -> Duration {
        self.pick(10, 1, 1) * limit
    }

    /// How to start a service without a rate limit.
    pub(crate) fn service(&self, url: &str) -> anyhow::Result<Start> {
        Ok(Start {
            program: Arc::clone(&self.program),
            url: url.to_owned(),
            address: free_address()?,
            rate_limit: 0,
            logs: Arc::clone(&self.logs),
        })
    }

    /// Brings the schema into an empty database, and organizations.
    pub(crate) async fn furnish(&self, url: &str, organizations: usize) -> anyhow::Result<Arc<[Tenant]>> {
        migrate::run(url).await?;
        let store = PgStore::connect(&PgOptions {
            url: url.to_owned(),
            pool_size: 2,
        })?;
        let mut tenants = Vec::new();
        for number in 1..=organizations {
            tenants.push(self.tenant(&store, number).await?);
        }
        Ok(tenants.into())
    }

    async fn tenant(&self, store: &PgStore, number: usize) -> anyhow::Result<Tenant> {
        let now = SystemClock.now();
        let slug = format!("soak-{number}");
        let new = NewOrganization {
            slug: OrganizationSlug::parse(&slug)?,
            name: OrganizationName::parse("Soak")?,
            plan: Plan::Free,
            created_at: now,
        };
        let Inserted::New(organization) = store.organizations().insert(&new).await? else {
            bail!("the database is not empty");
        };
        let command = IssueApiKey {
            organization_id: organization.id,
            name: ApiKeyName::parse("soak")?,
            scopes: vec![Scope::Ingest, Scope::Read],
            expires_at: None,
        };
        let (secret, key) = issue_api_key(store, command, &mut system_random(), now).await?;
        self.logs.guard(secret.expose());
        Ok(Tenant {
            slug,
            key: secret.expose().to_owned(),
            key_id: key.id.get(),
        })
    }
}

impl World {
    pub(crate) async fn start(run: &Run, organizations: usize) -> anyhow::Result<Self> {
        let database = Database::start().await?;
        let tenants = run.furnish(&database.url, organizations).await?;
        Ok(Self { database, tenants })
    }
}
