//! Why there is no figure. "No data" is never 0, and never a level.

use crate::environment::Environment;
use crate::environment_tiers::name_some;
use std::borrow::Cow;

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoData {
    /// No deployment ended in the window.
    NoDeployments,
    /// No deployment to production ended in the window, but some succeeded in these environments, whose tier is `other`.
    EnvironmentNotProduction(Vec<Environment>),
    /// None of those that ended succeeded, failed or was rolled back.
    NoOutcomes,
    /// Only production deployments ship pull requests.
    NotProduction,
    /// No deployment of the window delivered a pull request for the first time.
    NothingShipped,
    /// No outage ended in the window.
    NoRecoveries,
    /// No pull request was merged in the window.
    NoMerges,
    /// Nobody has told when the pull requests were opened, or how large they are.
    NoDetails,
    /// The service names no repository, so no pull requests are its own.
    ServiceUnmatched,
    /// No repository is monitored.
    NoRepositories,
}

impl NoData {
    /// The code, which never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoDeployments => "no_deployments",
            Self::EnvironmentNotProduction(_) => "environment_not_production",
            Self::NoOutcomes => "no_outcomes",
            Self::NotProduction => "not_production",
            Self::NothingShipped => "nothing_shipped",
            Self::NoRecoveries => "no_recoveries",
            Self::NoMerges => "no_merges",
            Self::NoDetails => "no_details",
            Self::ServiceUnmatched => "service_unmatched",
            Self::NoRepositories => "no_repositories",
        }
    }

    /// The same for people.
    #[must_use]
    pub fn sentence(&self) -> Cow<'static, str> {
        let sentence = match self {
            Self::EnvironmentNotProduction(environments) => {
                return format!(
                    "No deployment to production was completed in the window. {}",
                    name_some(environments, "had successful deployments")
                )
                .into();
            }
            Self::NoDeployments => "No deployment of what is asked about was completed in the window.",
            Self::NoOutcomes => "Every deployment of the window was cancelled.",
            Self::NotProduction => {
                "Only production deployments ship pull requests, so others have no lead time."
            }
            Self::NothingShipped => {
                "No pull request was delivered for the first time in the window; see the coverage."
            }
            Self::NoRecoveries => "No outage ended in the window.",
            Self::NoMerges => "No pull request was merged in the window.",
            Self::NoDetails => {
                "Of no pull request of the window it is known when it was opened, or how large it is."
            }
            Self::ServiceUnmatched => {
                "The service names no repository, so no pull requests are its own; an alias connects them."
            }
            Self::NoRepositories => "No repository is monitored.",
        };
        sentence.into()
    }
}
