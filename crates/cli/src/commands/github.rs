use super::organization;
use crate::config::Output;
use anyhow::Context;
use clap::Subcommand;
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::github::SecretKey;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::use_cases::connect_github;
use periscope_domain::web_url::BaseUrl;
use serde_json::json;

/// Receive webhooks of GitHub.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope github connect --org acme")]
pub(crate) enum Command {
    /// Make the secret of an organization's webhook and print it, alone on stdout; an earlier one stops working
    #[command(after_help = "Example:\n  periscope github connect --org acme")]
    Connect {
        /// The organization's slug
        #[arg(long, value_parser = OrganizationSlug::parse)]
        org: OrganizationSlug,
    },
}

pub(crate) async fn run(
    command: &Command,
    store: &dyn Store,
    key: Option<&SecretKey>,
    public_url: Option<&BaseUrl>,
    output: Output,
) -> anyhow::Result<()> {
    let Command::Connect { org } = command;
    let key = key.context(
        "set PERISCOPE_SECRET_KEY, here and for `periscope serve`: the webhook's secret is derived from it",
    )?;
    let organization = organization(store, org).await?;
    let secret = connect_github(
        store,
        organization.id,
        key,
        &mut system_random(),
        SystemClock.now(),
    )
    .await?;
    let path = format!("/api/webhooks/github/{org}");
    let host = public_url.map_or("https://<your host>", BaseUrl::as_str);
    let explanation = format!(
        "Add a webhook to the repository or organization on GitHub: payload URL {host}{path}, content \
         type application/json, events \"Pull requests\" and \"Pushes\", and this secret, which is shown this once:"
    );
    let url = public_url.map(|host| format!("{host}{path}"));
    let json = json!({ "path": path, "url": url, "secret": secret.expose() });
    Ok(output.secret(secret.expose(), &explanation, &json)?)
}
