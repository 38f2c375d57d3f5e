//! What an organization has still to do until every figure has data: report a deployment, say which environments are
//! production, send commits and pull requests, and say which repository each service is built from. The first step that is
//! open is the one to show.

use super::{EnvironmentList, ServiceList, find_tiers};
use crate::environment::Environment;
use crate::id::OrganizationId;
use crate::listing::{DeploymentFilter, Order, PageLimit, PageRequest, PullRequestFilter};
use crate::ports::{Store, StoreError};
use crate::text::ServiceName;

/// A step of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupStep {
    /// CI reports deployments.
    Deployments,
    /// Every environment has a tier.
    Environments,
    /// A forge or a script sends commits and pull requests.
    PullRequests,
    /// Every service has a repository.
    Services,
}

impl SetupStep {
    /// Every step, in order.
    pub const ALL: [Self; 4] = [
        Self::Deployments,
        Self::Environments,
        Self::PullRequests,
        Self::Services,
    ];
}

/// How far the setup of an organization is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Whether any deployment was ever reported.
    pub has_deployments: bool,
    /// The environments whose tier [nobody has chosen](super::KnownEnvironment::is_undecided), in alphabetical order.
    pub undecided_environments: Vec<Environment>,
    /// Whether any merged pull request is known.
    pub has_pull_requests: bool,
    /// The deployed services that match no repository, in alphabetical order.
    pub unmatched_services: Vec<ServiceName>,
}

impl Setup {
    /// Whether a step is done.
    #[must_use]
    pub fn is_done(&self, step: SetupStep) -> bool {
        match step {
            SetupStep::Deployments => self.has_deployments,
            SetupStep::Environments => self.has_deployments && self.undecided_environments.is_empty(),
            SetupStep::PullRequests => self.has_pull_requests,
            SetupStep::Services => self.has_deployments && self.unmatched_services.is_empty(),
        }
    }

    /// The first open step; `None` when all are done.
    #[must_use]
    pub fn next_step(&self) -> Option<SetupStep> {
        let mut steps = SetupStep::ALL.into_iter();
        steps.find(|step| !self.is_done(*step))
    }
}

/// How far the setup of an organization with these services is.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn find_setup(
    store: &dyn Store,
    organization_id: OrganizationId,
    deployed: &ServiceList,
) -> Result<Setup, StoreError> {
    let tiers = find_tiers(store, organization_id).await?;
    let environments = EnvironmentList::new(deployed.environments.iter().cloned(), tiers);
    let unmatched = deployed.services.iter();
    let unmatched = unmatched.filter(|service| service.repository.is_none());
    Ok(Setup {
        // Nothing is deployed without an environment.
        has_deployments: !deployed.environments.is_empty(),
        undecided_environments: environments.undecided(),
        has_pull_requests: has_pull_requests(store, organization_id).await?,
        unmatched_services: unmatched.map(|service| service.name.clone()).collect(),
    })
}

/// Whether any deployment of an organization was ever reported.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn has_deployments(store: &dyn Store, organization_id: OrganizationId) -> Result<bool, StoreError> {
    let deployments = store.deployments();
    let first = deployments
        .page(organization_id, &DeploymentFilter::default(), &first_only())
        .await?;
    Ok(!first.items.is_empty())
}

async fn has_pull_requests(store: &dyn Store, organization_id: OrganizationId) -> Result<bool, StoreError> {
    let pull_requests = store.pull_requests();
    let first = pull_requests
        .page(organization_id, &PullRequestFilter::default(), &first_only())
        .await?;
    Ok(!first.items.is_empty())
}

fn first_only<I>() -> PageRequest<I> {
    PageRequest {
        order: Order::Newest,
        after: None,
        limit: PageLimit::new(1).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SetupStep::{Deployments, Environments, PullRequests, Services};

    #[test]
    fn the_next_step_is_the_first_that_is_open() {
        for (has_deployments, undecided, has_pull_requests, unmatched, done, next) in [
            (false, 0, false, 0, &[][..], Some(Deployments)),
            (false, 0, true, 0, &[PullRequests], Some(Deployments)),
            (true, 1, false, 2, &[Deployments], Some(Environments)),
            (
                true,
                1,
                true,
                0,
                &[Deployments, PullRequests, Services],
                Some(Environments),
            ),
            (
                true,
                0,
                false,
                2,
                &[Deployments, Environments],
                Some(PullRequests),
            ),
            (
                true,
                0,
                false,
                0,
                &[Deployments, Environments, Services],
                Some(PullRequests),
            ),
            (
                true,
                0,
                true,
                1,
                &[Deployments, Environments, PullRequests],
                Some(Services),
            ),
            (true, 0, true, 0, &SetupStep::ALL, None),
        ] {
            let undecided = (0..undecided).map(|number| Environment::parse(&format!("e-{number}")).unwrap());
            let unmatched = (0..unmatched).map(|number| ServiceName::parse(&format!("s-{number}")).unwrap());
            let setup = Setup {
                has_deployments,
                undecided_environments: undecided.collect(),
                has_pull_requests,
                unmatched_services: unmatched.collect(),
            };
            let found: Vec<_> = SetupStep::ALL
                .into_iter()
                .filter(|step| setup.is_done(*step))
                .collect();
            assert_eq!((found.as_slice(), setup.next_step()), (done, next), "{setup:?}");
        }
    }
}
