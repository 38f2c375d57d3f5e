//! Answers where a pull request is: which deployments shipped it, or why none did.

use super::describe::{PullRequestDescription, describe};
use super::explain::{Step, surroundings};
use crate::deployment::StoredDeployment;
use crate::environment::Environment;
use crate::id::OrganizationId;
use crate::linking::{Absence, Link, absence};
use crate::listing::{DeploymentFilter, Order, PageLimit, PageRequest, Position};
use crate::period::Period;
use crate::ports::{Store, StoreError};
use crate::pull_request::StoredPullRequest;
use crate::repository::{Repository, match_service};
use crate::run::DeploymentStatus;

/// Where a pull request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestExplanation {
    /// The pull request.
    pub pull_request: StoredPullRequest,
    /// Its repository.
    pub repository: Option<Repository>,
    /// Every deployment that shipped it, in order of completion.
    pub shipped_by: Vec<(StoredDeployment, Link)>,
    /// Why it is where it is.
    pub steps: Vec<Step>,
    /// If none shipped it, the first deployments after the merge that could have, each with the reason why it did not.
    pub not_in: Vec<(StoredDeployment, Absence)>,
}

/// How many deployments after its merge are read at a time to tell why a pull request is in none, how often, into how many
/// of them it is looked, and of how many it is told why. Most of the first ones are of other repositories.
const READ_AT_A_TIME: PageLimit = PageLimit::new(100).unwrap();
const READ_AT_MOST: usize = 10;
const LOOKED_INTO_AT_MOST: usize = 200;
const NOT_IN_AT_MOST: usize = 20;

/// Tells which deployments shipped a pull request of the organization, or why none did.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn explain_pull_request(
    store: &dyn Store,
    organization_id: OrganizationId,
    pull_request: StoredPullRequest,
) -> Result<PullRequestExplanation, StoreError> {
    let PullRequestDescription {
        pull_request,
        repository,
        shipped_by,
    } = describe(store, organization_id, pull_request).await?;
    let missed = if shipped_by.is_empty() {
        missed(store, organization_id, &pull_request, repository.as_ref()).await?
    } else {
        Missed::default()
    };
    let steps = steps(&pull_request, repository.as_ref(), shipped_by.len(), &missed);
    Ok(PullRequestExplanation {
        pull_request,
        repository,
        shipped_by,
        steps,
        not_in: missed.reasons,
    })
}

fn steps(
    stored: &StoredPullRequest,
    repository: Option<&Repository>,
    shipped_by: usize,
    missed: &Missed,
) -> Vec<Step> {
    let merge = &stored.pull_request;
    let mut steps = vec![Step {
        code: "merged",
        sentence: format!(
            "It was merged as commit {} at {}.",
            merge.merge_commit, merge.merged_at
        ),
    }];
    if let Some(repository) = repository.filter(|repository| !repository.monitored) {
        steps.push(Step {
            code: "repository_not_monitored",
            sentence: format!(
                "Repository {} is not monitored: only deployments whose service names it look there.",
                repository.name
            ),
        });
    }
    steps.push(match (shipped_by, missed.reasons.len()) {
        (0, 0) => Step {
            code: "no_deployment_since",
            sentence: missed.none_since(),
        },
        (0, _) => Step {
            code: "not_shipped",
            sentence: "No deployment shipped it; the first ones after the merge that could have are below, each with \
                       the reason."
                .to_owned(),
        },
        (1, _) => Step {
            code: "shipped",
            sentence: "One deployment shipped it.".to_owned(),
        },
        (several, _) => Step {
            code: "shipped",
            sentence: format!("{several} deployments shipped it."),
        },
    });
    steps
}

/// Deployments after a merge that did not ship it, without those of other repositories.
#[derive(Debug, Default)]
struct Missed {
    /// The first ones, each with the reason.
    reasons: Vec<(StoredDeployment, Absence)>,
    /// How many deployments were gone through.
    gone_through: usize,
    /// Whether there may be more.
    has_more: bool,
}

impl Missed {
    /// That there are none.
    fn none_since(&self) -> String {
        if self.has_more {
            format!(
                "None of the first {} successful production deployments that have been completed since is of its \
                 repository.",
                self.gone_through
            )
        } else {
            "No successful production deployment of its repository has been completed since.".to_owned()
        }
    }
}

/// The first deployments that could have shipped a pull request.
async fn missed(
    store: &dyn Store,
    organization_id: OrganizationId,
    stored: &StoredPullRequest,
    repository: Option<&Repository>,
) -> Result<Missed, StoreError> {
    let merge = &stored.pull_request;
    let repositories = store.repositories().list(organization_id).await?;
    let is_watched = repository.is_none_or(|repository| repository.monitored);
    // Of most deployments the service alone tells that they are of another repository.
    let may_be_of_it = |deployment: &StoredDeployment| {
        let service = deployment.deployment.service.as_ref();
        let named = service.and_then(|service| match_service(service, &repositories));
        named.map_or(is_watched, |(named, _)| named.id == stored.repository_id)
    };
    let filter = DeploymentFilter {
        environment: Some(Environment::production()),
        statuses: vec![DeploymentStatus::Success],
        period: Period::from(merge.merged_at),
        ..DeploymentFilter::default()
    };
    let mut missed = Missed::default();
    let (mut after, mut looked_into) = (None, 0);
    for _ in 0..READ_AT_MOST {
        let request = PageRequest {
            order: Order::Oldest,
            after,
            limit: READ_AT_A_TIME,
        };
        let page = store
            .deployments()
            .page(organization_id, &filter, &request)
            .await?;
        missed.has_more = page.has_more;
        for deployment in page.items.into_iter().map(|listed| listed.stored) {
            if missed.reasons.len() == NOT_IN_AT_MOST || looked_into == LOOKED_INTO_AT_MOST {
                missed.has_more = true;
                return Ok(missed);
            }
            missed.gone_through += 1;
            after = Some(Position {
                time: deployment.deployment.run.time(),
                id: deployment.id,
            });
            if !may_be_of_it(&deployment) {
                continue;
            }
            looked_into += 1;
            let surroundings = surroundings(store, organization_id, &deployment).await?;
            let merged_as = (stored.id, merge.merge_commit);
            let why = absence(
                &deployment.deployment,
                &surroundings,
                stored.repository_id,
                merged_as,
            );
            if why != Absence::OtherRepository {
                missed.reasons.push((deployment, why));
            }
        }
        if !missed.has_more {
            break;
        }
    }
    Ok(missed)
}
