//! Listens for webhooks. On a private Postgres without an organization it first makes one, so that the first deployment
//! can be reported with what is printed.

use crate::config::{Config, Database};
use crate::output::print;
use crate::store::{self, Opener};
use anyhow::Context;
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::api_key::{ApiKeySecret, Scope};
use periscope_domain::organization::{OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, Inserted, NewOrganization, Store};
use periscope_domain::text::{ApiKeyName, OrganizationName};
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};
use periscope_server::{Application, Settings};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Listen for webhooks.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  periscope serve --listen 0.0.0.0:8080")]
pub(crate) struct Arguments {
    /// Where to listen; port 0 means any that is free
    #[arg(
        long,
        env = "PERISCOPE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    listen: SocketAddr,
    /// How many requests a second a key may send, with bursts of four times as many; 0 switches every limit off
    #[arg(
        long,
        env = "PERISCOPE_RATE_LIMIT",
        value_name = "NUMBER",
        default_value_t = 50
    )]
    rate_limit: u32,
    /// Bring the database's schema up to date first; a private Postgres always is
    #[arg(long, env = "PERISCOPE_MIGRATE")]
    migrate: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            rate_limit: 50,
            migrate: false,
        }
    }
}

pub(crate) async fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    allow_connections();
    let opened = store::open(config, Opener::Service, arguments.migrate).await?;
    let settings = Settings {
        listen: arguments.listen,
        rate_limit: arguments.rate_limit,
        secret_key: opened.secret_key.clone(),
    };
    let application = Application::bind(settings, Arc::clone(&opened.store), Arc::new(SystemClock))
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = application.local_addr();
    // From here on a signal is answered in order, also while the first lines are written.
    let stop = stop_signal()?;
    if matches!(config.database, Database::Private(_))
        && let Some(key) = first_key(&*opened.store).await?
    {
        welcome(&key, address)?;
    }
    print(&format!("Periscope listens on http://{address}"))?;
    application.run(stop).await?;
    opened.close().await;
    Ok(())
}

/// Each connection is a file, and most systems start a service with 1024: as many slow clients would keep everyone else
/// waiting. Programs that could not bear more are the reason why it may, but has to, raise that itself.
fn allow_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the number of connections stays limited by that of open files");
    }
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The key of the first organization, made now; `None` where there is one already.
async fn first_key(store: &dyn Store) -> anyhow::Result<Option<ApiKeySecret>> {
    if !store.organizations().list().await?.is_empty() {
        return Ok(None);
    }
    let now = SystemClock.now();
    let new = NewOrganization {
        slug: OrganizationSlug::parse("local")?,
        name: OrganizationName::parse("local")?,
        plan: Plan::Free,
        created_at: now,
    };
    let Inserted::New(organization) = store.organizations().insert(&new).await? else {
        return Ok(None);
    };
    let command = IssueApiKey {
        organization_id: organization.id,
        name: ApiKeyName::parse("local")?,
        scopes: vec![Scope::Ingest],
        expires_at: None,
    };
    let (secret, _) = issue_api_key(store, command, &mut system_random(), now).await?;
    Ok(Some(secret))
}

fn welcome(key: &ApiKeySecret, address: SocketAddr) -> anyhow::Result<()> {
    let key = key.expose();
    let body = first_report();
    print(&format!(
        "Organization local has this API key. It is shown this once:\n\n{key}\n\nReport a first deployment:\n\n\
         curl http://{address}/api/webhooks/deployments \\\n  -H 'Authorization: Bearer {key}' \\\n  \
         -H 'Content-Type: application/json' \\\n  -d '{body}'\n"
    ))?;
    Ok(())
}

/// A deployment that has just succeeded.
fn first_report() -> serde_json::Value {
    let now = SystemClock.now().to_offset_date_time();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let [started_at, completed_at] = [now - time::Duration::minutes(2), now]
        .map(|time| periscope_domain::timestamp::Timestamp::new(time).to_string());
    serde_json::json!({
        "deploymentId": "first",
        "commitSha": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
        "environment": "production",
        "status": "success",
        "startedAt": started_at,
        "completedAt": completed_at,
    })
}
