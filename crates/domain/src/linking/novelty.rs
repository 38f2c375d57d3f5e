//! Whether a deployment brings anything that was not live before.

use super::graph_range::repeated;
use super::scope::{Resolved, Scope};
use super::{Finding, Linking, Surroundings};
use crate::deployment::Deployment;
use crate::warning::Warning;

/// What a successful production deployment brings to its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Novelty {
    /// All of its content was live before.
    Redeployment,
    /// The same, and its commit lies behind the one that was live.
    RollBack,
    /// Something that was not live before, or nothing tells.
    New,
}

impl Novelty {
    /// Every novelty.
    pub const ALL: [Self; 3] = [Self::Redeployment, Self::RollBack, Self::New];

    /// The word that stores and answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redeployment => "redeployment",
            Self::RollBack => "roll_back",
            Self::New => "new",
        }
    }

    /// What people call a deployment that brings nothing new; `None` for one that does.
    #[must_use]
    pub const fn noun(self) -> Option<&'static str> {
        match self {
            Self::Redeployment => Some("redeployment"),
            Self::RollBack => Some("roll-back"),
            Self::New => None,
        }
    }

    /// Whether all content was live before.
    #[must_use]
    pub const fn is_redeployment(self) -> bool {
        !matches!(self, Self::New)
    }
}

/// Completes the novelty that graphs have told, and says where nothing is new.
pub(super) fn decide(
    deployment: &Deployment,
    surroundings: &Surroundings,
    scope: &Scope<'_>,
    linking: &mut Linking,
) {
    let latest = surroundings.earlier.latest.as_ref();
    let novelty = linking.novelty.unwrap_or_else(|| {
        // Without a graph a commit is known to contain itself alone.
        let commit = &deployment.commit;
        let is_repeated = latest.is_some_and(|latest| match scope.resolve(commit) {
            Resolved::Known(head) => latest.commit.matches(&head) && latest.commit.is_whole(),
            Resolved::Unknown => latest.commit == *commit && commit.is_whole(),
            Resolved::Ambiguous => false,
        });
        if is_repeated {
            Novelty::Redeployment
        } else {
            Novelty::New
        }
    });
    linking.novelty = Some(novelty);
    if !novelty.is_redeployment() {
        return;
    }
    let of = match scope.resolve(&deployment.commit) {
        Resolved::Known(head) => repeated(head, scope, deployment, surroundings),
        Resolved::Unknown | Resolved::Ambiguous => latest.map(|latest| latest.external_id.as_str()),
    };
    let of = of.unwrap_or_default().to_owned();
    linking.findings.push(Finding::NothingNew(novelty, of.clone()));
    linking.warnings.push(Warning::Redeployment(novelty, of));
}
