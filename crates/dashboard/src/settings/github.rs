//! The connection to GitHub: what to enter there, and whether deliveries arrive.

use super::{Settings, Tab, frame, of_admin};
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::visitor::{Form, Visitor};
use askama::Template;
use periscope_domain::github::KnownGithubConnection;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::connect_github;
use periscope_server::{ApiError, Query};

#[derive(Template)]
#[template(path = "settings_github.html")]
struct GithubPage {
    frame: Frame,
    settings: Settings,
    payload_url: String,
    is_of_this_machine: bool,
    /// Whether the operator has set what secrets are derived from.
    may_connect: bool,
    connection: Option<KnownGithubConnection>,
    /// The secret that was just made.
    secret: Option<String>,
}

impl GithubPage {
    async fn new(visitor: &Visitor, settings: Settings) -> Result<Self, page::Error> {
        let frame = frame(visitor, "GitHub").await?;
        let slug = visitor.organization_slug();
        Ok(Self {
            payload_url: format!("{}/api/webhooks/github/{slug}", visitor.address),
            is_of_this_machine: visitor.address.is_of_this_machine(),
            may_connect: visitor.state.secret_key().is_some(),
            connection: visitor.store().github_connections().find_by_slug(slug).await?,
            frame,
            settings,
            secret: None,
        })
    }

    /// When a delivery was last wrongly signed, if none was rightly signed since.
    fn wrong_signature(&self) -> Option<Timestamp> {
        let known = self.connection.as_ref()?;
        let last_right = known.last_delivery.as_ref().map(|delivery| delivery.received_at);
        known
            .last_wrong_signature_at
            .filter(|wrong| last_right.is_none_or(|right| right < *wrong))
    }
}

pub(crate) async fn page(visitor: Visitor, query: Query) -> Answer {
    visitor.require_admin()?;
    let settings = Settings::of_list(Tab::Github, query)?;
    page::html(&GithubPage::new(&visitor, settings).await?)
}

/// Makes a secret and shows it, once.
pub(crate) async fn connect(form: Form) -> Answer {
    let (visitor, fields) = of_admin(form)?;
    fields.finish().map_err(ApiError::from)?;
    let secret = match visitor.state.secret_key() {
        Some(key) => {
            let (store, of) = (visitor.store(), visitor.organization_id());
            let mut random = visitor.state.random();
            Some(connect_github(store, of, key, &mut random, visitor.now()).await?)
        }
        None => None,
    };
    let mut page = GithubPage::new(&visitor, Settings::new(Tab::Github)).await?;
    page.secret = secret.map(|secret| secret.expose().to_owned());
    page::html(&page)
}
