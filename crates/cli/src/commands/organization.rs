//! The organization that a command is about: named by an option or a variable, else the only one there is.

use anyhow::{Context, bail};
use clap::Args;
use periscope_domain::organization::{InvalidOrganizationSlug, Organization, OrganizationSlug};
use periscope_domain::ports::Store;

/// How many organizations a refusal names.
const NAMED: usize = 10;

#[derive(Args, Clone, Debug)]
pub(crate) struct OrganizationChoice {
    /// The organization's slug, where there are several
    #[arg(
        long,
        env = "PERISCOPE_ORG",
        hide_env_values = true,
        value_name = "SLUG",
        value_parser = slug
    )]
    org: Option<Slug>,
}

/// A slug, unless the text is empty, as an unset variable is.
#[derive(Clone, Debug)]
struct Slug(Option<OrganizationSlug>);

fn slug(text: &str) -> Result<Slug, InvalidOrganizationSlug> {
    let text = Some(text).filter(|text| !text.trim().is_empty());
    text.map(OrganizationSlug::parse).transpose().map(Slug)
}

impl OrganizationChoice {
    pub(crate) async fn find(&self, store: &dyn Store) -> anyhow::Result<Organization> {
        match self.org.as_ref().and_then(|slug| slug.0.as_ref()) {
            Some(slug) => named(store, slug).await,
            None => only(store.organizations().list().await?),
        }
    }
}

/// The organization with a slug.
pub(crate) async fn named(store: &dyn Store, slug: &OrganizationSlug) -> anyhow::Result<Organization> {
    let organization = store.organizations().find_by_slug(slug).await?;
    organization.with_context(|| format!("there is no organization {slug}; `periscope org list` shows them"))
}

fn only(mut organizations: Vec<Organization>) -> anyhow::Result<Organization> {
    let more = organizations.len().saturating_sub(NAMED);
    let slugs = organizations.iter().take(NAMED);
    let slugs: Vec<_> = slugs.map(|organization| organization.slug.as_str()).collect();
    match (slugs.as_slice(), more) {
        ([], _) => bail!("there is no organization: `periscope org create acme` makes one"),
        ([_], _) => organizations.pop().context("no organization"),
        (slugs, 0) => bail!(
            "name the organization with --org or PERISCOPE_ORG: {}",
            slugs.join(", ")
        ),
        (slugs, more) => bail!(
            "name the organization with --org or PERISCOPE_ORG: {} and {more} more",
            slugs.join(", ")
        ),
    }
}
