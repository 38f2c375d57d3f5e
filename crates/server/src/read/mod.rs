//! What a key that may read can ask for: the record as it is stored, and why it is so. Each answer is one of a few wire
//! structs, which all endpoints share; a list is also a table.

pub(crate) mod deployments;
pub(crate) mod explain;
pub(crate) mod format;
pub(crate) mod freshness;
mod links;
pub(crate) mod organization;
mod page;
pub(crate) mod pull_requests;
pub(crate) mod repositories;
pub(crate) mod services;

pub use page::{Neighbours, Paging};
#[cfg(test)]
pub(crate) use page::{opened, sealed};
