//! Removes a deployment, after asking an admin once more.

use crate::frame::{Frame, Section};
use crate::page::{self, Answer, see_other};
use crate::visitor::{Form, Visitor};
use actix_web::web::Path;
use askama::Template;
use periscope_domain::deployment::Deployment;
use periscope_domain::id::DeploymentId;
use periscope_domain::use_cases::{RemoveDeployment, remove_deployment};
use periscope_server::{ApiError, Query};

#[derive(Template)]
#[template(path = "deployment_remove.html")]
struct RemovePage {
    frame: Frame,
    id: DeploymentId,
    deployment: Deployment,
}

/// Asks whether to remove the deployment.
pub(crate) async fn ask(visitor: Visitor, query: Query, number: Path<String>) -> Answer {
    visitor.require_admin()?;
    query.finish().map_err(ApiError::from)?;
    let id = DeploymentId::parse(&number).ok_or(ApiError::NotFound)?;
    let deployments = visitor.store().deployments();
    let stored = deployments.find_by_id(visitor.organization_id(), id).await?;
    let stored = stored.ok_or(ApiError::NotFound)?;
    page::html(&RemovePage {
        frame: Frame::new(&visitor, Section::Deployments, "Remove a deployment").await?,
        id,
        deployment: stored.deployment,
    })
}

pub(crate) async fn remove(form: Form, number: Path<String>) -> Answer {
    let Form { visitor, fields } = form;
    visitor.require_admin()?;
    fields.finish().map_err(ApiError::from)?;
    let command = RemoveDeployment {
        organization_id: visitor.organization_id(),
        id: DeploymentId::parse(&number).ok_or(ApiError::NotFound)?,
        removed_by: visitor.remover(),
    };
    let removed = remove_deployment(visitor.store(), &command, visitor.now()).await;
    removed.map_err(ApiError::from)?;
    Ok(see_other("/deployments"))
}
