//! The whole URL table: each path with its method, who answers it, and what is documented of it.

use crate::error::ApiError;
use crate::openapi::{self, Operation};
use crate::{commits, deployments, docs, explain, github, health, metrics, pull_requests};
use actix_web::guard::{self, Guard};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};
use utoipa::openapi::path::HttpMethod;

/// A line of the table.
pub(crate) struct Endpoint {
    pub(crate) method: HttpMethod,
    pub(crate) path: &'static str,
    pub(crate) documented: fn() -> Operation,
    resource: Resource,
}

#[rustfmt::skip] // A table is read line by line.
pub(crate) fn table() -> Vec<Endpoint> {
    vec![
        post("/api/webhooks/deployments", deployments::record, deployments::documented),
        post("/api/webhooks/github/{organizationSlug}", github::receive, github::documented),
        post("/api/pull-requests", pull_requests::record, pull_requests::documented),
        post("/api/commits", commits::record, commits::documented),
        get("/api/deployments/{id}/explain", explain::deployment, explain::deployment_documented),
        get("/api/pull-requests/{id}/explain", explain::pull_request, explain::pull_request_documented),
        get("/api/metrics/overview", metrics::overview::get, metrics::overview::documented),
        get("/api/metrics/deployment-frequency", metrics::deployment_frequency::get, metrics::deployment_frequency::documented),
        get("/api/metrics/lead-time", metrics::lead_time::get, metrics::lead_time::documented),
        get("/api/metrics/change-failure-rate", metrics::change_failure_rate::get, metrics::change_failure_rate::documented),
        get("/api/metrics/mttr", metrics::mttr::get, metrics::mttr::documented),
        get("/api/metrics/pr-cycle-time", metrics::pr_cycle_time::get, metrics::pr_cycle_time::documented),
        get("/api/metrics/throughput", metrics::throughput::get, metrics::throughput::documented),
        get("/api/metrics/pr-velocity", metrics::pr_velocity::get, metrics::pr_velocity::documented),
        get("/api/metrics/size-vs-time", metrics::size_vs_time::get, metrics::size_vs_time::documented),
        get("/api/metrics/contributors", metrics::contributors::get, metrics::contributors::documented),
        get("/api/metrics/service-health", metrics::service_health::get, metrics::service_health::documented),
        get("/api/metrics/risk-signals", metrics::risk_signals::get, metrics::risk_signals::documented),
        get("/openapi.json", openapi::get, openapi::documented),
        get("/docs", docs::page, docs::page_documented),
        get("/docs/{file}", docs::file, docs::file_documented),
        get("/livez", health::live, health::live_documented),
        get("/readyz", health::ready, health::ready_documented),
    ]
}

pub(crate) fn configure(app: &mut ServiceConfig) {
    for endpoint in table() {
        app.service(endpoint.resource);
    }
    app.default_service(web::to(not_found));
}

fn post<F, Args>(path: &'static str, handler: F, documented: fn() -> Operation) -> Endpoint
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    Endpoint {
        method: HttpMethod::Post,
        path,
        documented,
        resource: only("POST", guard::Post(), path, handler),
    }
}

/// Answers HEAD as well, as GET without the body.
fn get<F, Args>(path: &'static str, handler: F, documented: fn() -> Operation) -> Endpoint
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    Endpoint {
        method: HttpMethod::Get,
        path,
        documented,
        resource: only(
            "GET, HEAD",
            guard::Any(guard::Get()).or(guard::Head()),
            path,
            handler,
        ),
    }
}

fn only<F, Args>(allowed: &'static str, methods: impl Guard + 'static, path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::resource(path)
        .route(web::route().guard(methods).to(handler))
        .default_service(web::to(move || async move { method_not_allowed(allowed) }))
}

fn method_not_allowed(allowed: &'static str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allowed })
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound)
}
