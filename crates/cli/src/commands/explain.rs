//! Tells how the links of a deployment were found, and where a pull request is.

use super::find_repository;
use super::organization::OrganizationChoice;
use crate::config::Output;
use crate::output::duration;
use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::organization::Organization;
use periscope_domain::ports::Store;
use periscope_domain::pull_request::{PullRequestNumber, StoredPullRequest};
use periscope_domain::repository::RepositoryName;
use periscope_domain::use_cases::{
    DeploymentExplanation, PullRequestExplanation, Step, explain_deployment, explain_pull_request,
    find_deployments,
};
use periscope_domain::warning::Warning;
use periscope_server::{deployment_json, pull_request_json};
use std::fmt::Write;

/// How many further deployments of a commit are named.
const OTHERS: usize = 5;

/// Tell why a pull request is, or is not, in a deployment.
#[derive(Args, Debug)]
#[command(
    subcommand_negates_reqs = true,
    after_help = "Example:\n  periscope explain v1.0.1 --org acme\n  periscope explain acme/api#7 --org acme"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    org: OrganizationChoice,
    /// A deployment by its id, Periscope's number, tag or commit; or a pull request as owner/name#7
    #[arg(required = true)]
    name: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell which pull requests a deployment shipped, and how that is known
    #[command(after_help = "Example:\n  periscope explain deployment --org acme gha-12345")]
    Deployment {
        #[command(flatten)]
        org: OrganizationChoice,
        /// The deployment: its sender's `deploymentId`, Periscope's number, a tag, or a commit
        deployment: String,
    },
    /// Tell which deployments shipped a pull request, or why none did
    #[command(after_help = "Example:\n  periscope explain pull-request --org acme acme/api#7")]
    PullRequest {
        #[command(flatten)]
        org: OrganizationChoice,
        /// The repository's full name, owner/name, with or without the number: owner/name#7
        repository: String,
        /// The number that the forge gave it
        number: Option<String>,
    },
}

pub(crate) async fn run(arguments: &Arguments, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    match (&arguments.command, &arguments.name) {
        (Some(Command::Deployment { org, deployment }), _) => {
            let organization = org.find(store).await?;
            deployment_of(&organization, deployment, store, output).await
        }
        (
            Some(Command::PullRequest {
                org,
                repository,
                number,
            }),
            _,
        ) => {
            let (name, number) = pull_request_reference(repository, number.as_deref())?;
            let organization = org.find(store).await?;
            pull_request_of(&organization, &name, number, store, output).await
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let organization = arguments.org.find(store).await?;
            match pull_request_reference(name, None) {
                Ok((name, number)) => pull_request_of(&organization, &name, number, store, output).await,
                Err(_) => deployment_of(&organization, name, store, output).await,
            }
        }
    }
}

/// `owner/name#7`, or `owner/name` and `7`.
fn pull_request_reference(
    repository: &str,
    number: Option<&str>,
) -> anyhow::Result<(RepositoryName, PullRequestNumber)> {
    let (repository, number) = match number {
        Some(number) => (repository, number),
        None => repository
            .rsplit_once('#')
            .context("write the pull request as owner/name#7")?,
    };
    let name = RepositoryName::parse(repository).map_err(|rule| anyhow!("the repository {rule}"))?;
    let number = PullRequestNumber::parse(number).map_err(|rule| anyhow!("the number {rule}"))?;
    Ok((name, number))
}

async fn deployment_of(
    organization: &Organization,
    name: &str,
    store: &dyn Store,
    output: Output,
) -> anyhow::Result<()> {
    let found = find_deployments(store, organization.id, name).await?;
    let stored = choose(&found)?.with_context(|| {
        let slug = &organization.slug;
        format!(
            "{slug} has no deployment {name}: no sender's id, no number of Periscope, no tag, and no commit of its latest \
             10 000 deployments"
        )
    })?;
    for other in found.iter().filter(|other| other.id != stored.id).take(OTHERS) {
        eprintln!("also deployed as {}", deployment_line(other));
    }
    let explanation = explain_deployment(store, organization.id, stored.clone()).await?;
    let json = serde_json::to_value(deployment_json(&explanation))?;
    Ok(output.sentence(&about_deployment(&explanation)?, &json)?)
}

/// Of the deployments of one commit, the latest that ships, else the latest.
fn choose(found: &[StoredDeployment]) -> anyhow::Result<Option<&StoredDeployment>> {
    let longest = found.iter().map(|stored| stored.deployment.commit.as_str());
    let longest = longest.max_by_key(|commit| commit.len()).unwrap_or_default();
    let other = found
        .iter()
        .map(|stored| stored.deployment.commit.as_str())
        .find(|commit| !longest.starts_with(commit));
    if let Some(other) = other {
        bail!("several deployed commits begin so, among them {longest} and {other}: name more digits");
    }
    let ships = found
        .iter()
        .find(|stored| stored.deployment.shipped_at().is_some());
    Ok(ships.or(found.first()))
}

async fn pull_request_of(
    organization: &Organization,
    name: &RepositoryName,
    number: PullRequestNumber,
    store: &dyn Store,
    output: Output,
) -> anyhow::Result<()> {
    let repository = find_repository(store, organization, name).await?;
    let stored = store
        .pull_requests()
        .find_by_number(organization.id, repository.id, number)
        .await?;
    let stored = stored.with_context(|| format!("{name} has no recorded pull request {number}"))?;
    let explanation = explain_pull_request(store, organization.id, stored).await?;
    let json = serde_json::to_value(pull_request_json(&explanation))?;
    Ok(output.sentence(&about_pull_request(&explanation)?, &json)?)
}

fn about_deployment(explanation: &DeploymentExplanation) -> Result<String, std::fmt::Error> {
    let mut text = deployment_line(&explanation.deployment);
    write_steps(&mut text, &explanation.steps)?;
    // A step tells a redeployment already.
    let is_told = |warning: &&Warning| !matches!(warning, Warning::Redeployment(..));
    for warning in explanation.warnings.iter().filter(is_told) {
        write!(text, "\n  warning {}: {warning}", warning.code())?;
    }
    if !explanation.is_settled {
        text.push_str("\n  Something has just arrived; the links below are about to be decided again.");
    }
    write!(text, "\npull requests: {}", explanation.links.len())?;
    for explained in &explanation.links {
        let line = pull_request_line(&explained.pull_request, &explained.repository);
        let lead_time = duration(explained.link.lead_time.seconds());
        let again = if explained.link.is_first {
            ""
        } else {
            ", delivered before"
        };
        write!(
            text,
            "\n  {line}, {lead_time} after its merge{again}\n    {}",
            explained.link.sentence()
        )?;
    }
    write_not_linked(&mut text, explanation)?;
    Ok(text)
}

fn write_not_linked(text: &mut String, explanation: &DeploymentExplanation) -> std::fmt::Result {
    if !explanation.not_linked.is_empty() {
        text.push_str("\nmerged before, and not in it:");
    }
    for (stored, repository, absence) in &explanation.not_linked {
        let line = pull_request_line(stored, repository);
        write!(text, "\n  {line}\n    {}", absence.sentence())?;
    }
    Ok(())
}

fn about_pull_request(explanation: &PullRequestExplanation) -> Result<String, std::fmt::Error> {
    let repository = explanation
        .repository
        .as_ref()
        .map_or("", |repository| repository.name.as_str());
    let mut text = pull_request_line(&explanation.pull_request, repository);
    write_steps(&mut text, &explanation.steps)?;
    for (stored, link) in &explanation.shipped_by {
        let lead_time = duration(link.lead_time.seconds());
        let how = if link.is_first {
            "delivered first by"
        } else {
            "also in"
        };
        write!(
            text,
            "\n{how} {}, {lead_time} after the merge",
            deployment_line(stored)
        )?;
        write!(text, "\n  {}", link.sentence())?;
    }
    for (stored, absence) in &explanation.not_in {
        write!(
            text,
            "\nnot in {}\n  {}",
            deployment_line(stored),
            absence.sentence()
        )?;
    }
    Ok(text)
}

fn write_steps(text: &mut String, steps: &[Step]) -> std::fmt::Result {
    steps
        .iter()
        .try_for_each(|step| write!(text, "\n  {}", step.sentence))
}

/// `gha-1 of api, commit a1b2c3d to production: success at 2024-01-15T10:35:00Z`
fn deployment_line(stored: &StoredDeployment) -> String {
    let deployment = &stored.deployment;
    let service = deployment
        .service
        .as_ref()
        .map_or_else(String::new, |service| format!(" of {service}"));
    let at = deployment
        .run
        .completed_at()
        .map_or_else(String::new, |time| format!(" at {time}"));
    let repetition = stored.repetition();
    let repetition = repetition.map_or_else(String::new, |noun| format!(", a {noun}"));
    format!(
        "{}{service}, commit {} to {}: {}{at}{repetition}",
        deployment.external_id,
        deployment.commit,
        deployment.environment,
        deployment.run.status()
    )
}

fn pull_request_line(stored: &StoredPullRequest, repository: &str) -> String {
    let pull_request = &stored.pull_request;
    let title = pull_request
        .title
        .as_ref()
        .map_or_else(String::new, |title| format!(" {title}"));
    format!("{repository}#{}{title}", pull_request.number)
}
