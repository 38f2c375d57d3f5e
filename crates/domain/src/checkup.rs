//! What an operator should know of an organization: whether its CI and its forge are heard of, and whether what they tell
//! can be linked.

use crate::api_key::{ApiKey, Scope};
use crate::environment::Environment;
use crate::environment_tiers::name_some;
use crate::linking::UnlinkedReason;
use crate::listing::{ListedDeployment, Page};
use crate::metrics::{Coverage, Share, UnshippedReason};
use crate::timestamp::Timestamp;
use time::Duration;

/// For how long silence is nothing to speak of.
const QUIET: Duration = Duration::days(14);

/// After how long a deployment in progress is taken for one whose end nobody reports.
pub(crate) const STUCK_AFTER: Duration = Duration::days(1);

/// How good something is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Worth a look.
    Attention,
    /// Wrong: something does not work, or may be lost.
    Bad,
}

impl Verdict {
    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Bad => "bad",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What, in a word that never changes.
    pub name: &'static str,
    /// How good it is.
    pub verdict: Verdict,
    /// What was found, and what to do about it.
    pub sentence: String,
}

impl Check {
    /// Something that was looked at.
    #[must_use]
    pub fn new(name: &'static str, verdict: Verdict, sentence: impl Into<String>) -> Self {
        Self {
            name,
            verdict,
            sentence: sentence.into(),
        }
    }
}

/// Whether CI can report, and does.
#[must_use]
pub fn check_keys(keys: &[ApiKey], now: Timestamp) -> Check {
    let live = keys.iter().filter(|key| key.is_live(now));
    let ingest: Vec<_> = live.clone().filter(|key| key.allows(Scope::Ingest)).collect();
    let last_use = ingest.iter().filter_map(|key| key.last_used_at).max();
    let count = format!("{} of {} live keys may ingest", ingest.len(), live.count());
    match last_use {
        _ if ingest.is_empty() => Check::new(
            "keys",
            Verdict::Attention,
            format!("{count}: nobody can report deployments; `periscope key create` makes one"),
        ),
        None => Check::new(
            "keys",
            Verdict::Attention,
            format!("{count}, and none was ever used: report a first deployment"),
        ),
        Some(last) => {
            let verdict = if last.plus(QUIET) < now {
                Verdict::Attention
            } else {
                Verdict::Good
            };
            Check::new("keys", verdict, format!("{count}, last used at {last}"))
        }
    }
}

/// Whether it is known of every environment what it is for; `undecided` are those of which nothing is.
#[must_use]
pub fn check_environments(undecided: &[Environment]) -> Check {
    if undecided.is_empty() {
        Check::new("environments", Verdict::Good, "every environment has a tier")
    } else {
        let sentence = name_some(undecided, "had deployments");
        Check::new("environments", Verdict::Attention, sentence)
    }
}

/// Whether GitHub tells of merges; `connected_at` is `None` without a connection.
#[must_use]
pub fn check_github(
    connected_at: Option<Timestamp>,
    last_effect: Option<Timestamp>,
    now: Timestamp,
) -> Check {
    match (connected_at, last_effect) {
        (None, None) => Check::new(
            "github",
            Verdict::Good,
            "not connected: pull requests have to come another way; `periscope github connect` connects it",
        ),
        (Some(connected_at), None) => Check::new(
            "github",
            Verdict::Attention,
            format!(
                "connected at {connected_at}, and nothing was recorded from it yet: look at the webhook's recent \
                 deliveries on GitHub"
            ),
        ),
        (_, Some(last)) => {
            let verdict = if last.plus(QUIET) < now {
                Verdict::Attention
            } else {
                Verdict::Good
            };
            Check::new("github", verdict, format!("last heard of at {last}"))
        }
    }
}

/// Whether deployments that have begun also end; of those in progress for more than a day, the oldest ones.
#[must_use]
pub fn check_runs(stuck: &Page<ListedDeployment>) -> Check {
    let Some(oldest) = stuck.items.first() else {
        return Check::new(
            "runs",
            Verdict::Good,
            "no deployment has been in progress for more than a day",
        );
    };
    let count = match (stuck.items.len(), stuck.has_more) {
        (1, false) => "1 deployment has".to_owned(),
        (count, false) => format!("{count} deployments have"),
        (count, true) => format!("more than {count} deployments have"),
    };
    let oldest = &oldest.stored.deployment;
    Check::new(
        "runs",
        Verdict::Attention,
        format!(
            "{count} been in progress for more than a day, the oldest {} since {}: report how each ended",
            oldest.external_id,
            oldest.run.started_at()
        ),
    )
}

/// Whether what was told of can be linked.
#[must_use]
pub fn check_links(coverage: &Coverage) -> Check {
    let deployments = &coverage.deployments;
    let unknown = |(reason, _): &&(UnlinkedReason, u64)| *reason != UnlinkedReason::NothingNew;
    let main_reason = deployments
        .unlinked
        .iter()
        .filter(unknown)
        .max_by_key(|(_, count)| *count);
    let linked = format!(
        "{} and {}",
        share(
            deployments,
            "successful production deployments are linked",
            UnlinkedReason::as_str
        ),
        share(
            &coverage.pull_requests,
            "merged pull requests are in one",
            UnshippedReason::as_str
        ),
    );
    match main_reason {
        None => Check::new("links", Verdict::Good, linked),
        Some((reason, _)) => Check::new(
            "links",
            Verdict::Attention,
            format!("{linked}; {}", advice(*reason)),
        ),
    }
}

fn share<R: Copy>(share: &Share<R>, what: &str, as_str: impl Fn(R) -> &'static str) -> String {
    let reasons: Vec<_> = share
        .unlinked
        .iter()
        .map(|(reason, count)| format!("{} {count}", as_str(*reason)))
        .collect();
    let reasons = if reasons.is_empty() {
        String::new()
    } else {
        format!(" ({})", reasons.join(", "))
    };
    format!("{} of {} {what}{reasons}", share.linked, share.total)
}

const fn advice(reason: UnlinkedReason) -> &'static str {
    match reason {
        UnlinkedReason::CommitUnknown => {
            "for unknown commits, connect GitHub, `periscope import git` or send /api/commits, and check that the service \
             names the repository that they are of"
        }
        UnlinkedReason::CommitAmbiguous => "for ambiguous commits, report all 40 digits",
        UnlinkedReason::BaseUnknown => {
            "for unknown bases, report previousCommitSha, or tell of the commits in between"
        }
        UnlinkedReason::NothingNew => "",
    }
}

#[cfg(test)]
mod tests;
