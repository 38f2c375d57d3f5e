//! What surrounds every page of somebody who signed in: where they are, whose data it is, and the state of the trial.

use crate::controls::Controls;
use crate::markup;
use crate::page;
use crate::text;
use crate::visitor::Visitor;
use askama::filters::Safe;
use periscope_domain::organization::{Organization, Plan};
use periscope_domain::time_zone::TimeZone;
use periscope_domain::timestamp::Timestamp;
use periscope_server::ApiError;
use std::borrow::Borrow;
use std::fmt::Display;

/// The parts of the dashboard, as its navigation has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Deployments,
    PullRequests,
    Repositories,
    Settings,
}

impl Section {
    /// Those that everybody may see.
    pub(crate) const OPEN: [Self; 4] = [
        Self::Overview,
        Self::Deployments,
        Self::PullRequests,
        Self::Repositories,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Deployments => "Deployments",
            Self::PullRequests => "Pull requests",
            Self::Repositories => "Repositories",
            Self::Settings => "Settings",
        }
    }

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Deployments => "/deployments",
            Self::PullRequests => "/pull-requests",
            Self::Repositories => "/repositories",
            Self::Settings => "/settings/keys",
        }
    }
}

/// What surrounds a page.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) section: Section,
    pub(crate) organization: Organization,
    pub(crate) is_admin: bool,
    /// What every form of the page carries.
    pub(crate) csrf_token: String,
    pub(crate) now: Timestamp,
    /// Whose clock times are told by.
    pub(crate) zone: TimeZone,
    /// What links to other parts keep of the query.
    pub(crate) kept: String,
}

impl Frame {
    pub(crate) async fn new(
        visitor: &Visitor,
        section: Section,
        title: impl Into<String>,
    ) -> Result<Self, page::Error> {
        let organizations = visitor.store().organizations();
        let organization = organizations.find_by_slug(visitor.organization_slug()).await?;
        Ok(Self {
            title: title.into(),
            section,
            organization: organization.ok_or(ApiError::InvalidApiKey)?,
            is_admin: visitor.is_admin(),
            csrf_token: visitor.csrf_token(),
            now: visitor.now(),
            zone: TimeZone::UTC,
            kept: String::new(),
        })
    }

    /// Tells times in the zone that is asked about, and keeps the question in links to other parts.
    pub(crate) fn ask_about(&mut self, controls: &Controls) {
        self.zone = controls.time_zone.clone();
        self.kept = controls.kept();
    }

    /// One quiet line on the trial, if there is anything to say.
    pub(crate) fn trial(&self) -> Option<String> {
        let subscription = &self.organization.subscription;
        let trial = subscription.trial.filter(|_| subscription.plan == Plan::Free)?;
        let end = text::date(trial.ends_at, &self.zone);
        Some(if trial.is_running(self.now) {
            format!("Business trial until {end}")
        } else {
            format!("Business trial ended on {end}")
        })
    }

    /// A minute in the zone of the page.
    pub(crate) fn moment(&self, time: Timestamp) -> String {
        text::moment(time, &self.zone)
    }

    /// A minute in the zone of the page, with the exact time for programs.
    pub(crate) fn time(&self, time: impl Borrow<Timestamp>) -> Safe<String> {
        markup::time(*time.borrow(), &self.zone)
    }

    /// How long ago something was or, once that says little, its day; with its minute beside it.
    pub(crate) fn time_ago(&self, time: impl Borrow<Timestamp>) -> Safe<String> {
        markup::time_ago(*time.borrow(), self.now, &self.zone)
    }

    /// A sentence of the domain, with its times in the zone of the page.
    pub(crate) fn sentence(&self, sentence: impl Display) -> Safe<String> {
        markup::sentence(&sentence.to_string(), &self.zone)
    }

    /// How long ago something was.
    pub(crate) fn ago(&self, time: Timestamp) -> String {
        text::ago(time, self.now)
    }
}
