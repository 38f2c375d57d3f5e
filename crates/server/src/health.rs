//! Alive: the process answers. Ready: it would also record what is sent to it, so send it something.

use crate::app::State;
use crate::error::ApiError;
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

pub(crate) async fn ready(state: Data<State>) -> Result<HttpResponse, ApiError> {
    if state.is_stopping() {
        return Err(ApiError::ShuttingDown);
    }
    state.store.organizations().check_health().await?;
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}
