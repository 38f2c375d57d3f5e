//! `overload`: too many connections, or too many requests of a key, are refused in order and harm nobody for longer.

use crate::client::Caller;
use crate::ledger::Ledger;
use crate::load::{Load, Plan, Tally, deployment};
use crate::report::Report;
use crate::service::{Service, Start};
use crate::world::{Run, World};
use anyhow::Context;
use nix::sys::signal::Signal;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const CONNECTIONS: u64 = 1_000;
const RATE_LIMIT: u32 = 50;
const NORMAL_AGAIN: Duration = Duration::from_secs(5);
const PROMPT: Duration = Duration::from_millis(100);
const MEMORY: u64 = 128 * 1024;
/// The number of the first deployment that is sent by others than those who are too many.
const OTHERS: u64 = 1 << 40;

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("overload");
    let duration = Duration::from_secs(run.pick(5, 30, 600));
    report.sized(format!(
        "{CONNECTIONS} connections, then {RATE_LIMIT}/s allowed and ten times that sent; {} s each",
        duration.as_secs()
    ));
    crowd(run, duration, &mut report).await?;
    greed(run, duration, &mut report).await?;
    Ok(report)
}

/// More connections than can be served at once, each of which sends as fast as it is answered.
async fn crowd(run: &Run, duration: Duration, report: &mut Report) -> anyhow::Result<()> {
    let world = World::start(run, 10).await?;
    let start = run.service(&world.database.url)?;
    let service = Service::start(&start).await?;
    let plan = Plan {
        addresses: vec![start.address],
        tenants: Arc::clone(&world.tenants),
        ledger: Arc::default(),
        senders: CONNECTIONS,
        rate: None,
        most: u64::MAX,
        first: 0,
        repeats: false,
    };
    let ledger = Arc::clone(&plan.ledger);
    let load = Load::start(plan);
    let memory = watch(run, &service, duration).await?;
    let tally = load.stop().await;
    let of = format!("{CONNECTIONS} connections");
    in_order(report, &of, &tally);
    is_small(report, &of, memory);
    normal_again(run, report, &of, &start, &world).await?;
    report.none(
        format!("{of}: acknowledged and not stored once"),
        ledger.difference(&world.database, &world.database.url).await?,
    );
    drop(service);
    world.database.stop().await;
    Ok(())
}

/// One key that sends ten times what it may, beside one that does not.
async fn greed(run: &Run, duration: Duration, report: &mut Report) -> anyhow::Result<()> {
    let world = World::start(run, 2).await?;
    let start = Start {
        rate_limit: RATE_LIMIT,
        ..run.service(&world.database.url)?
    };
    let service = Service::start(&start).await?;
    let (greedy, modest) = world.tenants.split_at(1);
    let greedy = Plan {
        addresses: vec![start.address],
        tenants: greedy.into(),
        ledger: Arc::new(Ledger::default()),
        senders: 100,
        rate: Some(10 * RATE_LIMIT),
        most: u64::MAX,
        first: 0,
        repeats: false,
    };
    let modest = Plan {
        tenants: modest.into(),
        ledger: Arc::new(Ledger::default()),
        senders: 20,
        rate: Some(RATE_LIMIT / 2),
        first: OTHERS,
        ..greedy.clone()
    };
    let (greedy, modest) = (Load::start(greedy), Load::start(modest));
    let memory = watch(run, &service, duration).await?;
    let (greedy, modest) = (greedy.stop().await, modest.stop().await);
    let of = format!("{}/s of one key", 10 * RATE_LIMIT);
    in_order(report, &of, &greedy);
    let allowed = u64::from(RATE_LIMIT) * (duration.as_secs() + 1) + 4 * u64::from(RATE_LIMIT);
    let accepted = greedy.count(200) + greedy.count(201);
    report.claim(
        format!("{of}: accepted of {}", greedy.calls()),
        format!("<= {allowed}"),
        accepted,
        accepted > 0 && accepted as u64 <= allowed,
    );
    report.none(format!("{of}: calls of another key that failed"), modest.failed());
    report.within(
        format!("{of}: p99 of another key"),
        run.limit(PROMPT),
        modest.percentile(99),
    );
    is_small(report, &of, memory);
    normal_again(run, report, &of, &start, &world).await?;
    drop(service);
    world.database.stop().await;
    Ok(())
}

/// The most memory that it had meanwhile; KiB.
async fn watch(run: &Run, service: &Service, duration: Duration) -> anyhow::Result<u64> {
    let begun = Instant::now();
    let mut most = 0;
    while begun.elapsed() < duration {
        sleep(Duration::from_millis(250)).await;
        most = most.max(service.usage()?.memory);
    }
    if run.sabotage {
        service.signal(Signal::SIGSTOP)?;
    }
    Ok(most)
}

fn in_order(report: &mut Report, of: &str, tally: &Tally) {
    report.at_least(format!("{of}: calls"), 1_000, tally.calls() as u64);
    report.none(
        format!("{of}: answers that are no 2xx, 429 or 503"),
        tally.others_than(&[200, 201, 429, 503]),
    );
    report.none(format!("{of}: calls without an answer"), tally.broken);
    report.none(
        format!("{of}: refusals without Retry-After"),
        tally.without_retry_after,
    );
}

fn is_small(report: &mut Report, of: &str, memory: u64) {
    report.claim(
        format!("{of}: memory of the service"),
        format!("< {MEMORY} KiB"),
        format!("{memory} KiB"),
        memory > 0 && memory < MEMORY,
    );
}

/// From when on calls are answered well, a second long without exception.
async fn normal_again(
    run: &Run,
    report: &mut Report,
    of: &str,
    start: &Start,
    world: &World,
) -> anyhow::Result<()> {
    let key = &world.tenants.first().context("no organization")?.key;
    let begun = Instant::now();
    let mut trouble = begun;
    let mut caller = Caller::new(start.address);
    let mut number = 2 * OTHERS;
    while trouble.elapsed() < Duration::from_secs(1) && begun.elapsed() < 2 * NORMAL_AGAIN {
        let sent = Instant::now();
        number += 1;
        let answered = timeout(Duration::from_secs(1), caller.call(&deployment(key, number))).await;
        let is_good = answered.is_ok_and(|answered| answered.is_ok_and(|answer| answer.is_success()));
        if !is_good || sent.elapsed() > run.limit(PROMPT) {
            trouble = Instant::now();
        }
        sleep(Duration::from_millis(50)).await;
    }
    report.within(format!("{of}: normal again after"), NORMAL_AGAIN, trouble - begun);
    Ok(())
}
