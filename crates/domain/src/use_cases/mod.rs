//! What Periscope can be asked to do: each a function over a [`Store`](crate::ports::Store) that reads, lets the
//! rules decide, and applies.

mod add_alias;
mod authenticate;
mod check_organization;
mod connect_github;
mod describe;
mod explain;
mod explain_pull_request;
mod find_deployment;
mod find_setup;
mod issue_api_key;
mod list_pull_requests;
mod list_services;
mod note_delivery;
mod place;
mod record_commits;
mod record_deployments;
mod record_pull_requests;
mod relink;
mod remove_deployment;
mod remove_organization;
mod rename_repository;
mod report_metrics;
mod set_environment_tier;
mod sign_in;

pub use add_alias::{AddAliasError, AddedAlias, add_alias};
pub use authenticate::{find_api_key, note_use};
pub use check_organization::{check_organization, list_stuck_deployments};
pub use connect_github::{connect_github, connect_github_once};
pub use describe::{
    DeploymentDescription, LinkedPullRequest, PullRequestDescription, describe_deployment,
    describe_pull_request,
};
pub use explain::{DeploymentExplanation, Step, explain_deployment};
pub use explain_pull_request::{PullRequestExplanation, explain_pull_request};
pub use find_deployment::find_deployments;
pub use find_setup::{Setup, SetupStep, find_setup, has_deployments};
pub use issue_api_key::{IssueApiKey, issue_api_key};
pub use list_pull_requests::{ListPullRequests, list_pull_requests};
pub use list_services::{ServiceList, ServiceOverview, list_services};
pub use note_delivery::note_wrong_signature;
pub use record_commits::{RecordCommits, RecordCommitsError, RecordedCommits, record_commits};
pub use record_deployments::{
    DeploymentAction, RecordDeployment, RecordDeploymentError, RecordDeploymentOutcome, RecordedDeployment,
    record_deployments,
};
pub use record_pull_requests::{
    Origin, RecordPullRequests, RecordPullRequestsError, RecordedPullRequests, record_pull_requests,
};
pub use relink::relink;
use relink::relink_later_of_lines;
pub use remove_deployment::{RemoveDeployment, RemoveDeploymentError, remove_deployment};
pub use remove_organization::remove_organization;
pub use rename_repository::{
    ForgeRepository, RenameRepositoryError, follow_rename, identify_repository, rename_repository,
};
pub use report_metrics::{Report, complete_reports, gather_material, report_metrics};
pub use set_environment_tier::{
    EnvironmentList, KnownEnvironment, SetEnvironmentTierError, find_tiers, list_environments,
    remove_environment_tier, set_environment_tier,
};
pub use sign_in::{
    FoundSession, SignInError, begin_session, find_live_api_key, find_session, sign_in, sign_out,
};

/// How often a decision that came too late is made again. Of the writers that meet on one record one gets through
/// each time, so this bounds how many may meet; a caller's deadline ends it sooner.
const ROUNDS: usize = 200;

/// How many deployments one call looks at again itself; the relinking worker does the rest.
const RELINKED_AT_ONCE: u32 = 50;
