//! Tells how the links of a deployment were found, and where a pull request is.

use super::{find_repository, organization};
use crate::config::Output;
use crate::output::duration;
use anyhow::Context;
use clap::Subcommand;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::Store;
use periscope_domain::pull_request::{PullRequestNumber, StoredPullRequest};
use periscope_domain::repository::RepositoryName;
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::use_cases::{
    DeploymentExplanation, PullRequestExplanation, Step, explain_deployment, explain_pull_request,
};
use periscope_domain::warning::Warning;
use periscope_server::{deployment_json, pull_request_json};
use std::fmt::Write;

/// Tell why a pull request is, or is not, in a deployment.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope explain pull-request --org acme acme/api 7")]
pub(crate) enum Command {
    /// Tell which pull requests a deployment shipped, and how that is known
    #[command(after_help = "Example:\n  periscope explain deployment --org acme gha-12345")]
    Deployment {
        /// The organization's slug
        #[arg(long, value_parser = OrganizationSlug::parse)]
        org: OrganizationSlug,
        /// The deployment, as its sender calls it: its `deploymentId`
        #[arg(value_parser = ExternalDeploymentId::parse)]
        deployment: ExternalDeploymentId,
    },
    /// Tell which deployments shipped a pull request, or why none did
    #[command(after_help = "Example:\n  periscope explain pull-request --org acme acme/api 7")]
    PullRequest {
        /// The organization's slug
        #[arg(long, value_parser = OrganizationSlug::parse)]
        org: OrganizationSlug,
        /// The repository's full name, owner/name
        #[arg(value_parser = RepositoryName::parse)]
        repository: RepositoryName,
        /// The number that the forge gave it
        #[arg(value_parser = PullRequestNumber::parse)]
        number: PullRequestNumber,
    },
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Deployment { org, deployment } => {
            let organization_id = organization(store, org).await?.id;
            let stored = store.deployments().find(organization_id, deployment).await?;
            let stored = stored.with_context(|| format!("{org} has no deployment {deployment}"))?;
            let explanation = explain_deployment(store, organization_id, stored).await?;
            let json = serde_json::to_value(deployment_json(&explanation))?;
            Ok(output.sentence(&about_deployment(&explanation)?, &json)?)
        }
        Command::PullRequest {
            org,
            repository: name,
            number,
        } => {
            let organization = organization(store, org).await?;
            let repository = find_repository(store, &organization, name).await?;
            let stored = store
                .pull_requests()
                .find_by_number(organization.id, repository.id, *number)
                .await?;
            let stored = stored.with_context(|| format!("{name} has no recorded pull request {number}"))?;
            let explanation = explain_pull_request(store, organization.id, stored).await?;
            let json = serde_json::to_value(pull_request_json(&explanation))?;
            Ok(output.sentence(&about_pull_request(&explanation)?, &json)?)
        }
    }
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
