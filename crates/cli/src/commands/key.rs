use super::organization;
use crate::config::Output;
use crate::output::{time_or_dash, time_or_null};
use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::api_key::{ApiKey, Scope};
use periscope_domain::id::ApiKeyId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::text::ApiKeyName;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};
use serde_json::{Value, json};

/// Make, list and revoke API keys. A key is shown once, when it is made.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope key create --org acme --name ci")]
pub(crate) enum Command {
    /// Make a key and print it, alone on stdout
    #[command(
        after_help = "Example:\n  periscope key create --org acme --name ci --scope ingest --scope read"
    )]
    Create(Create),
    /// List the keys of an organization
    #[command(after_help = "Example:\n  periscope key list --org acme")]
    List {
        /// The organization's slug
        #[arg(long, value_parser = OrganizationSlug::parse)]
        org: OrganizationSlug,
    },
    /// Revoke a key: it stops working within 10 seconds
    #[command(after_help = "Example:\n  periscope key revoke --org acme 3")]
    Revoke {
        /// The organization's slug
        #[arg(long, value_parser = OrganizationSlug::parse)]
        org: OrganizationSlug,
        /// The key's number, as `key list` shows it
        id: i64,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The organization's slug
    #[arg(long, value_parser = OrganizationSlug::parse)]
    org: OrganizationSlug,
    /// What people call it
    #[arg(long, default_value = "default", value_parser = ApiKeyName::parse)]
    name: ApiKeyName,
    /// What it allows: ingest, read or admin; may be given several times
    #[arg(long, default_value = "ingest", value_parser = Scope::parse)]
    scope: Vec<Scope>,
    /// When it stops working, as an ISO 8601 time with a zone
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    expires: Option<Timestamp>,
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create(arguments) => create(arguments, store, output).await,
        Command::List { org } => {
            let organization = organization(store, org).await?;
            list(&store.api_keys().list(organization.id).await?, output)
        }
        Command::Revoke { org, id } => {
            let organization = organization(store, org).await?;
            let revoked = store
                .api_keys()
                .revoke(organization.id, ApiKeyId::new(*id), SystemClock.now());
            let key = revoked
                .await?
                .with_context(|| format!("organization {org} has no key {id}"))?;
            Ok(output.sentence(&format!("revoked key {id}, {}", key.name), &json_of(&key))?)
        }
    }
}

async fn create(arguments: &Create, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let now = SystemClock.now();
    ensure!(
        arguments.expires.is_none_or(|expires| expires > now),
        "--expires is in the past"
    );
    let organization = organization(store, &arguments.org).await?;
    let command = IssueApiKey {
        organization_id: organization.id,
        name: arguments.name.clone(),
        scopes: arguments.scope.clone(),
        expires_at: arguments.expires,
    };
    let (secret, key) = issue_api_key(store, command, &mut system_random(), now).await?;
    let mut json = json_of(&key);
    if let Some(object) = json.as_object_mut() {
        object.insert("key".to_owned(), secret.expose().into());
    }
    let explanation = format!("key {} of {}; it is shown this once:", key.id, organization.slug);
    Ok(output.secret(secret.expose(), &explanation, &json)?)
}

fn scopes(key: &ApiKey) -> Vec<&'static str> {
    key.scopes.iter().map(|scope| scope.as_str()).collect()
}

fn list(keys: &[ApiKey], output: Output) -> anyhow::Result<()> {
    let header = [
        "id",
        "name",
        "key",
        "scopes",
        "created",
        "last used",
        "expires",
        "revoked",
    ];
    let rows = keys.iter().map(|key| {
        vec![
            key.id.to_string(),
            key.name.to_string(),
            key.hint.to_string(),
            scopes(key).join(" "),
            key.created_at.to_string(),
            time_or_dash(key.last_used_at),
            time_or_dash(key.expires_at),
            time_or_dash(key.revoked_at),
        ]
    });
    let json = keys.iter().map(json_of).collect();
    Ok(output.rows(&header, rows.collect(), &json)?)
}

fn json_of(key: &ApiKey) -> Value {
    json!({
        "id": key.id.get(),
        "name": key.name.as_str(),
        "hint": key.hint.to_string(),
        "scopes": scopes(key),
        "createdAt": key.created_at.to_string(),
        "lastUsedAt": time_or_null(key.last_used_at),
        "expiresAt": time_or_null(key.expires_at),
        "revokedAt": time_or_null(key.revoked_at),
    })
}
