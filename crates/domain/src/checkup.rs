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
mod tests {
    use super::*;
    use crate::api_key::ApiKeyHint;
    use crate::commit_sha::CommitReference;
    use crate::deployment::{Deployment, Revision, StoredDeployment};
    use crate::id::{ApiKeyId, DeploymentId, OrganizationId};
    use crate::run::{DeploymentStatus, Run};
    use crate::text::{ApiKeyName, ExternalDeploymentId};

    fn at(day: u8) -> Timestamp {
        Timestamp::parse(&format!("2024-01-{day:02}T00:00:00Z")).unwrap()
    }

    fn key(scope: Scope, last_used_at: Option<u8>, revoked: bool) -> ApiKey {
        ApiKey {
            id: ApiKeyId::new(1),
            organization_id: OrganizationId::new(1),
            name: ApiKeyName::parse("ci").unwrap(),
            scopes: vec![scope],
            hint: ApiKeyHint {
                first: "abcd".to_owned(),
                last: "wxyz".to_owned(),
            },
            created_at: at(1),
            expires_at: None,
            last_used_at: last_used_at.map(at),
            revoked_at: revoked.then(|| at(2)),
        }
    }

    #[test]
    fn a_key_that_ingests_and_was_used_lately_is_good() {
        for (keys, verdict, told) in [
            (vec![], Verdict::Attention, "0 of 0 live keys may ingest: nobody"),
            (
                vec![key(Scope::Read, Some(20), false)],
                Verdict::Attention,
                "0 of 1 live keys may ingest: nobody",
            ),
            (
                vec![key(Scope::Ingest, Some(20), true)],
                Verdict::Attention,
                "0 of 0 live keys",
            ),
            (
                vec![key(Scope::Ingest, None, false)],
                Verdict::Attention,
                "1 of 1 live keys may ingest, and none",
            ),
            (
                vec![key(Scope::Ingest, Some(6), false)],
                Verdict::Attention,
                "last used at 2024-01-06",
            ),
            (
                vec![key(Scope::Ingest, Some(7), false)],
                Verdict::Good,
                "last used at 2024-01-07",
            ),
            (
                vec![key(Scope::Ingest, Some(20), false)],
                Verdict::Good,
                "last used at 2024-01-20",
            ),
        ] {
            let check = check_keys(&keys, at(21));
            assert_eq!(check.verdict, verdict, "{}", check.sentence);
            assert!(check.sentence.contains(told), "{}", check.sentence);
        }
    }

    #[test]
    fn a_deployment_that_does_not_end_comes_with_its_name_and_what_to_do() {
        let running = |id: &str| ListedDeployment {
            stored: StoredDeployment {
                service_key: String::new(),
                id: DeploymentId::new(1),
                revision: Revision::FIRST,
                deployment: Deployment {
                    external_id: ExternalDeploymentId::parse(id).unwrap(),
                    commit: CommitReference::parse("abc1234").unwrap(),
                    environment: Environment::production(),
                    run: Run::new(DeploymentStatus::InProgress, at(2), None).unwrap(),
                    service: None,
                    previous_commit: None,
                    branch: None,
                    triggered_by: None,
                    pipeline_name: None,
                    pipeline_url: None,
                },
                novelty: None,
            },
            linked_pull_requests: 0,
        };
        for (ids, has_more, verdict, told) in [
            (&[][..], false, Verdict::Good, "no deployment"),
            (
                &["gha-1"],
                false,
                Verdict::Attention,
                "1 deployment has been in progress",
            ),
            (
                &["gha-1", "gha-2"],
                false,
                Verdict::Attention,
                "2 deployments have been in progress for more than a day, the oldest gha-1 since 2024-01-02T00:00:00Z",
            ),
            (
                &["gha-1"],
                true,
                Verdict::Attention,
                "more than 1 deployments have",
            ),
        ] {
            let items = ids.iter().map(|id| running(id)).collect();
            let check = check_runs(&Page { items, has_more });
            assert_eq!(check.verdict, verdict);
            assert!(check.sentence.contains(told), "{}", check.sentence);
        }
    }

    #[test]
    fn environments_that_may_be_production_come_with_how_to_say_so() {
        assert_eq!(check_environments(&[]).verdict, Verdict::Good);
        let check = check_environments(&[Environment::parse("live").unwrap()]);
        assert_eq!(check.verdict, Verdict::Attention);
        let how = "`periscope environment set live --tier production`";
        assert!(check.sentence.contains(how), "{}", check.sentence);
    }

    #[test]
    fn a_forge_that_is_connected_should_be_heard_of() {
        for (connected, last, verdict) in [
            (None, None, Verdict::Good),
            (Some(1), None, Verdict::Attention),
            (Some(1), Some(6), Verdict::Attention),
            (Some(1), Some(7), Verdict::Good),
        ] {
            let check = check_github(connected.map(at), last.map(at), at(21));
            assert_eq!(check.verdict, verdict, "{}", check.sentence);
        }
    }

    #[test]
    fn what_cannot_be_linked_comes_with_advice() {
        let coverage = |unlinked: Vec<(UnlinkedReason, u64)>| Coverage {
            deployments: Share {
                total: 9,
                linked: 5,
                unlinked,
            },
            pull_requests: Share {
                total: 3,
                linked: 2,
                unlinked: vec![(UnshippedReason::NotShipped, 1)],
            },
        };
        let good = check_links(&coverage(vec![(UnlinkedReason::NothingNew, 4)]));
        assert_eq!(good.verdict, Verdict::Good);
        assert_eq!(
            good.sentence,
            "5 of 9 successful production deployments are linked (nothing_new 4) and 2 of 3 merged pull requests are \
             in one (not_shipped 1)"
        );
        let bad = check_links(&coverage(vec![
            (UnlinkedReason::CommitUnknown, 1),
            (UnlinkedReason::BaseUnknown, 3),
        ]));
        assert_eq!(bad.verdict, Verdict::Attention);
        assert!(
            bad.sentence.ends_with("or tell of the commits in between"),
            "{}",
            bad.sentence
        );
        let unknown = check_links(&coverage(vec![(UnlinkedReason::CommitUnknown, 1)]));
        assert!(
            unknown.sentence.contains("check that the service"),
            "{}",
            unknown.sentence
        );
    }
}
