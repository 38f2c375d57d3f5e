//! One file per command: its options, what it does, and what it answers.

pub(crate) mod deployment;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod github;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod migrate;
pub(crate) mod org;
pub(crate) mod report;
pub(crate) mod repository;
pub(crate) mod serve;

use crate::arguments::Command;
use crate::config::Config;
use crate::store::{self, Opener};
use anyhow::Context;
use periscope_domain::organization::{Organization, OrganizationSlug};
use periscope_domain::ports::Store;
use periscope_domain::repository::{Repository, RepositoryName};

/// Runs a command.
pub(crate) async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::Serve(arguments) => return serve::run(&arguments, config).await,
        Command::Migrate(_) => return migrate::run(config).await,
        Command::Doctor(arguments) => return doctor::run(&arguments, config).await,
        _ => {}
    }
    let opened = store::open(config, Opener::Command, false).await?;
    let result = match command {
        Command::Org(command) => org::run(&command, &*opened.store, config.output).await,
        Command::Key(command) => key::run(&command, &*opened.store, config.output).await,
        Command::Repository(command) => repository::run(&command, &*opened.store, config.output).await,
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
        Command::Explain(command) => explain::run(&command, &*opened.store, config.output).await,
        Command::Report(arguments) => report::run(&arguments, &*opened.store, config.output).await,
        Command::Import(command) => import::run(&command, &*opened.store, config.output).await,
        Command::Serve(_) | Command::Migrate(_) | Command::Doctor(_) => Ok(()),
    };
    opened.close().await;
    result
}

/// The organization that an option names.
async fn organization(store: &dyn Store, slug: &OrganizationSlug) -> anyhow::Result<Organization> {
    let organization = store.organizations().find_by_slug(slug).await?;
    organization.with_context(|| format!("there is no organization {slug}; `periscope org list` shows them"))
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
