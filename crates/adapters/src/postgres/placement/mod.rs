//! Recorded deployments follow rules of tiers and names of repositories: the requests to place them again, and placing them.

mod place;
mod requests;

pub(super) use place::place;
pub(super) use requests::{RequestConcerned, RequestPlaces, claim};
