//! Senders that report deployments: as fast as they are answered, or at a rate that does not wait for answers. What is
//! not acknowledged is sent again, as the product asks for.

use crate::client::{Answer, Caller, post};
use crate::ledger::{Ledger, name};
use crate::world::Tenant;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A call that takes longer is no normal one.
const NORMAL: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);
/// Every so manieth deployment is reported once more after it is acknowledged.
const UPDATED: u64 = 8;

/// Whom to send what, and how.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// A call that failed is repeated at the next one.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) tenants: Arc<[Tenant]>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) senders: u64,
    /// Deployments a second, whether or not the last one is answered; none is as fast as they are answered.
    pub(crate) rate: Option<u32>,
    /// How many deployments to report at most.
    pub(crate) most: u64,
    /// The number of the first.
    pub(crate) first: u64,
    /// Whether to send again what is not acknowledged, and every eighth deployment even if it is.
    pub(crate) repeats: bool,
}

/// What became of the calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) statuses: BTreeMap<u16, usize>,
    /// Calls without an answer.
    pub(crate) broken: usize,
    /// Answers of 429 and 503 that do not say when to come again.
    pub(crate) without_retry_after: usize,
    /// Calls that failed again when they were repeated.
    pub(crate) failed_twice: usize,
    pub(crate) slowest: Duration,
    /// When the last call began that was not answered well within a second.
    pub(crate) last_trouble: Option<Instant>,
    /// Of the first call for each deployment that succeeded, since it was meant to be sent; microseconds.
    latencies: Vec<u32>,
}

impl Tally {
    /// Answers with another status than those.
    pub(crate) fn others_than(&self, allowed: &[u16]) -> usize {
        let others = self
            .statuses
            .iter()
            .filter(|(status, _)| !allowed.contains(status));
        others.map(|(_, count)| count).sum()
    }

    pub(crate) fn count(&self, status: u16) -> usize {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    pub(crate) fn calls(&self) -> usize {
        self.statuses.values().sum::<usize>() + self.broken
    }

    /// All that was no 2xx.
    pub(crate) fn failed(&self) -> usize {
        self.others_than(&[200, 201]) + self.broken
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let index = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
        // Without any there is nothing to be proud of.
        let found = latencies.get(index).copied().unwrap_or(u32::MAX);
        Duration::from_micros(found.into())
    }

    fn note(&mut self, begun: Instant, answered: &io::Result<Answer>) -> bool {
        let took = begun.elapsed();
        self.slowest = self.slowest.max(took);
        let is_success = answered.as_ref().is_ok_and(Answer::is_success);
        match answered {
            Ok(answer) => {
                *self.statuses.entry(answer.status).or_default() += 1;
                let asks_for_patience = matches!(answer.status, 429 | 503);
                self.without_retry_after += usize::from(asks_for_patience && !answer.retry_after);
            }
            Err(_) => self.broken += 1,
        }
        if !is_success || took > NORMAL {
            self.trouble(begun);
        }
        is_success
    }

    fn trouble(&mut self, begun: Instant) {
        self.last_trouble = self.last_trouble.max(Some(begun));
    }
}

/// Calls once and notes what became of it; that it takes too long already while it does. Gives a good answer only.
pub(crate) async fn call(tally: &Mutex<Tally>, caller: &mut Caller, request: &[u8]) -> Option<Answer> {
    let begun = Instant::now();
    let mut calling = pin!(caller.call(request));
    let mut answered = timeout(NORMAL, calling.as_mut()).await.ok();
    if answered.is_none() {
        locked(tally).trouble(begun);
        answered = Some(calling.await);
    }
    let answered = answered?;
    let is_success = locked(tally).note(begun, &answered);
    answered.ok().filter(|_| is_success)
}

fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A load that runs.
#[derive(Debug)]
pub(crate) struct Load {
    shared: Arc<Shared>,
    senders: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    plan: Plan,
    begun: Instant,
    next: AtomicU64,
    acknowledged: AtomicU64,
    stopping: AtomicBool,
    tally: Mutex<Tally>,
}

impl Load {
    pub(crate) fn start(plan: Plan) -> Self {
        let shared = Arc::new(Shared {
            begun: Instant::now(),
            next: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            tally: Mutex::default(),
            plan,
        });
        let mut senders = JoinSet::new();
        for _ in 0..shared.plan.senders {
            senders.spawn(Arc::clone(&shared).send_all());
        }
        Self { shared, senders }
    }

    /// How many deployments have been acknowledged until now.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// What became of the calls until now.
    pub(crate) fn tally(&self) -> Tally {
        self.shared.tally().clone()
    }

    pub(crate) fn last_trouble(&self) -> Option<Instant> {
        self.shared.tally().last_trouble
    }

    /// Begins no further deployment, and waits until those that were begun are acknowledged.
    pub(crate) async fn stop(self) -> Tally {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.finish().await
    }

    /// Waits until the last deployment is acknowledged.
    pub(crate) async fn finish(mut self) -> Tally {
        while self.senders.join_next().await.is_some() {}
        self.tally()
    }
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        locked(&self.tally)
    }

    async fn send_all(self: Arc<Self>) {
        let mut callers: Vec<_> = self
            .plan
            .addresses
            .iter()
            .map(|address| Caller::new(*address))
            .collect();
        while !self.stopping.load(Ordering::Relaxed) {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.plan.most {
                return;
            }
            let mut meant = Instant::now();
            if let Some(rate) = self.plan.rate {
                meant = self.begun + Duration::from_micros(index * 1_000_000 / u64::from(rate));
                sleep_until(meant).await;
            }
            self.report(&mut callers, self.plan.first + index, meant).await;
        }
    }

    /// Reports one deployment until it is acknowledged.
    async fn report(&self, callers: &mut [Caller], number: u64, meant: Instant) {
        let Some(request) = self.plan.request(number) else {
            return;
        };
        let mut turn = usize::try_from(number).unwrap_or_default();
        let mut left = if self.plan.repeats && number.is_multiple_of(UPDATED) {
            2
        } else {
            1
        };
        let mut tries = 0;
        while left > 0 {
            let count = callers.len().max(1);
            let Some(caller) = callers.get_mut(turn % count) else {
                return;
            };
            let answer = call(&self.tally, caller, &request).await;
            if self.plan.rate.is_some() && tries == 0 && left == 1 {
                let latency = meant.elapsed().as_micros();
                let latency = u32::try_from(latency).unwrap_or(u32::MAX);
                self.tally().latencies.push(latency);
            }
            if let Some(answer) = answer {
                self.plan.ledger.note(number, &answer);
                left -= 1;
                tries = 0;
                continue;
            }
            if !self.plan.repeats {
                return;
            }
            self.tally().failed_twice += usize::from(tries > 0);
            tries += 1;
            turn += 1;
            if count == 1 || tries > 1 {
                sleep(PAUSE).await;
            }
        }
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

impl Plan {
    fn request(&self, number: u64) -> Option<Vec<u8>> {
        let turn = number.checked_rem(self.tenants.len() as u64)?;
        let tenant = self.tenants.get(usize::try_from(turn).ok()?)?;
        Some(deployment(&tenant.key, number))
    }
}

/// Stands where a person's name would: it must not be logged.
pub(crate) const PERSON: &str = "soak0person0who0deploys0all0this0abc";

/// The report of a successful production deployment.
pub(crate) fn deployment(key: &str, number: u64) -> Vec<u8> {
    let id = name(number);
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let body = format!(
        r#"{{"deploymentId":"{id}","commitSha":"{mixed:016x}{number:024x}","environment":"production","status":"success","startedAt":"2026-01-15T10:30:00Z","completedAt":"2026-01-15T10:35:00Z","service":"api","branch":"main","triggeredBy":"{PERSON}","pipelineName":"Production Deploy"}}"#
    );
    post("/api/webhooks/deployments", key, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_calls_and_of_none_they_are_endless() {
        let mut tally = Tally::default();
        assert!(tally.percentile(99) > Duration::from_hours(1));
        tally.latencies = (1..=200).rev().collect();
        assert_eq!(tally.percentile(50), Duration::from_micros(101));
        assert_eq!(tally.percentile(99), Duration::from_micros(199));
    }

    #[test]
    fn a_call_without_an_answer_is_a_failure() {
        let mut tally = Tally::default();
        let begun = Instant::now();
        assert!(!tally.note(begun, &Err(io::ErrorKind::UnexpectedEof.into())));
        assert_eq!((tally.failed(), tally.calls()), (1, 1));
        assert_eq!(tally.last_trouble, Some(begun));
    }
}
