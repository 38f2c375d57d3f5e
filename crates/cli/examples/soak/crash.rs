//! `crash`: what was acknowledged is there after any number of kills, once, under the number that was told.
//! `blind`: the same on a Postgres that does not wait for its disk. What it loses, the ledger must see.

use crate::client::{Caller, get};
use crate::ledger::{Ledger, Stored, name};
use crate::load::{Load, Plan};
use crate::report::Report;
use crate::service::Service;
use crate::world::{Run, World};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const SENDERS: u64 = 32;
const SAMPLE: usize = 200;

/// How much is done.
#[derive(Clone, Copy)]
struct Amount {
    deployments: u64,
    service_kills: u64,
    postgres_kills: u64,
}

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("crash");
    let amount = Amount {
        deployments: run.pick(2_000, 20_000, 500_000),
        service_kills: run.pick(3, 10, 100),
        postgres_kills: run.pick(2, 3, 30),
    };
    report.sized(format!(
        "{} deployments, {} kills of the service, {} of Postgres",
        amount.deployments, amount.service_kills, amount.postgres_kills
    ));
    let (world, service, ledger) = load(run, amount, run.sabotage).await?;
    ledger
        .check(&mut report, &world.database, &world.database.url)
        .await?;
    report.none("not found by the API", missing(&world, &service, &ledger).await?);
    drop(service);
    world.database.stop().await;
    Ok(report)
}

pub(crate) async fn blind(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("blind");
    let amount = Amount {
        deployments: run.pick(1_000, 4_000, 20_000),
        service_kills: 0,
        postgres_kills: 2,
    };
    report.sized(format!(
        "{} deployments, Postgres acknowledges what it has in memory only, {} kills of it",
        amount.deployments, amount.postgres_kills
    ));
    let (world, service, ledger) = load(run, amount, !run.sabotage).await?;
    drop(service);
    let stored = Stored::read(&world.database, &world.database.url).await?;
    let differences = ledger.compare(&stored);
    report.at_least("losses that the ledger sees", 1, differences.lost as u64);
    world.database.stop().await;
    Ok(report)
}

/// Sends all deployments, and kills the while. The last to be killed is Postgres, right after the last acknowledgement.
async fn load(run: &Run, amount: Amount, forgetful: bool) -> anyhow::Result<(World, Service, Arc<Ledger>)> {
    let world = World::start(run, 10).await?;
    if forgetful {
        world.database.forget().await?;
    }
    let start = run.service(&world.database.url)?;
    let mut service = Service::start(&start).await?;
    let ledger = Arc::new(Ledger::default());
    let load = Load::start(Plan {
        addresses: vec![start.address],
        tenants: Arc::clone(&world.tenants),
        ledger: Arc::clone(&ledger),
        senders: SENDERS,
        rate: None,
        most: amount.deployments,
        first: 0,
        repeats: true,
    });
    let kills = amount.service_kills + amount.postgres_kills - 1;
    for kill in 1..=kills {
        while load.acknowledged() < amount.deployments * kill / (kills + 1) {
            sleep(Duration::from_millis(5)).await;
        }
        let of_postgres = |kill| kill * (amount.postgres_kills - 1) / kills;
        if of_postgres(kill) > of_postgres(kill - 1) {
            world.database.crash().await?;
            if forgetful {
                world.database.forget().await?;
            }
        } else {
            service.crash().await?;
        }
        eprintln!("  kill {kill} after {} acknowledgements", load.acknowledged());
    }
    load.finish().await;
    world.database.crash().await?;
    Ok((world, service, ledger))
}

/// Of some acknowledged deployments, how many the API does not know under their number.
async fn missing(world: &World, service: &Service, ledger: &Ledger) -> anyhow::Result<usize> {
    let mut caller = Caller::new(service.address());
    let mut missing = 0;
    for (number, id) in ledger.sample(SAMPLE) {
        let turn = usize::try_from(number)? % world.tenants.len();
        let Some(tenant) = world.tenants.get(turn) else {
            continue;
        };
        let request = get(&format!("/api/deployments/{id}"), &tenant.key);
        let mut found = false;
        // The service's connections to the Postgres that was killed are gone: the first calls may be told to come again.
        for _ in 0..50 {
            let answer = caller.call(&request).await?;
            if answer.status != 503 {
                let named = format!("\"{}\"", name(number));
                found = answer.is_success() && String::from_utf8_lossy(&answer.body).contains(&named);
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        missing += usize::from(!found);
    }
    Ok(missing)
}
