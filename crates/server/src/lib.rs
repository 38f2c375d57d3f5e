#![doc = include_str!("../README.md")]

mod app;
mod auth;
mod body;
mod commits;
mod deployments;
mod docs;
mod error;
#[cfg(test)]
mod fuzz;
mod github;
mod health;
mod metrics;
mod openapi;
mod pull_requests;
mod query;
mod rate_limit;
mod read;
mod recorder;
mod relinker;
mod request;
mod routes;
mod violations;
mod wire;

pub use app::{Application, Outside, Pages, Settings, State, Timing, no_pages};
pub use error::{ApiError, causes};
pub use metrics::{report_json, window};
pub use query::Query;
pub use read::Paging;
pub use read::explain::{deployment_json, pull_request_json};
pub use recorder::Groups;
