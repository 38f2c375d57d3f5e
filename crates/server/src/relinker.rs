//! The worker that puts right what requests have left: pull requests and deployments that arrived in an order in
//! which they could not be linked at once. It looks twice a second, and again at once as long as it finds something.
//! Any number of servers may run one, since the store gives the same work to only one of them.

use futures_util::FutureExt;
use periscope_domain::ports::{Clock, Store, StoreError};
use periscope_domain::use_cases::relink;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How many deployments one round takes.
const ROUND: u32 = 100;

/// Works until the other end of `until_stopped` is gone, and finishes the round that it is in.
pub(crate) async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    every: Duration,
    mut until_stopped: watch::Receiver<()>,
) {
    let mut works = true;
    loop {
        let round = AssertUnwindSafe(relink(&*store, None, ROUND, clock.now())).catch_unwind();
        let found = match round.await {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => {
                report_failure(works, Some(&error));
                None
            }
            Err(_) => {
                report_failure(works, None);
                None
            }
        };
        if found.is_some() && !works {
            tracing::info!("relinking works again");
        }
        works = found.is_some();
        let pause = if found.unwrap_or(0) > 0 {
            Duration::ZERO
        } else {
            every
        };
        if timeout(pause, until_stopped.changed()).await.is_ok() {
            return;
        }
    }
}

/// Tells of the first failure of a row only: a store that is away for an hour is one event, and no bug of ours.
fn report_failure(worked: bool, error: Option<&StoreError>) {
    const WHAT: &str = "relinking fails, and is tried again until it works";
    if !worked {
        return;
    }
    let causes = error.map_or("a panic".to_owned(), |error| crate::error::causes(error));
    if matches!(error, Some(StoreError::Unavailable(_))) {
        tracing::warn!(error = causes, "{WHAT}");
    } else {
        tracing::error!(error = causes, "{WHAT}");
    }
}
