//! The whole URL table: each path with its method, who answers it, and what is documented of it.

use crate::error::ApiError;
use crate::noted::Noting;
use crate::openapi::{self, Operation};
use crate::read::{self, explain, freshness};
use crate::{commits, deployments, docs, environments, github, health, metrics, pull_requests, removal};
use actix_web::guard::{self, Guard};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route};
use std::future::ready;
use utoipa::openapi::path::HttpMethod;

/// A line of the table.
pub(crate) struct Endpoint {
    pub(crate) method: HttpMethod,
    pub(crate) path: &'static str,
    pub(crate) documented: fn() -> Operation,
    allows: &'static str,
    route: Route,
}

impl Endpoint {
    const fn new(
        method: HttpMethod,
        allows: &'static str,
        path: &'static str,
        route: Route,
        documented: fn() -> Operation,
    ) -> Self {
        Self {
            method,
            path,
            documented,
            allows,
            route,
        }
    }
}

#[rustfmt::skip] // A table is read line by line.
pub(crate) fn table() -> Vec<Endpoint> {
    vec![
        post("/api/webhooks/deployments", deployments::record, deployments::documented),
        post("/api/webhooks/github/{organizationSlug}", github::receive, github::documented),
        post("/api/pull-requests", pull_requests::record, pull_requests::documented),
        post("/api/commits", commits::record, commits::documented),
        read("/api/deployments", read::deployments::list, read::deployments::list_documented),
        read("/api/deployments/{id}", read::deployments::one, read::deployments::one_documented),
        delete("/api/deployments/{id}", removal::deployment, removal::deployment_documented),
        read("/api/deployments/{id}/explain", explain::deployment, explain::deployment_documented),
        read("/api/pull-requests", read::pull_requests::list, read::pull_requests::list_documented),
        read("/api/pull-requests/{id}", read::pull_requests::one, read::pull_requests::one_documented),
        read("/api/pull-requests/{id}/explain", explain::pull_request, explain::pull_request_documented),
        read("/api/repositories", read::repositories::list, read::repositories::documented),
        read("/api/services", read::services::list, read::services::documented),
        read("/api/environments", environments::list, environments::list_documented),
        put("/api/environments", environments::set, environments::set_documented),
        delete("/api/environments", environments::remove, environments::remove_documented),
        read("/api/organization", read::organization::one, read::organization::documented),
        read("/api/metrics/overview", metrics::overview::get, metrics::overview::documented),
        read("/api/metrics/deployment-frequency", metrics::deployment_frequency::get, metrics::deployment_frequency::documented),
        read("/api/metrics/lead-time", metrics::lead_time::get, metrics::lead_time::documented),
        read("/api/metrics/change-failure-rate", metrics::change_failure_rate::get, metrics::change_failure_rate::documented),
        read("/api/metrics/mttr", metrics::mttr::get, metrics::mttr::documented),
        read("/api/metrics/pr-cycle-time", metrics::pr_cycle_time::get, metrics::pr_cycle_time::documented),
        read("/api/metrics/throughput", metrics::throughput::get, metrics::throughput::documented),
        read("/api/metrics/pr-velocity", metrics::pr_velocity::get, metrics::pr_velocity::documented),
        read("/api/metrics/size-vs-time", metrics::size_vs_time::get, metrics::size_vs_time::documented),
        read("/api/metrics/contributors", metrics::contributors::get, metrics::contributors::documented),
        read("/api/metrics/service-health", metrics::service_health::get, metrics::service_health::documented),
        read("/api/metrics/risk-signals", metrics::risk_signals::get, metrics::risk_signals::documented),
        get("/openapi.json", openapi::get, openapi::documented),
        get("/docs", docs::page, docs::page_documented),
        get("/docs/{file}", docs::file, docs::file_documented),
        get("/livez", health::live, health::live_documented),
        get("/readyz", health::ready, health::ready_documented),
    ]
}

/// The table in its order, in which a path is looked for: what is asked most often comes first, since every path with a
/// parameter before it is compared as a regular expression.
fn by_path() -> Vec<(&'static str, Vec<Endpoint>)> {
    let mut by_path: Vec<(_, Vec<_>)> = Vec::new();
    for endpoint in table() {
        match by_path.iter_mut().find(|(path, _)| *path == endpoint.path) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => by_path.push((endpoint.path, vec![endpoint])),
        }
    }
    by_path
}

pub(crate) fn configure(app: &mut ServiceConfig) {
    for (path, endpoints) in by_path() {
        let mut allowed: Vec<_> = endpoints.iter().map(|endpoint| endpoint.allows).collect();
        allowed.sort_unstable();
        let allowed = allowed.join(", ");
        let refused = web::to(move || ready(method_not_allowed(&allowed)));
        let resource = web::resource(path).default_service(refused);
        app.service(
            endpoints
                .into_iter()
                .fold(resource, |resource, endpoint| resource.route(endpoint.route)),
        );
    }
    app.default_service(web::to(not_found));
}

fn post<F, Args>(path: &'static str, handler: F, documented: fn() -> Operation) -> Endpoint
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let route = answering(path, guard::Post(), handler);
    Endpoint::new(HttpMethod::Post, "POST", path, route, documented)
}

fn put<F, Args>(path: &'static str, handler: F, documented: fn() -> Operation) -> Endpoint
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let route = answering(path, guard::Put(), handler);
    Endpoint::new(HttpMethod::Put, "PUT", path, route, documented)
}

fn delete<F, Args>(path: &'static str, handler: F, documented: fn() -> Operation) -> Endpoint
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let route = answering(path, guard::Delete(), handler);
    Endpoint::new(HttpMethod::Delete, "DELETE", path, route, documented)
}

/// Answers HEAD as well, as GET without the body.
fn get<F, Args>(path: &'static str, handler: F, documented: fn() -> Operation) -> Endpoint
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let route = answering(path, guard::Any(guard::Get()).or(guard::Head()), handler);
    Endpoint::new(HttpMethod::Get, "GET, HEAD", path, route, documented)
}

/// A `get` that is compressed for whoever accepts that, and not sent again to whoever has it.
fn read<F, Args>(path: &'static str, handler: F, documented: fn() -> Operation) -> Endpoint
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let endpoint = get(path, handler, documented);
    let compressed = endpoint.route.wrap(Compress::default());
    Endpoint {
        route: compressed.wrap(from_fn(freshness::answer)),
        ..endpoint
    }
}

fn answering<F, Args>(path: &'static str, methods: impl Guard + 'static, handler: F) -> Route
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::route().guard(Noting { path, methods }).to(handler)
}

fn method_not_allowed(allowed: &str) -> Result<HttpResponse, ApiError> {
    let allowed = allowed.to_owned();
    Err(ApiError::MethodNotAllowed { allowed })
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound)
}
