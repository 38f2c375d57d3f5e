#![doc = include_str!("../README.md")]

mod address;
mod assets;
mod charts;
mod controls;
mod cookie;
mod deployments;
mod first_run;
mod frame;
mod listed;
mod markup;
mod metrics;
mod overview;
mod page;
mod pull_requests;
mod repositories;
mod routes;
mod settings;
mod sign_in;
mod snippets;
mod steps;
mod table;
mod text;
mod tile;
mod visitor;

pub use routes::pages;
pub use snippets::first_report;
