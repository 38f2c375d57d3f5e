//! What services are compared by. Every spelling that names a repository by its full or bare name, present or former, is one
//! service, whose key is the repository's full name. An alias is a service of its own, so that one repository may hold many.

use crate::repository::{MatchedBy, Repository, match_service};
use crate::text::ServiceName;
use std::collections::BTreeSet;

/// A service as a sender names it, without letter case; empty for deployments that name none.
#[must_use]
pub fn service_spelling(service: Option<&ServiceName>) -> String {
    service.map_or_else(String::new, |service| service.as_str().to_ascii_lowercase())
}

/// What a service is compared by in an organization with these repositories.
#[must_use]
pub fn service_key(service: Option<&ServiceName>, repositories: &[Repository]) -> String {
    let matched = service.and_then(|service| match_service(service, repositories));
    key_of_matched(matched).unwrap_or_else(|| service_spelling(service))
}

/// The key of a service that names a repository; `None` if the service is compared by its spelling.
pub(crate) fn key_of_matched(matched: Option<(&Repository, MatchedBy)>) -> Option<String> {
    match matched? {
        (repository, MatchedBy::FullName | MatchedBy::BareName | MatchedBy::FormerName) => {
            Some(repository.name.as_str().to_ascii_lowercase())
        }
        (_, MatchedBy::Alias) => None,
    }
}

/// The keys under which deployments of a spelling may be, whatever it named before a change of names: the spelling itself,
/// and every repository that has it as bare name, or had it as full or bare name.
#[must_use]
pub fn concerned_keys(spelling: &str, repositories: &[Repository]) -> BTreeSet<String> {
    let is_it = |name: &str| name.eq_ignore_ascii_case(spelling);
    let concerned = repositories.iter().filter(|repository| {
        let mut former = repository.former_names.iter();
        is_it(repository.name.bare_name())
            || former.any(|name| is_it(name.as_str()) || is_it(name.bare_name()))
    });
    let keys = concerned
        .map(|repository| repository.name.as_str())
        .chain([spelling]);
    keys.map(str::to_ascii_lowercase).collect()
}

/// The spellings of deployments that may be recorded under a key, each with the key that it has now.
#[must_use]
pub fn spellings_under(key: &str, repositories: &[Repository]) -> Vec<(String, String)> {
    let own = repositories.iter().filter(|repository| {
        repository
            .names()
            .any(|name| name.as_str().eq_ignore_ascii_case(key))
    });
    let names = own.flat_map(|repository| {
        repository
            .names()
            .flat_map(|name| [name.as_str(), name.bare_name()])
    });
    let bare = key.rsplit('/').next().unwrap_or_default();
    let spellings: BTreeSet<_> = names.chain([key, bare]).map(str::to_ascii_lowercase).collect();
    let keyed = spellings.into_iter().filter_map(|spelling| {
        let service = ServiceName::parse(&spelling).ok()?;
        Some((service_key(Some(&service), repositories), spelling))
    });
    keyed.map(|(key, spelling)| (spelling, key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RepositoryId;
    use crate::repository::RepositoryName;

    fn repository(id: i64, name: &str, former: &[&str], aliases: &[&str]) -> Repository {
        Repository {
            id: RepositoryId::new(id),
            name: RepositoryName::parse(name).unwrap(),
            former_names: former
                .iter()
                .map(|name| RepositoryName::parse(name).unwrap())
                .collect(),
            monitored: true,
            aliases: aliases
                .iter()
                .map(|alias| ServiceName::parse(alias).unwrap())
                .collect(),
        }
    }

    fn key(service: &str, repositories: &[Repository]) -> String {
        service_key(ServiceName::clean(service).as_ref(), repositories)
    }

    #[test]
    fn every_spelling_of_a_repository_is_one_service_and_an_alias_is_another() {
        let repositories = [
            repository(1, "Acme/API", &["acme/backend"], &["checkout"]),
            repository(2, "acme/web", &[], &[]),
            repository(3, "labs/web", &["labs/site"], &["web"]),
        ];
        for (service, expected) in [
            ("acme/api", "acme/api"),
            ("API", "acme/api"),
            ("Acme/Backend", "acme/api"),
            ("backend", "acme/api"),
            ("Checkout", "checkout"),
            ("acme/web", "acme/web"),
            ("web", "web"),
            ("site", "labs/web"),
            ("worker", "worker"),
            ("", ""),
        ] {
            assert_eq!(key(service, &repositories), expected, "{service}");
        }
        assert_eq!(key("API", &[]), "api");
        assert_eq!(service_key(None, &repositories), "");
    }

    #[test]
    fn a_spelling_concerns_itself_and_the_repositories_that_it_names_or_named() {
        let repositories = [
            repository(1, "acme/api", &[], &[]),
            repository(2, "labs/gateway", &["labs/api"], &[]),
            repository(3, "labs/web", &[], &[]),
        ];
        for (spelling, expected) in [
            ("API", &["acme/api", "api", "labs/gateway"][..]),
            ("globex/api", &["globex/api"]),
            ("labs/api", &["labs/api", "labs/gateway"]),
            ("worker", &["worker"]),
        ] {
            let keys: Vec<_> = concerned_keys(spelling, &repositories).into_iter().collect();
            assert_eq!(keys, expected, "{spelling}");
        }
    }

    #[test]
    fn spellings_under_a_key_have_the_keys_of_now() {
        let repositories = [
            repository(1, "acme/gateway", &["acme/api"], &[]),
            repository(2, "labs/web", &[], &[]),
        ];
        for (under, expected) in [
            (
                "acme/api",
                &[
                    ("acme/api", "acme/gateway"),
                    ("acme/gateway", "acme/gateway"),
                    ("api", "acme/gateway"),
                    ("gateway", "acme/gateway"),
                ][..],
            ),
            ("web", &[("web", "labs/web")]),
            ("worker", &[("worker", "worker")]),
            ("", &[]),
        ] {
            let found = spellings_under(under, &repositories);
            let found: Vec<_> = found.iter().map(|(one, other)| (&**one, &**other)).collect();
            assert_eq!(found, expected, "{under}");
        }
    }
}
