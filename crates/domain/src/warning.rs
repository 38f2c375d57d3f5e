//! What a sender should know about a deployment that was recorded all the same, each with a stable code.

use crate::commit_sha::CommitReference;
use crate::repository::RepositoryName;
use crate::text::ServiceName;
use std::fmt;

/// Something about a recorded deployment that may surprise its sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// Nobody has told of the deployed commit where it was looked for, in the repository that the service names or else
    /// in every monitored one: neither a graph has it nor was a pull request merged as it.
    CommitUnknown(CommitReference, Option<RepositoryName>),
    /// The abbreviated commit fits more than one, so it means none.
    CommitAmbiguous(CommitReference),
    /// Nothing tells what lies between the previous commit and the deployed one, so nothing was added.
    BaseUnknown(CommitReference),
    /// No previous commit was given, and no earlier deployment of the service is known to be contained in the
    /// deployed commit, so only what was merged as it was linked.
    NoProvedBase(CommitReference),
    /// The deployed commit does not contain the previous one: a branch was left, or an older commit deployed.
    BaseNotAncestor(CommitReference),
    /// The service names no repository of the organization.
    ServiceUnmatched(ServiceName),
    /// The report is older than what is recorded and changed nothing.
    StaleEventIgnored,
}

impl Warning {
    /// Every code.
    pub const CODES: [&'static str; 6] = [
        "commit_unknown",
        "commit_ambiguous",
        "base_unknown",
        "base_not_ancestor",
        "service_unmatched",
        "stale_event_ignored",
    ];

    /// The code, which never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CommitUnknown(..) => "commit_unknown",
            Self::CommitAmbiguous(_) => "commit_ambiguous",
            Self::BaseUnknown(_) | Self::NoProvedBase(_) => "base_unknown",
            Self::BaseNotAncestor(_) => "base_not_ancestor",
            Self::ServiceUnmatched(_) => "service_unmatched",
            Self::StaleEventIgnored => "stale_event_ignored",
        }
    }
}

impl fmt::Display for Warning {
    /// A sentence for the person who reads the CI log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommitUnknown(commit, named) => {
                let place = named
                    .as_ref()
                    .map_or("any monitored repository", RepositoryName::as_str);
                write!(
                    f,
                    "commit {commit} is not known in {place} yet: no commit or pull request recorded there has it"
                )
            }
            Self::CommitAmbiguous(commit) => {
                write!(
                    f,
                    "commit {commit} fits more than one known commit: send more digits of it"
                )
            }
            Self::BaseUnknown(base) => write!(
                f,
                "nothing proves what lies between previous commit {base} and the deployed commit: no range was linked"
            ),
            Self::NoProvedBase(commit) => write!(
                f,
                "no earlier production deployment of the service is known to be contained in commit {commit}: only \
                 what was merged as it was linked; previousCommitSha would tell the range"
            ),
            Self::BaseNotAncestor(base) => write!(
                f,
                "the deployed commit does not contain previous commit {base}: what it has and the previous one has \
                 not was linked"
            ),
            Self::ServiceUnmatched(service) => write!(
                f,
                "service {service} names no repository: every monitored repository was looked at; \
                 an alias connects a service to a repository"
            ),
            Self::StaleEventIgnored => f.write_str(
                "this event is older than what is recorded for the deployment and changed nothing",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_has_one_of_the_codes_and_names_what_it_is_about() {
        let commit = CommitReference::parse("abc1234").unwrap();
        let warnings = [
            Warning::CommitUnknown(commit.clone(), None),
            Warning::CommitAmbiguous(commit.clone()),
            Warning::BaseUnknown(commit.clone()),
            Warning::NoProvedBase(commit.clone()),
            Warning::BaseNotAncestor(commit),
            Warning::ServiceUnmatched(ServiceName::parse("api").unwrap()),
            Warning::StaleEventIgnored,
        ];
        for warning in &warnings {
            let about = match warning {
                Warning::ServiceUnmatched(_) => "service api ",
                Warning::StaleEventIgnored => "older",
                _ => "commit abc1234",
            };
            assert!(warning.to_string().contains(about), "{warning}");
        }
        let mut codes: Vec<&str> = warnings.iter().map(Warning::code).collect();
        codes.dedup();
        assert_eq!(codes, Warning::CODES);
    }
}
