use super::organization::OrganizationChoice;
use crate::config::Output;
use crate::output::table;
use anyhow::bail;
use clap::Subcommand;
use periscope_adapters::system::SystemClock;
use periscope_domain::environment::Tier;
use periscope_domain::environment_tiers::{EnvironmentPattern, name_some};
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::use_cases::{
    EnvironmentList, list_environments, remove_environment_tier, set_environment_tier,
};
use serde_json::{Value, json};

/// List environments and say which of them are production. The names production, staging, test, testing, development
/// and preview have their own tier.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope environment set 'prod*' --tier production")]
pub(crate) enum Command {
    /// List the environments that were deployed to, with their tiers, and the rules that give tiers
    #[command(after_help = "Example:\n  periscope environment list")]
    List {
        #[command(flatten)]
        org: OrganizationChoice,
    },
    /// Give environments a tier, also those of recorded deployments
    #[command(
        after_help = "An exact name wins over patterns, the longest pattern over shorter ones. No pattern changes the \
                      names that have their own tier. Links and figures follow.\n\nExample:\n  \
                      periscope environment set 'prod*' --tier production"
    )]
    Set {
        #[command(flatten)]
        org: OrganizationChoice,
        /// production, staging, testing, development, preview or other
        #[arg(long, value_parser = Tier::parse)]
        tier: Tier,
        /// The name of an environment, or a pattern with * for any characters
        #[arg(value_name = "NAME", value_parser = EnvironmentPattern::parse)]
        pattern: EnvironmentPattern,
    },
    /// Remove a rule, so that environments have their own tier again
    #[command(after_help = "Example:\n  periscope environment remove 'prod*'")]
    Remove {
        #[command(flatten)]
        org: OrganizationChoice,
        /// The name or pattern of the rule
        #[arg(value_name = "NAME", value_parser = EnvironmentPattern::parse)]
        pattern: EnvironmentPattern,
    },
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let organization = match command {
        Command::List { org } | Command::Set { org, .. } | Command::Remove { org, .. } => {
            org.find(store).await?
        }
    };
    match command {
        Command::List { .. } => {}
        Command::Set { tier, pattern, .. } => {
            set_environment_tier(store, organization.id, pattern, *tier, now).await?;
        }
        Command::Remove { pattern, .. } => {
            if !remove_environment_tier(store, organization.id, pattern, now).await? {
                let slug = &organization.slug;
                bail!("{slug} has no rule {pattern}; `periscope environment list --org {slug}` shows them");
            }
        }
    }
    list(store, organization.id, output).await
}

async fn list(store: &dyn Store, organization_id: OrganizationId, output: Output) -> anyhow::Result<()> {
    let found = list_environments(store, organization_id).await?;
    Ok(output.sentence(&text(&found), &json_of(&found))?)
}

fn text(found: &EnvironmentList) -> String {
    let mut parts = Vec::new();
    if found.environments.is_empty() {
        parts.push("no deployment has been reported yet".to_owned());
    } else {
        let rows = found.environments.iter().map(|known| {
            let rule = known.rule.as_ref();
            vec![
                known.environment.to_string(),
                known.environment.tier().to_string(),
                rule.map_or_else(|| "its own".to_owned(), |pattern| format!("rule {pattern}")),
            ]
        });
        parts.push(table(&["environment", "tier", "by"], rows.collect()));
    }
    if !found.tiers.is_empty() {
        let rules = found.tiers.rules();
        let rows = rules.map(|(pattern, tier)| vec![pattern.to_string(), tier.to_string()]);
        parts.push(table(&["rule", "tier"], rows.collect()));
    }
    let others = found.undecided();
    if !others.is_empty() {
        parts.push(name_some(&others, "had deployments"));
    }
    parts.join("\n\n")
}

fn json_of(found: &EnvironmentList) -> Value {
    let environments = found.environments.iter().map(|known| {
        json!({
            "environment": known.environment.as_str(),
            "tier": known.environment.tier().as_str(),
            "rule": known.rule.as_ref().map(EnvironmentPattern::as_str),
        })
    });
    let rules = found.tiers.rules();
    let rules = rules.map(|(pattern, tier)| json!({"environment": pattern.as_str(), "tier": tier.as_str()}));
    json!({"environments": environments.collect::<Vec<_>>(), "rules": rules.collect::<Vec<_>>()})
}
