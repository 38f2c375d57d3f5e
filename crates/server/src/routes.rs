//! The whole URL table.

use crate::error::ApiError;
use crate::{commits, deployments, explain, github, health, pull_requests};
use actix_web::web::{self, ServiceConfig, get, head, post};
use actix_web::{HttpResponse, Resource};

pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(only_post("/api/webhooks/deployments").route(post().to(deployments::record)))
        .service(only_post("/api/webhooks/github/{organizationSlug}").route(post().to(github::receive)))
        .service(only_post("/api/pull-requests").route(post().to(pull_requests::record)))
        .service(only_post("/api/commits").route(post().to(commits::record)))
        .service(only_get("/api/deployments/{id}/explain").route(get().to(explain::deployment)))
        .service(only_get("/api/pull-requests/{id}/explain").route(get().to(explain::pull_request)))
        .service(
            only_get("/livez")
                .route(get().to(health::live))
                .route(head().to(health::live)),
        )
        .service(
            only_get("/readyz")
                .route(get().to(health::ready))
                .route(head().to(health::ready)),
        )
        .default_service(web::to(not_found));
}

fn only_post(path: &str) -> Resource {
    web::resource(path).default_service(web::to(async || method_not_allowed("POST")))
}

fn only_get(path: &str) -> Resource {
    web::resource(path).default_service(web::to(async || method_not_allowed("GET, HEAD")))
}

fn method_not_allowed(allowed: &'static str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allowed })
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound)
}
