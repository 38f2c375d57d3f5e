//! Keep-alive connections that report new deployments as fast as they are answered.

use crate::http::Connection;
use crate::processor::{Cost, Meter, Workers};
use crate::setup::{PULL_REQUESTS, Tenant, sha};
use anyhow::{Context, anyhow};
use periscope_domain::timestamp::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Makes every deployment of a run a new one.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What came of it.
pub(crate) struct Load {
    /// Answers a second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) errors: usize,
    pub(crate) cost: Cost,
}

pub(crate) fn run(
    host: &str,
    workers: Workers,
    connections: usize,
    tenants: &[Tenant],
    with_previous: bool,
    duration: Duration,
) -> anyhow::Result<Load> {
    let meter = Meter::start(workers)?;
    let start = Instant::now();
    let senders: Vec<anyhow::Result<Vec<Option<f64>>>> = thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|_| scope.spawn(move || send(host, tenants, with_previous, start + duration)))
            .collect();
        senders
            .into_iter()
            .map(|sender| {
                sender
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a sender panicked")))
            })
            .collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    let answers = senders.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    let mut times: Vec<f64> = answers.iter().filter_map(|time| *time).collect();
    times.sort_by(f64::total_cmp);
    let percentile = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or(f64::NAN)
    };
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let answered = times.len() as f64;
    Ok(Load {
        rate: answered / seconds,
        p50: percentile(50),
        p99: percentile(99),
        errors: answers.len() - times.len(),
        cost: meter.read(answered)?,
    })
}

/// Milliseconds until each answer; `None` where it was not what was expected.
fn send(
    host: &str,
    tenants: &[Tenant],
    with_previous: bool,
    end: Instant,
) -> anyhow::Result<Vec<Option<f64>>> {
    let mut connection = Connection::open(host)?;
    let mut times = Vec::new();
    while Instant::now() < end {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let index = usize::try_from(number)? % tenants.len();
        let tenant = tenants.get(index).context("no tenant")?;
        let body = report(tenant, number, with_previous)?;
        let begun = Instant::now();
        let answer = connection.request("POST", "/api/webhooks/deployments", &tenant.key, body.as_bytes())?;
        let time = begun.elapsed().as_secs_f64() * 1000.0;
        let wanted: &[u8] = if with_previous {
            b"\"linkedPRs\":3"
        } else {
            b"\"linkedPRs\":"
        };
        let linked = answer.body.windows(wanted.len()).any(|text| text == wanted);
        times.push((answer.status == 201 && linked).then_some(time));
    }
    Ok(times)
}

/// A production deployment, completed a second after the one before it. With a previous commit it ships three pull
/// requests; without, as the step for CI reports it, what is new is what the graph says: often only the deployed merge.
fn report(tenant: &Tenant, number: u64, with_previous: bool) -> anyhow::Result<String> {
    let base = 1 + number % (PULL_REQUESTS - 3);
    let previous = if with_previous {
        format!(r#""previousCommitSha":"{}","#, sha(tenant.number, base))
    } else {
        String::new()
    };
    let start = Timestamp::parse("2026-02-01T10:30:00Z")?;
    let started_at = start.plus(time::Duration::seconds(i64::try_from(number)?));
    let completed_at = started_at.plus(time::Duration::minutes(5));
    Ok(format!(
        r#"{{"deploymentId":"gha-{number}","commitSha":"{}",{previous}"environment":"production","status":"success","startedAt":"{started_at}","completedAt":"{completed_at}","service":"api","branch":"main","triggeredBy":"octocat","pipelineName":"Production Deploy","pipelineUrl":"https://github.com/acme/api/actions/runs/{number}"}}"#,
        sha(tenant.number, base + 3),
    ))
}
