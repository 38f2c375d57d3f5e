//! The real binary on a private Postgres in a folder of its own: started, used, killed and started again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod commands;
mod data_folder;
mod importing;
mod monitoring;
mod program;
mod reporting;
mod secrecy;
mod serving;
mod snippets;
mod tls;
mod traces;
