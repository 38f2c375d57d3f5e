use super::find_repository;
use super::organization::OrganizationChoice;
use crate::config::Output;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use periscope_adapters::system::SystemClock;
use periscope_domain::organization::Organization;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::{add_alias, rename_repository};
use serde_json::{Value, json};

/// List repositories and say how they are treated. A repository comes into being with its first pull request
/// or commit.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope repository list --org acme")]
pub(crate) enum Command {
    /// List the repositories of an organization
    #[command(after_help = "Example:\n  periscope repository list --org acme")]
    List {
        #[command(flatten)]
        org: OrganizationChoice,
    },
    /// Take webhooks of a repository, and look in it for commits of deployments that name no repository
    #[command(after_help = "Example:\n  periscope repository monitor --org acme acme/api")]
    Monitor(One),
    /// Ignore webhooks of a repository; what is recorded stays
    #[command(after_help = "Example:\n  periscope repository unmonitor --org acme acme/sandbox")]
    Unmonitor(One),
    /// Rename a repository; its old name still finds it, and its records stay
    #[command(
        after_help = "A GitHub webhook for the event `repository` tells of renames by itself.\n\nExample:\n  periscope \
                      repository rename --org acme acme/api acme/gateway"
    )]
    Rename {
        #[command(flatten)]
        repository: One,
        /// The new full name, owner/name
        #[arg(value_name = "NEW", value_parser = RepositoryName::parse)]
        name: RepositoryName,
    },
    /// Say that a service is built from a repository, or no longer is
    #[command(after_help = "Example:\n  periscope repository alias --org acme acme/api checkout")]
    Alias {
        #[command(flatten)]
        repository: One,
        /// Take the name away again
        #[arg(long)]
        remove: bool,
        /// The service, as deployments name it
        #[arg(value_parser = ServiceName::parse)]
        service: ServiceName,
    },
}

/// One repository of an organization.
#[derive(Args, Debug)]
pub(crate) struct One {
    #[command(flatten)]
    org: OrganizationChoice,
    /// The repository's full name, owner/name
    #[arg(value_parser = RepositoryName::parse)]
    repository: RepositoryName,
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let now = SystemClock.now();
    match command {
        Command::List { org } => {
            let organization = org.find(store).await?;
            list(&store.repositories().list(organization.id).await?, output)
        }
        Command::Monitor(one) | Command::Unmonitor(one) => {
            let monitored = matches!(command, Command::Monitor(_));
            let (organization, repository) = find(one, store).await?;
            store
                .repositories()
                .set_monitored(organization.id, repository.id, monitored, now)
                .await?;
            changed(one, store, output).await
        }
        Command::Rename {
            repository: one,
            name,
        } => {
            let organization = one.org.find(store).await?;
            rename_repository(store, organization.id, &one.repository, name, now).await?;
            let renamed = find_repository(store, &organization, name).await?;
            list(&[renamed], output)
        }
        Command::Alias {
            repository: one,
            remove,
            service,
        } => {
            let (organization, repository) = find(one, store).await?;
            let (repositories, of) = (store.repositories(), organization.id);
            if !remove {
                let added = add_alias(store, of, repository.id, service, now).await;
                added.with_context(|| format!("{service} cannot be an alias of {}", repository.name))?;
            } else if !repositories.remove_alias(of, repository.id, service, now).await? {
                bail!("{} has no alias {service}", repository.name);
            }
            changed(one, store, output).await
        }
    }
}

async fn find(one: &One, store: &dyn Store) -> anyhow::Result<(Organization, Repository)> {
    let organization = one.org.find(store).await?;
    let repository = find_repository(store, &organization, &one.repository).await?;
    Ok((organization, repository))
}

/// Answers with the repository as it now is.
async fn changed(one: &One, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let (_, repository) = find(one, store).await?;
    list(&[repository], output)
}

fn list(repositories: &[Repository], output: Output) -> anyhow::Result<()> {
    let rows = repositories.iter().map(|repository| {
        let monitored = if repository.monitored { "yes" } else { "no" };
        vec![
            repository.name.to_string(),
            monitored.to_owned(),
            aliases(repository).join(", "),
            former_names(repository).join(", "),
        ]
    });
    let json = repositories.iter().map(json_of).collect();
    Ok(output.rows(
        &["repository", "monitored", "aliases", "former names"],
        rows.collect(),
        &json,
    )?)
}

fn aliases(repository: &Repository) -> Vec<&str> {
    repository.aliases.iter().map(ServiceName::as_str).collect()
}

fn former_names(repository: &Repository) -> Vec<&str> {
    repository
        .former_names
        .iter()
        .map(RepositoryName::as_str)
        .collect()
}

fn json_of(repository: &Repository) -> Value {
    json!({
        "fullName": repository.name.as_str(),
        "monitored": repository.monitored,
        "aliases": aliases(repository),
        "formerNames": former_names(repository),
    })
}
