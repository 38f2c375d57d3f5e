//! What a sender should know about a deployment that was recorded all the same, each with a stable code.

use crate::commit_sha::CommitReference;
use crate::text::ServiceName;
use std::fmt;

/// Something about a recorded deployment that may surprise its sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// No recorded pull request was merged as the deployed commit.
    CommitUnknown(CommitReference),
    /// The abbreviated commit fits more than one, so it means none.
    CommitAmbiguous(CommitReference),
    /// Nothing tells what lies between the previous commit and the deployed one, so nothing was added.
    BaseUnknown(CommitReference),
    /// The service names no repository of the organization.
    ServiceUnmatched(ServiceName),
    /// The report is older than what is recorded and changed nothing.
    StaleEventIgnored,
}

impl Warning {
    /// The code, which never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CommitUnknown(_) => "commit_unknown",
            Self::CommitAmbiguous(_) => "commit_ambiguous",
            Self::BaseUnknown(_) => "base_unknown",
            Self::ServiceUnmatched(_) => "service_unmatched",
            Self::StaleEventIgnored => "stale_event_ignored",
        }
    }
}

impl fmt::Display for Warning {
    /// A sentence for the person who reads the CI log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommitUnknown(commit) => {
                write!(
                    f,
                    "commit {commit} is not known yet: no recorded pull request was merged as it"
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
                "previous commit {base} and the deployed commit are not both merge commits of known pull \
                 requests of one repository and base branch: no range was linked"
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
