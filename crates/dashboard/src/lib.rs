#![doc = include_str!("../README.md")]

mod assets;
mod controls;
mod deployments;
mod frame;
mod listed;
mod markup;
mod overview;
mod page;
mod pull_requests;
mod repositories;
mod routes;
mod sign_in;
mod steps;
mod text;
mod visitor;

pub use routes::pages;
