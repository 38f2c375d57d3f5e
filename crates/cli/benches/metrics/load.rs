//! Questions and reports over HTTP, and how long they take.

use crate::http::Connection;
use crate::world::{SERVICES, sha};
use anyhow::{anyhow, ensure};
use periscope_adapters::system::SystemClock;
use periscope_domain::ports::Clock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Where the server is and what lets in.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) host: &'a str,
    pub(crate) key: &'a str,
    pub(crate) session: &'a str,
}

/// Milliseconds, in order.
pub(crate) struct Times(Vec<f64>);

impl Times {
    fn new(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The time within which so many percent were answered.
    pub(crate) fn within(&self, percent: usize) -> f64 {
        let index = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }
}

/// How long the answer about a metric takes.
pub(crate) fn ask_once(access: Access<'_>, metric: &str, days: u32) -> anyhow::Result<f64> {
    ask(&mut Connection::open(access.host)?, access, metric, days)
}

/// How long a large answer of the API takes, asked for again and again over one connection, and how large it is.
pub(crate) fn get_for(access: Access<'_>, path: &str, duration: Duration) -> anyhow::Result<(Times, usize)> {
    let authorization = format!("Bearer {}", access.key);
    get(access, path, ("Authorization", &authorization), duration)
}

/// The same asked again and again over one connection, at least ten times, after a first time that does not count.
pub(crate) fn ask_for(
    access: Access<'_>,
    metric: &str,
    days: u32,
    duration: Duration,
) -> anyhow::Result<Times> {
    let mut connection = Connection::open(access.host)?;
    ask(&mut connection, access, metric, days)?;
    let end = Instant::now() + duration;
    let mut times = Vec::new();
    while times.len() < 10 || Instant::now() < end {
        times.push(ask(&mut connection, access, metric, days)?);
    }
    Ok(Times::new(times))
}

fn ask(connection: &mut Connection, access: Access<'_>, metric: &str, days: u32) -> anyhow::Result<f64> {
    let path = format!("/api/metrics/{metric}?timeRange={days}d");
    let begun = Instant::now();
    let answer = connection.request("GET", &path, access.key, b"")?;
    let time = begun.elapsed().as_secs_f64() * 1000.0;
    ensure!(
        answer.status == 200,
        "{path}: {}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    Ok(time)
}

/// How long a page takes over one connection, at least ten times, and how many bytes it has.
pub(crate) fn open_for(access: Access<'_>, path: &str, duration: Duration) -> anyhow::Result<(Times, usize)> {
    let cookie = format!("periscope_session={}", access.session);
    get(access, path, ("Cookie", &cookie), duration)
}

fn get(
    access: Access<'_>,
    path: &str,
    header: (&str, &str),
    duration: Duration,
) -> anyhow::Result<(Times, usize)> {
    let mut connection = Connection::open(access.host)?;
    let end = Instant::now() + duration;
    let (mut times, mut size) = (Vec::new(), 0);
    while times.len() < 10 || Instant::now() < end {
        let begun = Instant::now();
        let answer = connection.send("GET", path, header, b"")?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        size = answer.body.len();
    }
    Ok((Times::new(times), size))
}

const REPORTERS: u32 = 4;

/// How long a reporter waits after an answer.
const PAUSE: Duration = Duration::from_millis(20);

const READERS: usize = 10;

/// How long reports of deployments take, while readers, if there shall be any, ask about one metric after the other.
pub(crate) fn report(access: Access<'_>, metrics: &[&str], duration: Duration) -> anyhow::Result<Times> {
    let is_over = &AtomicBool::new(false);
    let readers = if metrics.is_empty() { 0 } else { READERS };
    thread::scope(|scope| {
        let readers: Vec<_> = (0..readers)
            .map(|first| scope.spawn(move || read(access, metrics, first, is_over)))
            .collect();
        let reporters: Vec<_> = (0..REPORTERS)
            .map(|_| scope.spawn(|| send(access, duration)))
            .collect();
        let panicked = |_| anyhow!("a thread panicked");
        let mut times = Vec::new();
        for reporter in reporters {
            times.extend(reporter.join().map_err(panicked)??);
        }
        is_over.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().map_err(panicked)??;
        }
        Ok(Times::new(times))
    })
}

fn read(access: Access<'_>, metrics: &[&str], first: usize, is_over: &AtomicBool) -> anyhow::Result<()> {
    let mut connection = Connection::open(access.host)?;
    for metric in metrics.iter().cycle().skip(first) {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        ask(&mut connection, access, metric, 90)?;
    }
    Ok(())
}

/// Makes every deployment a new one.
static NEXT: AtomicU64 = AtomicU64::new(1000);

fn send(access: Access<'_>, duration: Duration) -> anyhow::Result<Vec<f64>> {
    let mut connection = Connection::open(access.host)?;
    let end = Instant::now() + duration;
    let mut times = Vec::new();
    while Instant::now() < end {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let body = body(number);
        let begun = Instant::now();
        let answer = connection.request("POST", "/api/webhooks/deployments", access.key, body.as_bytes())?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(
            answer.status == 201 && text.contains("\"linkedPRs\":3"),
            "{}: {text}",
            answer.status
        );
        thread::sleep(PAUSE);
    }
    Ok(times)
}

/// A production deployment that has just ended and ships three pull requests.
fn body(number: u64) -> String {
    let (commit, previous) = (sha(number), sha(number - 3 * SERVICES));
    let (service, now) = (number % SERVICES, SystemClock.now());
    format!(
        r#"{{"deploymentId":"new-{number}","commitSha":"{commit}","previousCommitSha":"{previous}","environment":"production","status":"success","startedAt":"{now}","completedAt":"{now}","service":"service-{service}","branch":"main","triggeredBy":"octocat","pipelineName":"Production Deploy"}}"#
    )
}
