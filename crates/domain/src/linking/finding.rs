//! How the links of a deployment were found, step by step, each step with a stable code and a sentence: the answer to
//! "why is this pull request in it" and "why is it not".

use super::MergeTimeRange;
use crate::commit_sha::{CommitReference, CommitSha};
use crate::environment::Environment;
use crate::id::RepositoryId;
use crate::repository::MatchedBy;
use crate::run::DeploymentStatus;
use crate::text::{ExternalDeploymentId, ServiceName};

/// Why an earlier deployment is not the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The deployed commit does not contain its commit.
    NotAncestor,
    /// Its commit is abbreviated and fits more than one.
    Ambiguous,
}

/// How the base of a range was found, or that it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseFinding {
    /// The sender gave a previous commit that the graph knows.
    Given(CommitSha),
    /// The deployed commit does not contain the previous one.
    NotAncestor(CommitSha),
    /// An earlier deployment of the service is not the base.
    Rejected(ExternalDeploymentId, CommitReference, Rejection),
    /// The latest earlier deployment whose commit the deployed one contains is the base.
    Proved(ExternalDeploymentId, CommitSha),
    /// Whether the deployed commit contains that of an earlier deployment is not certain.
    Undecided(ExternalDeploymentId, CommitReference),
    /// No earlier deployment of the service is contained in the deployed commit.
    None,
    /// What lies between the base and the deployed commit is not certain: commits are missing.
    RangeUndecided(CommitSha),
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Only a successful production deployment ships anything.
    ShipsNothing(DeploymentStatus, Environment),
    /// The service names a repository.
    Repository(RepositoryId, MatchedBy, ServiceName),
    /// The service names no repository, so every monitored one was looked at.
    ServiceUnmatched(ServiceName),
    /// There is no service, so every monitored repository was looked at.
    NoService,
    /// Nobody has told of the deployed commit in the repository that the service names, or in any monitored one.
    CommitUnknown(CommitReference, Option<RepositoryId>),
    /// The deployed commit fits more than one.
    CommitAmbiguous(CommitReference),
    /// How many pull requests were merged as the deployed commit.
    DeployedMerges {
        /// The deployed commit.
        commit: CommitSha,
        /// How many.
        pull_requests: usize,
    },
    /// How the base of the range was found in the graph of a repository.
    Base(RepositoryId, BaseFinding),
    /// Neither a graph nor two merges of one branch tell what lies behind the previous commit.
    BaseUnknown(CommitReference),
    /// Both commits are merges of one branch.
    MergeTime(MergeTimeRange),
}

impl Finding {
    /// The code, which never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ShipsNothing(..) => "ships_nothing",
            Self::Repository(_, MatchedBy::FullName, _) => "repository_by_full_name",
            Self::Repository(_, MatchedBy::BareName, _) => "repository_by_bare_name",
            Self::Repository(_, MatchedBy::Alias, _) => "repository_by_alias",
            Self::ServiceUnmatched(_) => "service_unmatched",
            Self::NoService => "no_service",
            Self::CommitUnknown(..) => "commit_unknown",
            Self::CommitAmbiguous(_) => "commit_ambiguous",
            Self::DeployedMerges { .. } => "exact",
            Self::Base(_, step) => step.code(),
            Self::BaseUnknown(_) => "base_unknown",
            Self::MergeTime(_) => "merge_time",
        }
    }

    /// A sentence for the person who asks why; `name_of` tells what a repository is called.
    #[must_use]
    pub fn sentence(&self, name_of: impl Fn(RepositoryId) -> String) -> String {
        match self {
            Self::ShipsNothing(status, environment) => {
                format!("It is {status} in {environment}; only a success in production ships pull requests.")
            }
            Self::Repository(repository_id, by, service) => {
                let repository = name_of(*repository_id);
                match by {
                    MatchedBy::FullName => {
                        format!("Service {service} is the full name of repository {repository}.")
                    }
                    MatchedBy::BareName => {
                        format!("Service {service} is the name of {repository} and of no other repository.")
                    }
                    MatchedBy::Alias => format!("Service {service} is an alias of {repository}."),
                }
            }
            Self::ServiceUnmatched(service) => {
                format!("Service {service} names no repository, so every monitored repository was looked at.")
            }
            Self::NoService => "It names no service, so every monitored repository was looked at.".to_owned(),
            Self::CommitUnknown(commit, named) => {
                let place = named.map_or_else(|| "any monitored repository".to_owned(), name_of);
                format!(
                    "Nobody has told of commit {commit} in {place}: no commit or pull request recorded there has it."
                )
            }
            Self::CommitAmbiguous(commit) => {
                format!("Commit {commit} fits more than one known commit, so it means none.")
            }
            Self::DeployedMerges {
                commit,
                pull_requests: 0,
            } => {
                format!("No pull request was merged as commit {commit}.")
            }
            Self::DeployedMerges {
                commit,
                pull_requests: 1,
            } => format!("The deployed commit {commit} is the merge commit of a pull request."),
            Self::DeployedMerges {
                commit,
                pull_requests,
            } => {
                format!("The deployed commit {commit} is the merge commit of {pull_requests} pull requests.")
            }
            Self::MergeTime(range) => format!(
                "No commit graph tells what lies between; both commits are merges into one branch of {}, so what was \
                 merged into it after {} and not after {} is linked.",
                name_of(range.repository_id),
                range.after,
                range.until
            ),
            Self::BaseUnknown(previous) => format!(
                "Neither the commit graph nor two merges into one branch tell what lies between previous commit \
                 {previous} and the deployed one, so no range is linked."
            ),
            Self::Base(repository_id, step) => step.sentence(&name_of(*repository_id)),
        }
    }
}

impl BaseFinding {
    const fn code(&self) -> &'static str {
        match self {
            Self::Given(_) => "base_given",
            Self::NotAncestor(_) => "base_not_ancestor",
            Self::Rejected(_, _, Rejection::NotAncestor) => "base_rejected_not_ancestor",
            Self::Rejected(_, _, Rejection::Ambiguous) => "base_rejected_ambiguous",
            Self::Proved(..) => "base_proved",
            Self::Undecided(..) => "base_undecided",
            Self::None => "no_base",
            Self::RangeUndecided(_) => "range_undecided",
        }
    }

    fn sentence(&self, repository: &str) -> String {
        match self {
            Self::Given(base) => format!(
                "The sender gave previous commit {base}; the graph of {repository} tells what the deployed commit \
                 contains and it does not."
            ),
            Self::NotAncestor(base) => {
                format!(
                    "The deployed commit does not contain {base}: a branch was left, or an older commit deployed."
                )
            }
            Self::Rejected(deployment, commit, Rejection::NotAncestor) => format!(
                "Earlier deployment {deployment} of commit {commit} is not the base: the deployed commit does not \
                 contain it."
            ),
            Self::Rejected(deployment, commit, Rejection::Ambiguous) => format!(
                "Earlier deployment {deployment} of commit {commit} is not the base: that fits more than one commit."
            ),
            Self::Proved(deployment, base) => format!(
                "The base is commit {base} of {deployment}: the latest earlier deployment of the service that the \
                 deployed commit contains, by the graph of {repository}."
            ),
            Self::Undecided(deployment, commit) => format!(
                "Whether the deployed commit contains {commit} of earlier deployment {deployment} is not certain: \
                 the graph of {repository} lacks commits."
            ),
            Self::None => format!(
                "The graph of {repository} has the deployed commit, but it contains no earlier deployment of the \
                 service, so only what was merged as it is linked."
            ),
            Self::RangeUndecided(base) => format!(
                "What lies between {base} and the deployed commit is not certain: the graph of {repository} lacks \
                 commits."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;

    #[test]
    fn each_finding_has_its_code_and_a_sentence_about_what_was_looked_at() {
        let id = RepositoryId::new(1);
        let service = ServiceName::parse("jobs").unwrap();
        let earlier = ExternalDeploymentId::parse("gha-1").unwrap();
        let reference = CommitReference::parse("abc1234").unwrap();
        let sha = CommitSha::from_bytes([0xab; 20]);
        let digits = sha.to_string();
        let repository = |by| Finding::Repository(id, by, service.clone());
        let merges = |pull_requests| Finding::DeployedMerges {
            commit: sha,
            pull_requests,
        };
        let rejected = |why| BaseFinding::Rejected(earlier.clone(), reference.clone(), why);
        let staging = Environment::parse("staging").unwrap();
        let at = |text| Timestamp::parse(text).unwrap();
        let range = MergeTimeRange {
            repository_id: id,
            base_branch: None,
            after: at("2024-01-01T00:00:00Z"),
            until: at("2024-01-02T00:00:00Z"),
        };
        let steps = [
            (BaseFinding::Given(sha), "base_given", "acme/api"),
            (BaseFinding::NotAncestor(sha), "base_not_ancestor", &digits),
            (
                rejected(Rejection::NotAncestor),
                "base_rejected_not_ancestor",
                "gha-1",
            ),
            (
                rejected(Rejection::Ambiguous),
                "base_rejected_ambiguous",
                "abc1234",
            ),
            (
                BaseFinding::Proved(earlier.clone(), sha),
                "base_proved",
                "acme/api",
            ),
            (
                BaseFinding::Undecided(earlier.clone(), reference.clone()),
                "base_undecided",
                "gha-1",
            ),
            (BaseFinding::None, "no_base", "acme/api"),
            (BaseFinding::RangeUndecided(sha), "range_undecided", &digits),
        ];
        let steps = steps.map(|(step, code, about)| (Finding::Base(id, step), code, about));
        let findings = [
            (
                Finding::ShipsNothing(DeploymentStatus::Failure, staging),
                "ships_nothing",
                "failure in staging",
            ),
            (repository(MatchedBy::FullName), "repository_by_full_name", "jobs"),
            (
                repository(MatchedBy::BareName),
                "repository_by_bare_name",
                "acme/api",
            ),
            (repository(MatchedBy::Alias), "repository_by_alias", "acme/api"),
            (
                Finding::ServiceUnmatched(service.clone()),
                "service_unmatched",
                "jobs",
            ),
            (Finding::NoService, "no_service", "names no service"),
            (
                Finding::CommitUnknown(reference.clone(), Some(id)),
                "commit_unknown",
                "abc1234 in acme/api",
            ),
            (
                Finding::CommitAmbiguous(reference.clone()),
                "commit_ambiguous",
                "abc1234",
            ),
            (merges(0), "exact", "No pull request"),
            (merges(1), "exact", "of a pull request"),
            (merges(2), "exact", "of 2 pull requests"),
            (Finding::BaseUnknown(reference.clone()), "base_unknown", "abc1234"),
            (
                Finding::MergeTime(range),
                "merge_time",
                "after 2024-01-01T00:00:00Z and not after 2024-01-02T00:00:00Z",
            ),
        ];
        for (finding, code, about) in findings.into_iter().chain(steps) {
            assert_eq!(finding.code(), code);
            let sentence = finding.sentence(|_| "acme/api".to_owned());
            assert!(sentence.contains(about) && sentence.ends_with('.'), "{sentence}");
        }
    }
}
