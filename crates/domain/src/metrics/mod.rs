//! What is measured and how: pure functions over the [`Facts`] of an organization, each with its definition and source.

mod facts;
mod names;
mod spans;
mod window;

pub use facts::{ChangedDeployment, CompletedDeployment, Facts, MergedPullRequest};
pub use window::{InvalidTimeRange, InvalidWindow, MAX_DAYS, TimeRange, Window};
