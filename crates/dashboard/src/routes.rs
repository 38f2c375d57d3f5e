//! The whole table of pages. Each answers HEAD as GET without its body, and is compressed for whoever accepts that.

use crate::cookie::add_renewed;
use crate::page::Answer;
use crate::refusal::{unknown, with_navigation};
use crate::settings::{
    environments, github, keys, new_key, organization, repositories as repository_settings,
};
use crate::{assets, deployments, metrics, pull_requests, repositories, setup, sign_in};
use actix_web::guard::{Any, Get, Head};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder};
use periscope_server::ApiError;
use std::future::ready;

/// Adds the pages to an application.
pub fn pages(app: &mut ServiceConfig) {
    page(app, "/", setup::or_overview);
    page(app, "/waiting", setup::waiting);
    page(app, "/setup", setup::get);
    page(app, "/metrics/{metric}", metrics::get);
    page(app, "/deployments", deployments::list);
    page(app, "/deployments/{id}", deployments::one);
    page_with_form(
        app,
        "/deployments/{id}/remove",
        deployments::remove::ask,
        deployments::remove::remove,
    );
    page(app, "/pull-requests", pull_requests::list);
    page(app, "/pull-requests/{id}", pull_requests::one);
    page(app, "/repositories", repositories::list);
    settings(app);
    app.service(
        resource("/sign-in", "GET, HEAD, POST")
            .route(read(sign_in::page))
            .route(web::post().to(sign_in::submit)),
    );
    app.service(resource("/sign-out", "POST").route(web::post().to(sign_in::sign_out)));
    page(app, "/assets/{name}", assets::file);
    let unknown = web::to(unknown).wrap(from_fn(with_navigation));
    app.default_service(unknown.wrap(from_fn(add_renewed)));
}

fn settings(app: &mut ServiceConfig) {
    page(app, "/settings/keys", keys::list);
    page_with_form(app, "/settings/keys/new", new_key::page, new_key::make);
    page_with_form(app, "/settings/keys/{id}/revoke", keys::ask, keys::revoke);
    page(app, "/settings/repositories", repository_settings::list);
    form(
        app,
        "/settings/repositories/aliases",
        repository_settings::add_alias,
    );
    form(
        app,
        "/settings/repositories/{id}/monitored",
        repository_settings::monitor,
    );
    form(
        app,
        "/settings/repositories/{id}/aliases/remove",
        repository_settings::remove_alias,
    );
    page_with_form(
        app,
        "/settings/environments",
        environments::list,
        environments::set,
    );
    form(app, "/settings/environments/remove", environments::remove);
    page_with_form(app, "/settings/github", github::page, github::connect);
    page(app, "/settings/organization", organization::page);
}

fn form<F, Args>(app: &mut ServiceConfig, path: &str, handler: F)
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let resource = resource(path, "POST").route(web::post().to(handler));
    app.service(resource.wrap(from_fn(with_navigation)).wrap(from_fn(add_renewed)));
}

/// A page with a form that is sent to its own path.
fn page_with_form<F, Args, G, FormArgs>(app: &mut ServiceConfig, path: &str, handler: F, submit: G)
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
    G: Handler<FormArgs, Output: Responder + 'static>,
    FormArgs: FromRequest + 'static,
{
    let resource = resource(path, "GET, HEAD, POST")
        .route(read(handler))
        .route(web::post().to(submit));
    app.service(resource.wrap(from_fn(with_navigation)).wrap(from_fn(add_renewed)));
}

fn page<F, Args>(app: &mut ServiceConfig, path: &str, handler: F)
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    app.service(
        resource(path, "GET, HEAD")
            .route(read(handler))
            .wrap(from_fn(with_navigation))
            .wrap(from_fn(add_renewed)),
    );
}

/// A path of which any other method is refused with those that it has.
fn resource(path: &str, allowed: &'static str) -> Resource {
    let refused = web::to(move || ready(method_not_allowed(allowed)));
    web::resource(path).default_service(refused)
}

fn method_not_allowed(allowed: &str) -> Answer {
    let allowed = allowed.to_owned();
    Err(ApiError::MethodNotAllowed { allowed }.into())
}

fn read<F, Args>(handler: F) -> actix_web::Route
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let route = web::route().guard(Any(Get()).or(Head())).to(handler);
    route.wrap(Compress::default())
}
