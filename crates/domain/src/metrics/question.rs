//! What a figure is asked about, and what of the facts belongs to it.

use super::facts::{DeploymentRow, LinkRow, MergeRow};
use super::names::NameNumber;
use super::services::Services;
use super::{Facts, Metric, Window};
use crate::environment::{Environment, Tier};
use crate::environment_tiers::EnvironmentTiers;
use crate::id::{DeploymentId, RepositoryId};
use crate::repository::Repository;
use crate::run::DeploymentStatus;
use crate::text::ServiceName;
use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;
use std::sync::Arc;
use time::Duration;

/// How far before the windows the last merge of a repository is looked for.
const LAST_MERGE: Duration = Duration::days(90);

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// When.
    pub window: Window,
    /// When it is asked. A window may reach past it, and nothing can be missed there yet.
    pub now: Timestamp,
    /// Whose days and weeks it is cut into.
    pub time_zone: TimeZone,
    /// Deployments to where; `production` [means](Environment::means_tier) every environment of that tier.
    pub environment: Environment,
    /// Deployments of what, and pull requests of the repository that it is built from; `None` stands for all services
    /// and every monitored repository.
    pub service: Option<ServiceName>,
}

impl Question {
    /// From when on facts are needed to answer it: a window is compared with the one before. Only the last merge of a
    /// repository may lie before that.
    #[must_use]
    pub fn facts_since(&self, metric: Metric) -> Timestamp {
        match metric {
            Metric::ServiceHealth => merges_since(self.window),
            // Whether the window before had risks depends on the one before that.
            Metric::RiskSignals => merges_since(self.window.previous()),
            _ => self.window.previous().since,
        }
    }

    /// Outages are followed from here on; the states of services before this time tell which ones last.
    #[must_use]
    pub fn outages_since(&self) -> Timestamp {
        self.window.previous().since
    }
}

/// From when on merges are needed to tell how the repositories of a window do.
pub(crate) fn merges_since(window: Window) -> Timestamp {
    window.previous().since.plus(-LAST_MERGE)
}

/// Whether a service was down before a time. A service without a success until then has no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceState {
    /// The service, as the deployment that decided the state spells it.
    pub service: Option<ServiceName>,
    /// The environment.
    pub environment: Environment,
    /// The deployment that opened an outage, and when; `None` if the service was up.
    pub down_since: Option<(DeploymentId, Timestamp)>,
}

/// A question with all that its answer is computed from.
#[derive(Clone, Debug)]
pub struct Material {
    /// The question.
    pub question: Question,
    /// The facts since [`Question::facts_since`].
    pub facts: Arc<Facts>,
    /// The tiers of the organization's environments.
    pub tiers: EnvironmentTiers,
    /// The states of services in the question's environments before [`Question::outages_since`], if a metric
    /// [follows outages](Metric::follows_outages).
    pub states: Vec<ServiceState>,
    /// Every repository of the organization.
    pub repositories: Vec<Repository>,
}

/// Which service a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen {
    All,
    One(NameNumber),
    /// One that nothing belongs to.
    Nothing,
}

/// Some of the environments of the facts, by number.
#[derive(Clone, Debug, Default)]
struct Environments(Vec<bool>);

impl Environments {
    fn insert(&mut self, number: NameNumber) {
        let place = number as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, false);
        }
        if let Some(is_in) = self.0.get_mut(place) {
            *is_in = true;
        }
    }

    fn has(&self, number: NameNumber) -> bool {
        self.0.get(number as usize).copied().unwrap_or_default()
    }
}

/// The part of the facts that a question is about.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) facts: &'a Facts,
    tiers: &'a EnvironmentTiers,
    states: &'a [ServiceState],
    pub(crate) window: Window,
    pub(crate) question: &'a Question,
    /// In order of their numbers.
    pub(crate) repositories: Vec<&'a Repository>,
    environments: Environments,
    production: Environments,
    service: Chosen,
    /// Which spellings of the facts are one service.
    pub(crate) services: Arc<Services<'a>>,
    /// Whether the service that is asked about names no repository.
    pub(crate) service_is_unmatched: bool,
}

impl<'a> Scope<'a> {
    pub(crate) fn of(material: &'a Material) -> Self {
        let (facts, question) = (&*material.facts, &material.question);
        let (mut environments, mut production) = (Environments::default(), Environments::default());
        for (number, environment) in facts.environments() {
            let environment = material.tiers.apply(environment);
            if question.environment.takes(&environment) {
                environments.insert(number);
            }
            if environment.is_production() {
                production.insert(number);
            }
        }
        let services = Arc::new(Services::new(facts, &material.repositories));
        let service = match &question.service {
            None => Chosen::All,
            asked => services.find(asked.as_ref()).map_or(Chosen::Nothing, Chosen::One),
        };
        let mut repositories: Vec<_> = match &question.service {
            None => material.repositories.iter().filter(|one| one.monitored).collect(),
            Some(service) => services.repository(service).into_iter().collect(),
        };
        repositories.sort_by_key(|repository| repository.id);
        Self {
            facts,
            tiers: &material.tiers,
            states: &material.states,
            window: question.window,
            question,
            service_is_unmatched: question.service.is_some() && repositories.is_empty(),
            repositories,
            environments,
            production,
            service,
            services,
        }
    }

    /// The same of the window before.
    pub(crate) fn before(&self) -> Self {
        Self {
            window: self.window.previous(),
            ..self.clone()
        }
    }

    /// When the window ends, or now, if that is earlier.
    pub(crate) fn end(&self) -> Timestamp {
        self.window.until.min(self.question.now)
    }

    /// Over how many days the events of a window are spread.
    pub(crate) fn days(&self, window: Window) -> f64 {
        window.up_to(self.question.now).days(&self.question.time_zone)
    }

    /// The deployments of the scope that ended in a window, in order of completion.
    pub(crate) fn deployments(
        &self,
        window: Window,
    ) -> impl Iterator<Item = (&'a DeploymentRow, &'a [LinkRow])> {
        self.deployments_anywhere(window)
            .filter(|(row, _)| self.environments.has(row.environment))
    }

    /// The same in every environment.
    pub(crate) fn deployments_anywhere(
        &self,
        window: Window,
    ) -> impl Iterator<Item = (&'a DeploymentRow, &'a [LinkRow])> {
        self.facts
            .deployments(window)
            .filter(|(row, _)| self.service == Chosen::All || self.service.has(self.services.of(row)))
    }

    /// Whether a deployment reached users, so that it could ship pull requests.
    pub(crate) fn ships(&self, row: &DeploymentRow) -> bool {
        row.status == DeploymentStatus::Success && self.production.has(row.environment)
    }

    /// Whether deployments of the question's environments can ship pull requests.
    pub(crate) fn is_of_production(&self) -> bool {
        let asked = &self.question.environment;
        asked.means_tier() || self.tiers.apply(asked.clone()).is_production()
    }

    /// The environments of tier `other` in which a deployment of the scope's service succeeded in the window, by name.
    pub(crate) fn other_environments(&self) -> Vec<Environment> {
        let mut seen = Environments::default();
        let succeeded = self
            .deployments_anywhere(self.window)
            .filter(|(row, _)| row.status == DeploymentStatus::Success);
        for (row, _) in succeeded {
            seen.insert(row.environment);
        }
        let environments = self.facts.environments().filter(|(number, _)| seen.has(*number));
        let environments = environments.map(|(_, environment)| self.tiers.apply(environment));
        let mut environments: Vec<_> = environments
            .filter(|environment| environment.tier() == Tier::Other)
            .collect();
        environments.sort_unstable();
        environments
    }

    /// The states of the scope's services before [`Question::outages_since`].
    pub(crate) fn states(&self) -> impl Iterator<Item = &'a ServiceState> {
        let question = self.question;
        let asked = question
            .service
            .as_ref()
            .map(|name| self.services.key(Some(name)));
        self.states.iter().filter(move |state| {
            question
                .environment
                .takes(&self.tiers.apply(state.environment.clone()))
                && asked
                    .as_ref()
                    .is_none_or(|asked| self.services.key(state.service.as_ref()) == *asked)
        })
    }

    /// The pull requests of the scope that were merged in a window, in order of their merge.
    pub(crate) fn merges(&self, window: Window) -> impl Iterator<Item = &'a MergeRow> {
        self.facts
            .merges(window)
            .filter(|row| self.has_repository(row.repository_id))
    }

    /// The place of a repository in [`repositories`](Self::repositories), if it is among them.
    pub(crate) fn place_of(&self, id: RepositoryId) -> Option<usize> {
        self.repositories
            .binary_search_by_key(&id, |repository| repository.id)
            .ok()
    }

    fn has_repository(&self, id: RepositoryId) -> bool {
        self.place_of(id).is_some()
    }
}

impl Chosen {
    fn has(self, other: NameNumber) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == other,
            Self::Nothing => false,
        }
    }
}
