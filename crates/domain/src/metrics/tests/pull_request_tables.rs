use super::*;

#[test]
fn cycle_time_is_from_opening_to_merge_and_never_negative() {
    let mut world = World::new();
    world.merge("2024-01-10T10:00:00Z").created_at = Some(at("2024-01-10T04:00:00Z"));
    world.merge("2024-01-10T10:00:00Z").created_at = Some(at("2024-01-10T11:00:00Z"));
    world.merge("2024-01-10T10:00:00Z");
    let answer = world.january(Metric::CycleTime);
    let Figures::CycleTime(figures) = answer.figures else {
        panic!("another metric")
    };
    let current = figures.current.unwrap();
    assert_eq!((answer.sample_size, figures.previous), (2, None));
    assert!((current.p50 - 3.0).abs() < 1e-9 && current.min.abs() < 1e-9);
}

#[test]
fn repositories_that_are_not_monitored_do_not_count_unless_a_service_names_them() {
    let mut world = World::new();
    world.repositories.push(repository(3, "acme/old", false));
    world.merge("2024-01-10T10:00:00Z");
    world.merge("2024-01-11T10:00:00Z").repository = 3;
    for (service, merged, no_data) in [
        (None, 1, None),
        (Some("old"), 1, None),
        (Some("ACME/api"), 1, None),
        (Some("web"), 0, Some(NoData::NoMerges)),
        (Some("unheard-of"), 0, Some(NoData::ServiceUnmatched)),
    ] {
        let question = Question {
            service: service.map(|name| ServiceName::parse(name).unwrap()),
            ..january()
        };
        let answer = world.ask(Metric::Velocity, question);
        assert_eq!(
            (answer.sample_size, answer.no_data),
            (merged, no_data),
            "{service:?}"
        );
    }
}

#[test]
fn health_tells_why() {
    let mut world = World::new();
    for time in ["2023-12-20T00:00:00Z", "2023-12-21T00:00:00Z"] {
        world.merge(time);
    }
    world.merge("2024-01-20T00:00:00Z").created_at = Some(at("2024-01-16T00:00:00Z"));
    world.merge("2024-01-16T00:00:00Z").repository = 2;
    let other = world.merge("2024-01-17T00:00:00Z");
    (other.repository, other.author) = (2, Some("hubot"));
    world.repositories.push(repository(3, "acme/quiet", true));
    let Figures::ServiceHealth(figures) = world.january(Metric::ServiceHealth).figures else {
        panic!("another metric")
    };
    let told: Vec<_> = figures
        .iter()
        .map(|one| {
            (
                one.repository_id.get(),
                one.health,
                one.concerns.as_slice(),
                one.merged,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                1,
                Health::Warning,
                [Concern::OneContributor, Concern::SlowReviews, Concern::MergesDown].as_slice(),
                1
            ),
            (3, Health::Stale, [Concern::NoMerge].as_slice(), 0),
            // The last merge is 14 days before the window's end, not longer ago.
            (2, Health::Healthy, [].as_slice(), 2),
        ]
    );
    let weekly = figures.last().unwrap().weekly.iter();
    let weekly = weekly.map(|(week, merged)| (week.name.as_str(), *merged));
    assert_eq!(
        weekly.collect::<Vec<_>>(),
        [
            ("2024-W01", 0),
            ("2024-W02", 0),
            ("2024-W03", 2),
            ("2024-W04", 0),
            ("2024-W05", 0)
        ]
    );
}

#[test]
fn risks_are_told_with_their_bounds() {
    let mut world = World::new();
    for _ in 0..10 {
        world.merge("2023-12-20T00:00:00Z");
    }
    for day in 10..16 {
        let merged = world.merge(&format!("2024-01-{day}T00:00:00Z"));
        (merged.lines, merged.created_at) = (Some(500), Some(at("2024-01-01T00:00:00Z")));
    }
    for status in ["success", "failure", "rolled_back", "success", "success"] {
        world.deploy("2024-01-02T00:00:00Z", status);
    }
    let Figures::RiskSignals(RiskSignals {
        signals,
        current,
        previous,
        ..
    }) = world.january(Metric::RiskSignals).figures
    else {
        panic!("another metric")
    };
    // In December: two repositories, one of them stale, the other of one contributor who has all merges.
    assert_eq!((current, previous), (Some(8), Some(3)));
    let told: Vec<_> = signals
        .iter()
        .map(|signal| (signal.kind.as_str(), signal.severity.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("stale_service", "high"),
            ("slow_reviews", "high"),
            ("large_prs", "high"),
            ("review_bottleneck", "high"),
            ("failure_rate", "high"),
            ("stale_service", "medium"),
            ("bus_factor", "medium"),
            ("activity_drop", "medium"),
        ]
    );
    let failure = signals
        .iter()
        .find(|signal| signal.kind == RiskKind::FailureRate)
        .unwrap();
    assert_eq!(
        failure.description,
        "40.0 % of the deployments of api failed or were rolled back, 2 of 5; more than 15 % is a risk."
    );
}

#[test]
fn contributors_are_told_with_their_share_and_the_means_of_what_is_known() {
    let mut world = World::new();
    for (author, lines, hours) in [
        (Some("octocat"), Some(100), Some(2)),
        (Some("octocat"), Some(200), None),
        (Some("octocat"), None, Some(4)),
        (Some("hubot"), None, None),
        (None, Some(7), Some(1)),
    ] {
        let merged = world.merge("2024-01-10T10:00:00Z");
        merged.created_at = hours.map(|hours| merged.at.plus(-time::Duration::hours(hours)));
        (merged.author, merged.lines) = (author, lines);
    }
    for author in [None, Some("octocat")] {
        world.merge("2023-12-20T00:00:00Z").author = author;
    }
    let Figures::Contributors(figures) = world.january(Metric::Contributors).figures else {
        panic!("another metric")
    };
    assert_eq!((figures.current, figures.previous), (2, 1));
    let last = figures.contributors.first().unwrap().last_merged_at;
    assert_eq!(last, Some(at("2024-01-10T10:00:00Z")));
    let told = figures.contributors.iter().map(|one| {
        let means = (one.mean_lines, one.mean_cycle_time_hours);
        let author = one.author.as_deref();
        (author, one.merged, one.previously_merged, one.share, means)
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Some("octocat"), 3, 1, 0.6, (Some(150.0), Some(3.0))),
            (None, 1, 1, 0.2, (Some(7.0), Some(1.0))),
            (Some("hubot"), 1, 0, 0.2, (None, None)),
        ]
    );
}

#[test]
fn an_author_is_one_however_spelled_and_told_as_the_last_merge_spells() {
    let mut world = World::new();
    for (author, time) in [
        ("Octocat", "2023-12-20T00:00:00Z"),
        ("octocat", "2024-01-10T10:00:00Z"),
        ("OctoCat", "2024-01-11T10:00:00Z"),
    ] {
        world.merge(time).author = Some(author);
    }
    let Figures::Contributors(figures) = world.january(Metric::Contributors).figures else {
        panic!("another metric")
    };
    assert_eq!((figures.current, figures.previous), (1, 1));
    let told = figures
        .contributors
        .iter()
        .map(|one| (one.author.as_deref(), one.merged, one.previously_merged));
    assert_eq!(told.collect::<Vec<_>>(), [(Some("OctoCat"), 2, 1)]);
    let Figures::ServiceHealth(figures) = world.january(Metric::ServiceHealth).figures else {
        panic!("another metric")
    };
    let contributors = figures.iter().map(|one| one.contributors);
    assert_eq!(contributors.collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn a_point_is_a_pull_request_of_which_lines_and_cycle_time_are_known() {
    let mut world = World::new();
    for (lines, created_at) in [
        (Some(10), Some("2024-01-10T04:00:00Z")),
        (None, Some("2024-01-10T04:00:00Z")),
        (Some(10), None),
    ] {
        let merged = world.merge("2024-01-10T10:00:00Z");
        (merged.lines, merged.created_at) = (lines, created_at.map(at));
    }
    let Figures::SizeVsTime(figures) = world.january(Metric::SizeVsTime).figures else {
        panic!("another metric")
    };
    let points = figures.points.iter().map(|point| {
        let id = point.pull_request_id.get();
        (id, point.lines, point.cycle_time_hours)
    });
    assert_eq!(points.collect::<Vec<_>>(), [(1, 10, 6.0)]);
    assert_eq!((figures.current, figures.previous), (1, 0));
}
