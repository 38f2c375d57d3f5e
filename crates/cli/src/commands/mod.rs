//! One file per command: its options, what it does, and what it answers.

pub(crate) mod completions;
pub(crate) mod deployment;
pub(crate) mod doctor;
pub(crate) mod environment;
pub(crate) mod explain;
pub(crate) mod github;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod man;
pub(crate) mod migrate;
pub(crate) mod org;
mod organization;
pub(crate) mod report;
pub(crate) mod repository;
pub(crate) mod serve;

use organization::named as organization;

use crate::arguments::Command;
use crate::config::Config;
use crate::store::{self, Opener};
use anyhow::Context;
use periscope_adapters::postgres::private::PrivatePostgres;
use periscope_adapters::system::SystemClock;
use periscope_domain::organization::{Organization, OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, Inserted, NewOrganization, Store};
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::text::OrganizationName;

/// Runs a command.
pub(crate) async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::Serve(arguments) => return serve::run(&arguments, config).await,
        Command::Migrate(_) => return migrate::run(config).await,
        Command::Doctor(arguments) => return doctor::run(&arguments, config).await,
        Command::Completions(arguments) => return completions::run(&arguments),
        Command::Man(arguments) => return man::run(&arguments),
        _ => {}
    }
    let by = match command {
        Command::Import(_) => Opener::Import,
        _ => Opener::Command,
    };
    let opened = store::open(config, by, false).await?;
    if opened
        .private
        .as_ref()
        .is_some_and(PrivatePostgres::is_first_start)
    {
        local_organization(&*opened.store).await?;
    }
    let result = match command {
        Command::Org(command) => org::run(&command, &*opened.store, config.output).await,
        Command::Key(command) => key::run(&command, &*opened.store, config.output).await,
        Command::Repository(command) => repository::run(&command, &*opened.store, config.output).await,
        Command::Environment(command) => environment::run(&command, &*opened.store, config.output).await,
        Command::Deployment(command) => deployment::run(&command, &*opened.store, config.output).await,
        Command::Github(command) => {
            github::run(
                &command,
                &*opened.store,
                opened.secret_key.as_ref(),
                config.public_url.as_ref(),
                config.output,
            )
            .await
        }
        Command::Explain(arguments) => explain::run(&arguments, &*opened.store, config.output).await,
        Command::Report(arguments) => report::run(&arguments, &*opened.store, config.output).await,
        Command::Import(command) => import::run(&command, &*opened.store, config.output).await,
        Command::Serve(_)
        | Command::Migrate(_)
        | Command::Doctor(_)
        | Command::Completions(_)
        | Command::Man(_) => Ok(()),
    };
    opened.close().await;
    result
}

/// The slug of the organization that a private Postgres begins with.
const LOCAL: &str = "local";

/// Makes the organization that a private Postgres begins with; `None` where another process just has.
async fn local_organization(store: &dyn Store) -> anyhow::Result<Option<Organization>> {
    let new = NewOrganization {
        slug: OrganizationSlug::parse(LOCAL)?,
        name: OrganizationName::parse(LOCAL)?,
        plan: Plan::Free,
        created_at: SystemClock.now(),
    };
    match store.organizations().insert(&new).await? {
        Inserted::New(organization) => Ok(Some(organization)),
        Inserted::Already => Ok(None),
    }
}

/// The repository that an argument names.
async fn find_repository(
    store: &dyn Store,
    organization: &Organization,
    name: &RepositoryName,
) -> anyhow::Result<Repository> {
    let repository = store.repositories().find_by_name(organization.id, name).await?;
    repository.with_context(|| {
        let slug = &organization.slug;
        format!("{slug} has no repository {name}; `periscope repository list --org {slug}` shows them")
    })
}
