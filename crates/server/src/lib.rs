#![doc = include_str!("../README.md")]

mod app;
mod auth;
mod body;
mod commits;
mod deployments;
mod docs;
mod error;
mod explain;
mod github;
mod health;
mod openapi;
mod pull_requests;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "no endpoint asks for all kinds of parameters yet")
)]
mod query;
mod rate_limit;
mod relinker;
mod request;
mod routes;
mod violations;
mod wire;

pub use app::{Application, Settings, Timing};
pub use explain::{deployment_json, pull_request_json};
