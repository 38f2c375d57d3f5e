//! The list of deployments.

use crate::controls::{Choice, Controls, Filter};
use crate::frame::{Frame, Section};
use crate::listed::Listed;
use crate::page::{self, Answer, see_other};
use crate::text;
use crate::visitor::Visitor;
use askama::Template;
use periscope_domain::id::DeploymentId;
use periscope_domain::listing::{DeploymentFilter, ListedDeployment, Position};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::use_cases::{find_setup, list_services};
use periscope_server::{ApiError, Paging, Query};

pub(crate) const PATH: &str = "/deployments";

/// What went wrong, whatever it is called.
const FAILED: &str = "failure,rolled_back";

#[derive(Template)]
#[template(path = "deployments.html")]
struct DeploymentsPage {
    frame: Frame,
    controls: Controls,
    listed: Listed<ListedDeployment>,
}

pub(crate) async fn get(visitor: Visitor, mut query: Query) -> Answer {
    let organization_id = visitor.organization_id();
    let mut controls = Controls::of_list(&mut query, &visitor);
    let statuses = query.several("status", DeploymentStatus::parse);
    let paging = Paging::read(&mut query, "deployments", organization_id, DeploymentId::new);
    query.finish().map_err(ApiError::from)?;
    let deployed = list_services(visitor.store(), organization_id).await?;
    controls.offer(&deployed);
    controls.add_filter(by_status(&statuses));
    let filter = DeploymentFilter {
        environment: controls.environment(),
        service: controls.service(),
        statuses,
        period: controls.period(),
    };
    let deployments = visitor.store().deployments();
    let page = deployments
        .page(organization_id, &filter, &paging.request)
        .await?;
    let listed = Listed::of(page, &paging, position);
    if listed.is_back_at_first {
        return Ok(see_other(&format!(
            "{PATH}{}",
            listed.beside.latest.trim_end_matches('?')
        )));
    }
    let mut frame = Frame::new(&visitor, Section::Deployments, "Deployments").await?;
    frame.ask_about(&controls);
    frame.offer_next_step(&find_setup(visitor.store(), organization_id, &deployed).await?);
    page::html(&DeploymentsPage {
        frame,
        controls,
        listed,
    })
}

fn position(listed: &ListedDeployment) -> Position<i64> {
    Position {
        time: listed.stored.deployment.run.time(),
        id: listed.stored.id.get(),
    }
}

/// Every status to choose from, and what else was said by hand.
fn by_status(said: &[DeploymentStatus]) -> Filter {
    let said = said
        .iter()
        .map(|status| status.as_str())
        .collect::<Vec<_>>()
        .join(",");
    let choice = |value: &str, name: String| Choice {
        value: value.to_owned(),
        name,
        is_chosen: value == said,
    };
    let all = choice("", "All".to_owned());
    let failed = choice(FAILED, text::words(FAILED).replace(',', " or "));
    let each = DeploymentStatus::ALL.map(|status| choice(status.as_str(), text::words(status.as_str())));
    let mut choices: Vec<_> = [all].into_iter().chain(each).chain([failed]).collect();
    if choices.iter().all(|choice| !choice.is_chosen) {
        choices.push(choice(&said, text::words(&said).replace(',', " or ")));
    }
    Filter {
        name: "Status",
        parameter: "status",
        choices,
    }
}
