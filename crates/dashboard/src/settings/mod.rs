//! Settings: what an organization's people may change, for those whose key has the scope `admin`. Every change is a form
//! that leads back to its list, which says in one of a few fixed sentences what was done.

pub(crate) mod environments;
pub(crate) mod github;
pub(crate) mod keys;
pub(crate) mod new_key;
pub(crate) mod organization;
pub(crate) mod repositories;

use crate::frame::{Frame, Section};
use crate::page;
use crate::visitor::{Form, Visitor};
use periscope_server::{ApiError, Query};
use std::convert::Infallible;

/// The parts of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Keys,
    Repositories,
    Environments,
    Github,
    Organization,
}

impl Tab {
    pub(crate) const ALL: [Self; 5] = [
        Self::Keys,
        Self::Repositories,
        Self::Environments,
        Self::Github,
        Self::Organization,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::Repositories => "Repositories",
            Self::Environments => "Environments",
            Self::Github => "GitHub",
            Self::Organization => "Organization",
        }
    }

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Keys => "/settings/keys",
            Self::Repositories => "/settings/repositories",
            Self::Environments => "/settings/environments",
            Self::Github => "/settings/github",
            Self::Organization => "/settings/organization",
        }
    }
}

/// What was done, as a list says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    KeyRevoked,
    Monitored,
    Unmonitored,
    AliasAdded,
    AliasTaken,
    AliasRemoved,
    TierSet,
    TierRemoved,
}

impl Done {
    const ALL: [Self; 8] = [
        Self::KeyRevoked,
        Self::Monitored,
        Self::Unmonitored,
        Self::AliasAdded,
        Self::AliasTaken,
        Self::AliasRemoved,
        Self::TierSet,
        Self::TierRemoved,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::KeyRevoked => "revoked",
            Self::Monitored => "monitored",
            Self::Unmonitored => "unmonitored",
            Self::AliasAdded => "alias-added",
            Self::AliasTaken => "alias-taken",
            Self::AliasRemoved => "alias-removed",
            Self::TierSet => "tier-set",
            Self::TierRemoved => "tier-removed",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::KeyRevoked => "The key is revoked. Within 10 seconds it works nowhere any more.",
            Self::Monitored => "The repository is monitored. Deployments are being linked again.",
            Self::Unmonitored => "The repository is no longer monitored. Deployments are being linked again.",
            Self::AliasAdded => {
                "The service belongs to the repository. Its deployments are being linked again."
            }
            Self::AliasTaken => {
                "The service belongs to the repository and no longer to the one that had it. Its deployments are being \
                 linked again."
            }
            Self::AliasRemoved => "The service name is removed. Its deployments are being linked again.",
            Self::TierSet => "The rule is saved. Links and figures follow within seconds.",
            Self::TierRemoved => "The rule is removed. Links and figures follow within seconds.",
        }
    }
}

/// What surrounds a page of the settings.
pub(crate) struct Settings {
    pub(crate) tab: Tab,
    pub(crate) notice: Option<&'static str>,
}

impl Settings {
    fn new(tab: Tab) -> Self {
        Self { tab, notice: None }
    }

    /// Those of a list, which says what was done.
    fn of_list(tab: Tab, mut query: Query) -> Result<Self, page::Error> {
        let done = text(&mut query, "done");
        query.finish().map_err(ApiError::from)?;
        let done = Done::ALL.into_iter().find(|known| known.word() == done);
        Ok(Self {
            tab,
            notice: done.map(Done::sentence),
        })
    }
}

/// The frame of a page for admins, titled as its part.
async fn frame(visitor: &Visitor, title: &'static str) -> Result<Frame, page::Error> {
    visitor.require_admin()?;
    Frame::new(visitor, Section::Settings, title).await
}

/// A form that an admin has sent.
fn of_admin(form: Form) -> Result<(Visitor, Query), page::Error> {
    form.visitor.require_admin()?;
    Ok((form.visitor, form.fields))
}

/// Where a list says what was done.
fn told(tab: Tab, done: Done) -> String {
    format!("{}?done={}", tab.path(), done.word())
}

/// A field as it was typed; empty if it was not sent.
fn text(fields: &mut Query, name: &'static str) -> String {
    let sent = fields.optional(name, |text| Ok::<_, Infallible>(text.to_owned()));
    sent.unwrap_or_default()
}
