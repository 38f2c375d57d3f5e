//! Merged pull requests: who did what, how long it took, and where it is.

mod list;
mod one;

pub(crate) use list::get as list;
pub(crate) use one::get as one;
