//! The definitions once more, word by word over plain lists and without a thought of speed, held against the engine on
//! random histories: ties, several services and environments, events told late and corrected, zones that set their clocks.

use super::*;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::BTreeMap;

const SERVICES: [Option<&str>; 4] = [None, Some("api"), Some("API"), Some("web")];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "live"];
/// Those that `production` means.
const PRODUCTION: [&str; 2] = ["production", "live"];
const STATUSES: [DeploymentStatus; 4] = [
    DeploymentStatus::Success,
    DeploymentStatus::Failure,
    DeploymentStatus::Cancelled,
    DeploymentStatus::RolledBack,
];
const ZONES: [&str; 5] = [
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Pacific/Apia",
    "Australia/Lord_Howe",
];

/// Around the 29th of February and both days of 2024 on which Berlin sets its clocks.
fn time() -> impl Strategy<Value = Timestamp> {
    let begin = at("2024-02-20T00:00:00Z");
    prop_oneof![
        (0_i64..60, 0_i64..4).prop_map(|(day, quarter)| day * 86_400 + quarter * 21_600),
        0_i64..260 * 86_400,
    ]
    .prop_map(move |seconds| begin.plus(time::Duration::seconds(seconds)))
}

fn deployed() -> impl Strategy<Value = Deployed> {
    let links = proptest::collection::vec((1_i64..12, 0_i64..200_000), 0..4);
    let what = (
        1_i64..40,
        time(),
        0..STATUSES.len(),
        prop_oneof![Just(0), Just(0), Just(1), Just(2)],
        0..SERVICES.len(),
        links,
    );
    what.prop_map(|(id, at, status, environment, service, mut links)| {
        let (status, environment) = (STATUSES[status], ENVIRONMENTS[environment]);
        links.sort_unstable();
        links.dedup_by_key(|(pull_request, _)| *pull_request);
        links.retain(|_| status == DeploymentStatus::Success && PRODUCTION.contains(&environment));
        Deployed {
            id,
            at,
            status,
            environment,
            service: SERVICES[service],
            is_redeployment: links.len() == 1,
            links,
            unlinked: None,
        }
    })
}

fn merged() -> impl Strategy<Value = Merged> {
    let created = proptest::option::of(0_i64..900_000);
    let author = proptest::option::of(prop_oneof![Just("octocat"), Just("hubot")]);
    let lines = proptest::option::of(0_u32..900);
    let what = (1_i64..40, 1_i64..4, time(), created, author, lines);
    what.prop_map(|(id, repository, at, created, author, lines)| Merged {
        id,
        repository,
        at,
        created_at: created.map(|seconds| at.plus(-time::Duration::seconds(seconds))),
        author,
        lines,
    })
}

/// Events as they are told, the later word on the same one holding, and what is asked of them.
type Case = (Vec<Deployed>, Vec<Merged>, Question);

fn case() -> impl Strategy<Value = Case> {
    let question = (
        time(),
        1_i64..3_600,
        time(),
        0..ZONES.len(),
        0..ENVIRONMENTS.len(),
        0..SERVICES.len(),
    );
    let question = question.prop_map(|(since, hours, now, zone, environment, service)| Question {
        window: Window::new(since, since.plus(time::Duration::hours(hours))).unwrap(),
        now,
        time_zone: TimeZone::parse(ZONES[zone]).unwrap(),
        environment: Environment::parse(ENVIRONMENTS[environment]).unwrap(),
        service: SERVICES[service].map(|name| ServiceName::parse(name).unwrap()),
    });
    (
        proptest::collection::vec(deployed(), 0..40),
        proptest::collection::vec(merged(), 0..30),
        question,
    )
}

/// What holds once everything has been told, in order of time and number.
fn last_words(deployed: &[Deployed], merged: &[Merged]) -> World {
    let mut world = World::new();
    for told in deployed {
        world.deployed.retain(|other| other.id != told.id);
        world.deployed.push(told.clone());
    }
    for told in merged {
        world.merged.retain(|other| other.id != told.id);
        world.merged.push(told.clone());
    }
    world.deployed.sort_by_key(|one| (one.at, one.id));
    world.merged.sort_by_key(|one| (one.at, one.id));
    world.repositories.push(repository(3, "acme/old", false));
    world.tiers = live_is_production();
    world
}

impl World {
    pub(super) fn deployed_in(&self, question: &Question, window: Window) -> Vec<&Deployed> {
        let asked = question.service.as_ref().map(|name| name.as_str().to_lowercase());
        let environment = question.environment.as_str();
        let is_asked = |one: &Deployed| match environment {
            "production" => PRODUCTION.contains(&one.environment),
            _ => one.environment == environment,
        };
        self.deployed
            .iter()
            .filter(|one| window.contains(one.at) && is_asked(one))
            .filter(|one| asked.is_none() || one.service.map(str::to_lowercase) == asked)
            .collect()
    }

    fn merged_in(&self, question: &Question, window: Window) -> Vec<&Merged> {
        let repositories: &[i64] = match question.service.as_ref().map(ServiceName::as_str) {
            None => &[1, 2],
            Some("api" | "API") => &[1],
            Some(_) => &[2],
        };
        let merged = self.merged.iter();
        merged
            .filter(|one| window.contains(one.at) && repositories.contains(&one.repository))
            .collect()
    }
}

fn statuses(world: &World, question: &Question, window: Window) -> StatusCounts {
    let deployed = world.deployed_in(question, window);
    let count = |status| deployed.iter().filter(|one| one.status == status).count() as u64;
    let [success, failure, cancelled, rolled_back] = STATUSES.map(count);
    StatusCounts {
        success,
        failure,
        cancelled,
        rolled_back,
    }
}

/// Successful deployments a day, over the days that have passed if any has: of 24 hours, or as clocks show them if these
/// are fewer, but for less than a day.
fn per_day(world: &World, question: &Question, window: Window) -> f64 {
    let until = if question.now > window.since && question.now < window.until {
        question.now
    } else {
        window.until
    };
    let successes = u32::try_from(statuses(world, question, window).success).unwrap();
    let hours = |from: i64, to: i64| f64::from(i32::try_from((to - from) / 1_000_000).unwrap()) / 3_600.0;
    let passed = hours(window.since.microseconds(), until.microseconds());
    let shown = |time: Timestamp| {
        let time = jiff::Timestamp::from_microsecond(time.microseconds()).unwrap();
        let shown = question.time_zone.rules().to_datetime(time);
        jiff::tz::TimeZone::UTC
            .to_timestamp(shown)
            .unwrap()
            .as_microsecond()
    };
    let shown = hours(shown(window.since), shown(until));
    let counted = if passed < 24.0 {
        passed
    } else {
        shown.clamp(24.0, passed)
    };
    f64::from(successes) / (counted / 24.0)
}

/// The share of harmful ones, the narrow share, and what they are shares of.
fn failure_rate(world: &World, question: &Question, window: Window) -> Option<(f64, f64, StatusCounts)> {
    let statuses = statuses(world, question, window);
    let [success, failure, cancelled, rolled_back] = [
        statuses.success,
        statuses.failure,
        statuses.cancelled,
        statuses.rolled_back,
    ]
    .map(|count| f64::from(u32::try_from(count).unwrap()));
    let decided = success + failure + rolled_back;
    (decided > 0.0).then(|| {
        let share = (failure + rolled_back) / decided;
        (share, failure / (decided + cancelled), statuses)
    })
}

fn shares(found: Option<FailureRate>) -> Option<(f64, f64, StatusCounts)> {
    found.map(|rate| (rate.share, rate.narrow_share, rate.statuses))
}

fn distribution(mut values: Vec<i64>) -> Option<Vec<f64>> {
    values.sort_unstable();
    let last = u32::try_from(values.len().checked_sub(1)?).unwrap();
    let value = |rank: u32| f64::from(i32::try_from(values[rank as usize]).unwrap());
    let percentile = |percent: u32| {
        let (rank, rest) = (percent * last / 100, percent * last % 100);
        value(rank) + (value((rank + 1).min(last)) - value(rank)) * f64::from(rest) / 100.0
    };
    let sum: f64 = (0..=last).map(value).sum();
    Some(vec![
        percentile(50),
        percentile(75),
        percentile(95),
        sum / f64::from(last + 1),
        value(0),
        value(last),
    ])
}

/// Whether two distributions agree to a thousandth of a second.
fn agree(found: Option<Distribution>, seconds_per_unit: f64, expected: Option<&Vec<f64>>) -> bool {
    let found = found.map(|found| {
        [found.p50, found.p75, found.p95, found.mean, found.min, found.max]
            .map(|value| value * seconds_per_unit)
    });
    match (found, expected) {
        (None, None) => true,
        (Some(found), Some(expected)) => found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3),
        _ => false,
    }
}

fn rated(found: Option<Rated>) -> Option<Distribution> {
    found.map(|found| found.distribution)
}

/// Each service as its latest shipment spells it, with its lead times in seconds.
fn shipments(world: &World, question: &Question, window: Window) -> BTreeMap<Option<String>, Shipped> {
    let mut shipped: BTreeMap<_, Shipped> = BTreeMap::new();
    for one in world.deployed_in(question, window) {
        for (pull_request, lead_time) in &one.links {
            let key = one.service.map(str::to_lowercase);
            if world.is_first(one, *pull_request) {
                let (spelling, seconds) = shipped.entry(key).or_default();
                *spelling = one.service;
                seconds.push(*lead_time);
            }
        }
    }
    shipped
}

type Shipped = (Option<&'static str>, Vec<i64>);

fn lead_times(world: &World, question: &Question, window: Window) -> Option<Vec<f64>> {
    let shipped = shipments(world, question, window).into_values();
    distribution(shipped.flat_map(|(_, seconds)| seconds).collect())
}

fn recoveries(world: &World, question: &Question, window: Window) -> Option<Vec<f64>> {
    recoveries_ended_in(world, question, window, window)
}

/// The outages that ended in a part of a window.
fn recoveries_ended_in(world: &World, question: &Question, window: Window, part: Window) -> Option<Vec<f64>> {
    distribution(outages::recovery_seconds(world, question, window, part))
}

fn cycle_times(world: &World, question: &Question, window: Window) -> Option<Vec<f64>> {
    let merged = world.merged_in(question, window).into_iter();
    let seconds =
        merged.filter_map(|one| Some((one.at.microseconds() - one.created_at?.microseconds()) / 1_000_000));
    distribution(seconds.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_figure_is_what_its_definition_says((deployed, merged, question) in case()) {
        let world = last_words(&deployed, &merged);
        let told = told_bit_by_bit(&world, deployed, merged);
        let (window, previous) = (question.window, question.window.previous());
        let material = Material { facts: Arc::new(told), ..world.material(question.clone()) };

        let Figures::Overview(overview) = material.measure(Metric::Overview).figures else { unreachable!() };
        for (summary, window) in [(overview.current, window), (overview.previous, previous)] {
            prop_assert!(agree(rated(summary.lead_time), 1.0, lead_times(&world, &question, window).as_ref()));
            prop_assert!(agree(rated(summary.recovery), 60.0, recoveries(&world, &question, window).as_ref()));
            prop_assert!(agree(summary.cycle_time, 3_600.0, cycle_times(&world, &question, window).as_ref()));
            let merged = world.merged_in(&question, window).len() as u64;
            prop_assert_eq!(summary.pull_requests_merged.unwrap_or_default(), merged);
            let expected = statuses(&world, &question, window);
            let found = summary.deployment_frequency.map(|frequency| frequency.statuses).unwrap_or_default();
            prop_assert_eq!(found, expected);
            let found = summary.deployment_frequency.map_or(0, |frequency| frequency.redeployments);
            let deployed = world.deployed_in(&question, window);
            prop_assert_eq!(found, deployed.iter().filter(|one| one.is_redeployment).count() as u64);
            let found = summary.deployment_frequency.map_or(0.0, |frequency| frequency.per_day);
            let expected_rate = per_day(&world, &question, window);
            prop_assert!((found - expected_rate).abs() < 1e-6 * expected_rate.max(1.0));
            prop_assert_eq!(summary.deployment_frequency.is_none(), expected.total() == 0);
            prop_assert_eq!(shares(summary.change_failure_rate), failure_rate(&world, &question, window));
        }

        let Figures::DeploymentFrequency(frequency) = material.measure(Metric::DeploymentFrequency).figures else { unreachable!() };
        let Figures::LeadTime(lead) = material.measure(Metric::LeadTime).figures else { unreachable!() };
        let Figures::ChangeFailureRate(failures) = material.measure(Metric::ChangeFailureRate).figures else { unreachable!() };
        let Figures::Recovery(recovery) = material.measure(Metric::Recovery).figures else { unreachable!() };
        let Figures::CycleTime(cycle) = material.measure(Metric::CycleTime).figures else { unreachable!() };
        let Figures::Throughput(throughput) = material.measure(Metric::Throughput).figures else { unreachable!() };
        prop_assert!(agree(rated(lead.current), 1.0, lead_times(&world, &question, window).as_ref()));
        prop_assert!(lead.slowest.windows(2).all(|pair| pair[0].lead_time >= pair[1].lead_time));
        prop_assert_eq!(shares(failures.current), failure_rate(&world, &question, window));
        let mut services: Vec<_> = shipments(&world, &question, window).into_values().collect();
        services.sort_by_key(|(name, seconds)| (Reverse(seconds.len()), name.map(str::to_lowercase)));
        prop_assert_eq!(lead.services.len(), services.len());
        for (found, (name, seconds)) in lead.services.iter().zip(services) {
            prop_assert_eq!((found.service.as_deref(), found.lead_time.distribution.count), (name, seconds.len()));
            let shipped = seconds.len() as u64;
            let expected = distribution(seconds);
            prop_assert!(agree(Some(found.lead_time.distribution), 1.0, expected.as_ref()));
            prop_assert_eq!(Some(found.lead_time.level), expected.map(|expected| Level::of_lead_time(shipped, expected[0])));
        }
        prop_assert!(agree(rated(recovery.current), 60.0, recoveries(&world, &question, window).as_ref()));
        let open = recovery.open.iter().map(|outage| (outage.opened_at, outage.opened_by));
        prop_assert_eq!(open.collect::<Vec<_>>(), outages::open(&world, &question, window));
        // Of what lies before the windows, the states of services tell all that matters.
        let late = world.deployed.iter().filter(|one| one.at >= previous.since).cloned();
        let late = World { deployed: late.collect(), ..World::default() };
        let bare = Material { facts: Arc::new(late.facts()), ..material.clone() };
        let Figures::Recovery(bare) = bare.measure(Metric::Recovery).figures else { unreachable!() };
        prop_assert_eq!(&bare, &recovery);
        // Slices lie edge to edge from one end of the window to the other, and each has what happened in it.
        let (mut day_begins, mut week_begins) = (window.since, window.since);
        for (day, counts) in &frequency.daily {
            prop_assert_eq!(std::mem::replace(&mut day_begins, day.window.until), day.window.since);
            prop_assert_eq!(counts.total(), world.deployed_in(&question, day.window).len() as u64);
        }
        for ((week, merged), (_, times)) in throughput.series.iter().zip(&cycle.weekly) {
            prop_assert_eq!(std::mem::replace(&mut week_begins, week.window.until), week.window.since);
            prop_assert_eq!(*merged, world.merged_in(&question, week.window).len() as u64);
            prop_assert!(agree(*times, 3_600.0, cycle_times(&world, &question, week.window).as_ref()));
        }
        prop_assert_eq!(failures.weekly.len(), throughput.series.len());
        for ((week, _), (other, rate)) in throughput.series.iter().zip(&failures.weekly) {
            prop_assert_eq!(week, other);
            prop_assert_eq!(shares(*rate), failure_rate(&world, &question, week.window));
        }
        prop_assert_eq!(recovery.weekly.len(), throughput.series.len());
        for ((week, _), (other, lengths)) in throughput.series.iter().zip(&recovery.weekly) {
            prop_assert_eq!(week, other);
            prop_assert!(agree(*lengths, 60.0, recoveries_ended_in(&world, &question, window, week.window).as_ref()));
        }
        prop_assert_eq!((day_begins, week_begins), (window.until, window.until));
    }
}

/// Facts that are put in one by one, while somebody still reads those before.
fn told_bit_by_bit(whole: &World, deployed: Vec<Deployed>, merged: Vec<Merged>) -> Facts {
    let deployed = deployed.into_iter().map(|one| World {
        deployed: vec![one],
        ..World::default()
    });
    let merged = merged.into_iter().map(|one| World {
        merged: vec![one],
        ..World::default()
    });
    let mut facts = Facts::new();
    for event in deployed.chain(merged) {
        let before = facts.clone();
        event.put_into(&mut facts, whole);
        drop(before);
    }
    facts
}
