//! What surrounds every page of a visitor: where they are, whose data it is, and the way on.

use crate::controls::Controls;
use crate::markup;
use crate::page;
use crate::setup::Step;
use crate::text;
use crate::visitor::Visitor;
use askama::filters::Safe;
use form_urlencoded::byte_serialize;
use periscope_domain::organization::Organization;
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

    /// The part that a path lies in.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let first = path.split('/').nth(1)?;
        let mut sections = Self::OPEN.into_iter().chain([Self::Settings]);
        sections.find(|section| !first.is_empty() && section.path().split('/').nth(1) == Some(first))
    }
}

/// What surrounds a page.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) section: Option<Section>,
    pub(crate) organization: Organization,
    pub(crate) is_admin: bool,
    /// What every form of the page carries.
    pub(crate) csrf_token: String,
    pub(crate) now: Timestamp,
    /// Whose clock times are told by.
    pub(crate) zone: TimeZone,
    /// What links to other parts keep of the query.
    pub(crate) kept: String,
    /// The same, but for the service.
    kept_of_all: String,
    /// The first step of the setup that is open, on pages that may have no data.
    pub(crate) next_step: Option<Step>,
}

impl Frame {
    pub(crate) async fn new(
        visitor: &Visitor,
        section: impl Into<Option<Section>>,
        title: impl Into<String>,
    ) -> Result<Self, page::Error> {
        let organizations = visitor.store().organizations();
        let organization = organizations.find_by_slug(visitor.organization_slug()).await?;
        Ok(Self {
            title: title.into(),
            section: section.into(),
            organization: organization.ok_or(ApiError::InvalidApiKey)?,
            is_admin: visitor.is_admin(),
            csrf_token: visitor.csrf_token(),
            now: visitor.now(),
            zone: visitor.zone.clone(),
            kept: String::new(),
            kept_of_all: String::new(),
            next_step: None,
        })
    }

    pub(crate) fn is_in(&self, section: impl Borrow<Section>) -> bool {
        self.section == Some(*section.borrow())
    }

    /// Tells times in the zone that is asked about, and keeps the question in links to other parts.
    pub(crate) fn ask_about(&mut self, controls: &Controls) {
        self.zone = controls.time_zone.clone();
        self.kept = controls.kept();
        self.kept_of_all = controls.path("", &[("service", "")]);
    }

    /// The overview of a service, asked about what this page is about.
    pub(crate) fn service_path(&self, service: impl Display) -> String {
        let service: String = byte_serialize(service.to_string().as_bytes()).collect();
        let before = if self.kept_of_all.is_empty() { '?' } else { '&' };
        format!("/{}{before}service={service}", self.kept_of_all)
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
