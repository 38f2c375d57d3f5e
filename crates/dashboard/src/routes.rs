//! The whole table of pages. Each answers HEAD as GET without its body, and is compressed for whoever accepts that.

use crate::{assets, deployments, metrics, overview, pull_requests, repositories, sign_in};
use actix_web::guard::{Any, Get, Head};
use actix_web::middleware::Compress;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Responder};

/// Adds the pages to an application.
pub fn pages(app: &mut ServiceConfig) {
    page(app, "/", overview::get);
    page(app, "/metrics/{metric}", metrics::get);
    page(app, "/deployments", deployments::list);
    page(app, "/deployments/{id}", deployments::one);
    page(app, "/pull-requests", pull_requests::list);
    page(app, "/pull-requests/{id}", pull_requests::one);
    page(app, "/repositories", repositories::list);
    app.service(
        web::resource("/sign-in")
            .route(read(sign_in::page))
            .route(web::post().to(sign_in::submit)),
    );
    app.route("/sign-out", web::post().to(sign_in::sign_out));
    page(app, "/assets/{name}", assets::file);
}

fn page<F, Args>(app: &mut ServiceConfig, path: &str, handler: F)
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    app.service(web::resource(path).route(read(handler)));
}

fn read<F, Args>(handler: F) -> actix_web::Route
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let route = web::route().guard(Any(Get()).or(Head())).to(handler);
    route.wrap(Compress::default())
}
