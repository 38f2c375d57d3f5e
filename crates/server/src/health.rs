//! Alive: the process answers. Ready: it would also record what is sent to it, so send it something.

use crate::error::ApiError;
use crate::openapi::Operation;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

/// All is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

pub(crate) fn live_documented() -> Operation {
    Operation::open("getLive", "Is it alive?", "").answer::<Health>(200, "The process answers.")
}

pub(crate) async fn ready(state: Data<State>) -> Result<HttpResponse, ApiError> {
    if state.is_stopping() {
        return Err(ApiError::ShuttingDown);
    }
    state.store.organizations().check_health().await?;
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}

pub(crate) fn ready_documented() -> Operation {
    Operation::open(
        "getReady",
        "Is it ready?",
        "Whether it would record what is sent to it.",
    )
    .answer::<Health>(200, "It would.")
    .refusing([ApiError::ShuttingDown])
    .with_store()
}
