#![doc = include_str!("../README.md")]

mod address;
mod assets;
mod charts;
mod controls;
mod cookie;
mod default_zone;
mod deployments;
mod frame;
mod listed;
mod markup;
mod metrics;
mod overview;
mod page;
mod pull_requests;
mod refusal;
mod repositories;
mod routes;
mod settings;
mod setup;
mod sign_in;
mod snippets;
mod steps;
mod table;
mod text;
mod tile;
mod visitor;

pub use routes::pages;
pub use snippets::first_report;
