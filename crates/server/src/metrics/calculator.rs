//! Computes metrics, one after the other, on a thread of its own that steps back for everybody else: a metric takes a
//! whole processor for some milliseconds, and whoever waits for a webhook's answer needs it more.

use crate::error::{ApiError, Bug};
use periscope_domain::metrics::{Answer, Material, Metric};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{io, thread};
use tokio::sync::oneshot;

/// How far the thread steps back, on the scale of `nice`.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// What is to be computed, and who waits for it.
struct Job {
    material: Material,
    metric: Metric,
    done: oneshot::Sender<(Material, Answer)>,
}

/// The thread, which ends with this value.
pub(crate) struct Calculator(Sender<Job>);

impl Calculator {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`io::Error`] when no thread can be had.
    pub(crate) fn start() -> io::Result<Self> {
        let (jobs, waiting) = channel();
        thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || work(&waiting))?;
        Ok(Self(jobs))
    }

    /// Computes a metric when its turn comes. Whoever goes away before that is left out.
    pub(crate) async fn measure(
        &self,
        material: Material,
        metric: Metric,
    ) -> Result<(Material, Answer), ApiError> {
        let (done, measured) = oneshot::channel();
        let job = Job {
            material,
            metric,
            done,
        };
        let sent = self.0.send(job);
        sent.map_err(|_| ApiError::Internal(Bug::NoOutcome))?;
        measured.await.map_err(|_| ApiError::Internal(Bug::Panic))
    }
}

fn work(waiting: &Receiver<Job>) {
    step_back();
    for job in waiting {
        if job.done.is_closed() {
            continue;
        }
        // A panic drops `done`, which tells the one who waits.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let answer = job.material.measure(job.metric);
            let _ = job.done.send((job.material, answer));
        }));
    }
}

/// Elsewhere than on Linux it would be the whole program that steps back.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "metrics are computed as urgently as webhooks");
    }
}
