//! `stop`: a service that is told to stop finishes what it has begun and is gone soon. Of two services one is stopped and
//! started again and again, under load, and each time it has a request of which the last byte has not come yet.

use crate::client::Connection;
use crate::database::Database;
use crate::ledger::Ledger;
use crate::load::{Load, Plan, Tally, deployment};
use crate::report::{Report, span};
use crate::service::{Service, Start};
use crate::world::{Run, Tenant};
use anyhow::Context;
use nix::sys::signal::Signal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const LANES: u64 = 4;
const RATE: u32 = 100;
const GONE: Duration = Duration::from_secs(5);
/// How long after the signal the last byte comes: before the service stops to accept, and after.
const HELD_BACK: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// The number of the first deployment whose last byte is held back.
const HELD: u64 = 1 << 40;

#[derive(Default)]
struct Course {
    stops: u64,
    tally: Tally,
    slowest: Duration,
    /// Ends with another code than 0, or not in time.
    bad_ends: usize,
    /// Of the requests whose last byte came late, those that were answered with a 2xx.
    held_answered: u64,
    differences: usize,
}

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("stop");
    let stops = run.pick(4, 20, 200);
    report.sized(format!(
        "{stops} stops, one of two services each, {RATE} reports/s"
    ));
    let database = Arc::new(Database::start().await?);
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (run, database) = (run.clone(), Arc::clone(&database));
        lanes.spawn(async move { stop_often(&run, &database, lane, stops / LANES).await });
    }
    let mut all = Course::default();
    let (mut calls, mut repeated, mut failed_twice) = (0, 0, 0);
    for course in lanes.join_all().await {
        let course = course?;
        all.stops += course.stops;
        all.bad_ends += course.bad_ends;
        all.held_answered += course.held_answered;
        all.differences += course.differences;
        all.slowest = all.slowest.max(course.slowest);
        calls += course.tally.calls();
        repeated += course.tally.failed();
        failed_twice += course.tally.failed_twice;
    }
    report.equal("stops", stops, all.stops);
    report.none(
        "that ended with another code than 0, or were killed",
        all.bad_ends,
    );
    report.within("slowest stop", GONE, all.slowest);
    report.equal(
        "requests finished late that were answered",
        stops,
        all.held_answered,
    );
    report.claim(
        format!("calls repeated of {calls}, told only"),
        "-",
        repeated,
        true,
    );
    report.none("calls that one repetition did not help", failed_twice);
    report.none("deployments not stored once and as acknowledged", all.differences);
    Arc::into_inner(database)
        .context("the database is in use")?
        .stop()
        .await;
    Ok(report)
}

async fn stop_often(run: &Run, database: &Database, lane: u64, stops: u64) -> anyhow::Result<Course> {
    let name = format!("stop_{lane}");
    database.query(&format!("create database {name}")).await?;
    let url = database.url_of(&name)?;
    let tenants = run.furnish(&url, 2).await?;
    let starts = [run.service(&url)?, run.service(&url)?];
    let mut services = Vec::new();
    for start in &starts {
        services.push(Service::start(start).await?);
    }
    let ledger = Arc::new(Ledger::default());
    let load = Load::start(Plan {
        addresses: starts.iter().map(|start| start.address).collect(),
        tenants: Arc::clone(&tenants),
        ledger: Arc::clone(&ledger),
        senders: 16,
        rate: Some(RATE),
        most: u64::MAX,
        first: 0,
        repeats: true,
    });
    let mut course = Course::default();
    let tenant = tenants.first().context("no organization")?;
    for (turn, held_back) in (0..stops).zip(HELD_BACK.into_iter().cycle()) {
        sleep(Duration::from_millis(300)).await;
        let index = usize::try_from(turn)? % starts.len();
        let service = services.get_mut(index).context("no service")?;
        let start = starts.get(index).context("no service")?;
        let number = HELD + turn;
        let held = hold_back(start.address, tenant, number, held_back, &ledger);
        let ((), answered) = tokio::try_join!(stop(run, service, start, &mut course), held)?;
        course.held_answered += u64::from(answered);
    }
    course.tally = load.stop().await;
    course.differences = ledger.difference(database, &url).await?;
    Ok(course)
}

/// Stops a service and starts it again.
async fn stop(run: &Run, service: &mut Service, start: &Start, course: &mut Course) -> anyhow::Result<()> {
    // The request whose last byte is missing comes first.
    sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    service.signal(Signal::SIGTERM)?;
    if run.sabotage {
        service.signal(Signal::SIGSTOP)?;
    }
    let ended = timeout(2 * GONE, service.ended()).await;
    let took = begun.elapsed();
    course.stops += 1;
    course.slowest = course.slowest.max(took);
    let is_good = matches!(&ended, Ok(Ok(status)) if status.success());
    course.bad_ends += usize::from(!is_good);
    eprintln!("  gone after {}", span(took));
    if !is_good {
        service.signal(Signal::SIGKILL).ok();
        service.ended().await?;
    }
    *service = Service::start(start).await?;
    Ok(())
}

/// Sends a report but for its last byte, and that later; says whether it was recorded.
async fn hold_back(
    address: SocketAddr,
    tenant: &Tenant,
    number: u64,
    time: Duration,
    ledger: &Ledger,
) -> anyhow::Result<bool> {
    let request = deployment(&tenant.key, number);
    let (last, most) = request.split_last().context("an empty request")?;
    let mut connection = Connection::open(address).await?;
    connection.send(most).await?;
    sleep(Duration::from_millis(200) + time).await;
    let answered = async {
        connection.send(&[*last]).await?;
        connection.read_answer().await
    };
    let Ok(Ok(answer)) = timeout(Duration::from_secs(10), answered).await else {
        return Ok(false);
    };
    if answer.is_success() {
        ledger.note(number, &answer);
    }
    Ok(answer.is_success())
}
