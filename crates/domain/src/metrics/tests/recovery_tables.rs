use super::*;

#[test]
fn an_outage_opens_after_a_success_and_belongs_to_the_window_in_which_it_ends() {
    let mut world = World::new();
    for (time, status) in [
        // Nothing has succeeded before, as far as is looked at.
        ("2023-12-01T00:00:00Z", "failure"),
        ("2023-12-02T00:00:00Z", "success"),
        // Opened in December, ended in January: 48 hours.
        ("2023-12-31T00:00:00Z", "failure"),
        ("2023-12-31T12:00:00Z", "rolled_back"),
        ("2024-01-01T00:00:00Z", "cancelled"),
        ("2024-01-02T00:00:00Z", "success"),
        // 30 minutes.
        ("2024-01-10T00:00:00Z", "rolled_back"),
        ("2024-01-10T00:30:00Z", "success"),
        // Still open at the end.
        ("2024-01-30T00:00:00Z", "failure"),
        ("2024-02-01T00:00:00Z", "success"),
    ] {
        world.deploy(time, status);
    }
    let answer = world.january(Metric::Recovery);
    assert_eq!(answer.sample_size, 2);
    let Figures::Recovery(figures) = answer.figures else {
        panic!("another metric")
    };
    let Rated {
        distribution: current,
        level,
    } = figures.current.unwrap();
    assert!((current.min - 30.0).abs() < 1e-9 && (current.max - 2_880.0).abs() < 1e-9);
    assert_eq!((level, figures.previous), (Err(TooFew::Outages), None));
    let weekly = figures.weekly.iter().map(|(week, lengths)| {
        let median = lengths.map(|lengths| (lengths.count, lengths.p50));
        (week.name.as_str(), median)
    });
    assert_eq!(
        weekly.collect::<Vec<_>>(),
        [
            ("2024-W01", Some((1, 2_880.0))),
            ("2024-W02", Some((1, 30.0))),
            ("2024-W03", None),
            ("2024-W04", None),
            ("2024-W05", None),
        ]
    );
    let [latest, first] = figures.incidents.as_slice() else {
        panic!("two incidents")
    };
    assert_eq!(latest.opened_by, DeploymentId::new(7));
    let durations = [latest, first].map(Outage::duration_seconds);
    assert_eq!(durations, [Some(1_800), Some(172_800)]);
    assert_eq!(
        first.ended,
        Some((DeploymentId::new(6), at("2024-01-02T00:00:00Z")))
    );
    let [open] = figures.open.as_slice() else {
        panic!("one is open")
    };
    assert_eq!(
        (open.opened_at, open.duration_seconds()),
        (at("2024-01-30T00:00:00Z"), None)
    );
}

#[test]
fn services_are_told_apart_as_in_lists_where_only_ascii_letters_have_two_cases() {
    for (name, asked, deployments) in [
        ("API", "api", 1),
        ("\u{c9}tat", "\u{e9}tat", 0),
        ("\u{c9}TAT", "\u{c9}tat", 1),
    ] {
        let mut world = World::new();
        world.deploy("2024-01-02T00:00:00Z", "success").service = Some(name);
        let question = Question {
            service: ServiceName::clean(asked),
            ..january()
        };
        let answer = world.ask(Metric::DeploymentFrequency, question);
        assert_eq!(answer.sample_size, deployments, "{asked}");
    }
}

#[test]
fn services_and_environments_have_outages_of_their_own() {
    let mut world = World::new();
    world.deploy("2024-01-02T00:00:00Z", "success");
    world.deploy("2024-01-02T01:00:00Z", "failure");
    world.deploy("2024-01-02T02:00:00Z", "success").service = Some("web");
    world.deploy("2024-01-02T03:00:00Z", "success").environment = "staging";
    world.deploy("2024-01-02T04:00:00Z", "success").service = None;
    world.deploy("2024-01-02T05:00:00Z", "success").service = Some("Api");
    let Figures::Recovery(figures) = world.january(Metric::Recovery).figures else {
        panic!("another metric")
    };
    assert!((figures.current.unwrap().distribution.p50 - 240.0).abs() < 1e-9);
}

#[test]
fn at_one_instant_harm_comes_before_success_whichever_was_told_first() {
    let before = "2024-01-01T00:00:00Z";
    let (early, late) = ("2024-01-02T00:00:00Z", "2024-01-02T01:00:00Z");
    let (success, failure, rollback) = ("success", "failure", "rolled_back");
    for (told, lengths, open) in [
        // Up, and down and up again at once.
        (
            &[(early, success), (late, failure), (late, success)][..],
            &[0][..],
            0,
        ),
        (
            &[
                (early, success),
                (late, rollback),
                (late, failure),
                (late, success),
            ],
            &[0],
            0,
        ),
        // Down, and both: the outage ends with the success.
        (
            &[
                (before, success),
                (early, failure),
                (late, failure),
                (late, success),
            ],
            &[60],
            0,
        ),
        (&[(early, failure), (early, success), (late, failure)], &[], 1),
        // Nothing has succeeded before.
        (&[(late, failure), (late, success)], &[], 0),
    ] {
        let mut orders = vec![told.to_vec(), told.to_vec()];
        orders[1].reverse();
        for order in orders {
            let mut world = World::new();
            for (time, status) in &order {
                world.deploy(time, status);
            }
            let Figures::Recovery(figures) = world.january(Metric::Recovery).figures else {
                panic!("another metric")
            };
            let mut incidents: Vec<_> = figures
                .incidents
                .iter()
                .filter_map(Outage::duration_seconds)
                .collect();
            incidents.sort_unstable();
            let minutes: Vec<_> = incidents.iter().map(|seconds| seconds / 60).collect();
            assert_eq!(
                (minutes.as_slice(), figures.open.len()),
                (lengths, open),
                "{order:?}"
            );
        }
    }
}

#[test]
fn an_outage_is_open_in_every_window_however_long_ago_the_last_success_was() {
    let mut world = World::new();
    world.deploy("2023-10-11T00:00:00Z", "success");
    world.deploy("2024-01-27T00:00:00Z", "failure");
    // Down for longer than any window, and never deployed since.
    world.deploy("2022-01-01T00:00:00Z", "success").service = Some("web");
    world.deploy("2022-01-02T00:00:00Z", "rolled_back").service = Some("Web");
    let until = at("2024-01-29T00:00:00Z");
    for days in [7, 30, 90] {
        let since = until.plus(-time::Duration::days(days));
        let question = Question {
            window: Window::new(since, until).unwrap(),
            now: until,
            ..january()
        };
        for (service, expected) in [
            (None, vec![("Web", 4), ("api", 2)]),
            (Some("API"), vec![("api", 2)]),
            (Some("web"), vec![("Web", 4)]),
            (Some("other"), vec![]),
        ] {
            let question = Question {
                service: service.and_then(ServiceName::clean),
                ..question.clone()
            };
            let earlier = question.outages_since();
            let mut material = world.material(question);
            let mut late = world.clone();
            late.deployed.retain(|one| one.at >= earlier);
            material.facts = Arc::new(late.facts());
            let Figures::Recovery(figures) = material.measure(Metric::Recovery).figures else {
                panic!("another metric")
            };
            let open: Vec<_> = figures
                .open
                .iter()
                .map(|outage| (outage.service.as_deref().unwrap(), outage.opened_by.get()))
                .collect();
            assert_eq!(open, expected, "{service:?} in {days} days");
            assert_eq!((figures.current, figures.incidents), (None, vec![]));
        }
    }
}
