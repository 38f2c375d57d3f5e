//! What a figure is asked about, and what of the facts belongs to it.

use super::facts::{DeploymentRow, LinkRow, MergeRow};
use super::names::NameNumber;
use super::{Facts, Metric, Window};
use crate::environment::Environment;
use crate::id::RepositoryId;
use crate::repository::{Repository, match_service};
use crate::text::ServiceName;
use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;
use std::sync::Arc;
use time::Duration;

/// How far before a window deployments are looked at to know which services were down when it began.
pub const LOOK_BACK: Duration = Duration::days(90);

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// When.
    pub window: Window,
    /// When it is asked. A window may reach past it, and nothing can be missed there yet.
    pub now: Timestamp,
    /// Whose days and weeks it is cut into.
    pub time_zone: TimeZone,
    /// Deployments to where.
    pub environment: Environment,
    /// Deployments of what, and pull requests of the repository that it is built from; `None` stands for all services
    /// and every monitored repository.
    pub service: Option<ServiceName>,
}

impl Question {
    /// From when on facts are needed to answer it.
    #[must_use]
    pub fn facts_since(&self, metric: Metric) -> Timestamp {
        // Whether the window before had risks depends on the one before that.
        let earliest = match metric {
            Metric::RiskSignals => self.window.previous(),
            _ => self.window,
        };
        looked_at_since(earliest)
    }
}

/// From when on facts may matter for a window: it is compared with the one before, and something may have begun before
/// that.
pub(crate) fn looked_at_since(window: Window) -> Timestamp {
    window.previous().since.plus(-LOOK_BACK)
}

/// A question with all that its answer is computed from.
#[derive(Clone, Debug)]
pub struct Material {
    /// The question.
    pub question: Question,
    /// The facts since [`Question::facts_since`].
    pub facts: Arc<Facts>,
    /// Every repository of the organization.
    pub repositories: Vec<Repository>,
}

/// Which of many a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen<T> {
    All,
    One(T),
    /// One that nothing belongs to.
    Nothing,
}

/// The part of the facts that a question is about.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) window: Window,
    pub(crate) question: &'a Question,
    /// In order of their numbers.
    pub(crate) repositories: Vec<&'a Repository>,
    environment: Chosen<NameNumber>,
    service: Chosen<NameNumber>,
    /// Whether the service that is asked about names no repository.
    pub(crate) service_is_unmatched: bool,
}

impl<'a> Scope<'a> {
    pub(crate) fn of(material: &'a Material) -> Self {
        let (facts, question) = (&*material.facts, &material.question);
        let environment = facts.environment(&question.environment);
        let service = match &question.service {
            None => Chosen::All,
            Some(service) => facts.service(service).map_or(Chosen::Nothing, Chosen::One),
        };
        let mut repositories: Vec<_> = match &question.service {
            None => material.repositories.iter().filter(|one| one.monitored).collect(),
            Some(service) => match_service(service, &material.repositories)
                .map(|(repository, _)| repository)
                .into_iter()
                .collect(),
        };
        repositories.sort_by_key(|repository| repository.id);
        Self {
            facts,
            window: question.window,
            question,
            service_is_unmatched: question.service.is_some() && repositories.is_empty(),
            repositories,
            environment: environment.map_or(Chosen::Nothing, Chosen::One),
            service,
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
            .filter(|(row, _)| self.environment.has(row.environment))
    }

    /// The same in every environment.
    pub(crate) fn deployments_anywhere(
        &self,
        window: Window,
    ) -> impl Iterator<Item = (&'a DeploymentRow, &'a [LinkRow])> {
        let facts = self.facts;
        facts
            .deployments(window)
            .filter(move |(row, _)| self.service == Chosen::All || self.service.has(facts.service_key(row)))
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

impl<T: Copy + PartialEq> Chosen<T> {
    fn has(self, other: T) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == other,
            Self::Nothing => false,
        }
    }
}
