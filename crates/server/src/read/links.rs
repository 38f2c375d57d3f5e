//! Links as the API answers them, from either side.

use super::deployments::DeploymentJson;
use super::pull_requests::PullRequestJson;
use crate::openapi::schema;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::linking::{Link, LinkRule};
use periscope_domain::use_cases::LinkedPullRequest;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

fn rules() -> ObjectBuilder {
    schema::words(LinkRule::ALL.map(LinkRule::as_str))
}

/// How a link was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkReason {
    /// The rule that proves it.
    #[schema(schema_with = rules)]
    rule: &'static str,
    /// The commit that the range was counted from; null for `exact`.
    #[schema(required)]
    base_commit_sha: Option<String>,
    /// Whole seconds from the merge to the completion of the deployment.
    lead_time_seconds: i64,
    /// Whether no earlier successful production deployment of the service delivered the pull request.
    is_first_delivery: bool,
    /// The reason, for people.
    message: String,
}

impl LinkReason {
    fn of(link: &Link) -> Self {
        Self {
            rule: link.rule.as_str(),
            base_commit_sha: link.base.map(|base| base.to_string()),
            lead_time_seconds: link.lead_time.seconds(),
            is_first_delivery: link.is_first,
            message: link.sentence(),
        }
    }
}

/// A pull request that a deployment shipped.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Link)]
pub(crate) struct LinkJson {
    /// The pull request.
    pull_request: PullRequestJson,
    #[serde(flatten)]
    reason: LinkReason,
}

impl LinkJson {
    pub(crate) fn of(linked: &LinkedPullRequest) -> Self {
        Self {
            pull_request: PullRequestJson::of(&linked.pull_request, &linked.repository),
            reason: LinkReason::of(&linked.link),
        }
    }
}

/// A deployment that shipped a pull request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShippedBy)]
pub(crate) struct ShippedByJson {
    /// The deployment.
    deployment: DeploymentJson,
    #[serde(flatten)]
    reason: LinkReason,
}

impl ShippedByJson {
    pub(crate) fn of((stored, link): &(StoredDeployment, Link)) -> Self {
        Self {
            deployment: DeploymentJson::of(stored),
            reason: LinkReason::of(link),
        }
    }
}
