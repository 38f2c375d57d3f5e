//! The application as its clients meet it: started on a port of its own, over a store in memory, with a clock that
//! only moves when it is told to.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod abuse;
mod app;
mod auth;
mod client;
mod commits;
mod deployments;
mod environments;
mod explain;
mod fields;
mod freshness;
mod github;
mod github_notes;
mod github_push;
mod github_renames;
mod groups;
mod hang_ups;
mod headers;
mod health;
mod hostile;
mod limits;
mod lines;
mod lists;
mod logs;
mod metrics;
mod monitoring;
mod openapi;
mod pull_requests;
mod rate_limits;
mod reader;
mod reading;
mod relinking;
mod removal;
mod requests;
mod security;
mod store;
mod strangers;
mod tables;
mod tenants;
