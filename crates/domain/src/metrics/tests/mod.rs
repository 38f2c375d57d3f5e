//! A small world to measure, and the tests of the metrics over it.

mod bounds;
mod definition;
mod measured_time;
mod outages;
mod pull_request_tables;
mod recovery_tables;
mod tables;

use super::*;
use crate::environment::{Environment, Tier};
use crate::environment_tiers::{EnvironmentPattern, EnvironmentTiers};
use crate::id::{DeploymentId, PullRequestId, RepositoryId};
use crate::lead_time::LeadTime;
use crate::linking::UnlinkedReason;
use crate::repository::{Repository, RepositoryName};
use crate::run::DeploymentStatus;
use crate::text::{Actor, ServiceName};
use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;
use std::sync::Arc;

/// A deployment that ended.
#[derive(Clone, Debug)]
struct Deployed {
    id: i64,
    at: Timestamp,
    status: DeploymentStatus,
    environment: &'static str,
    service: Option<&'static str>,
    /// The pull requests that it shipped, each with its lead time in seconds.
    links: Vec<(i64, i64)>,
    unlinked: Option<UnlinkedReason>,
    is_redeployment: bool,
}

/// A merged pull request.
#[derive(Clone, Debug)]
struct Merged {
    id: i64,
    repository: i64,
    at: Timestamp,
    created_at: Option<Timestamp>,
    author: Option<&'static str>,
    lines: Option<u32>,
}

/// What happened, and where.
#[derive(Clone, Debug, Default)]
struct World {
    deployed: Vec<Deployed>,
    merged: Vec<Merged>,
    repositories: Vec<Repository>,
    tiers: EnvironmentTiers,
}

/// Rules that make the environment `live` one of production.
fn live_is_production() -> EnvironmentTiers {
    let live = EnvironmentPattern::parse("li*").unwrap();
    EnvironmentTiers::new([(live, Tier::Production)])
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn repository(id: i64, name: &str, monitored: bool) -> Repository {
    Repository {
        former_names: Vec::new(),
        id: RepositoryId::new(id),
        name: RepositoryName::parse(name).unwrap(),
        monitored,
        aliases: Vec::new(),
    }
}

impl World {
    fn new() -> Self {
        Self {
            repositories: vec![repository(1, "acme/api", true), repository(2, "acme/web", true)],
            ..Self::default()
        }
    }

    /// A production deployment of `api`.
    fn deploy(&mut self, time: &str, status: &str) -> &mut Deployed {
        let id = i64::try_from(self.deployed.len()).unwrap() + 1;
        self.deployed.push(Deployed {
            id,
            at: at(time),
            status: DeploymentStatus::parse(status).unwrap(),
            environment: "production",
            service: Some("api"),
            links: Vec::new(),
            unlinked: None,
            is_redeployment: false,
        });
        self.deployed.last_mut().unwrap()
    }

    /// A pull request of `acme/api` by octocat.
    fn merge(&mut self, time: &str) -> &mut Merged {
        let id = i64::try_from(self.merged.len()).unwrap() + 1;
        self.merged.push(Merged {
            id,
            repository: 1,
            at: at(time),
            created_at: None,
            author: Some("octocat"),
            lines: None,
        });
        self.merged.last_mut().unwrap()
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        self.put_into(&mut facts, self);
        facts
    }

    /// Puts all of it into facts; the whole world tells which links are first deliveries.
    fn put_into(&self, facts: &mut Facts, whole: &Self) {
        let deployed = self.deployed.iter().map(|deployed| ChangedDeployment {
            id: DeploymentId::new(deployed.id),
            completed: Some(CompletedDeployment {
                completed_at: deployed.at,
                status: deployed.status,
                environment: Environment::parse(deployed.environment).unwrap(),
                service: deployed.service.map(|name| ServiceName::parse(name).unwrap()),
                unlinked: deployed.unlinked,
                is_redeployment: deployed.is_redeployment,
                links: deployed
                    .links
                    .iter()
                    .map(|(id, seconds)| ShippedPullRequest {
                        id: PullRequestId::new(*id),
                        lead_time: LeadTime::from_seconds(*seconds).unwrap(),
                        is_first: whole.is_first(deployed, *id),
                    })
                    .collect(),
            }),
        });
        facts.put_deployments(&deployed.collect::<Vec<_>>());
        let merged = self.merged.iter().map(|merged| MergedPullRequest {
            id: PullRequestId::new(merged.id),
            repository_id: RepositoryId::new(merged.repository),
            merged_at: merged.at,
            created_at: merged.created_at,
            author: merged.author.map(|name| Actor::parse(name).unwrap()),
            lines: merged.lines,
        });
        facts.put_pull_requests(&merged.collect::<Vec<_>>());
    }

    /// Whether no earlier deployment of the service ships a pull request.
    fn is_first(&self, deployed: &Deployed, pull_request: i64) -> bool {
        let service = |deployed: &Deployed| deployed.service.map(str::to_ascii_lowercase);
        !self.deployed.iter().any(|other| {
            (other.at, other.id) < (deployed.at, deployed.id)
                && service(other) == service(deployed)
                && other.links.iter().any(|(id, _)| *id == pull_request)
        })
    }

    /// Where a deployment went, with the tier that the rules give.
    fn environment(&self, deployed: &Deployed) -> Environment {
        self.tiers
            .apply(Environment::parse(deployed.environment).unwrap())
    }

    /// The states of services before the outages of a question.
    fn states(&self, question: &Question) -> Vec<ServiceState> {
        let service = |deployed: &Deployed| deployed.service.map(str::to_ascii_lowercase);
        let line = |deployed: &Deployed| (service(deployed), self.environment(deployed));
        let mut lines: Vec<_> = self.deployed.iter().map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.retain(|(_, environment)| question.environment.takes(environment));
        let states = lines.into_iter().filter_map(|of| {
            let mut decided: Vec<_> = self.deployed.iter().filter(|one| line(one) == of).collect();
            decided
                .retain(|one| one.at < question.outages_since() && one.status != DeploymentStatus::Cancelled);
            decided.sort_by_key(|one| (one.at, one.status == DeploymentStatus::Success, one.id));
            let last = decided
                .iter()
                .rposition(|one| one.status == DeploymentStatus::Success)?;
            let opened = decided.get(last + 1);
            Some(ServiceState {
                service: opened
                    .unwrap_or(decided.get(last)?)
                    .service
                    .and_then(ServiceName::clean),
                environment: of.1,
                down_since: opened.map(|one| (DeploymentId::new(one.id), one.at)),
            })
        });
        states.collect()
    }

    fn material(&self, question: Question) -> Material {
        Material {
            facts: Arc::new(self.facts()),
            tiers: self.tiers.clone(),
            states: self.states(&question),
            repositories: self.repositories.clone(),
            question,
        }
    }

    fn ask(&self, metric: Metric, question: Question) -> Answer {
        self.material(question).measure(metric)
    }

    /// About production in January 2024.
    fn january(&self, metric: Metric) -> Answer {
        self.ask(metric, january())
    }
}

fn january() -> Question {
    Question {
        window: Window::new(at("2024-01-01T00:00:00Z"), at("2024-01-31T00:00:00Z")).unwrap(),
        now: at("2024-03-01T00:00:00Z"),
        time_zone: TimeZone::UTC,
        environment: Environment::parse("production").unwrap(),
        service: None,
    }
}
