#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod api_key;
pub mod checkup;
pub mod commit_graph;
pub mod commit_sha;
pub mod delivery;
pub mod deployment;
pub mod environment;
pub mod environment_tiers;
pub mod github;
mod hex;
pub mod history;
pub mod id;
pub mod lead_time;
pub mod linking;
pub mod listing;
pub mod metrics;
pub mod organization;
pub mod period;
pub mod ports;
pub mod pull_request;
pub mod repository;
pub mod run;
pub mod session;
pub mod text;
pub mod time_zone;
pub mod timestamp;
pub mod trial;
pub mod use_cases;
pub mod warning;
pub mod web_url;
pub mod whole_number;
#[cfg(test)]
mod words;
