//! `sick`: whatever becomes of the database or of the way to it, nothing is lost, nobody waits for ever, nothing answers
//! with 500, and once the database is well so is the service. Each illness has a service and a database of its own, but all
//! come and go at the same time: who asks a dead database as often as it may takes processor and Postgres from the others.

use crate::client::{Caller, get};
use crate::database::Database;
use crate::ledger::Ledger;
use crate::load::{Load, Plan, Tally, call};
use crate::proxy::{Fault, Proxy};
use crate::report::{Report, span};
use crate::service::{Service, free_address};
use crate::world::{Run, Tenant};
use anyhow::Context;
use nix::sys::signal::Signal;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

/// Longer than a statement may take, so that what hangs is seen to end.
const SICK: Duration = Duration::from_secs(8);
const CALL: Duration = Duration::from_secs(15);
/// What measuring on a busy machine may add.
const TOLERANCE: Duration = Duration::from_millis(500);
const NORMAL_AGAIN: Duration = Duration::from_secs(5);
/// How long all must be well before it is believed.
const CALM: Duration = Duration::from_millis(2_500);
const RATE: u32 = 20;
/// Enough to use every connection to the database, those too that lay idle while it was sick.
const READERS: usize = 20;

#[derive(Clone, Copy)]
enum Illness {
    Of(Fault),
    /// All processes of Postgres are stopped.
    Freeze,
}

const ILLNESSES: [(&str, Illness); 10] = [
    ("latency", Illness::Of(Fault::Latency)),
    ("jitter", Illness::Of(Fault::Jitter)),
    ("cut", Illness::Of(Fault::Cut)),
    ("half-close", Illness::Of(Fault::HalfClose)),
    ("reset", Illness::Of(Fault::Reset)),
    ("black hole", Illness::Of(Fault::BlackHole)),
    ("drip", Illness::Of(Fault::Drip)),
    ("bandwidth", Illness::Of(Fault::Bandwidth)),
    ("freeze", Illness::Freeze),
    ("refuse", Illness::Of(Fault::Refuse)),
];

/// What came of one illness.
struct Course {
    name: &'static str,
    reports: Tally,
    reads: Tally,
    recovery: Duration,
    differences: usize,
}

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("sick");
    let times = run.pick(1, 3, 50);
    report.sized(format!(
        "{} illnesses x {times}, {} s each, {RATE} reports/s and {READERS} readers",
        ILLNESSES.len(),
        SICK.as_secs()
    ));
    let shared = Arc::new(Database::start().await?);
    let together = Arc::new(Barrier::new(ILLNESSES.len()));
    let mut courses = JoinSet::new();
    for (name, illness) in ILLNESSES {
        let (run, shared, together) = (run.clone(), Arc::clone(&shared), Arc::clone(&together));
        courses.spawn(async move {
            let course = suffer(&run, &shared, &together, name, illness, times).await;
            course.with_context(|| name.to_owned())
        });
    }
    // Whoever fails does not come any more, so the others are not waited for.
    while let Some(course) = courses.join_next().await {
        course??.tell(run, &mut report);
    }
    Arc::into_inner(shared)
        .context("the database is in use")?
        .stop()
        .await;
    Ok(report)
}

async fn suffer(
    run: &Run,
    shared: &Database,
    together: &Barrier,
    name: &'static str,
    illness: Illness,
    times: usize,
) -> anyhow::Result<Course> {
    let own = match illness {
        Illness::Freeze => Some(Database::start().await?),
        Illness::Of(_) => None,
    };
    let database = own.as_ref().unwrap_or(shared);
    let database_name = format!("sick_{}", name.replace([' ', '-'], "_"));
    database
        .query(&format!("create database {database_name}"))
        .await?;
    let url = database.url_of(&database_name)?;
    let tenants = run.furnish(&url, 1).await?;
    let proxy = Proxy::start(free_address()?, database.socket()?).await?;
    let start = run.service(&proxy.url(&database_name))?;
    let service = Service::start(&start).await?;
    let ledger = Arc::new(Ledger::default());
    let load = Load::start(Plan {
        addresses: vec![start.address],
        tenants: Arc::clone(&tenants),
        ledger: Arc::clone(&ledger),
        senders: 200,
        rate: Some(RATE),
        most: u64::MAX,
        first: 0,
        repeats: true,
    });
    let readers = Readers::start(start.address, tenants.first().context("no organization")?);
    let mut recovery = Duration::ZERO;
    for round in 1..=times {
        together.wait().await;
        sleep(Duration::from_secs(2)).await;
        // Every other time they rest meanwhile: connections to the database that lie idle then may be dead after.
        readers.rest(round % 2 == 1);
        fall_ill(illness, &proxy, database)?;
        sleep(SICK).await;
        readers.rest(false);
        recover(illness, &proxy, database)?;
        let took = recovered(&load, &readers).await;
        eprintln!("  {name} {round}: normal after {}", span(took));
        recovery = recovery.max(took);
    }
    let (reports, reads) = (load.stop().await, readers.tally());
    if run.sabotage {
        database
            .query_at(&url, "delete from deployments where id = 7")
            .await?;
    }
    let differences = ledger.difference(database, &url).await?;
    drop((service, readers));
    if let Some(own) = own {
        own.stop().await;
    }
    Ok(Course {
        name,
        reports,
        reads,
        recovery,
        differences,
    })
}

fn fall_ill(illness: Illness, proxy: &Proxy, database: &Database) -> anyhow::Result<()> {
    match illness {
        Illness::Of(fault) => proxy.set(fault),
        Illness::Freeze => database.signal(Signal::SIGSTOP)?,
    }
    Ok(())
}

fn recover(illness: Illness, proxy: &Proxy, database: &Database) -> anyhow::Result<()> {
    match illness {
        Illness::Of(_) => proxy.set(Fault::Nothing),
        Illness::Freeze => database.signal(Signal::SIGCONT)?,
    }
    Ok(())
}

/// How long after this instant the last call began that was not answered well. Calls that began before do not count.
async fn recovered(load: &Load, readers: &Readers) -> Duration {
    let well = Instant::now();
    loop {
        sleep(Duration::from_millis(100)).await;
        let last = load.last_trouble().max(readers.tally().last_trouble);
        let last = last.map_or(well, |last| last.max(well));
        if last.elapsed() > CALM || well.elapsed() > 4 * NORMAL_AGAIN {
            return last - well;
        }
    }
}

impl Course {
    fn tell(&self, run: &Run, report: &mut Report) {
        let (reports, reads) = (&self.reports, &self.reads);
        let wrong = [reports, reads]
            .map(|tally| tally.others_than(&[200, 201, 503]) + tally.broken + tally.without_retry_after);
        let wrong = wrong.iter().sum();
        let slowest = reports.slowest.max(reads.slowest);
        report.claim(
            format!("{}: ledger, other answers, slowest call, normal after", self.name),
            "clean, none, <= 15 s, <= 5 s",
            format!(
                "{}, {}, {}, {} ({} of {} were 503)",
                count(self.differences, "clean", "amiss"),
                count(wrong, "none", "neither 2xx nor a 503 with Retry-After"),
                span(slowest),
                span(self.recovery),
                reports.count(503) + reads.count(503),
                reports.calls() + reads.calls(),
            ),
            self.differences == 0
                && wrong == 0
                && slowest <= CALL + run.limit(TOLERANCE)
                && self.recovery <= run.limit(NORMAL_AGAIN)
                && reports.count(201) > 0,
        );
    }
}

fn count(count: usize, none: &str, some: &str) -> String {
    if count == 0 {
        none.to_owned()
    } else {
        format!("{count} {some}")
    }
}

/// Clients that read, all at once every second.
struct Readers {
    tally: Arc<Mutex<Tally>>,
    resting: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl Readers {
    fn start(address: SocketAddr, tenant: &Tenant) -> Self {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let resting = Arc::new(AtomicBool::new(false));
        let request = get("/api/deployments?limit=1", &tenant.key);
        let mut tasks = JoinSet::new();
        for _ in 0..READERS {
            let (tally, resting, request) = (Arc::clone(&tally), Arc::clone(&resting), request.clone());
            tasks.spawn(async move {
                let mut caller = Caller::new(address);
                let mut ticks = interval(Duration::from_secs(1));
                loop {
                    ticks.tick().await;
                    if !resting.load(Ordering::Relaxed) {
                        call(&tally, &mut caller, &request).await;
                    }
                }
            });
        }
        Self {
            tally,
            resting,
            _tasks: tasks,
        }
    }

    fn rest(&self, rests: bool) {
        self.resting.store(rests, Ordering::Relaxed);
    }

    fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
