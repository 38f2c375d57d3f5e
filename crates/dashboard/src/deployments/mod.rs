//! Deployments: what went where, when, and what it shipped.

mod list;
mod one;
pub(crate) mod remove;

pub(crate) use list::get as list;
pub(crate) use one::get as one;

use crate::text;
use periscope_domain::deployment::Deployment;
use periscope_domain::listing::ListedDeployment;
use periscope_domain::text::PipelineName;

/// How many pull requests a deployment ships.
fn linked(listed: &ListedDeployment) -> String {
    text::count(listed.linked_pull_requests)
}

/// What to call the pipeline of a deployment.
pub(crate) fn pipeline(deployment: &Deployment) -> &str {
    let name = deployment.pipeline_name.as_ref();
    name.map_or("Pipeline", PipelineName::as_str)
}
