//! How much time figures are spread over: what lies ahead has not passed, and an hour that clocks show twice is one.

use super::*;

/// A question about a month that is asked on some day, or about one that lies ahead.
fn asked(since: &str, until: &str, now: &str) -> Question {
    Question {
        window: Window::new(at(since), at(until)).unwrap(),
        now: at(now),
        ..january()
    }
}

/// Successful deployments a day, merges a week and merges a day.
fn rates(world: &World, question: &Question) -> [f64; 3] {
    let rate = |metric| match world.ask(metric, question.clone()).figures {
        Figures::DeploymentFrequency(figures) => figures.current.unwrap().per_day,
        Figures::Throughput(counts) | Figures::Velocity(counts) => counts.current.unwrap().per_slice,
        _ => panic!("another metric"),
    };
    [Metric::DeploymentFrequency, Metric::Throughput, Metric::Velocity].map(rate)
}

#[test]
fn rates_of_a_window_that_reaches_into_the_future_are_those_up_to_now() {
    let mut world = World::new();
    for day in 1..=10 {
        world.deploy(&format!("2024-01-{day:02}T12:00:00Z"), "success");
        world.merge(&format!("2024-01-{day:02}T11:00:00Z"));
    }
    for (now, days) in [
        ("2024-01-11T00:00:00Z", 10.0),
        ("2024-01-21T00:00:00Z", 20.0),
        ("2024-01-31T00:00:00Z", 30.0),
        ("2024-05-01T00:00:00Z", 30.0),
        // Clocks differ: what is ahead may have happened, and is spread over all of the window.
        ("2024-01-01T00:00:00Z", 30.0),
        ("2023-12-31T12:00:00Z", 30.0),
    ] {
        let question = asked("2024-01-01T00:00:00Z", "2024-01-31T00:00:00Z", now);
        let expected = [10.0 / days, 70.0 / days, 10.0 / days];
        for (found, expected) in rates(&world, &question).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{now}: {found}");
        }
    }
}

#[test]
fn an_hour_that_clocks_show_twice_costs_no_level() {
    // Clocks are set on the 31st of March and the 27th of October in Berlin, on the 7th of April by half an hour on
    // Lord Howe.
    for (zone, since, until, days) in [
        (
            "UTC",
            "2024-10-24T22:00:00Z",
            "2024-10-31T23:00:00Z",
            7.0 + 1.0 / 24.0,
        ),
        (
            "Europe/Berlin",
            "2024-10-24T22:00:00Z",
            "2024-10-31T23:00:00Z",
            7.0,
        ),
        (
            "Europe/Berlin",
            "2024-10-26T22:00:00Z",
            "2024-10-27T23:00:00Z",
            1.0,
        ),
        (
            "Australia/Lord_Howe",
            "2024-04-05T13:00:00Z",
            "2024-04-08T13:30:00Z",
            3.0,
        ),
        // Days of 24 hours up to now.
        (
            "Europe/Berlin",
            "2024-03-28T12:00:00Z",
            "2024-04-04T12:00:00Z",
            7.0,
        ),
        (
            "Europe/Berlin",
            "2024-10-24T12:00:00Z",
            "2024-10-31T12:00:00Z",
            7.0 - 1.0 / 24.0,
        ),
        // A day that has an hour less, and one that was skipped.
        (
            "Europe/Berlin",
            "2024-03-30T23:00:00Z",
            "2024-03-31T22:00:00Z",
            23.0 / 24.0,
        ),
        (
            "Pacific/Apia",
            "2011-12-29T10:00:00Z",
            "2011-12-31T10:00:00Z",
            2.0,
        ),
        // What is shorter than a day has as many hours as pass.
        (
            "Europe/Berlin",
            "2024-10-27T00:30:00Z",
            "2024-10-27T01:00:00Z",
            0.5 / 24.0,
        ),
        (
            "Europe/Berlin",
            "2024-10-27T00:00:00Z",
            "2024-10-28T00:00:00Z",
            1.0,
        ),
    ] {
        let mut world = World::new();
        for _ in 0..7 {
            world.deploy(since, "success");
            world.merge(since);
        }
        let question = Question {
            time_zone: TimeZone::parse(zone).unwrap(),
            ..asked(since, until, "2024-12-01T00:00:00Z")
        };
        let expected = [7.0 / days, 49.0 / days, 7.0 / days];
        for (found, expected) in rates(&world, &question).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{zone} {since}: {found}");
        }
        let Figures::Overview(overview) = world.ask(Metric::Overview, question).figures else {
            panic!("another metric")
        };
        let level = overview.current.deployment_frequency.unwrap().level;
        assert_eq!(level == Ok(Level::Elite), days <= 7.0, "{zone} {since}");
    }
}

#[test]
fn a_repository_is_stale_by_what_has_passed_and_not_by_what_lies_ahead() {
    let mut world = World::new();
    world.repositories.truncate(1);
    world.merge("2024-01-10T00:00:00Z");
    let (january, february) = (
        ("2024-01-01T00:00:00Z", "2024-01-31T00:00:00Z"),
        ("2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    );
    for ((since, until), now, stale) in [
        (january, "2024-01-12T00:00:00Z", None),
        (january, "2024-01-24T00:00:00Z", None),
        (january, "2024-01-24T00:00:01Z", Some("medium")),
        (january, "2024-06-01T00:00:00Z", Some("medium")),
        (february, "2024-01-12T00:00:00Z", None),
        (february, "2024-01-28T00:00:00Z", Some("medium")),
        (february, "2024-02-08T00:00:00Z", Some("high")),
        // So far ahead that nothing that has happened is looked at.
        (
            ("2025-01-01T00:00:00Z", "2025-01-31T00:00:00Z"),
            "2024-01-12T00:00:00Z",
            None,
        ),
    ] {
        let question = asked(since, until, now);
        let Figures::ServiceHealth(health) = world.ask(Metric::ServiceHealth, question.clone()).figures
        else {
            panic!("another metric")
        };
        let is_stale = health.first().unwrap().health == Health::Stale;
        assert_eq!(is_stale, stale.is_some(), "{since} {now}");
        let Figures::RiskSignals(risks) = world.ask(Metric::RiskSignals, question).figures else {
            panic!("another metric")
        };
        let mut signals = risks.signals.iter();
        let signal = signals.find(|signal| signal.kind == RiskKind::StaleService);
        assert_eq!(
            signal.map(|signal| signal.severity.as_str()),
            stale,
            "{since} {now}"
        );
    }
}
