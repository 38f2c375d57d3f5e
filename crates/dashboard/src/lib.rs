#![doc = include_str!("../README.md")]

mod assets;
mod charts;
mod controls;
mod deployments;
mod frame;
mod listed;
mod markup;
mod metrics;
mod overview;
mod page;
mod pull_requests;
mod repositories;
mod routes;
mod sign_in;
mod steps;
mod table;
mod text;
mod tile;
mod visitor;

pub use routes::pages;
