#![doc = include_str!("../README.md")]

mod app;
mod auth;
mod body;
mod commits;
mod deployments;
mod docs;
mod environments;
mod error;
#[cfg(test)]
mod fuzz;
mod github;
mod headers;
mod health;
mod lines;
mod metrics;
mod monitoring;
mod noted;
mod openapi;
mod pull_requests;
mod query;
mod rate_limit;
mod read;
mod recorder;
mod relinker;
mod removal;
mod request;
mod routes;
mod settings;
mod state;
mod tls;
mod violations;
mod wire;

pub use app::{Application, Pages, no_pages};
pub use error::{ApiError, causes};
pub use metrics::{report_json, window};
pub use monitoring::Exporter;
pub use query::{InvalidQuery, Query};
pub use read::explain::{deployment_json, pull_request_json};
pub use read::{Neighbours, Paging};
pub use recorder::Groups;
pub use settings::{Settings, Timing, Traces};
pub use state::{Outside, State};
pub use tls::{Tls, TlsError};
