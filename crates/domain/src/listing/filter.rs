//! What a list is to hold. A condition that is left out holds for everything.

use crate::deployment::StoredDeployment;
use crate::environment::Environment;
use crate::id::RepositoryId;
use crate::period::Period;
use crate::pull_request::{PullRequestNumber, StoredPullRequest};
use crate::run::DeploymentStatus;
use crate::text::{Actor, ServiceName};

/// The deployments that meet every condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentFilter {
    /// They went there; `production` [means](Environment::means_tier) every environment of that tier.
    pub environment: Option<Environment>,
    /// They name this service, in any [spelling](crate::linking::service_key).
    pub service: Option<ServiceName>,
    /// They have one of these statuses; of none, they have any.
    pub statuses: Vec<DeploymentStatus>,
    /// [Their time](crate::run::Run::time) lies in it.
    pub period: Period,
}

impl DeploymentFilter {
    /// Whether a deployment is one of them, if the service that they name is compared by `service_key`.
    #[must_use]
    pub fn takes(&self, stored: &StoredDeployment, service_key: Option<&str>) -> bool {
        let deployment = &stored.deployment;
        let environment = self.environment.as_ref();
        environment.is_none_or(|wanted| wanted.takes(&deployment.environment))
            && (self.service.is_none() || service_key == Some(&stored.service_key))
            && (self.statuses.is_empty() || self.statuses.contains(&deployment.run.status()))
            && self.period.contains(deployment.run.time())
    }
}

/// The pull requests that meet every condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequestFilter {
    /// They belong to it.
    pub repository_id: Option<RepositoryId>,
    /// Their forge calls them by this number.
    pub number: Option<PullRequestNumber>,
    /// They were opened by this person, in any letter case.
    pub author: Option<Actor>,
    /// Whether a deployment shipped them.
    pub is_linked: Option<bool>,
    /// They were merged in it.
    pub merged: Period,
}

impl PullRequestFilter {
    /// Whether a pull request that was shipped, or was not, is one of them.
    #[must_use]
    pub fn takes(&self, stored: &StoredPullRequest, is_linked: bool) -> bool {
        let pull_request = &stored.pull_request;
        let is_by = |wanted: &Actor| {
            let author = pull_request.author.as_ref();
            author.is_some_and(|author| author.as_str().eq_ignore_ascii_case(wanted.as_str()))
        };
        self.repository_id
            .is_none_or(|wanted| wanted == stored.repository_id)
            && self.number.is_none_or(|wanted| wanted == pull_request.number)
            && self.author.as_ref().is_none_or(is_by)
            && self.is_linked.is_none_or(|wanted| wanted == is_linked)
            && self.merged.contains(pull_request.merged_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit_sha::{CommitReference, CommitSha};
    use crate::deployment::{Deployment, Revision};
    use crate::id::{DeploymentId, PullRequestId};
    use crate::linking::service_spelling;
    use crate::pull_request::{PullRequest, Source};
    use crate::run::Run;
    use crate::text::ExternalDeploymentId;
    use crate::timestamp::Timestamp;

    fn at(minute: u8) -> Timestamp {
        Timestamp::parse(&format!("2024-01-15T10:{minute:02}:00Z")).unwrap()
    }

    fn period(since: u8, until: u8) -> Period {
        Period::new(Some(at(since)), Some(at(until))).unwrap()
    }

    /// Started at minute 10 and, if the status is terminal, completed at minute 20.
    fn deployment(status: &str, environment: &str, service: Option<&str>) -> StoredDeployment {
        let status = DeploymentStatus::parse(status).unwrap();
        let deployment = Deployment {
            external_id: ExternalDeploymentId::parse("gha-1").unwrap(),
            commit: CommitReference::parse("abc1234").unwrap(),
            environment: Environment::parse(environment).unwrap(),
            run: Run::new(status, at(10), Some(at(20))).unwrap(),
            service: service.and_then(ServiceName::clean),
            previous_commit: None,
            branch: None,
            triggered_by: None,
            pipeline_name: None,
            pipeline_url: None,
        };
        StoredDeployment {
            id: DeploymentId::new(1),
            revision: Revision::FIRST,
            service_key: service_spelling(deployment.service.as_ref()),
            deployment,
            novelty: None,
        }
    }

    #[test]
    fn a_deployment_is_taken_that_meets_every_condition() {
        use DeploymentStatus::{Failure, Pending, Success};
        let any = DeploymentFilter::default();
        let production = Environment::parse("Production").ok();
        let api = ServiceName::clean("API");
        let of = |environment: &Option<Environment>, service: &Option<_>, statuses: &[_]| DeploymentFilter {
            environment: environment.clone(),
            service: service.clone(),
            statuses: statuses.to_vec(),
            ..DeploymentFilter::default()
        };
        let done = deployment("success", "production", Some("api"));
        let elsewhere = deployment("failure", "staging", None);
        for (filter, takes_done, takes_elsewhere) in [
            (any, true, true),
            (of(&production, &None, &[]), true, false),
            (of(&None, &api, &[]), true, false),
            (of(&None, &None, &[Failure, Pending]), false, true),
            (of(&production, &api, &[Success]), true, false),
            (of(&production, &api, &[Failure]), false, false),
        ] {
            assert_eq!(filter.takes(&done, Some("api")), takes_done, "{filter:?}");
            assert_eq!(
                filter.takes(&elsewhere, Some("api")),
                takes_elsewhere,
                "{filter:?}"
            );
        }
    }

    #[test]
    fn the_time_of_a_deployment_is_its_completion_or_else_its_start() {
        let done = deployment("success", "production", None);
        let running = deployment("in_progress", "production", None);
        for (period, takes_done, takes_running) in [
            (period(10, 20), false, true),
            (period(20, 30), true, false),
            (period(10, 21), true, true),
            (period(21, 30), false, false),
        ] {
            let filter = DeploymentFilter {
                period,
                ..DeploymentFilter::default()
            };
            assert_eq!(filter.takes(&done, Some("api")), takes_done, "{period:?}");
            assert_eq!(filter.takes(&running, None), takes_running, "{period:?}");
        }
    }

    #[test]
    fn a_pull_request_is_taken_that_meets_every_condition() {
        let stored = StoredPullRequest {
            id: PullRequestId::new(1),
            repository_id: RepositoryId::new(7),
            revision: 1,
            pull_request: PullRequest {
                number: PullRequestNumber::new(1).unwrap(),
                source: Source::Forge,
                merge_commit: CommitSha::from_bytes([1; 20]),
                merged_at: at(10),
                created_at: None,
                title: None,
                url: None,
                author: Actor::clean("octocat"),
                merged_by: None,
                base_branch: None,
                head_branch: None,
                additions: None,
                deletions: None,
                changed_files: None,
            },
        };
        let of = |repository: Option<i64>, author: Option<&str>, is_linked, merged| PullRequestFilter {
            repository_id: repository.map(RepositoryId::new),
            number: None,
            author: author.and_then(Actor::clean),
            is_linked,
            merged,
        };
        for (filter, takes) in [
            (of(None, None, None, Period::ALWAYS), true),
            (of(Some(7), Some("OctoCat"), Some(true), period(10, 11)), true),
            (of(Some(8), None, None, Period::ALWAYS), false),
            (of(None, Some("hubot"), None, Period::ALWAYS), false),
            (of(None, None, Some(false), Period::ALWAYS), false),
            (of(None, None, None, period(9, 10)), false),
        ] {
            assert_eq!(filter.takes(&stored, true), takes, "{filter:?}");
        }
        for (number, takes) in [(1, true), (2, false)] {
            let filter = PullRequestFilter {
                number: PullRequestNumber::new(number).ok(),
                ..PullRequestFilter::default()
            };
            assert_eq!(filter.takes(&stored, true), takes, "{filter:?}");
        }
    }
}
