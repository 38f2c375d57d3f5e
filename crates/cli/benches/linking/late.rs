//! Pull requests that arrive when all of their deployments are recorded, while other deployments go on.

use crate::http::Connection;
use crate::ratios::tell_ratio;
use crate::world::{World, report};
use crate::{Arguments, percentile, tell};
use anyhow::{Context, anyhow, ensure};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const REPOSITORY: &str = "acme/late";
const OTHER: &str = "acme/other";
const SENDERS: u32 = 4;
const QUIET: Duration = Duration::from_secs(3);

/// Makes every deployment of the others a new one.
static NEXT: AtomicU32 = AtomicU32::new(0);

pub(crate) fn measure(world: &World, arguments: &Arguments) -> anyhow::Result<()> {
    let deployments = arguments.deployments;
    world.tell_commits(REPOSITORY, deployments * 10)?;
    world.tell_merges(OTHER, &[1])?;
    let mut connection = world.connect()?;
    for number in 1..=deployments {
        let report = report(
            &format!("late-{number}"),
            REPOSITORY,
            number * 10,
            None,
            i64::from(number) * 10 + 1,
        );
        world.post(&mut connection, "/api/webhooks/deployments", &report)?;
    }
    let ((), mut quiet) = beside(world, || {
        thread::sleep(QUIET);
        Ok(())
    })?;
    let numbers: Vec<u32> = (1..=deployments * 10).collect();
    let (seconds, mut meanwhile) = beside(world, || {
        let begun = Instant::now();
        world.tell_merges(REPOSITORY, &numbers)?;
        until_linked(world, deployments)?;
        Ok(begun.elapsed().as_secs_f64())
    })?;
    tell(
        &format!(
            "{} late pull requests right in {deployments} deployments after, s",
            deployments * 10
        ),
        format!("{seconds:.2}"),
    );
    let [quiet, meanwhile] = [&mut quiet, &mut meanwhile].map(|times| percentile(times, 99));
    tell(
        "p99 of the webhook, 4 connections, quiet, ms",
        format!("{quiet:.1}"),
    );
    tell("p99 meanwhile, ms", format!("{meanwhile:.1}"));
    tell_ratio(
        "p99 of the webhook while pull requests come late, to quiet",
        meanwhile / quiet,
        "at most 2",
    );
    Ok(())
}

/// Waits until each deployment ships what came since the one before it. Lists are read, since asking about each deployment
/// would be a load of its own beside what is measured.
fn until_linked(world: &World, deployments: u32) -> anyhow::Result<()> {
    let mut connection = world.connect()?;
    let begun = Instant::now();
    while linked_right(world, &mut connection)? < deployments {
        ensure!(
            begun.elapsed() < Duration::from_mins(1),
            "not every deployment has its links"
        );
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// How many deployments have as many links as they should, from the first on.
fn linked_right(world: &World, connection: &mut Connection) -> anyhow::Result<u32> {
    let list = format!("/api/deployments?service={REPOSITORY}&sort=oldest&limit=200");
    let (mut right, mut cursor) = (0, String::new());
    loop {
        let page = world.get(connection, &format!("{list}&cursor={cursor}"))?;
        let deployments = page.get("deployments").and_then(Value::as_array);
        for deployment in deployments.context("no deployments")? {
            // The first has no base, and ships the merge that it is.
            let expected = if right == 0 { 1 } else { 10 };
            if deployment.get("linkedPRs").and_then(Value::as_u64) != Some(expected) {
                return Ok(right);
            }
            right += 1;
        }
        match page.get("nextCursor").and_then(Value::as_str) {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(right),
        }
    }
}

/// Does something while others report deployments, and gives the milliseconds that each of them waited.
fn beside<T>(world: &World, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, Vec<f64>)> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| scope.spawn(|| report_until(world, &is_over)))
            .collect();
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        for sender in senders {
            times.extend(sender.join().map_err(|_| anyhow!("a sender panicked"))??);
        }
        Ok((done?, times))
    })
}

/// Reports a deployment a connection every ten milliseconds.
fn report_until(world: &World, is_over: &AtomicBool) -> anyhow::Result<Vec<f64>> {
    let mut connection = world.connect()?;
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let report = report(&format!("other-{number}"), OTHER, 1, None, i64::from(number) + 10);
        times.push(
            world
                .post(&mut connection, "/api/webhooks/deployments", &report)?
                .1,
        );
        thread::sleep(Duration::from_millis(10));
    }
    Ok(times)
}
