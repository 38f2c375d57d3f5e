//! The whole URL table.

use crate::error::ApiError;
use crate::read::{self, freshness};
use crate::{commits, deployments, github, health, pull_requests};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig, post};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, Route, guard};
use std::future::ready;

pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(only_post("/api/webhooks/deployments").route(post().to(deployments::record)))
        .service(only_post("/api/webhooks/github/{organizationSlug}").route(post().to(github::receive)))
        .service(only_post("/api/commits").route(post().to(commits::record)))
        .service(
            only("/api/pull-requests", "GET, HEAD, POST")
                .route(post().to(pull_requests::record))
                .route(read(read::pull_requests::list)),
        )
        .service(only_get("/api/pull-requests/{id}").route(read(read::pull_requests::one)))
        .service(only_get("/api/pull-requests/{id}/explain").route(read(read::explain::pull_request)))
        .service(only_get("/api/deployments").route(read(read::deployments::list)))
        .service(only_get("/api/deployments/{id}").route(read(read::deployments::one)))
        .service(only_get("/api/deployments/{id}/explain").route(read(read::explain::deployment)))
        .service(only_get("/api/repositories").route(read(read::repositories::list)))
        .service(only_get("/api/services").route(read(read::services::list)))
        .service(only_get("/api/organization").route(read(read::organization::one)))
        .service(only_get("/livez").route(get().to(health::live)))
        .service(only_get("/readyz").route(get().to(health::ready)))
        .default_service(web::to(not_found));
}

/// A route that reads, compressed for whoever accepts that, and not sent again to whoever has it.
fn read<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    get()
        .to(handler)
        .wrap(Compress::default())
        .wrap(from_fn(freshness::answer))
}

/// `HEAD` is `GET` without a body.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn only_post(path: &str) -> Resource {
    only(path, "POST")
}

fn only_get(path: &str) -> Resource {
    only(path, "GET, HEAD")
}

fn only(path: &str, allowed: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || ready(method_not_allowed(allowed))))
}

fn method_not_allowed(allowed: &'static str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allowed })
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound)
}
