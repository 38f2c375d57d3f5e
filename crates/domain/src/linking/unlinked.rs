//! Why a successful production deployment has no links: kept with it, so that metrics can tell how much of what they
//! are asked about is linked, and what is not for which reason, without deciding anything again.

use super::{Finding, Linking};
use crate::warning::Warning;

/// Why nothing is linked to a deployment that could ship pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnlinkedReason {
    /// Nobody has told of its commit where it was looked for.
    CommitUnknown,
    /// Its abbreviated commit fits more than one.
    CommitAmbiguous,
    /// Nothing proves what it contains beyond what was live before.
    BaseUnknown,
    /// What it contains is known, and no pull request is in it that was not live before.
    NothingNew,
}

impl UnlinkedReason {
    /// Every reason, in the order in which they are told.
    pub const ALL: [Self; 4] = [
        Self::CommitUnknown,
        Self::CommitAmbiguous,
        Self::BaseUnknown,
        Self::NothingNew,
    ];

    /// The word that stores and answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommitUnknown => "commit_unknown",
            Self::CommitAmbiguous => "commit_ambiguous",
            Self::BaseUnknown => "base_unknown",
            Self::NothingNew => "nothing_new",
        }
    }
}

impl Linking {
    /// Why a deployment that could ship pull requests has none; `None` if it has some, or could not ship any.
    #[must_use]
    pub fn unlinked_reason(&self) -> Option<UnlinkedReason> {
        let ships_nothing = |finding: &Finding| matches!(finding, Finding::ShipsNothing(..));
        if !self.links.is_empty() || self.findings.iter().any(ships_nothing) {
            return None;
        }
        let reason = self.warnings.iter().find_map(|warning| match warning {
            Warning::CommitUnknown(..) => Some(UnlinkedReason::CommitUnknown),
            Warning::CommitAmbiguous(_) => Some(UnlinkedReason::CommitAmbiguous),
            Warning::BaseUnknown(_)
            | Warning::LatestUnknown(_)
            | Warning::RangeUndecided(_)
            | Warning::NoBase(_) => Some(UnlinkedReason::BaseUnknown),
            Warning::BaseNotAncestor(_)
            | Warning::ServiceUnmatched(_)
            | Warning::StaleEventIgnored
            | Warning::IdentityChanged
            | Warning::EnvironmentNotProduction(_)
            | Warning::CompletedInFuture
            | Warning::Redeployment(..) => None,
        });
        Some(reason.unwrap_or(UnlinkedReason::NothingNew))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit_sha::CommitReference;
    use crate::environment::Environment;
    use crate::id::PullRequestId;
    use crate::lead_time::LeadTime;
    use crate::linking::{Link, LinkRule};
    use crate::run::DeploymentStatus;
    use crate::text::ServiceName;

    #[test]
    fn the_reason_is_the_first_warning_that_explains_it() {
        let commit = || CommitReference::parse("abc1234").unwrap();
        let unmatched = || Warning::ServiceUnmatched(ServiceName::parse("api").unwrap());
        for (warnings, reason) in [
            (vec![], UnlinkedReason::NothingNew),
            (vec![unmatched()], UnlinkedReason::NothingNew),
            (
                vec![
                    unmatched(),
                    Warning::CommitUnknown(commit(), None),
                    Warning::BaseUnknown(commit()),
                ],
                UnlinkedReason::CommitUnknown,
            ),
            (vec![Warning::NoBase(commit())], UnlinkedReason::BaseUnknown),
        ] {
            let linking = Linking {
                warnings,
                ..Linking::default()
            };
            assert_eq!(linking.unlinked_reason(), Some(reason));
        }
    }

    #[test]
    fn what_could_not_ship_anything_needs_no_reason() {
        let environment = Environment::parse("staging").unwrap();
        let linking = Linking {
            findings: vec![Finding::ShipsNothing(DeploymentStatus::Success, environment)],
            ..Linking::default()
        };
        assert_eq!(linking.unlinked_reason(), None);
    }

    #[test]
    fn what_is_linked_needs_no_reason() {
        let link = Link {
            pull_request_id: PullRequestId::new(1),
            rule: LinkRule::Exact,
            base: None,
            lead_time: LeadTime::from_seconds(0).unwrap(),
            is_first: true,
        };
        let linking = Linking {
            links: vec![link],
            ..Linking::default()
        };
        assert_eq!(linking.unlinked_reason(), None);
    }
}
