use super::organization::OrganizationChoice;
use crate::config::Output;
use crate::output::{time_or_dash, time_or_null};
use anyhow::{Context, anyhow, ensure};
use clap::{Args, Subcommand};
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::api_key::{ApiKey, Scope};
use periscope_domain::id::ApiKeyId;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::text::ApiKeyName;
use periscope_domain::time_zone::{Moment, TimeZone};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};
use serde_json::{Value, json};
use time::Duration;

/// Make, list and revoke API keys. A key is shown once, when it is made.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope key create --org acme --name ci")]
pub(crate) enum Command {
    /// Make a key and print it, alone on stdout
    #[command(
        after_help = "Example:\n  periscope key create --org acme --name ci --scope ingest --expires 90d"
    )]
    Create(Create),
    /// List the keys of an organization
    #[command(after_help = "Example:\n  periscope key list --org acme")]
    List {
        #[command(flatten)]
        org: OrganizationChoice,
    },
    /// Revoke a key: it stops working within 10 seconds
    #[command(after_help = "Example:\n  periscope key revoke --org acme ci")]
    Revoke {
        #[command(flatten)]
        org: OrganizationChoice,
        /// The key's number or name, as `key list` shows it
        #[arg(value_name = "ID_OR_NAME")]
        key: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    org: OrganizationChoice,
    /// What people call it
    #[arg(long, default_value = "default", value_parser = ApiKeyName::parse)]
    name: ApiKeyName,
    /// What it allows: ingest, read or admin; may be given several times
    #[arg(long, default_value = "ingest", value_parser = Scope::parse)]
    scope: Vec<Scope>,
    /// When it stops working: in 90d, after the day 2026-12-31, or at a time with a zone
    #[arg(long, value_name = "WHEN", value_parser = Expiry::parse)]
    expires: Option<Expiry>,
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create(arguments) => create(arguments, store, output).await,
        Command::List { org } => {
            let organization = org.find(store).await?;
            list(&store.api_keys().list(organization.id).await?, output)
        }
        Command::Revoke { org, key } => {
            let organization = org.find(store).await?;
            let keys = store.api_keys().list(organization.id).await?;
            let id = find(&keys, key).map_err(|why| anyhow!("organization {} {why}", organization.slug))?;
            let revoked = store.api_keys().revoke(organization.id, id, SystemClock.now());
            let key = revoked
                .await?
                .with_context(|| format!("organization {} has no key {id}", organization.slug))?;
            Ok(output.sentence(&format!("revoked key {id}, {}", key.name), &json_of(&key))?)
        }
    }
}

async fn create(arguments: &Create, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let expires_at = arguments.expires.map(|expires| expires.after(now));
    ensure!(
        expires_at.is_none_or(|expires_at| expires_at > now),
        "--expires is in the past"
    );
    let organization = arguments.org.find(store).await?;
    let command = IssueApiKey {
        organization_id: organization.id,
        name: arguments.name.clone(),
        scopes: arguments.scope.clone(),
        expires_at,
    };
    let (secret, key) = issue_api_key(store, command, &mut system_random(), now).await?;
    let mut json = json_of(&key);
    if let Some(object) = json.as_object_mut() {
        object.insert("key".to_owned(), secret.expose().into());
    }
    let explanation = format!("key {} of {}; it is shown this once:", key.id, organization.slug);
    Ok(output.secret(secret.expose(), &explanation, &json)?)
}

/// When a key stops working, as people say it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expiry {
    Days(u16),
    /// At its beginning or, if it is a day, at its end.
    At(Moment),
}

impl Expiry {
    fn parse(text: &str) -> anyhow::Result<Self> {
        if let Some(days) = text.trim().strip_suffix('d').and_then(|days| days.parse().ok()) {
            ensure!(
                (1..=3650).contains(&days),
                "must be a number of days from 1d to 3650d"
            );
            return Ok(Self::Days(days));
        }
        let moment = Moment::parse(text);
        moment.map(Self::At).map_err(|_| {
            anyhow!("must be a number of days such as 90d, a date such as 2026-12-31, or a time with a zone")
        })
    }

    fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Days(days) => now.plus(Duration::days(days.into())),
            Self::At(moment) if moment.is_day() => moment.at(&TimeZone::UTC).plus(Duration::days(1)),
            Self::At(moment) => moment.at(&TimeZone::UTC),
        }
    }
}

/// The key with a number, else the one that has a name and still works.
fn find(keys: &[ApiKey], text: &str) -> Result<ApiKeyId, String> {
    let by_id = keys.iter().find(|key| key.id.to_string() == text);
    if let Some(key) = by_id {
        return Ok(key.id);
    }
    let named: Vec<_> = keys.iter().filter(|key| key.name.as_str() == text).collect();
    let live: Vec<_> = named
        .iter()
        .filter(|key| key.revoked_at.is_none())
        .map(|key| key.id)
        .collect();
    match live.as_slice() {
        [id] => Ok(*id),
        [] if named.is_empty() => Err(format!("has no key {text}; `periscope key list` shows them")),
        [] => Err(format!(
            "has no key {text} that still works: it is revoked already"
        )),
        several => {
            let numbers: Vec<_> = several.iter().map(ToString::to_string).collect();
            Err(format!(
                "has {} keys named {text}; name one by its number: {}",
                several.len(),
                numbers.join(", ")
            ))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use periscope_domain::api_key::ApiKeySecret;
    use periscope_domain::id::OrganizationId;

    #[test]
    fn an_expiry_is_a_number_of_days_a_day_or_a_time() {
        let now = Timestamp::parse("2026-01-01T10:00:00Z").unwrap();
        for (text, end) in [
            ("90d", "2026-04-01T10:00:00Z"),
            ("1d", "2026-01-02T10:00:00Z"),
            ("2026-12-31", "2027-01-01T00:00:00Z"),
            ("2026-12-31T12:00:00+02:00", "2026-12-31T10:00:00Z"),
        ] {
            assert_eq!(Expiry::parse(text).unwrap().after(now).to_string(), end, "{text}");
        }
        for text in ["", "d", "0d", "3651d", "90", "90 days", "tomorrow"] {
            assert!(Expiry::parse(text).is_err(), "{text}");
        }
    }

    fn key(id: i64, name: &str, revoked: bool) -> ApiKey {
        let at = Timestamp::parse("2026-01-01T10:00:00Z").unwrap();
        ApiKey {
            id: ApiKeyId::new(id),
            organization_id: OrganizationId::new(1),
            name: ApiKeyName::parse(name).unwrap(),
            scopes: vec![Scope::Ingest],
            hint: ApiKeySecret::generate(&mut system_random()).hint(),
            created_at: at,
            expires_at: None,
            last_used_at: None,
            revoked_at: revoked.then_some(at),
        }
    }

    #[test]
    fn a_key_is_found_by_its_number_or_by_a_name_that_only_one_live_key_has() {
        let keys = [
            key(1, "ci", true),
            key(2, "ci", false),
            key(3, "me", false),
            key(4, "me", false),
            key(5, "old", true),
            key(6, "3", false),
        ];
        for (text, found) in [
            ("1", Ok(1)),
            ("ci", Ok(2)),
            ("3", Ok(3)),
            ("me", Err("has 2 keys named me; name one by its number: 3, 4")),
            (
                "old",
                Err("has no key old that still works: it is revoked already"),
            ),
            ("CI", Err("has no key CI; `periscope key list` shows them")),
        ] {
            let found = found.map(ApiKeyId::new).map_err(str::to_owned);
            assert_eq!(find(&keys, text), found, "{text}");
        }
    }
}
