//! Each bound of a risk, from both sides, and what little else no other test would miss.

use super::*;
use crate::metrics::coverage::Share;
use crate::metrics::names::place_by_name;

/// The severity and the description of a risk of January, if there is one of the kind.
fn risk(world: &World, kind: RiskKind) -> Option<(&'static str, String)> {
    let Figures::RiskSignals(risks) = world.january(Metric::RiskSignals).figures else {
        panic!("another metric")
    };
    let mut found = risks.signals.into_iter().filter(|signal| signal.kind == kind);
    let found = found.find(|signal| !signal.description.contains("acme/web"))?;
    assert!(
        found.recommendation.len() > 20 && found.recommendation.ends_with('.'),
        "{kind:?}"
    );
    Some((found.severity.as_str(), found.description))
}

fn severity(world: &World, kind: RiskKind) -> Option<&'static str> {
    risk(world, kind).map(|(severity, _)| severity)
}

/// So many merges of January by each of some authors.
fn merged_by(authors: &[(&'static str, usize)]) -> World {
    let mut world = World::new();
    for (author, count) in authors {
        for _ in 0..*count {
            world.merge("2024-01-20T00:00:00Z").author = Some(author);
        }
    }
    world
}

#[test]
fn a_failure_rate_is_a_risk_above_15_percent_and_a_high_one_from_30() {
    for (successes, failures, expected) in [
        (17, 3, None),
        (5, 1, Some("medium")),
        (16, 3, Some("medium")),
        (8, 3, Some("medium")),
        (7, 3, Some("high")),
        (1, 3, Some("low")),
        (0, 4, Some("low")),
        (0, 5, Some("high")),
    ] {
        let mut world = World::new();
        for number in 0..successes + failures {
            let status = if number < successes { "success" } else { "failure" };
            world.deploy("2024-01-02T00:00:00Z", status);
        }
        assert_eq!(
            severity(&world, RiskKind::FailureRate),
            expected,
            "{successes} {failures}"
        );
    }
}

#[test]
fn reviews_are_slow_above_72_hours_and_a_high_risk_from_144() {
    for (hours, merges, expected) in [
        (72, 5, None),
        (73, 5, Some("medium")),
        (143, 5, Some("medium")),
        (144, 5, Some("high")),
        (200, 4, Some("low")),
    ] {
        let mut world = World::new();
        for _ in 0..merges {
            let merged = world.merge("2024-01-20T00:00:00Z");
            merged.created_at = Some(merged.at.plus(-time::Duration::hours(hours)));
        }
        assert_eq!(
            severity(&world, RiskKind::SlowReviews),
            expected,
            "{hours} {merges}"
        );
    }
}

#[test]
fn a_pull_request_is_large_from_500_lines_and_48_hours_and_a_high_risk_from_half_of_all() {
    for (lines, hours, large, others, expected) in [
        (499, 48, 5, 0, None),
        (500, 47, 5, 0, None),
        (500, 48, 5, 5, Some("high")),
        (500, 48, 5, 6, Some("medium")),
        (500, 48, 4, 0, Some("low")),
    ] {
        let mut world = merged_by(&[("octocat", others)]);
        for _ in 0..large {
            let merged = world.merge("2024-01-20T00:00:00Z");
            merged.lines = Some(lines);
            merged.created_at = Some(merged.at.plus(-time::Duration::hours(hours)));
        }
        assert_eq!(
            severity(&world, RiskKind::LargePullRequests),
            expected,
            "{lines} {hours} {others}"
        );
    }
}

#[test]
fn one_author_is_a_bottleneck_from_half_of_the_merges_and_a_high_risk_from_three_quarters() {
    for (authors, expected) in [
        (&[("a", 49), ("b", 30), ("c", 21)][..], None),
        (&[("a", 5), ("b", 3), ("c", 2)], Some("medium")),
        (&[("a", 7), ("b", 3)], Some("medium")),
        (&[("a", 6), ("b", 2)], Some("high")),
        (&[("a", 4), ("b", 1)], Some("low")),
    ] {
        assert_eq!(
            severity(&merged_by(authors), RiskKind::ReviewBottleneck),
            expected,
            "{authors:?}"
        );
    }
    for (authors, expected) in [
        (&[("a", 19)][..], Some("medium")),
        (&[("a", 20)], Some("high")),
        (&[("a", 4)], Some("low")),
        (&[("a", 9), ("b", 1)], None),
    ] {
        assert_eq!(
            severity(&merged_by(authors), RiskKind::BusFactor),
            expected,
            "{authors:?}"
        );
    }
}

#[test]
fn activity_drops_by_30_percent_and_spikes_by_50() {
    for (before, now, drop, spike) in [
        (10, 8, None, None),
        (10, 7, Some("medium"), None),
        (10, 4, Some("high"), None),
        (4, 1, Some("low"), None),
        (10, 14, None, None),
        (10, 15, None, Some("medium")),
        (10, 20, None, Some("high")),
        (0, 20, None, None),
    ] {
        let mut world = merged_by(&[("octocat", now)]);
        for _ in 0..before {
            world.merge("2023-12-20T00:00:00Z");
        }
        assert_eq!(severity(&world, RiskKind::ActivityDrop), drop, "{before} {now}");
        assert_eq!(severity(&world, RiskKind::ActivitySpike), spike, "{before} {now}");
    }
}

#[test]
fn a_repository_is_stale_after_14_days_without_a_merge_and_a_high_risk_after_28() {
    for (last_merge, expected) in [
        ("2024-01-17T00:00:00Z", None),
        ("2024-01-16T23:59:59Z", Some("medium")),
        ("2024-01-03T00:00:00Z", Some("medium")),
        ("2024-01-02T23:59:59Z", Some("high")),
    ] {
        let mut world = World::new();
        world.merge(last_merge);
        assert_eq!(severity(&world, RiskKind::StaleService), expected, "{last_merge}");
    }
}

#[test]
fn a_number_of_risks_is_told_once_anything_could_show_one() {
    let mut sound = World::new();
    sound.repositories.truncate(1);
    for author in ["a", "b", "c"] {
        for time in ["2023-12-20T00:00:00Z", "2024-01-20T00:00:00Z"] {
            sound.merge(time).author = Some(author);
        }
    }
    for (world, expected) in [
        (World::default(), None),
        (World::new(), Some(2)),
        (sound, Some(0)),
    ] {
        let Figures::RiskSignals(risks) = world.january(Metric::RiskSignals).figures else {
            panic!("another metric")
        };
        assert_eq!(risks.current, expected);
    }
}

#[test]
fn the_concerns_of_a_repository_begin_at_their_bounds() {
    let [a, b, c] = ["a", "b", "c"].map(Some);
    for (authors, before, hours, contributors, expected) in [
        (&[a, b][..], 3, 72, 2, &[][..]),
        (&[a, b], 4, 73, 2, &[Concern::SlowReviews, Concern::MergesDown]),
        (&[a, b, c], 5, 1, 3, &[]),
        (&[a, a], 0, 1, 1, &[Concern::OneContributor]),
        (&[a, None], 0, 1, 1, &[]),
        (&[None, None], 0, 1, 0, &[]),
    ] {
        let mut world = World::new();
        for author in authors {
            let merged = world.merge("2024-01-20T00:00:00Z");
            merged.created_at = Some(merged.at.plus(-time::Duration::hours(hours)));
            merged.author = *author;
        }
        for _ in 0..before {
            world.merge("2023-12-20T00:00:00Z");
        }
        let Figures::ServiceHealth(health) = world.january(Metric::ServiceHealth).figures else {
            panic!("another metric")
        };
        let found = health.first().unwrap();
        assert_eq!(
            (found.contributors, found.concerns.as_slice()),
            (contributors, expected),
            "{authors:?} {before} {hours}"
        );
    }
}

#[test]
fn figures_name_the_deployments_and_pull_requests_that_they_tell_of() {
    let mut world = World::new();
    world.deploy("2024-01-02T00:00:00Z", "success").links = vec![(7, 60)];
    for (time, status) in [
        ("2024-01-03T00:00:00Z", "failure"),
        ("2024-01-04T00:00:00Z", "success"),
        ("2024-01-05T00:00:00Z", "rolled_back"),
    ] {
        world.deploy(time, status);
    }
    for (metric, deployments, pull_requests) in [
        (Metric::LeadTime, &[1][..], &[7][..]),
        (Metric::ChangeFailureRate, &[4, 2], &[]),
        (Metric::Recovery, &[2, 3, 4], &[]),
        (Metric::Velocity, &[], &[]),
    ] {
        let figures = world.january(metric).figures;
        let found: Vec<_> = figures.deployments().into_iter().map(DeploymentId::get).collect();
        assert_eq!(found, deployments, "{metric:?}");
        let found: Vec<_> = figures
            .pull_requests()
            .into_iter()
            .map(PullRequestId::get)
            .collect();
        assert_eq!(found, pull_requests, "{metric:?}");
    }
}

#[test]
fn facts_are_needed_from_the_window_before_on_and_for_last_merges_from_90_days_before_that() {
    for (metric, since) in [
        (Metric::Overview, "2023-12-02T00:00:00Z"),
        (Metric::Recovery, "2023-12-02T00:00:00Z"),
        (Metric::ServiceHealth, "2023-09-03T00:00:00Z"),
        // Those of the window before are compared with the one before that.
        (Metric::RiskSignals, "2023-08-04T00:00:00Z"),
    ] {
        assert_eq!(january().facts_since(metric), at(since), "{metric:?}");
    }
}

#[test]
fn each_metric_has_a_definition_of_its_own() {
    let mut definitions = Metric::ALL.map(Metric::definition).to_vec();
    definitions.sort_unstable();
    definitions.dedup();
    assert_eq!(definitions.len(), Metric::ALL.len());
    assert!(
        definitions
            .iter()
            .all(|definition| definition.len() > 40 && definition.ends_with('.'))
    );
}

#[test]
fn each_risk_tells_its_figure_and_its_bound() {
    let mut world = merged_by(&[("octocat", 15)]);
    for merged in &mut world.merged {
        (merged.lines, merged.created_at) = (Some(500), Some(at("2024-01-15T00:00:00Z")));
    }
    for _ in 0..10 {
        world.merge("2023-12-20T00:00:00Z");
    }
    world.deploy("2024-01-02T00:00:00Z", "failure").service = None;
    for (kind, expected) in [
        (
            RiskKind::BusFactor,
            "All 15 pull requests merged into acme/api are of one contributor.",
        ),
        (
            RiskKind::SlowReviews,
            "Pull requests of acme/api take 120.0 hours on average; more than 72 is slow.",
        ),
        (
            RiskKind::LargePullRequests,
            "15 of 15 pull requests merged into acme/api have 500 lines or more and took 48 hours or more.",
        ),
        (
            RiskKind::ReviewBottleneck,
            "octocat is the author of 100 % of the merges, 15 pull requests; 50 % or more is a bottleneck.",
        ),
        (
            RiskKind::ActivitySpike,
            "15 pull requests were merged, 50 % more than the 10 of the window before; 50 % counts.",
        ),
        (
            RiskKind::FailureRate,
            "100.0 % of the deployments of deployments without a service failed or were rolled back, 1 of 1; more than \
             15 % is a risk.",
        ),
    ] {
        assert_eq!(risk(&world, kind).unwrap().1, expected);
    }
}

#[test]
fn merges_are_counted_a_week_and_a_day() {
    let world = merged_by(&[("octocat", 6)]);
    for (metric, expected) in [(Metric::Throughput, 6.0 / (30.0 / 7.0)), (Metric::Velocity, 0.2)] {
        let (Figures::Throughput(counts) | Figures::Velocity(counts)) = world.january(metric).figures else {
            panic!("another metric")
        };
        let current = counts.current.unwrap();
        assert_eq!((current.merged, counts.previous), (6, None));
        assert!((current.per_slice - expected).abs() < 1e-12, "{metric:?}");
    }
}

#[test]
fn a_share_is_the_linked_ones_of_all() {
    let share = |total, linked| Share::<()> {
        total,
        linked,
        unlinked: Vec::new(),
    };
    for (total, linked, expected) in [
        (0, 0, None),
        (4, 0, Some(0.0)),
        (4, 1, Some(0.25)),
        (4, 4, Some(1.0)),
    ] {
        assert_eq!(share(total, linked).ratio(), expected);
    }
}

#[test]
fn names_stand_in_alphabetical_order_whatever_their_letter_case_and_none_first() {
    let mut names = [Some("b"), Some("a"), None, Some("B"), Some("A"), Some("c")];
    names.sort_by_key(|name| place_by_name(*name));
    assert_eq!(
        names,
        [None, Some("A"), Some("a"), Some("B"), Some("b"), Some("c")]
    );
}

#[test]
fn the_reasons_for_no_data_have_codes_that_never_change() {
    use NoData::{
        EnvironmentNotProduction, NoDeployments, NoDetails, NoMerges, NoOutcomes, NoRecoveries,
        NoRepositories, NotProduction, NothingShipped, ServiceUnmatched,
    };
    let reasons = [
        (NoDeployments, "no_deployments"),
        (
            EnvironmentNotProduction(vec![Environment::parse("prod").unwrap()]),
            "environment_not_production",
        ),
        (NoOutcomes, "no_outcomes"),
        (NotProduction, "not_production"),
        (NothingShipped, "nothing_shipped"),
        (NoRecoveries, "no_recoveries"),
        (NoMerges, "no_merges"),
        (NoDetails, "no_details"),
        (ServiceUnmatched, "service_unmatched"),
        (NoRepositories, "no_repositories"),
    ];
    let mut sentences: Vec<_> = reasons.iter().map(|(reason, _)| reason.sentence()).collect();
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), reasons.len());
    assert!(sentences.iter().all(|sentence| sentence.len() > 10));
    for (reason, code) in reasons {
        assert_eq!(reason.code(), code);
    }
}
