//! One pull request: which deployments shipped it, or why none did.

use super::list::cycle_time;
use crate::controls::Controls;
use crate::frame::{Frame, Section};
use crate::listed::{Part, PartNumber};
use crate::page::{self, Answer};
use crate::steps::Steps;
use crate::text;
use crate::visitor::Visitor;
use actix_web::web::Path;
use askama::Template;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::id::PullRequestId;
use periscope_domain::linking::{Absence, Link};
use periscope_domain::pull_request::PullRequest;
use periscope_domain::use_cases::{PullRequestExplanation, explain_pull_request};
use periscope_server::{ApiError, Query};

/// How many further deployments are named beside the first one.
const NAMED: usize = 5;

#[derive(Template)]
#[template(path = "pull_request.html")]
struct PullRequestPage {
    frame: Frame,
    repository: String,
    pull_request: PullRequest,
    cycle_time: Option<String>,
    /// From the merge to its first delivery.
    lead_time: Option<String>,
    first: Option<(StoredDeployment, Link)>,
    /// Further deployments that contain it, up to [`NAMED`].
    also_in: Vec<StoredDeployment>,
    /// How many others there are.
    more: Option<String>,
    steps: Steps,
    shipped_by: Part<(StoredDeployment, Link)>,
    not_in: Vec<(StoredDeployment, Absence)>,
}

pub(crate) async fn get(visitor: Visitor, mut query: Query, id: Path<String>) -> Answer {
    let controls = Controls::of_list(&mut query, &visitor);
    let part = query
        .optional(PartNumber::PARAMETER, PartNumber::parse)
        .unwrap_or_default();
    query.finish().map_err(ApiError::from)?;
    let id = PullRequestId::parse(&id).ok_or(ApiError::NotFound)?;
    let (store, organization_id) = (visitor.store(), visitor.organization_id());
    let stored = store.pull_requests().find(organization_id, id).await?;
    let stored = stored.ok_or(ApiError::NotFound)?;
    let explained = explain_pull_request(store, organization_id, stored).await?;
    let repository = explained.repository.as_ref();
    let repository = repository.map_or_else(String::new, |known| known.name.to_string());
    let title = format!("{repository}#{}", explained.pull_request.pull_request.number);
    let mut frame = Frame::new(&visitor, Section::PullRequests, title).await?;
    frame.ask_about(&controls);
    let address = |part: &str| {
        let path = controls.path(&format!("/pull-requests/{id}"), &[(PartNumber::PARAMETER, part)]);
        format!("{path}#where")
    };
    page::html(&PullRequestPage::of(frame, repository, explained, |shipped_by| {
        Part::of(shipped_by, part, address)
    }))
}

impl PullRequestPage {
    fn of(
        frame: Frame,
        repository: String,
        explained: PullRequestExplanation,
        part: impl FnOnce(Vec<(StoredDeployment, Link)>) -> Part<(StoredDeployment, Link)>,
    ) -> Self {
        let pull_request = explained.pull_request.pull_request;
        let shipped_by = &explained.shipped_by;
        let first = shipped_by.iter().position(|(_, link)| link.is_first);
        let others = (0..).zip(shipped_by).filter(|(place, _)| Some(*place) != first);
        let also_in = others.map(|(_, (stored, _))| stored.clone()).take(NAMED);
        let also_in: Vec<_> = also_in.collect();
        let more = shipped_by.len() - also_in.len() - usize::from(first.is_some());
        let first = first.and_then(|first| shipped_by.get(first).cloned());
        Self {
            frame,
            repository,
            cycle_time: cycle_time(&pull_request),
            lead_time: first.as_ref().map(|(_, link)| text::lead_time(link.lead_time)),
            first,
            also_in,
            more: (more > 0).then(|| format!("{} more", text::count(more))),
            pull_request,
            steps: Steps::of(explained.steps),
            shipped_by: part(explained.shipped_by),
            not_in: explained.not_in,
        }
    }
}
