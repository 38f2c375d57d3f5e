//! Which spellings of the facts are one service: those that name one repository, and those that differ in letter case alone.

use super::Facts;
use super::facts::DeploymentRow;
use super::names::NameNumber;
use crate::linking::{key_of_matched, service_spelling};
use crate::repository::{Repository, RepositoryIndex};
use crate::text::ServiceName;
use std::collections::HashMap;

/// The services of the facts, each with the number of one of its spellings.
#[derive(Clone, Debug)]
pub(crate) struct Services<'a> {
    index: RepositoryIndex<'a>,
    /// The service of each spelling, by number.
    of_spelling: Vec<NameNumber>,
    by_key: HashMap<String, NameNumber>,
}

impl<'a> Services<'a> {
    pub(crate) fn new(facts: &Facts, repositories: &'a [Repository]) -> Self {
        let mut services = Self {
            index: RepositoryIndex::new(repositories),
            of_spelling: vec![0],
            by_key: HashMap::from([(String::new(), 0)]),
        };
        for (number, spelling) in facts.service_spellings() {
            let key = services.key(ServiceName::clean(spelling).as_ref());
            let service = *services.by_key.entry(key).or_insert(number);
            services.of_spelling.push(service);
        }
        services
    }

    /// What a service is compared by.
    pub(crate) fn key(&self, service: Option<&ServiceName>) -> String {
        let matched = service.and_then(|service| self.index.match_service(service));
        key_of_matched(matched).unwrap_or_else(|| service_spelling(service))
    }

    /// The repository that a service names.
    pub(crate) fn repository(&self, service: &ServiceName) -> Option<&'a Repository> {
        self.index
            .match_service(service)
            .map(|(repository, _)| repository)
    }

    /// The service that a name means, if the facts know it; 0 for none.
    pub(crate) fn find(&self, service: Option<&ServiceName>) -> Option<NameNumber> {
        self.by_key.get(&self.key(service)).copied()
    }

    /// The service of a deployment; 0 if it names none.
    pub(crate) fn of(&self, row: &DeploymentRow) -> NameNumber {
        self.of_spelling
            .get(row.service as usize)
            .copied()
            .unwrap_or_default()
    }

    /// How many numbers of services there may be.
    pub(crate) fn count(&self) -> usize {
        self.of_spelling.len()
    }
}
