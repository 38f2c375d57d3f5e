use super::*;

#[test]
fn deployment_frequency_counts_successes_and_tells_every_day() {
    let mut world = World::new();
    for (time, status) in [
        ("2023-12-15T12:00:00Z", "success"),
        ("2024-01-01T00:00:00Z", "success"),
        ("2024-01-01T23:59:59Z", "failure"),
        ("2024-01-03T12:00:00Z", "success"),
        ("2024-01-30T23:59:59Z", "rolled_back"),
        ("2024-01-31T00:00:00Z", "success"),
    ] {
        world.deploy(time, status);
    }
    world.deploy("2024-01-05T00:00:00Z", "success").environment = "staging";
    let answer = world.january(Metric::DeploymentFrequency);
    assert_eq!((answer.sample_size, answer.no_data), (4, None));
    let Figures::DeploymentFrequency(figures) = answer.figures else {
        panic!("another metric")
    };
    let current = figures.current.unwrap();
    assert_eq!((current.statuses.success, current.statuses.total()), (2, 4));
    assert!((current.per_day - 2.0 / 30.0).abs() < 1e-12 && (current.per_week - 14.0 / 30.0).abs() < 1e-12);
    assert_eq!(current.level, Err(TooFew::Deployments));
    assert_eq!(figures.previous.unwrap().statuses.total(), 1);
    assert_eq!(figures.daily.len(), 30);
    let days = figures.daily.iter().filter(|(_, counts)| counts.total() > 0);
    let days: Vec<_> = days
        .map(|(day, counts)| (day.name.as_str(), counts.total()))
        .collect();
    assert_eq!(days, [("2024-01-01", 2), ("2024-01-03", 1), ("2024-01-30", 1)]);
    let environments: Vec<_> = figures
        .environments
        .iter()
        .map(|(name, counts)| (name.as_str(), counts.success))
        .collect();
    assert_eq!(environments, [("production", 2), ("staging", 1)]);
}

#[test]
fn lead_time_is_that_of_the_first_deployment_of_a_pull_request_with_a_service() {
    let mut world = World::new();
    world.deploy("2024-01-02T00:00:00Z", "success").links = vec![(1, 100), (2, 400)];
    // Again, and with another spelling of the service: not counted.
    world.deploy("2024-01-03T00:00:00Z", "success").links = vec![(1, 86_500)];
    let again = world.deploy("2024-01-03T00:00:00Z", "success");
    (again.service, again.links) = (Some("API"), vec![(2, 86_800)]);
    // With another service: counted.
    let other = world.deploy("2024-01-04T00:00:00Z", "success");
    (other.service, other.links) = (Some("web"), vec![(1, 172_900)]);
    // Before the window.
    world.deploy("2023-12-31T00:00:00Z", "success").links = vec![(3, 5)];
    let answer = world.january(Metric::LeadTime);
    let Figures::LeadTime(figures) = answer.figures else {
        panic!("another metric")
    };
    let Rated {
        distribution: current,
        level,
    } = figures.current.unwrap();
    assert_eq!((current.count, answer.sample_size), (3, 3));
    assert!((current.p50 - 400.0).abs() < 1e-9 && (current.mean - 57_800.0).abs() < 1e-6);
    assert_eq!(level, Err(TooFew::PullRequests));
    assert_eq!(
        figures.previous.map(|previous| previous.distribution.count),
        Some(1)
    );
    let slowest = figures.slowest.iter();
    let slowest: Vec<_> = slowest.map(|shipment| shipment.lead_time.seconds()).collect();
    assert_eq!(slowest, [172_900, 400, 100]);
    assert_eq!(
        figures.weekly.first().and_then(|(_, week)| *week).unwrap().count,
        3
    );
}

#[test]
fn lead_times_are_told_for_each_service_the_busiest_first() {
    let mut world = World::new();
    for (time, service, links) in [
        ("2024-01-02T00:00:00Z", Some("web"), vec![(1, 600), (2, 1_200)]),
        // The same once more: not counted, and its spelling neither.
        ("2024-01-03T00:00:00Z", Some("WEB"), vec![(1, 87_000)]),
        ("2024-01-04T00:00:00Z", Some("api"), vec![(1, 864_000)]),
        (
            "2024-01-05T00:00:00Z",
            Some("API"),
            vec![(2, 864_000), (3, 864_000)],
        ),
        ("2024-01-06T00:00:00Z", None, vec![(1, 7_200)]),
        ("2024-01-07T00:00:00Z", Some("Zoo"), vec![(1, 60), (4, 60)]),
        ("2024-01-08T00:00:00Z", Some("\u{c9}tat"), vec![(1, 60)]),
        ("2024-01-08T00:00:00Z", Some("\u{e9}tat"), vec![(1, 60)]),
        // Shipped nothing.
        ("2024-01-09T00:00:00Z", Some("docs"), Vec::new()),
        // After the window.
        ("2024-02-09T00:00:00Z", Some("docs"), vec![(1, 60)]),
    ] {
        let deployed = world.deploy(time, "success");
        (deployed.service, deployed.links) = (service, links);
    }
    let Figures::LeadTime(figures) = world.january(Metric::LeadTime).figures else {
        panic!("another metric")
    };
    let services = figures.services.iter().map(|one| {
        let distribution = one.lead_time.distribution;
        (one.service.as_deref(), distribution.count, distribution.p50)
    });
    assert_eq!(
        services.collect::<Vec<_>>(),
        [
            (Some("API"), 3, 864_000.0),
            (Some("web"), 2, 900.0),
            (Some("Zoo"), 2, 60.0),
            (None, 1, 7_200.0),
            (Some("\u{c9}tat"), 1, 60.0),
            (Some("\u{e9}tat"), 1, 60.0),
        ]
    );
}

#[test]
fn a_change_failure_is_a_failure_or_a_rollback() {
    let mut world = World::new();
    for status in ["success", "success", "failure", "rolled_back", "cancelled"] {
        world.deploy("2024-01-02T00:00:00Z", status);
    }
    let other = world.deploy("2024-01-02T00:00:00Z", "success");
    other.service = Some("web");
    let answer = world.january(Metric::ChangeFailureRate);
    assert_eq!(answer.sample_size, 5);
    let Figures::ChangeFailureRate(figures) = answer.figures else {
        panic!("another metric")
    };
    let current = figures.current.unwrap();
    assert!((current.share - 0.4).abs() < 1e-12 && (current.narrow_share - 1.0 / 6.0).abs() < 1e-12);
    assert_eq!((current.level, figures.previous), (Ok(Level::Low), None));
    let services: Vec<_> = figures
        .services
        .iter()
        .map(|one| (one.service.as_deref().unwrap(), one.rate.statuses.total()))
        .collect();
    assert_eq!(services, [("api", 5), ("web", 1)]);
    assert_eq!(
        figures.recent_failures,
        [DeploymentId::new(4), DeploymentId::new(3)]
    );
}

#[test]
fn a_week_in_which_nothing_was_decided_has_no_failure_rate() {
    let mut world = World::new();
    for (time, status) in [
        // A Monday.
        ("2024-01-01T00:00:00Z", "success"),
        ("2024-01-07T23:59:59.999999Z", "success"),
        ("2024-01-08T00:00:00Z", "failure"),
        ("2024-01-14T00:00:00Z", "success"),
        ("2024-01-14T01:00:00Z", "cancelled"),
        ("2024-01-16T00:00:00Z", "cancelled"),
        ("2024-01-31T00:00:00Z", "failure"),
    ] {
        world.deploy(time, status);
    }
    let Figures::ChangeFailureRate(figures) = world.january(Metric::ChangeFailureRate).figures else {
        panic!("another metric")
    };
    let weekly: Vec<_> = figures
        .weekly
        .iter()
        .map(|(week, rate)| {
            let rate = rate.map(|rate| (rate.share, rate.statuses.total()));
            (week.name.as_str(), rate)
        })
        .collect();
    assert_eq!(
        weekly,
        [
            ("2024-W01", Some((0.0, 2))),
            ("2024-W02", Some((0.5, 3))),
            ("2024-W03", None),
            ("2024-W04", None),
            ("2024-W05", None),
        ]
    );
}

#[test]
fn coverage_tells_what_is_not_linked_and_why() {
    let mut world = World::new();
    world.deploy("2024-01-10T00:00:00Z", "success").links = vec![(1, 60)];
    world.deploy("2024-01-11T00:00:00Z", "success").unlinked = Some(UnlinkedReason::CommitUnknown);
    world.deploy("2024-01-12T00:00:00Z", "success").unlinked = Some(UnlinkedReason::NothingNew);
    world.deploy("2024-01-13T00:00:00Z", "failure");
    world.deploy("2024-01-14T00:00:00Z", "success").environment = "staging";
    // After the window: what it ships is shipped all the same.
    world.deploy("2024-02-02T00:00:00Z", "success").links = vec![(3, 60)];
    for time in [
        "2024-01-09T00:00:00Z",
        "2024-01-09T00:00:00Z",
        "2024-01-30T00:00:00Z",
        "2024-01-30T00:00:00Z",
    ] {
        world.merge(time);
    }
    let coverage = world.january(Metric::Overview).coverage;
    assert_eq!(
        coverage.deployments,
        Share {
            total: 3,
            linked: 1,
            unlinked: vec![
                (UnlinkedReason::CommitUnknown, 1),
                (UnlinkedReason::NothingNew, 1)
            ],
        }
    );
    assert_eq!(
        coverage.pull_requests,
        Share {
            total: 4,
            linked: 2,
            unlinked: vec![(UnshippedReason::NotShipped, 2)],
        }
    );
    world.deployed.pop();
    assert_eq!(
        world.january(Metric::Overview).coverage.pull_requests.unlinked,
        [
            (UnshippedReason::NoDeploymentSince, 2),
            (UnshippedReason::NotShipped, 1)
        ]
    );
    // At the moment of the merge is since.
    world.deploy("2024-01-30T00:00:00Z", "success");
    assert_eq!(
        world.january(Metric::Overview).coverage.pull_requests.unlinked,
        [(UnshippedReason::NotShipped, 3)]
    );
}

#[test]
fn without_data_there_is_no_figure_and_no_level_but_a_reason() {
    let empty = World::new();
    let staging = Question {
        environment: Environment::parse("staging").unwrap(),
        ..january()
    };
    let mut cancelled = World::new();
    cancelled.deploy("2024-01-10T00:00:00Z", "cancelled");
    let mut elsewhere = World::new();
    for (environment, status) in [
        ("prod", "success"),
        ("live", "success"),
        ("qa", "failure"),
        ("staging", "success"),
        ("eu", "success"),
    ] {
        elsewhere.deploy("2024-01-10T00:00:00Z", status).environment = environment;
    }
    let others = ["eu", "live", "prod"].map(|name| Environment::parse(name).unwrap());
    let others = || NoData::EnvironmentNotProduction(others.to_vec());
    let mut merged = World::new();
    merged.merge("2024-01-10T00:00:00Z");
    for (world, question, metric, reason) in [
        (
            &empty,
            january(),
            Metric::DeploymentFrequency,
            NoData::NoDeployments,
        ),
        (&empty, january(), Metric::LeadTime, NoData::NoDeployments),
        (&empty, staging, Metric::LeadTime, NoData::NotProduction),
        (&cancelled, january(), Metric::LeadTime, NoData::NothingShipped),
        (
            &cancelled,
            january(),
            Metric::ChangeFailureRate,
            NoData::NoOutcomes,
        ),
        (&cancelled, january(), Metric::Recovery, NoData::NoRecoveries),
        (&elsewhere, january(), Metric::Overview, others()),
        (&elsewhere, january(), Metric::DeploymentFrequency, others()),
        (&elsewhere, january(), Metric::LeadTime, others()),
        (&elsewhere, january(), Metric::ChangeFailureRate, others()),
        (&elsewhere, january(), Metric::Recovery, others()),
        (&empty, january(), Metric::CycleTime, NoData::NoMerges),
        (&merged, january(), Metric::CycleTime, NoData::NoDetails),
        (
            &World::default(),
            january(),
            Metric::Throughput,
            NoData::NoRepositories,
        ),
    ] {
        let answer = world.ask(metric, question);
        assert_eq!(
            (answer.sample_size, answer.no_data),
            (0, Some(reason)),
            "{metric:?}"
        );
    }
    let Figures::LeadTime(figures) = empty.january(Metric::LeadTime).figures else {
        panic!("another metric")
    };
    assert_eq!(figures.current, None);
}

#[test]
fn the_overview_has_the_figures_of_each_metric() {
    let mut world = World::new();
    world.deploy("2024-01-10T00:00:00Z", "success").links = vec![(1, 600)];
    world.deploy("2024-01-11T00:00:00Z", "failure");
    world.deploy("2024-01-11T01:00:00Z", "success");
    world.merge("2024-01-09T23:50:00Z").created_at = Some(at("2024-01-09T00:00:00Z"));
    let Figures::Overview(overview) = world.january(Metric::Overview).figures else {
        panic!("another metric")
    };
    let Figures::Recovery(recovery) = world.january(Metric::Recovery).figures else {
        panic!("another metric")
    };
    let current = overview.current;
    assert_eq!(world.january(Metric::Overview).sample_size, 3 + 1);
    assert_eq!(current.recovery, recovery.current);
    assert!((current.lead_time.unwrap().distribution.p50 - 600.0).abs() < 1e-9);
    assert_eq!(current.deployment_frequency.unwrap().statuses.success, 2);
    assert!((current.change_failure_rate.unwrap().share - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(
        (current.pull_requests_merged, current.cycle_time.unwrap().count),
        (Some(1), 1)
    );
    assert_eq!(
        (
            overview.previous.deployment_frequency,
            overview.previous.pull_requests_merged
        ),
        (None, None)
    );
}

#[test]
fn production_is_every_environment_of_its_tier_and_another_name_itself_alone() {
    let mut world = World::new();
    world.tiers = live_is_production();
    for (day, environment) in [
        (1, "production"),
        (2, "live"),
        (3, "live-eu"),
        (4, "prod"),
        (5, "staging"),
    ] {
        let deployed = world.deploy(&format!("2024-01-0{day}T00:00:00Z"), "success");
        deployed.environment = environment;
        deployed.links = vec![(day, 60)];
    }
    for (environment, deployments, no_data) in [
        ("production", 3, None),
        ("live", 1, None),
        ("live-eu", 1, None),
        ("prod", 1, Some(NoData::NotProduction)),
        ("staging", 1, Some(NoData::NotProduction)),
        ("live-us", 0, Some(NoData::NoDeployments)),
    ] {
        let question = Question {
            environment: Environment::parse(environment).unwrap(),
            ..january()
        };
        let frequency = world.ask(Metric::DeploymentFrequency, question.clone());
        assert_eq!(frequency.sample_size, deployments, "{environment}");
        let coverage = frequency.coverage.deployments;
        assert_eq!((coverage.linked, coverage.total), (3, 3), "{environment}");
        let question = Question {
            service: ServiceName::clean("web"),
            ..question
        };
        let not_of_web = world.ask(Metric::DeploymentFrequency, question);
        assert_eq!(not_of_web.no_data, Some(NoData::NoDeployments), "{environment}");
        let mut without_links = world.clone();
        for deployed in &mut without_links.deployed {
            deployed.links.clear();
        }
        let question = Question {
            environment: Environment::parse(environment).unwrap(),
            ..january()
        };
        let lead_time = without_links.ask(Metric::LeadTime, question);
        let nothing_shipped = no_data.unwrap_or(NoData::NothingShipped);
        assert_eq!(lead_time.no_data, Some(nothing_shipped), "{environment}");
    }
}
