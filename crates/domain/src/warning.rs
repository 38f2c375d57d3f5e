//! What a sender should know about a deployment that was recorded all the same, each with a stable code.

use crate::commit_sha::CommitReference;
use crate::environment::Environment;
use crate::environment_tiers::EnvironmentPattern;
use crate::linking::Novelty;
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
    /// No previous commit was given, and no graph has this commit of the latest earlier deployment, so only what was merged
    /// as the deployed commit was linked.
    LatestUnknown(CommitReference),
    /// No previous commit was given, and the graph lacks commits that tell what this one brings, so only what was merged
    /// as it was linked.
    RangeUndecided(CommitReference),
    /// No previous commit was given, and the graph knows no earlier deployment of the service and environment, so only what
    /// was merged as this commit was linked.
    NoBase(CommitReference),
    /// The deployed commit does not contain the previous one: a branch was left, or an older commit deployed.
    BaseNotAncestor(CommitReference),
    /// The service names no repository of the organization.
    ServiceUnmatched(ServiceName),
    /// The report is older than what is recorded and changed nothing.
    StaleEventIgnored,
    /// The report changed the environment or the service of a known deployment.
    IdentityChanged,
    /// The deployment succeeded in an environment whose tier is `other`, so that it ships nothing.
    EnvironmentNotProduction(Environment),
    /// The completion lies more than a minute ahead of our clock.
    CompletedInFuture,
    /// All that is deployed was live before; the earlier deployment that it repeats.
    Redeployment(Novelty, String),
}

impl Warning {
    /// Every code, each with its meaning.
    pub const CODES: [(&'static str, &'static str); 11] = [
        (
            "commit_unknown",
            "no source has sent the deployed commit, so nothing is linked yet",
        ),
        (
            "commit_ambiguous",
            "the abbreviated commit fits several known commits, so it means none",
        ),
        (
            "base_unknown",
            "nothing proves what was live before, so only the pull request merged as the deployed commit is linked",
        ),
        (
            "no_base",
            "the graph knows no earlier deployment of the service and environment, so only the pull request merged as \
             the deployed commit is linked",
        ),
        (
            "base_not_ancestor",
            "the deployed commit does not contain the previous one; what only the deployed one contains is linked",
        ),
        (
            "service_unmatched",
            "the service names no repository, so every monitored repository is searched",
        ),
        (
            "stale_event_ignored",
            "the report is older than the record and changes nothing",
        ),
        (
            "identity_changed",
            "the report changes the environment or the service of a known deployment",
        ),
        (
            "environment_not_production",
            "the tier of the environment is `other`, so the deployment links nothing and no production figure counts it",
        ),
        (
            "completed_in_future",
            "`completedAt` lies more than a minute ahead of the server's clock",
        ),
        (
            "redeployment",
            "all content of the deployment was live before: a redeployment or a roll-back",
        ),
    ];

    /// The code, which never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CommitUnknown(..) => "commit_unknown",
            Self::CommitAmbiguous(_) => "commit_ambiguous",
            Self::BaseUnknown(_) | Self::LatestUnknown(_) | Self::RangeUndecided(_) => "base_unknown",
            Self::NoBase(_) => "no_base",
            Self::BaseNotAncestor(_) => "base_not_ancestor",
            Self::ServiceUnmatched(_) => "service_unmatched",
            Self::StaleEventIgnored => "stale_event_ignored",
            Self::IdentityChanged => "identity_changed",
            Self::EnvironmentNotProduction(_) => "environment_not_production",
            Self::CompletedInFuture => "completed_in_future",
            Self::Redeployment(..) => "redeployment",
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
            Self::LatestUnknown(commit) => write!(
                f,
                "commit {commit} of the latest earlier deployment is not known yet, so what was live before is unknown: \
                 only what was merged as the deployed commit was linked"
            ),
            Self::RangeUndecided(commit) => write!(
                f,
                "the commit graph lacks commits that tell what commit {commit} brings: only what was merged as it was \
                 linked"
            ),
            Self::NoBase(commit) => write!(
                f,
                "the commit graph knows no earlier deployment of this service and environment: only what was merged as \
                 commit {commit} was linked; previousCommitSha begins a range"
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
            Self::IdentityChanged => f.write_str(
                "this report changed the environment or the service of a known deployment; a deployment to another \
                 environment or of another service needs a deploymentId of its own",
            ),
            Self::EnvironmentNotProduction(environment) => write!(
                f,
                "environment {environment} is no production environment (its tier is other): the deployment links \
                 nothing and counts in no production figure; if users are there, an admin makes it one with \
                 `periscope environment set {} --tier production` or on the settings page",
                EnvironmentPattern::exactly(environment).quoted()
            ),
            Self::CompletedInFuture => f.write_str(
                "completedAt lies more than a minute ahead of this server's clock; check the clock of the sender",
            ),
            Self::Redeployment(Novelty::RollBack, of) => write!(
                f,
                "roll-back to what {of} brought: the deployed commit lies behind the one that was live, and nothing is new"
            ),
            Self::Redeployment(_, of) => write!(f, "redeployment of {of}: nothing new"),
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
            Warning::LatestUnknown(commit.clone()),
            Warning::RangeUndecided(commit.clone()),
            Warning::NoBase(commit.clone()),
            Warning::BaseNotAncestor(commit),
            Warning::ServiceUnmatched(ServiceName::parse("api").unwrap()),
            Warning::StaleEventIgnored,
            Warning::IdentityChanged,
            Warning::EnvironmentNotProduction(Environment::parse("prod").unwrap()),
            Warning::CompletedInFuture,
            Warning::Redeployment(Novelty::Redeployment, "gha-1".to_owned()),
            Warning::Redeployment(Novelty::RollBack, "gha-1".to_owned()),
        ];
        for warning in &warnings {
            let about = match warning {
                Warning::ServiceUnmatched(_) => "service api ",
                Warning::StaleEventIgnored => "older",
                Warning::IdentityChanged => "deploymentId",
                Warning::EnvironmentNotProduction(_) => "`periscope environment set prod --tier production`",
                Warning::CompletedInFuture => "completedAt",
                Warning::Redeployment(..) => "gha-1",
                _ => "commit abc1234",
            };
            assert!(warning.to_string().contains(about), "{warning}");
        }
        let mut codes: Vec<&str> = warnings.iter().map(Warning::code).collect();
        codes.dedup();
        assert_eq!(codes, Warning::CODES.map(|(code, _)| code));
    }
}
