//! The way to figures that have data, in four steps with what is done ticked: deployments, environments without a tier,
//! commits and pull requests, and services without a repository. It stands at an address of its own for good, and in place of an overview of nothing: there
//! the page waits, and turns into the overview when the first deployment comes.

use crate::frame::{Frame, Section};
use crate::overview;
use crate::page::{self, Answer};
use crate::snippets::{KEY_VARIABLE, Snippet, first_report, snippets};
use crate::text;
use crate::visitor::Visitor;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use askama::Template;
use periscope_domain::environment::Environment;
use periscope_domain::organization::Plan;
use periscope_domain::text::ServiceName;
use periscope_domain::trial::TRIAL_LENGTH;
use periscope_domain::use_cases::{Setup, SetupStep, find_setup, has_deployments, list_services};
use periscope_server::{ApiError, Query};

const PATH: &str = "/setup";

/// How many services without a repository are shown, and environments without a tier.
const SHOWN: usize = 20;

/// A step as pages call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step(SetupStep);

impl Step {
    pub(crate) const fn name(self) -> &'static str {
        match self.0 {
            SetupStep::Deployments => "Report a deployment",
            SetupStep::Environments => "Say which environments are production",
            SetupStep::PullRequests => "Send commits and pull requests",
            SetupStep::Services => "Name the repository of each service",
        }
    }

    const fn id(self) -> &'static str {
        match self.0 {
            SetupStep::Deployments => "deployments",
            SetupStep::Environments => "environments",
            SetupStep::PullRequests => "pull-requests",
            SetupStep::Services => "services",
        }
    }

    pub(crate) fn path(self) -> String {
        format!("{PATH}#{}", self.id())
    }
}

impl Frame {
    /// Offers the first step that is open, wherever the page has no data.
    pub(crate) fn offer_next_step(&mut self, setup: &Setup) {
        self.next_step = setup.next_step().map(Step);
    }
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    frame: Frame,
    setup: Setup,
    is_first_run: bool,
    request: String,
    snippets: Vec<Snippet>,
}

impl SetupPage {
    async fn new(visitor: &Visitor, section: Option<Section>, title: &str) -> Result<Self, page::Error> {
        let organization_id = visitor.organization_id();
        let deployed = list_services(visitor.store(), organization_id).await?;
        Ok(Self {
            setup: find_setup(visitor.store(), organization_id, &deployed).await?,
            is_first_run: section == Some(Section::Overview),
            request: first_report(&visitor.address.to_string(), KEY_VARIABLE, visitor.now()),
            snippets: snippets(&visitor.address),
            frame: Frame::new(visitor, section, title).await?,
        })
    }

    fn steps(&self) -> [(Step, bool); 4] {
        SetupStep::ALL.map(|step| (Step(step), self.setup.is_done(step)))
    }

    /// The services that match no repository, as many as there is room for.
    fn unmatched(&self) -> impl Iterator<Item = &str> {
        let services = self.setup.unmatched_services.iter().take(SHOWN);
        services.map(ServiceName::as_str)
    }

    fn unmatched_more(&self) -> Option<String> {
        more(self.setup.unmatched_services.len())
    }

    /// The environments without a tier, as many as there is room for.
    fn undecided(&self) -> impl Iterator<Item = &Environment> {
        self.setup.undecided_environments.iter().take(SHOWN)
    }

    fn undecided_more(&self) -> Option<String> {
        more(self.setup.undecided_environments.len())
    }

    fn import_command(&self) -> String {
        let slug = &self.frame.organization.slug;
        format!("periscope import git PATH --org {slug} --repository OWNER/NAME")
    }

    /// What the first event begins.
    fn trial_to_come(&self) -> Option<String> {
        let subscription = &self.frame.organization.subscription;
        let begins = subscription.plan == Plan::Free && subscription.trial.is_none();
        let days = TRIAL_LENGTH.whole_days();
        begins.then(|| {
            format!("It also begins a Business trial of {days} days, and nothing is locked when that ends.")
        })
    }
}

/// How many more there are than are shown.
fn more(count: usize) -> Option<String> {
    let more = count.saturating_sub(SHOWN);
    (more > 0).then(|| format!("{} more", text::count(more)))
}

/// The steps.
pub(crate) async fn get(visitor: Visitor, query: Query) -> Answer {
    query.finish().map_err(ApiError::from)?;
    page::html(&SetupPage::new(&visitor, None, "Setup").await?)
}

/// The overview, or how to begin.
pub(crate) async fn or_overview(visitor: Visitor, query: Query) -> Answer {
    if has_deployments(visitor.store(), visitor.organization_id()).await? {
        return overview::get(visitor, query).await;
    }
    page::html(&SetupPage::new(&visitor, Some(Section::Overview), "Set up Periscope").await?)
}

/// Tells the page that waits whether there is anything to see: 204 until there is.
pub(crate) async fn waiting(visitor: Visitor) -> Answer {
    let mut answer = if has_deployments(visitor.store(), visitor.organization_id()).await? {
        HttpResponse::Ok()
    } else {
        HttpResponse::NoContent()
    };
    Ok(answer
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .finish())
}
