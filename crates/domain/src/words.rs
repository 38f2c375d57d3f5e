//! The words that answers, commands and stores use: whoever reads them relies on each, so they stand here once more.

use crate::api_key::{InvalidScope, Scope};
use crate::checkup::Verdict;
use crate::commit_sha::CommitReference;
use crate::delivery::DeliveryResult;
use crate::linking::Absence;
use crate::metrics::{Concern, Health, Level, Metric};
use crate::organization::{InvalidPlan, OrganizationSlug, Plan};
use crate::pull_request::Source;
use crate::repository::MatchedBy;
use crate::run::DeploymentStatus;
use crate::time_zone::TimeZone;
use crate::web_url::{BaseUrl, WebUrl};
use std::collections::BTreeSet;

#[test]
fn scopes_and_plans_are_read_and_told_by_their_words() {
    for (scope, word) in [
        (Scope::Ingest, "ingest"),
        (Scope::Read, "read"),
        (Scope::Admin, "admin"),
    ] {
        assert_eq!((scope.as_str(), Scope::parse(word)), (word, Ok(scope)));
    }
    for (plan, word) in [
        (Plan::Free, "free"),
        (Plan::Business, "business"),
        (Plan::Enterprise, "enterprise"),
    ] {
        assert_eq!((plan.as_str(), Plan::parse(word)), (word, Ok(plan)));
    }
    for bad in ["", "Read", "Free", "all"] {
        assert_eq!(
            (Scope::parse(bad), Plan::parse(bad)),
            (Err(InvalidScope), Err(InvalidPlan))
        );
    }
}

#[test]
fn each_word_that_is_only_told_is_what_it_has_always_been() {
    for (told, word) in [
        (Verdict::Good.as_str(), "good"),
        (Verdict::Attention.as_str(), "attention"),
        (Verdict::Bad.as_str(), "bad"),
        (Source::Clone.as_str(), "clone"),
        (Source::Forge.as_str(), "forge"),
        (MatchedBy::FullName.as_str(), "full_name"),
        (MatchedBy::BareName.as_str(), "bare_name"),
        (MatchedBy::Alias.as_str(), "alias"),
        (Level::Elite.as_str(), "elite"),
        (Level::High.as_str(), "high"),
        (Level::Medium.as_str(), "medium"),
        (Level::Low.as_str(), "low"),
        (Health::Healthy.as_str(), "healthy"),
        (Health::Warning.as_str(), "warning"),
        (Health::Stale.as_str(), "stale"),
        (Concern::NoMerge.as_str(), "no_merge"),
        (Concern::OneContributor.as_str(), "one_contributor"),
        (Concern::SlowReviews.as_str(), "slow_reviews"),
        (Concern::MergesDown.as_str(), "merges_down"),
        (Metric::Overview.as_str(), "overview"),
        (Metric::DeploymentFrequency.as_str(), "deployment-frequency"),
        (Metric::LeadTime.as_str(), "lead-time"),
        (Metric::ChangeFailureRate.as_str(), "change-failure-rate"),
        (Metric::Recovery.as_str(), "mttr"),
        (Metric::CycleTime.as_str(), "pr-cycle-time"),
        (Metric::Throughput.as_str(), "throughput"),
        (Metric::Velocity.as_str(), "pr-velocity"),
        (Metric::SizeVsTime.as_str(), "size-vs-time"),
        (Metric::Contributors.as_str(), "contributors"),
        (Metric::ServiceHealth.as_str(), "service-health"),
        (Metric::RiskSignals.as_str(), "risk-signals"),
        (Absence::OtherRepository.code(), "other_repository"),
        (Absence::CommitUnknown.code(), "commit_unknown"),
        (Absence::NoGraph.code(), "no_graph"),
        (Absence::MergeCommitUnknown.code(), "merge_commit_unknown"),
        (Absence::NotContained.code(), "not_contained"),
        (Absence::InBase.code(), "in_base"),
        (Absence::BaseUnknown.code(), "base_unknown"),
        (Absence::Undecided.code(), "undecided"),
        (Absence::Pending.code(), "pending"),
    ] {
        assert_eq!(told, word);
    }
}

#[test]
fn each_result_of_a_delivery_and_each_absence_has_a_sentence_of_its_own() {
    let absences = [
        Absence::OtherRepository,
        Absence::CommitUnknown,
        Absence::NoGraph,
        Absence::MergeCommitUnknown,
        Absence::NotContained,
        Absence::InBase,
        Absence::BaseUnknown,
        Absence::Undecided,
        Absence::Pending,
    ];
    let results = DeliveryResult::ALL.map(DeliveryResult::sentence);
    let sentences: BTreeSet<_> = absences
        .map(Absence::sentence)
        .into_iter()
        .chain(results)
        .collect();
    assert_eq!(sentences.len(), absences.len() + DeliveryResult::ALL.len());
    assert!(sentences.iter().all(|sentence| sentence.len() > 7));
}

#[test]
fn what_was_read_is_shown_as_it_was_written() {
    for (shown, written) in [
        (OrganizationSlug::parse("acme").unwrap().to_string(), "acme"),
        (CommitReference::parse("abc1234").unwrap().to_string(), "abc1234"),
        (
            TimeZone::parse("Europe/Berlin").unwrap().to_string(),
            "Europe/Berlin",
        ),
        (
            WebUrl::parse("https://ci.example/7").unwrap().to_string(),
            "https://ci.example/7",
        ),
        (BaseUrl::parse("https://x/y").unwrap().to_string(), "https://x/y"),
        (DeploymentStatus::RolledBack.to_string(), "rolled_back"),
        (Scope::Ingest.to_string(), "ingest"),
        (Plan::Free.to_string(), "free"),
    ] {
        assert_eq!(shown, written);
    }
}
