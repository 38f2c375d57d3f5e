use super::organization::OrganizationChoice;
use crate::config::Output;
use anyhow::{Context, bail};
use clap::Subcommand;
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::github::SecretKey;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::use_cases::{connect_github, connect_github_once};
use periscope_domain::web_url::BaseUrl;
use serde_json::json;

/// Receive webhooks of GitHub.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope github connect --org acme")]
pub(crate) enum Command {
    /// Make the secret of an organization's webhook and print it, alone on stdout
    #[command(after_help = "Example:\n  periscope github connect --org acme")]
    Connect {
        #[command(flatten)]
        org: OrganizationChoice,
        /// Make another secret; the one in use stops working at once
        #[arg(long)]
        rotate: bool,
    },
}

pub(crate) async fn run(
    command: &Command,
    store: &dyn Store,
    key: Option<&SecretKey>,
    public_url: Option<&BaseUrl>,
    output: Output,
) -> anyhow::Result<()> {
    let Command::Connect { org, rotate } = command;
    let key = key.context(
        "set PERISCOPE_SECRET_KEY, here and for `periscope serve`: the webhook's secret is derived from it",
    )?;
    let organization = org.find(store).await?;
    let (slug, id) = (&organization.slug, organization.id);
    let (mut random, now) = (system_random(), SystemClock.now());
    let secret = if *rotate {
        connect_github(store, id, key, &mut random, now).await?
    } else {
        match connect_github_once(store, id, key, &mut random, now).await? {
            Some(secret) => secret,
            None => bail!(
                "{slug} is connected to GitHub already, and another secret would end the one in use; `periscope github \
                 connect --org {slug} --rotate` makes another"
            ),
        }
    };
    let path = format!("/api/webhooks/github/{slug}");
    let host = public_url.map_or("https://<your host>", BaseUrl::as_str);
    let explanation = format!(
        "Add a webhook to the repository or organization on GitHub: payload URL {host}{path}, content \
         type application/json or GitHub's default form, events \"Pull requests\", \"Pushes\" and \"Repositories\", \
         and this secret, which is shown this once:"
    );
    let url = public_url.map(|host| format!("{host}{path}"));
    let json = json!({ "path": path, "url": url, "secret": secret.expose() });
    Ok(output.secret(secret.expose(), &explanation, &json)?)
}
