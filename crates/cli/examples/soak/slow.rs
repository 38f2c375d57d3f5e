//! `slow`: clients that hold connections and say nothing, or too little, are sent away, and nobody else notices them.

use crate::ledger::Ledger;
use crate::load::{Load, Plan, deployment};
use crate::report::{self, Report};
use crate::service::Service;
use crate::world::{Run, World};
use anyhow::Context;
use nix::sys::signal::Signal;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const ENDED: Duration = Duration::from_secs(15);
/// What measuring on a busy machine may add.
const TOLERANCE: Duration = Duration::from_millis(500);
const P99: Duration = Duration::from_millis(100);
const RATE: u32 = 100;
const SPREAD: Duration = Duration::from_secs(4);

/// How a client is slow.
#[derive(Clone, Copy)]
enum Manner {
    /// Never sends a byte.
    Idle,
    /// Sends the first lines of a head.
    HalfHead,
    /// Sends a head and the first half of a body.
    HalfBody,
    /// Sends a byte a second, of the head.
    DrippingHead,
    /// Sends a byte a second, of the body.
    DrippingBody,
}

const CLIENTS: [(&str, Manner, usize); 5] = [
    ("idle", Manner::Idle, 500),
    ("half a head", Manner::HalfHead, 500),
    ("half a body", Manner::HalfBody, 500),
    ("a dripping head", Manner::DrippingHead, 100),
    ("a dripping body", Manner::DrippingBody, 100),
];

/// What became of the connections of one manner.
#[derive(Default)]
struct Lives {
    ended: u64,
    longest: Duration,
    /// Could not connect.
    refused: usize,
}

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("slow");
    let duration = Duration::from_secs(run.pick(16, 30, 600));
    let count: usize = CLIENTS.iter().map(|(_, _, count)| count).sum();
    report.sized(format!(
        "{count} slow clients, which come again when they are sent away, beside {RATE} reports/s, for {} s",
        duration.as_secs()
    ));
    let world = World::start(run, 10).await?;
    let start = run.service(&world.database.url)?;
    let service = Service::start(&start).await?;
    let ledger = Arc::new(Ledger::default());
    let load = Load::start(Plan {
        addresses: vec![start.address],
        tenants: Arc::clone(&world.tenants),
        ledger: Arc::clone(&ledger),
        senders: 64,
        rate: Some(RATE),
        most: u64::MAX,
        first: 0,
        repeats: false,
    });
    let request: Arc<[u8]> =
        deployment(&world.tenants.first().context("no organization")?.key, 1 << 40).into();
    let until = Instant::now() + duration;
    let mut crowds = Vec::new();
    for (name, manner, count) in CLIENTS {
        let lives = Arc::new(Mutex::new(Lives::default()));
        let mut clients = JoinSet::new();
        for number in 0..count {
            // Not all at once: they would also come again all at once.
            let pause = SPREAD * u32::try_from(number)? / u32::try_from(count)?;
            clients.spawn(be_slow(
                pause,
                start.address,
                manner,
                Arc::clone(&request),
                until,
                Arc::clone(&lives),
            ));
        }
        crowds.push((name, count, lives, clients));
    }
    if run.sabotage {
        sleep(Duration::from_secs(2)).await;
        service.signal(Signal::SIGSTOP)?;
        sleep(ENDED + Duration::from_secs(2)).await;
        service.signal(Signal::SIGCONT)?;
    }
    for (name, count, lives, mut clients) in crowds {
        while clients.join_next().await.is_some() {}
        let lives = lives.lock().unwrap_or_else(PoisonError::into_inner);
        report.claim(
            format!("{name}: ended by the service"),
            format!("all, <= {}", report::span(ENDED)),
            format!("{}, {}", lives.ended, report::span(lives.longest)),
            lives.ended >= count as u64 && lives.longest <= ENDED + run.limit(TOLERANCE),
        );
        report.none(format!("{name}: could not connect"), lives.refused);
    }
    let tally = load.stop().await;
    report.none("calls of others that failed", tally.failed());
    report.within("p99 of others", run.limit(P99), tally.percentile(99));
    report.none(
        "acknowledged and not stored once",
        ledger.difference(&world.database, &world.database.url).await?,
    );
    drop(service);
    world.database.stop().await;
    Ok(report)
}

/// Is slow, and comes again when it is sent away. A connection that has begun is seen to its end.
async fn be_slow(
    pause: Duration,
    address: SocketAddr,
    manner: Manner,
    request: Arc<[u8]>,
    until: Instant,
    lives: Arc<Mutex<Lives>>,
) {
    sleep(pause).await;
    while Instant::now() < until {
        let life = live(address, manner, &request).await;
        let mut lives = lives.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lasted) = life else {
            lives.refused += 1;
            return;
        };
        lives.ended += 1;
        lives.longest = lives.longest.max(lasted);
    }
}

/// How long a connection lasts, an hour if it does not end; nothing if there is none.
async fn live(address: SocketAddr, manner: Manner, request: &[u8]) -> Option<Duration> {
    let (mut from, to) = TcpStream::connect(address).await.ok()?.into_split();
    let begun = Instant::now();
    let speaking = speak(to, manner, request);
    let mut answer = Vec::new();
    let ended = timeout(2 * ENDED, async {
        tokio::select! {
            // A reset is an end too.
            _ = from.read_to_end(&mut answer) => {}
            () = speaking => {}
        }
    });
    Some(ended.await.map_or(Duration::from_hours(1), |()| begun.elapsed()))
}

/// Never ends: who has said all waits.
async fn speak(mut to: OwnedWriteHalf, manner: Manner, request: &[u8]) {
    let head = request
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_default()
        + 4;
    let (at_once, dripping) = match manner {
        Manner::Idle => (0, false),
        Manner::HalfHead => (head / 2, false),
        Manner::HalfBody => (usize::midpoint(head, request.len()), false),
        Manner::DrippingHead => (0, true),
        Manner::DrippingBody => (head, true),
    };
    let (first, rest) = request.split_at_checked(at_once).unwrap_or_default();
    // What cannot be written any more is noticed by whoever reads.
    let _ = to.write_all(first).await;
    if dripping {
        for byte in rest {
            sleep(Duration::from_secs(1)).await;
            let _ = to.write_all(&[*byte]).await;
        }
    }
    std::future::pending::<()>().await;
}
