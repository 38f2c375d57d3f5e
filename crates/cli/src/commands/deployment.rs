use super::organization::OrganizationChoice;
use crate::config::Output;
use anyhow::{Context, bail};
use clap::Subcommand;
use periscope_adapters::system::SystemClock;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::organization::Organization;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::text::{ExternalDeploymentId, Remover};
use periscope_domain::use_cases::{RemoveDeployment, remove_deployment};
use serde_json::{Value, json};

/// How many removals are listed at most.
const REMOVALS: u32 = 1000;

/// Remove wrong or test deployments, and list those that were removed.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope deployment remove gha-1")]
pub(crate) enum Command {
    /// Remove a deployment from lists, links and figures
    #[command(
        after_help = "Who removed it and when stays: `periscope deployment removed` shows it. The same deploymentId reported \
                      again is a new deployment.\n\nExample:\n  periscope deployment remove gha-1"
    )]
    Remove {
        #[command(flatten)]
        org: OrganizationChoice,
        /// Periscope's number of the deployment, or its `deploymentId`
        #[arg(value_name = "ID", value_parser = ExternalDeploymentId::parse)]
        deployment: ExternalDeploymentId,
    },
    /// List the deployments that were removed last, with who removed them and when
    #[command(after_help = "Example:\n  periscope deployment removed")]
    Removed {
        #[command(flatten)]
        org: OrganizationChoice,
    },
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Remove { org, deployment } => {
            let organization = org.find(store).await?;
            let found = find(store, &organization, deployment).await?;
            remove(store, organization.id, found.id, output).await
        }
        Command::Removed { org } => removed(store, org.find(store).await?.id, output).await,
    }
}

/// The deployment that an argument names by its number or by what its sender calls it, if that is one.
async fn find(
    store: &dyn Store,
    organization: &Organization,
    name: &ExternalDeploymentId,
) -> anyhow::Result<StoredDeployment> {
    let deployments = store.deployments();
    let named = deployments.find(organization.id, name).await?;
    let numbered = match DeploymentId::parse(name.as_str()) {
        Some(id) => deployments.find_by_id(organization.id, id).await?,
        None => None,
    };
    match (named, numbered) {
        (Some(named), Some(numbered)) if named.id != numbered.id => bail!(
            "{name} is the deploymentId of number {} and the number of {}: name the one to remove by that",
            named.id,
            numbered.deployment.external_id
        ),
        (named, numbered) => named
            .or(numbered)
            .with_context(|| format!("{} has no deployment {name}", organization.slug)),
    }
}

async fn remove(
    store: &dyn Store,
    organization_id: OrganizationId,
    id: DeploymentId,
    output: Output,
) -> anyhow::Result<()> {
    let command = RemoveDeployment {
        organization_id,
        id,
        removed_by: Remover::command_line(),
    };
    let removed = remove_deployment(store, &command, SystemClock.now()).await?;
    let name = removed.deployment.external_id.as_str();
    let json = json!({"id": id.get(), "deploymentId": name, "removed": true});
    Ok(output.sentence(&format!("deployment {name} (number {id}) is removed"), &json)?)
}

async fn removed(store: &dyn Store, organization_id: OrganizationId, output: Output) -> anyhow::Result<()> {
    let removed = store
        .deployments()
        .list_removed(organization_id, REMOVALS)
        .await?;
    let rows = removed.iter().map(|removed| {
        vec![
            removed.id.to_string(),
            removed.external_id.to_string(),
            removed.removed_at.to_string(),
            removed.removed_by.to_string(),
        ]
    });
    let json: Vec<Value> = removed
        .iter()
        .map(|removed| {
            json!({
                "id": removed.id.get(),
                "deploymentId": removed.external_id.as_str(),
                "removedAt": removed.removed_at.to_string(),
                "removedBy": removed.removed_by.as_str(),
            })
        })
        .collect();
    let header = ["number", "deployment", "removed at", "removed by"];
    Ok(output.rows(&header, rows.collect(), &json.into())?)
}
