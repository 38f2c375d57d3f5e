//! Git repositories, and how a service that a sender names is matched to one: by its full name, by its bare name
//! if only one has it, by an alias, or by a name that it had before. Letter case does not count, as it does not on any forge.

use crate::id::RepositoryId;
use crate::text::ServiceName;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use thiserror::Error;

const MAX_CHARACTERS: usize = 255;

/// The full name of a repository, `owner/name`. The owner may have parts of its own (`group/subgroup/name`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(Box<str>);

/// A text is no full repository name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a repository's full name, owner/name")]
pub struct InvalidRepositoryName;

impl RepositoryName {
    /// Trims and checks a full name: at least two parts, none empty, no white space or control characters, at
    /// most 255 characters.
    ///
    /// # Errors
    /// [`InvalidRepositoryName`] when it breaks the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidRepositoryName> {
        let text = text.trim();
        let sound = text.contains('/')
            && text.split('/').all(|part| !part.is_empty())
            && text.chars().count() <= MAX_CHARACTERS
            && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if sound {
            Ok(Self(text.into()))
        } else {
            Err(InvalidRepositoryName)
        }
    }

    /// The full name in the letter case in which it was first told.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part: the repository's name without its owner.
    #[must_use]
    pub fn bare_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether both name the same repository.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a forge itself calls a repository, whatever its name: the forge's word and its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForgeRepositoryId(Box<str>);

impl ForgeRepositoryId {
    /// A repository of GitHub, by GitHub's number.
    #[must_use]
    pub fn github(number: u64) -> Self {
        Self(format!("github:{number}").into())
    }

    /// The text that stores keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A Git repository that an organization has told us of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its number.
    pub id: RepositoryId,
    /// Its full name, unique in the organization whatever the letter case.
    pub name: RepositoryName,
    /// The names that it had before it was renamed. They still find it, unless another repository has them now.
    pub former_names: Vec<RepositoryName>,
    /// Whether it is watched: webhooks of others are ignored, and a deployment that names no repository is not
    /// looked for in them.
    pub monitored: bool,
    /// Names of services that are built from it, beside its own name.
    pub aliases: Vec<ServiceName>,
}

impl Repository {
    /// Whether it had a name before.
    #[must_use]
    pub fn had(&self, name: &RepositoryName) -> bool {
        self.former_names.iter().any(|former| former.is_same_as(name))
    }

    /// The name that it has, then those that it had.
    pub fn names(&self) -> impl Iterator<Item = &RepositoryName> {
        std::iter::once(&self.name).chain(&self.former_names)
    }
}

/// How a service names a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy {
    /// By its full name.
    FullName,
    /// By its bare name, which no other repository of the organization has.
    BareName,
    /// By an alias that the organization has set.
    Alias,
    /// By a full or bare name that it had before.
    FormerName,
}

impl MatchedBy {
    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FullName => "full_name",
            Self::BareName => "bare_name",
            Self::Alias => "alias",
            Self::FormerName => "former_name",
        }
    }
}

/// Finds the repository that a service is built from.
///
/// 1. the one whose full name it is; 2. the one whose bare name it is, if exactly one has it; 3. the one that has
///    it as an alias; 4. the one that had it as full or bare name, if exactly one had. `None`: no match, and the deployment's
///    commit has to be looked for everywhere.
#[must_use]
pub fn match_service<'a>(
    service: &ServiceName,
    repositories: &'a [Repository],
) -> Option<(&'a Repository, MatchedBy)> {
    match_among(service, &repositories.iter())
}

/// The repositories of an organization by the names of services, for many [matches](match_service).
#[derive(Clone, Debug)]
pub struct RepositoryIndex<'a>(HashMap<String, Vec<&'a Repository>>);

impl<'a> RepositoryIndex<'a> {
    /// An index of repositories.
    #[must_use]
    pub fn new(repositories: &'a [Repository]) -> Self {
        let mut by_name: HashMap<String, Vec<&'a Repository>> = HashMap::new();
        for repository in repositories {
            let names = repository.names().map(RepositoryName::bare_name);
            let names = names.chain(repository.aliases.iter().map(ServiceName::as_str));
            let names: BTreeSet<_> = names.map(str::to_ascii_lowercase).collect();
            for name in names {
                by_name.entry(name).or_default().push(repository);
            }
        }
        Self(by_name)
    }

    /// [Finds](match_service) the repository that a service is built from.
    #[must_use]
    pub fn match_service(&self, service: &ServiceName) -> Option<(&'a Repository, MatchedBy)> {
        let spelling = service.as_str().to_ascii_lowercase();
        let bare = spelling.rsplit('/').next().unwrap_or_default();
        let named = |name: &str| self.0.get(name).into_iter().flatten().copied();
        let by_alias = named(&spelling).filter(|_| bare != spelling);
        match_among(service, &named(bare).chain(by_alias))
    }
}

fn match_among<'a>(
    service: &ServiceName,
    repositories: &(impl Iterator<Item = &'a Repository> + Clone),
) -> Option<(&'a Repository, MatchedBy)> {
    let is_service = |name: &str| name.eq_ignore_ascii_case(service.as_str());
    let by_full_name = repositories
        .clone()
        .find(|repository| is_service(repository.name.as_str()));
    let mut by_bare_name = repositories
        .clone()
        .filter(|repository| is_service(repository.name.bare_name()));
    let mut by_bare_name = || by_bare_name.next().filter(|_| by_bare_name.next().is_none());
    let by_alias = || {
        repositories
            .clone()
            .find(|repository| repository.aliases.iter().any(|alias| is_service(alias.as_str())))
    };
    let mut by_former_name = repositories.clone().filter(|repository| {
        let mut former = repository.former_names.iter();
        former.any(|name| is_service(name.as_str()) || is_service(name.bare_name()))
    });
    let mut by_former_name = || by_former_name.next().filter(|_| by_former_name.next().is_none());
    by_full_name
        .map(|repository| (repository, MatchedBy::FullName))
        .or_else(|| Some((by_bare_name()?, MatchedBy::BareName)))
        .or_else(|| Some((by_alias()?, MatchedBy::Alias)))
        .or_else(|| Some((by_former_name()?, MatchedBy::FormerName)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(id: i64, name: &str, aliases: &[&str]) -> Repository {
        Repository {
            id: RepositoryId::new(id),
            name: RepositoryName::parse(name).unwrap(),
            former_names: Vec::new(),
            monitored: true,
            aliases: aliases
                .iter()
                .map(|alias| ServiceName::parse(alias).unwrap())
                .collect(),
        }
    }

    #[test]
    fn a_full_name_has_an_owner_and_a_name() {
        for good in ["acme/api", "group/sub/api", "Acme/API.v2"] {
            assert_eq!(RepositoryName::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "api",
            "/api",
            "acme/",
            "a//b",
            "a/b c",
            "a/b\0",
            &format!("a/{}", "b".repeat(254)),
        ] {
            assert_eq!(RepositoryName::parse(bad), Err(InvalidRepositoryName), "{bad:?}");
        }
    }

    #[test]
    fn a_service_is_matched_by_full_name_then_bare_name_then_alias() {
        let repositories = [
            repository(1, "acme/api", &[]),
            repository(2, "acme/web", &["api", "storefront"]),
            repository(3, "labs/web", &["acme/api", "web"]),
            repository(4, "acme/Billing", &[]),
        ];
        for (service, matched) in [
            ("acme/api", Some((1, MatchedBy::FullName))),
            ("ACME/API", Some((1, MatchedBy::FullName))),
            ("api", Some((1, MatchedBy::BareName))),
            ("billing", Some((4, MatchedBy::BareName))),
            ("web", Some((3, MatchedBy::Alias))), // two have the bare name, so the alias decides
            ("Storefront", Some((2, MatchedBy::Alias))),
            ("worker", None),
            ("acme", None),
        ] {
            let service = ServiceName::parse(service).unwrap();
            for found in [
                match_service(&service, &repositories),
                RepositoryIndex::new(&repositories).match_service(&service),
            ] {
                let found = found.map(|(repository, by)| (repository.id.get(), by));
                assert_eq!(found, matched, "{service}");
            }
        }
    }

    #[test]
    fn a_former_name_finds_its_repository_unless_the_name_is_taken() {
        let former = |id, name, former: &[&str], aliases: &[&str]| Repository {
            former_names: former
                .iter()
                .map(|name| RepositoryName::parse(name).unwrap())
                .collect(),
            ..repository(id, name, aliases)
        };
        let repositories = [
            former(1, "acme/gateway", &["acme/api", "acme/site", "old/tool"], &[]),
            former(2, "labs/web", &["labs/site", "labs/billing"], &["shop"]),
            former(3, "acme/billing", &["acme/shop"], &[]),
        ];
        for (service, matched) in [
            ("ACME/api", Some((1, MatchedBy::FormerName))),
            ("api", Some((1, MatchedBy::FormerName))),
            ("acme/site", Some((1, MatchedBy::FormerName))),
            ("site", None), // two had the bare name
            ("billing", Some((3, MatchedBy::BareName))),
            ("labs/billing", Some((2, MatchedBy::FormerName))),
            ("shop", Some((2, MatchedBy::Alias))),
        ] {
            let service = ServiceName::parse(service).unwrap();
            for found in [
                match_service(&service, &repositories),
                RepositoryIndex::new(&repositories).match_service(&service),
            ] {
                let found = found.map(|(repository, by)| (repository.id.get(), by));
                assert_eq!(found, matched, "{service}");
            }
        }
    }
}
