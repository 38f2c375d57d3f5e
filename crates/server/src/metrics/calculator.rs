//! Computes metrics, one question after the other, on a thread of its own that steps back for everybody else: a metric takes a
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
    metrics: Vec<Metric>,
    done: oneshot::Sender<(Material, Vec<Answer>)>,
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
        metrics: Vec<Metric>,
    ) -> Result<(Material, Vec<Answer>), ApiError> {
        let (done, measured) = oneshot::channel();
        let job = Job {
            material,
            metrics,
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
            let answers = job.material.measure_all(&job.metrics);
            let _ = job.done.send((job.material, answers));
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
