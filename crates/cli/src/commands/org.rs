use super::organization;
use crate::config::Output;
use crate::output::time_or_dash;
use anyhow::bail;
use clap::{Args, Subcommand};
use periscope_adapters::system::SystemClock;
use periscope_domain::organization::{Organization, OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, Inserted, NewOrganization, Store};
use periscope_domain::text::OrganizationName;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::remove_organization;
use serde_json::{Value, json};

/// Make, show and remove organizations: everything else belongs to one.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope org create acme --name \"Acme Corp\"")]
pub(crate) enum Command {
    /// Make an organization
    #[command(after_help = "Example:\n  periscope org create acme --name \"Acme Corp\" --plan business")]
    Create(Create),
    /// List every organization
    #[command(after_help = "Example:\n  periscope org list --output json")]
    List,
    /// Show one organization with its plan and trial
    #[command(after_help = "Example:\n  periscope org show acme")]
    Show {
        /// Its slug
        #[arg(value_parser = OrganizationSlug::parse)]
        slug: OrganizationSlug,
    },
    /// Remove an organization with everything of it: deployments, pull requests, commits, keys
    #[command(
        after_help = "It cannot be taken back. Interrupted, the same command goes on.\n\nExample:\n  periscope org remove acme \
                      --confirm acme"
    )]
    Remove {
        /// Its slug
        #[arg(value_parser = OrganizationSlug::parse)]
        slug: OrganizationSlug,
        /// The slug once more
        #[arg(long, value_name = "SLUG", value_parser = OrganizationSlug::parse)]
        confirm: OrganizationSlug,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Its name in URLs: 1-39 characters of a-z, 0-9 and -
    #[arg(value_parser = OrganizationSlug::parse)]
    slug: OrganizationSlug,
    /// What people call it; by default the slug
    #[arg(long, value_parser = OrganizationName::parse)]
    name: Option<OrganizationName>,
    /// free, business or enterprise
    #[arg(long, default_value = "free", value_parser = Plan::parse)]
    plan: Plan,
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create(arguments) => show(&[create(arguments, store).await?], output, false),
        Command::List => show(&store.organizations().list().await?, output, true),
        Command::Show { slug } => show(&[organization(store, slug).await?], output, false),
        Command::Remove { slug, confirm } => remove(slug, confirm, store, output).await,
    }
}

async fn remove(
    slug: &OrganizationSlug,
    confirm: &OrganizationSlug,
    store: &dyn Store,
    output: Output,
) -> anyhow::Result<()> {
    if slug != confirm {
        bail!("--confirm is {confirm}, not {slug}: nothing was removed");
    }
    let organization = organization(store, slug).await?;
    let rows = remove_organization(store, organization.id).await?;
    let json = json!({"slug": slug.as_str(), "removed": true, "rows": rows});
    Ok(output.sentence(
        &format!("organization {slug} is removed with everything of it; rows deleted: {rows}"),
        &json,
    )?)
}

async fn create(arguments: &Create, store: &dyn Store) -> anyhow::Result<Organization> {
    let slug = &arguments.slug;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => OrganizationName::parse(slug.as_str())?,
    };
    let new = NewOrganization {
        slug: slug.clone(),
        name,
        plan: arguments.plan,
        created_at: SystemClock.now(),
    };
    match store.organizations().insert(&new).await? {
        Inserted::New(organization) => Ok(organization),
        Inserted::Already => bail!("there is an organization {slug} already"),
    }
}

fn show(organizations: &[Organization], output: Output, several: bool) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let header = ["slug", "name", "plan", "effective plan", "trial ends", "created"];
    let rows = organizations.iter().map(|organization| {
        let subscription = &organization.subscription;
        vec![
            organization.slug.to_string(),
            organization.name.to_string(),
            subscription.plan.to_string(),
            subscription.effective_plan(now).to_string(),
            time_or_dash(subscription.trial.map(|trial| trial.ends_at)),
            organization.created_at.to_string(),
        ]
    });
    let values: Vec<_> = organizations
        .iter()
        .map(|organization| json_of(organization, now))
        .collect();
    let json = match values.first() {
        Some(value) if !several => value.clone(),
        _ => Value::Array(values),
    };
    Ok(output.rows(&header, rows.collect(), &json)?)
}

fn json_of(organization: &Organization, now: Timestamp) -> Value {
    let subscription = &organization.subscription;
    json!({
        "slug": organization.slug.as_str(),
        "name": organization.name.as_str(),
        "plan": subscription.plan.as_str(),
        "effectivePlan": subscription.effective_plan(now).as_str(),
        "trial": subscription.trial.map(|trial| json!({
            "startedAt": trial.started_at.to_string(),
            "endsAt": trial.ends_at.to_string(),
            "active": trial.is_running(now),
        })),
        "createdAt": organization.created_at.to_string(),
    })
}
