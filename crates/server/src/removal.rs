//! `DELETE /api/deployments/{id}`: takes a wrong or test deployment out of lists, links and figures.

use crate::auth::Admin;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::query::Query;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use periscope_domain::id::DeploymentId;
use periscope_domain::use_cases::{RemoveDeployment, remove_deployment};

pub(crate) async fn deployment(
    state: Data<State>,
    admin: Admin,
    query: Query,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let command = RemoveDeployment {
        organization_id: admin.organization_id(),
        id: DeploymentId::parse(&id).ok_or(ApiError::NotFound)?,
        removed_by: admin.remover(),
    };
    remove_deployment(&*state.store, &command, state.clock.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) fn deployment_documented() -> Operation {
    let about = "Removes a wrong or test deployment from lists, links and figures. Later deployments of its service are \
                 linked again within 5 seconds. Periscope keeps who removed it and when. The same `deploymentId` reported \
                 again is a new deployment with another number.";
    Operation::removing("removeDeployment", "Remove a deployment", about)
        .path_parameter("id", "Periscope's own number of the deployment.", schema::id())
        .answer_without_body(204, "The deployment is removed.")
        .refusing([ApiError::NotFound])
}
