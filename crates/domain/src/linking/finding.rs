//! How the links of a deployment were found, step by step, each step with a stable code and a sentence: the answer to
//! "why is this pull request in it" and "why is it not".

use super::{MergeTimeRange, Novelty};
use crate::commit_sha::{CommitReference, CommitSha};
use crate::environment::Environment;
use crate::id::RepositoryId;
use crate::repository::MatchedBy;
use crate::run::DeploymentStatus;
use crate::text::{ExternalDeploymentId, ServiceName};

/// How the base of a range was found, or that it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseFinding {
    /// The sender gave a previous commit that the graph knows.
    Given(CommitSha),
    /// The deployed commit does not contain the previous one.
    NotAncestor(CommitSha),
    /// All that was live before is left out.
    Live {
        /// The commit of the latest earlier deployment.
        latest: CommitSha,
        /// How many other commits of earlier deployments are left out with all that they contain.
        others: usize,
    },
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
    /// The sender names a tag by its object; the commit that it stands for.
    Tag(CommitReference, CommitSha),
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
    /// No graph has the commit of the latest earlier deployment.
    LatestUnknown(ExternalDeploymentId, CommitReference),
    /// There is no earlier deployment whose commit the graph has.
    NoBase,
    /// Nothing in the deployment is new; the earlier one that it repeats.
    NothingNew(Novelty, String),
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
            Self::Repository(_, MatchedBy::FormerName, _) => "repository_by_former_name",
            Self::ServiceUnmatched(_) => "service_unmatched",
            Self::NoService => "no_service",
            Self::CommitUnknown(..) => "commit_unknown",
            Self::CommitAmbiguous(_) => "commit_ambiguous",
            Self::Tag(..) => "tag",
            Self::DeployedMerges { .. } => "exact",
            Self::Base(_, step) => step.code(),
            Self::BaseUnknown(_) => "base_unknown",
            Self::LatestUnknown(..) => "latest_unknown",
            Self::NoBase => "no_base",
            Self::NothingNew(novelty, _) => novelty.as_str(),
            Self::MergeTime(_) => "merge_time",
        }
    }

    /// A sentence for the person who asks why; `name_of` tells what a repository is called.
    #[must_use]
    pub fn sentence(&self, name_of: impl Fn(RepositoryId) -> String) -> String {
        match self {
            Self::ShipsNothing(status, environment) => {
                let tier = environment.tier().as_str();
                let tier = if environment.as_str() == tier {
                    String::new()
                } else {
                    format!(" (tier {tier})")
                };
                format!(
                    "It is {status} in {environment}{tier}; only a success in production ships pull requests."
                )
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
                    MatchedBy::FormerName => format!("Service {service} is a former name of {repository}."),
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
            Self::Tag(tag, commit) => format!("{tag} is the object of an annotated tag of commit {commit}."),
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
            Self::LatestUnknown(latest, commit) => format!(
                "No graph has commit {commit} of {latest}, the latest earlier deployment of the service and \
                 environment, so what was live before is unknown and only what was merged as the deployed commit is \
                 linked."
            ),
            Self::NoBase => {
                "No earlier deployment of the service and environment has a commit that the graph knows, \
                             so only what was merged as the deployed commit is linked."
                    .to_owned()
            }
            Self::NothingNew(Novelty::RollBack, of) => format!(
                "The deployed commit lies behind the one that was live: a roll-back to what {of} brought, and nothing \
                 new."
            ),
            Self::NothingNew(_, of) => format!("Redeployment of {of}: nothing new."),
            Self::Base(repository_id, step) => step.sentence(&name_of(*repository_id)),
        }
    }
}

impl BaseFinding {
    const fn code(&self) -> &'static str {
        match self {
            Self::Given(_) => "base_given",
            Self::NotAncestor(_) => "base_not_ancestor",
            Self::Live { .. } => "base_live",
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
            Self::Live { latest, others } => {
                let others = match others {
                    0 => String::new(),
                    1 => " and that of 1 other earlier deployment".to_owned(),
                    _ => format!(" and those of {others} other earlier deployments"),
                };
                format!(
                    "What is new is what the deployed commit contains, by the graph of {repository}, and what was live \
                     before does not: commit {latest} of the latest earlier deployment{others}."
                )
            }
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
        let repository = |by| Finding::Repository(id, by, service.clone());
        let merges = |pull_requests| Finding::DeployedMerges {
            commit: sha,
            pull_requests,
        };
        let staging = Environment::parse("staging").unwrap();
        let at = |text| Timestamp::parse(text).unwrap();
        let range = MergeTimeRange {
            repository_id: id,
            base_branch: None,
            after: at("2024-01-01T00:00:00Z"),
            until: at("2024-01-02T00:00:00Z"),
        };
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
                Finding::LatestUnknown(earlier, reference.clone()),
                "latest_unknown",
                "abc1234 of gha-1",
            ),
            (Finding::NoBase, "no_base", "No earlier deployment"),
            (
                Finding::NothingNew(Novelty::Redeployment, "gha-1".to_owned()),
                "redeployment",
                "Redeployment of gha-1",
            ),
            (
                Finding::NothingNew(Novelty::RollBack, "gha-1".to_owned()),
                "roll_back",
                "roll-back to what gha-1",
            ),
            (
                Finding::MergeTime(range),
                "merge_time",
                "after 2024-01-01T00:00:00Z and not after 2024-01-02T00:00:00Z",
            ),
        ];
        check(findings);
    }

    #[test]
    fn each_way_to_a_base_has_its_code_and_a_sentence() {
        let sha = CommitSha::from_bytes([0xab; 20]);
        let digits = sha.to_string();
        let steps = [
            (BaseFinding::Given(sha), "base_given", "acme/api"),
            (BaseFinding::NotAncestor(sha), "base_not_ancestor", &digits),
            (
                BaseFinding::Live {
                    latest: sha,
                    others: 0,
                },
                "base_live",
                "earlier deployment.",
            ),
            (
                BaseFinding::Live {
                    latest: sha,
                    others: 1,
                },
                "base_live",
                "1 other earlier deployment.",
            ),
            (
                BaseFinding::Live {
                    latest: sha,
                    others: 2,
                },
                "base_live",
                "2 other earlier deployments.",
            ),
            (BaseFinding::RangeUndecided(sha), "range_undecided", &digits),
        ];
        check(steps.map(|(step, code, about)| (Finding::Base(RepositoryId::new(1), step), code, about)));
    }

    fn check<'a>(findings: impl IntoIterator<Item = (Finding, &'static str, &'a str)>) {
        for (finding, code, about) in findings {
            assert_eq!(finding.code(), code);
            let sentence = finding.sentence(|_| "acme/api".to_owned());
            assert!(sentence.contains(about) && sentence.ends_with('.'), "{sentence}");
        }
    }
}
