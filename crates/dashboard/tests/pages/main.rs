//! The pages as a browser without script meets them: an application on a port of its own, over a store in memory, with a
//! clock that stands still.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod app;
mod deployments;
mod overview;
mod pull_requests;
mod records;
mod refusals;
mod sessions;
mod settings;
mod setup;
mod sign_in;
mod words;
mod zones;
