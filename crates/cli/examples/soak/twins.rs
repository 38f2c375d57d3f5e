//! `twins`: any number of clients that report one deployment at the same instant, to two services, make one record.

use crate::client::Caller;
use crate::ledger::Ledger;
use crate::load::{Tally, call, deployment};
use crate::report::Report;
use crate::service::Service;
use crate::world::{Run, World};
use anyhow::Context;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const CROWD: u64 = 64;
const BESIDE: u64 = 8;

/// Who reports what: `width` clients all the ids from `first`, each id at the same instant if `together`.
#[derive(Clone, Copy)]
struct Wave {
    first: u64,
    ids: u64,
    width: u64,
    together: bool,
}

struct Shared {
    addresses: Vec<SocketAddr>,
    key: String,
    ledger: Ledger,
    tally: Mutex<Tally>,
}

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("twins");
    let (crowded, beside) = run.pick((32, 100), (532, 2_000), (10_640, 40_000));
    let crowds = Wave {
        first: 0,
        ids: crowded,
        width: CROWD,
        together: true,
    };
    let beside = Wave {
        first: crowds.ids,
        ids: beside,
        width: BESIDE,
        together: false,
    };
    report.sized(format!(
        "{} ids x {CROWD} clients at the same instant, {} ids x {BESIDE}; two services",
        crowds.ids, beside.ids
    ));
    let world = World::start(run, 1).await?;
    let (one, other) = (
        run.service(&world.database.url)?,
        run.service(&world.database.url)?,
    );
    let services = [Service::start(&one).await?, Service::start(&other).await?];
    let shared = Arc::new(Shared {
        addresses: services.iter().map(Service::address).collect(),
        key: world.tenants.first().context("no organization")?.key.clone(),
        ledger: Ledger::default(),
        tally: Mutex::default(),
    });
    send(&shared, crowds).await;
    if run.sabotage {
        // What is forgotten is created a second time.
        world
            .database
            .query("delete from deployments where id % 2 = 0")
            .await?;
        send(&shared, crowds).await;
    }
    send(&shared, beside).await;
    let tally = shared
        .tally
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let ids = crowds.ids + beside.ids;
    let calls = crowds.ids * CROWD + beside.ids * BESIDE;
    report.equal(
        "calls answered with 200 or 201",
        calls,
        (tally.count(200) + tally.count(201)) as u64,
    );
    report.equal("of them 201, one for each id", ids, tally.count(201) as u64);
    report.none("ids without exactly one 201", shared.ledger.not_created_once());
    report.none("calls that failed", tally.failed());
    shared
        .ledger
        .check(&mut report, &world.database, &world.database.url)
        .await?;
    drop(services);
    world.database.stop().await;
    Ok(report)
}

async fn send(shared: &Arc<Shared>, wave: Wave) {
    let barrier = Arc::new(Barrier::new(usize::try_from(wave.width).unwrap_or(1)));
    let mut clients = JoinSet::new();
    for client in 0..wave.width {
        clients.spawn(report_all(Arc::clone(shared), wave, client, Arc::clone(&barrier)));
    }
    while clients.join_next().await.is_some() {}
}

async fn report_all(shared: Arc<Shared>, wave: Wave, client: u64, barrier: Arc<Barrier>) {
    let count = shared.addresses.len();
    let address = shared
        .addresses
        .get(usize::try_from(client).unwrap_or_default() % count);
    let Some(mut caller) = address.copied().map(Caller::new) else {
        return;
    };
    for number in wave.first..wave.first + wave.ids {
        let request = deployment(&shared.key, number);
        if wave.together {
            barrier.wait().await;
        }
        if let Some(answer) = call(&shared.tally, &mut caller, &request).await {
            shared.ledger.note(number, &answer);
        }
    }
}
