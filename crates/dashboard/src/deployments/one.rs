//! One deployment: what it shipped, how that is known, and what is not in it and why.

use crate::controls::Controls;
use crate::frame::{Frame, Section};
use crate::listed::{Part, PartNumber};
use crate::page::{self, Answer};
use crate::steps::Steps;
use crate::text;
use crate::visitor::Visitor;
use actix_web::web::Path;
use askama::Template;
use periscope_domain::deployment::{Deployment, DeploymentEvent, StoredDeployment};
use periscope_domain::id::DeploymentId;
use periscope_domain::linking::Absence;
use periscope_domain::pull_request::StoredPullRequest;
use periscope_domain::use_cases::{DeploymentExplanation, LinkedPullRequest, explain_deployment};
use periscope_domain::warning::Warning;
use periscope_server::{ApiError, Query};
use std::cmp::Reverse;

/// How many events are shown, the latest ones.
const EVENTS_AT_MOST: usize = 100;

#[derive(Template)]
#[template(path = "deployment.html")]
struct DeploymentPage {
    frame: Frame,
    id: DeploymentId,
    deployment: Deployment,
    /// What it repeats, if it brings nothing new.
    repetition: Option<String>,
    ships: Part<LinkedPullRequest>,
    not_linked: Vec<(StoredPullRequest, String, Absence)>,
    steps: Steps,
    warnings: Vec<Warning>,
    is_settled: bool,
    /// Whether it is about to become something else.
    is_live: bool,
    history: Vec<DeploymentEvent>,
    /// How many events are left out before these, if any.
    events_before: Option<String>,
}

pub(crate) async fn get(visitor: Visitor, mut query: Query, id: Path<String>) -> Answer {
    let controls = Controls::of_list(&mut query, &visitor);
    let part = query
        .optional(PartNumber::PARAMETER, PartNumber::parse)
        .unwrap_or_default();
    query.finish().map_err(ApiError::from)?;
    let id = DeploymentId::parse(&id).ok_or(ApiError::NotFound)?;
    let (store, organization_id) = (visitor.store(), visitor.organization_id());
    let deployments = store.deployments();
    let stored = deployments.find_by_id(organization_id, id).await?;
    let stored = stored.ok_or(ApiError::NotFound)?;
    let explained = explain_deployment(store, organization_id, stored).await?;
    let history = deployments.history(organization_id, id).await?;
    let name = explained.deployment.deployment.external_id.to_string();
    let mut frame = Frame::new(&visitor, Section::Deployments, name).await?;
    frame.ask_about(&controls);
    let address = |part: &str| {
        let path = controls.path(&format!("/deployments/{id}"), &[(PartNumber::PARAMETER, part)]);
        format!("{path}#ships")
    };
    page::html(&DeploymentPage::of(frame, explained, history, |links| {
        Part::of(links, part, address)
    }))
}

impl DeploymentPage {
    fn of(
        frame: Frame,
        explained: DeploymentExplanation,
        mut history: Vec<DeploymentEvent>,
        part: impl FnOnce(Vec<LinkedPullRequest>) -> Part<LinkedPullRequest>,
    ) -> Self {
        let repetition = explained.repetition().map(str::to_owned);
        let StoredDeployment { id, deployment, .. } = explained.deployment;
        let mut links = explained.links;
        links.sort_by_key(|linked| Reverse(linked.pull_request.pull_request.merged_at));
        let mut warnings = explained.warnings;
        // The page begins with it.
        warnings.retain(|warning| !matches!(warning, Warning::Redeployment(..)));
        let events_before = history.len().saturating_sub(EVENTS_AT_MOST);
        history.drain(..events_before);
        Self {
            frame,
            id,
            ships: part(links),
            not_linked: explained.not_linked,
            steps: Steps::of(explained.steps),
            warnings,
            repetition,
            is_live: !(explained.is_settled && deployment.run.status().is_terminal()),
            is_settled: explained.is_settled,
            history,
            deployment,
            events_before: (events_before > 0).then(|| text::counted(events_before, "earlier event")),
        }
    }
}
