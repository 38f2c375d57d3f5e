//! What an organization sees of which no deployment was ever reported: how to report one, in place of an overview of
//! nothing. The page waits, and turns into the overview when the first one comes.

use crate::frame::{Frame, Section};
use crate::overview;
use crate::page::{self, Answer};
use crate::snippets::{KEY_VARIABLE, Snippet, first_report, snippets};
use crate::visitor::Visitor;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use askama::Template;
use periscope_domain::listing::{DeploymentFilter, Order, PageLimit, PageRequest};
use periscope_domain::organization::Plan;
use periscope_domain::trial::TRIAL_LENGTH;
use periscope_server::Query;

#[derive(Template)]
#[template(path = "first_run.html")]
struct FirstRunPage {
    frame: Frame,
    request: String,
    snippets: Vec<Snippet>,
}

impl FirstRunPage {
    /// What the first event begins.
    fn trial_to_come(&self) -> Option<String> {
        let subscription = &self.frame.organization.subscription;
        let begins = subscription.plan == Plan::Free && subscription.trial.is_none();
        let days = TRIAL_LENGTH.whole_days();
        begins.then(|| format!("It also begins a Business trial of {days} days."))
    }
}

/// The overview, or how to begin.
pub(crate) async fn or_overview(visitor: Visitor, query: Query) -> Answer {
    if has_deployments(&visitor).await? {
        return overview::get(visitor, query).await;
    }
    let frame = Frame::new(&visitor, Section::Overview, "Report a first deployment").await?;
    page::html(&FirstRunPage {
        request: first_report(&visitor.address.to_string(), KEY_VARIABLE, visitor.now()),
        snippets: snippets(&visitor.address),
        frame,
    })
}

/// Tells the page that waits whether there is anything to see: 204 until there is.
pub(crate) async fn waiting(visitor: Visitor) -> Answer {
    let mut answer = if has_deployments(&visitor).await? {
        HttpResponse::Ok()
    } else {
        HttpResponse::NoContent()
    };
    Ok(answer
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .finish())
}

/// Whether any deployment of the visitor's organization was ever reported.
pub(crate) async fn has_deployments(visitor: &Visitor) -> Result<bool, page::Error> {
    let request = PageRequest {
        order: Order::Newest,
        after: None,
        limit: PageLimit::new(1).unwrap_or_default(),
    };
    let deployments = visitor.store().deployments();
    let first = deployments
        .page(visitor.organization_id(), &DeploymentFilter::default(), &request)
        .await?;
    Ok(!first.items.is_empty())
}
