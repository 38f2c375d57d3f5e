//! Looks at everything that has to be right for figures to be true: the database, its schema, durability and clock, and for
//! each organization its keys, its forge, its runs, its environments and its links. Each fault is shown with its remedy.

use super::organization;
use crate::config::{Config, Output};
use crate::output::print;
use crate::store::{self, Inspected};
use anyhow::bail;
use clap::Args;
use periscope_adapters::system::SystemClock;
use periscope_domain::checkup::{Check, Verdict};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::use_cases::check_organization;
use serde_json::{Value, json};

/// How long a queue of deployments to link again may be.
const QUEUE: u64 = 1_000;

/// Look at what has to be right: database, schema, durability, clock, keys, GitHub, links.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  periscope doctor --org acme\n\nEnds with 1 if anything is bad.")]
pub(crate) struct Arguments {
    /// Only this organization
    #[arg(long, value_parser = OrganizationSlug::parse)]
    org: Option<OrganizationSlug>,
}

/// What was looked at of the installation, or of an organization.
struct Group {
    of: Option<OrganizationSlug>,
    checks: Vec<Check>,
}

pub(crate) async fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    let Inspected { checks, opened } = store::inspect(config).await?;
    let mut groups = vec![Group { of: None, checks }];
    if let Some(opened) = opened {
        let looked = look(arguments, &*opened.store, &mut groups).await;
        opened.close().await;
        looked?;
    }
    tell(&groups, config.output)?;
    let bad = groups.iter().flat_map(|group| &group.checks);
    match bad.filter(|check| check.verdict == Verdict::Bad).count() {
        0 => Ok(()),
        bad => bail!("{bad} checks are bad"),
    }
}

async fn look(arguments: &Arguments, store: &dyn Store, groups: &mut Vec<Group>) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let organizations = match &arguments.org {
        Some(slug) => vec![organization(store, slug).await?],
        None => store.organizations().list().await?,
    };
    let waiting = store.relinking().count(None).await?;
    if let Some(installation) = groups.first_mut() {
        installation.checks.push(queue(waiting));
    }
    for organization in organizations {
        let checks = check_organization(store, &organization, now).await?;
        groups.push(Group {
            of: Some(organization.slug),
            checks,
        });
    }
    Ok(())
}

fn queue(waiting: u64) -> Check {
    let sentence = format!("{waiting} deployments and changed bases wait to be looked at again");
    if waiting <= QUEUE {
        Check::new("queue", Verdict::Good, sentence)
    } else {
        let sentence = format!("{sentence}; `periscope serve` works on them, look whether it runs");
        Check::new("queue", Verdict::Attention, sentence)
    }
}

fn tell(groups: &[Group], output: Output) -> anyhow::Result<()> {
    match output {
        Output::Json => output.sentence("", &json_of(groups))?,
        Output::Text => {
            for group in groups {
                let name = group.of.as_ref().map_or("installation", |slug| slug.as_str());
                print(name)?;
                for check in &group.checks {
                    print(&format!(
                        "  {:9}  {:10}  {}",
                        check.verdict.as_str(),
                        check.name,
                        check.sentence
                    ))?;
                }
            }
        }
    }
    Ok(())
}

fn json_of(groups: &[Group]) -> Value {
    let groups = groups.iter().map(|group| {
        let checks = group.checks.iter().map(|check| {
            json!({
                "name": check.name,
                "verdict": check.verdict.as_str(),
                "message": check.sentence,
            })
        });
        json!({
            "organization": group.of.as_ref().map(OrganizationSlug::as_str),
            "checks": checks.collect::<Vec<_>>(),
        })
    });
    groups.collect()
}
