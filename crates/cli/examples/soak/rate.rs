//! `rate`: a constant rate is held without an error, and without the service growing. The rate does not wait for answers,
//! and latency counts from when a report was meant to be sent, so that a stall is seen by all that come meanwhile.

use crate::ledger::Ledger;
use crate::load::{Load, Plan};
use crate::report::Report;
use crate::service::{Service, Usage};
use crate::world::{Run, World};
use nix::sys::signal::Signal;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const SENDERS: u64 = 256;
const P99: Duration = Duration::from_millis(100);
/// What the service may still grow by, from the second quarter of the time to the last; KiB.
const GROWTH: u64 = 16 * 1024;
const MORE_DESCRIPTORS: u64 = 16;

struct Phase {
    organizations: usize,
    rate: u32,
    duration: Duration,
}

impl Phase {
    const fn new(organizations: usize, rate: u32, duration: Duration) -> Self {
        Self {
            organizations,
            rate,
            duration,
        }
    }
}

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("rate");
    let minute = Duration::from_mins(1);
    let brief = Duration::from_secs(10);
    let phases = run.pick(
        vec![Phase::new(1, 100, brief), Phase::new(100, 100, brief)],
        vec![Phase::new(1, 500, minute), Phase::new(100, 500, minute)],
        vec![
            Phase::new(1, 1_500, 10 * minute),
            Phase::new(100, 1_500, 10 * minute),
            Phase::new(100, 200, 120 * minute),
        ],
    );
    let sizes = phases.iter().map(|phase| {
        let seconds = phase.duration.as_secs();
        format!(
            "{}/s of {} organizations for {seconds} s",
            phase.rate, phase.organizations
        )
    });
    report.sized(sizes.collect::<Vec<_>>().join(", "));
    for phase in &phases {
        hold(run, phase, &mut report).await?;
    }
    Ok(report)
}

async fn hold(run: &Run, phase: &Phase, report: &mut Report) -> anyhow::Result<()> {
    let world = World::start(run, phase.organizations).await?;
    let start = run.service(&world.database.url)?;
    let service = Service::start(&start).await?;
    let ledger = Arc::new(Ledger::default());
    let most = u64::from(phase.rate) * phase.duration.as_secs();
    let load = Load::start(Plan {
        addresses: vec![start.address],
        tenants: Arc::clone(&world.tenants),
        ledger: Arc::clone(&ledger),
        senders: SENDERS,
        rate: Some(phase.rate),
        most,
        first: 0,
        repeats: false,
    });
    let mut usages = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < phase.duration {
        sleep(Duration::from_secs(1)).await;
        usages.push(service.usage()?);
        if run.sabotage && usages.len() == 5 {
            service.signal(Signal::SIGSTOP)?;
            sleep(Duration::from_secs(3)).await;
            service.signal(Signal::SIGCONT)?;
        }
    }
    let tally = load.finish().await;
    let of = format!("{}/s of {}", phase.rate, phase.organizations);
    report.equal(format!("{of}: answers of 201"), most, tally.count(201) as u64);
    report.none(format!("{of}: errors"), tally.failed());
    report.claim(
        format!("{of}: p50, told only"),
        "-",
        crate::report::span(tally.percentile(50)),
        true,
    );
    report.within(format!("{of}: p99"), run.limit(P99), tally.percentile(99));
    is_flat(report, &of, &usages);
    report.none(
        format!("{of}: acknowledged and not stored once"),
        ledger.difference(&world.database, &world.database.url).await?,
    );
    drop(service);
    world.database.stop().await;
    Ok(())
}

fn is_flat(report: &mut Report, of: &str, usages: &[Usage]) {
    let quarter = usages.len() / 4;
    let mean = |skip: usize, what: fn(&Usage) -> u64| {
        let part = usages.iter().skip(skip).take(quarter);
        part.map(what).sum::<u64>() / quarter.max(1) as u64
    };
    for (name, unit, allowed, what) in [
        (
            "memory",
            "KiB",
            GROWTH,
            (|usage| usage.memory) as fn(&Usage) -> u64,
        ),
        ("descriptors", "", MORE_DESCRIPTORS, |usage| usage.descriptors),
    ] {
        let (early, late) = (mean(quarter, what), mean(3 * quarter, what));
        let unit = format!(" {unit}");
        report.claim(
            format!("{of}: {name}"),
            format!("grows by <= {allowed}{}", unit.trim_end()),
            format!("{early} to {late}"),
            late > 0 && late <= early + allowed,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_seen() {
        let usages = |growth| {
            (0..60_u64).map(move |second| Usage {
                memory: 30_000 + growth * second,
                descriptors: 40,
            })
        };
        for (growth, holds) in [(0, true), (100, true), (1_000, false)] {
            let mut report = Report::new("rate");
            is_flat(&mut report, "", &usages(growth).collect::<Vec<_>>());
            assert_eq!(report.holds(), holds, "{growth}");
        }
        let mut report = Report::new("rate");
        is_flat(&mut report, "", &[]);
        assert!(!report.holds(), "nothing was seen");
    }
}
