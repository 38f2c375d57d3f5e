//! The port that Prometheus asks, apart from the one for clients: what it tells is for operators. What is true now rather
//! than counted is looked at when it asks, for as long as a caller would wait for a connection.

use super::{Exporter, READY, RELINKING, RELINKING_AGE, WAITING};
use crate::state::State;
use ::metrics::gauge;
use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use periscope_domain::ports::StoreError;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{interval, timeout};

const PATIENCE: Duration = Duration::from_secs(2);

/// How often what has been measured is summed up, so that it does not pile up where nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Listens for Prometheus, and tells where.
pub(crate) fn bind(
    listen: SocketAddr,
    exporter: &Exporter,
    state: &Arc<State>,
) -> io::Result<(Server, SocketAddr)> {
    let (exporter, state) = (exporter.clone(), Arc::clone(state));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(exporter.clone()))
            .app_data(Data::from(Arc::clone(&state)))
            .route("/metrics", web::get().to(scrape))
    })
    .workers(1)
    .shutdown_timeout(1)
    .disable_signals()
    .bind(listen)?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}

async fn scrape(exporter: Data<Exporter>, state: Data<State>) -> HttpResponse {
    look(&state).await;
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(exporter.0.render())
}

/// Sums up, for ever.
pub(crate) async fn keep_up(exporter: Option<&Exporter>) -> Infallible {
    let Some(exporter) = exporter else {
        return pending().await;
    };
    let mut ticks = interval(UPKEEP);
    loop {
        ticks.tick().await;
        exporter.0.run_upkeep();
    }
}

/// What cannot be known now is not a number.
async fn look(state: &State) {
    let (ready, backlog) = futures_util::join!(
        timeout(PATIENCE, state.store.organizations().check_health()),
        timeout(PATIENCE, backlog(state)),
    );
    let is_ready = matches!(ready, Ok(Ok(()))) && !state.is_stopping();
    gauge!(READY).set(if is_ready { 1.0 } else { 0.0 });
    let (length, oldest) = match backlog {
        Ok(Ok((length, age))) => (length, age),
        _ => (f64::NAN, f64::NAN),
    };
    gauge!(WAITING).set(number(state.waiting_events()));
    gauge!(RELINKING).set(length);
    gauge!(RELINKING_AGE).set(oldest);
}

/// How many deployments wait to be linked again, and how many seconds the oldest of them has waited.
async fn backlog(state: &State) -> Result<(f64, f64), StoreError> {
    let relinking = state.store.relinking();
    let count = relinking.count(None).await?;
    let oldest = relinking.oldest(None).await?;
    let now = state.clock.now();
    let age = oldest.map_or(0, |oldest| now.microseconds() - oldest.microseconds());
    let age = Duration::from_micros(u64::try_from(age).unwrap_or(0));
    Ok((number(count), age.as_secs_f64()))
}

/// A count as Prometheus has it.
fn number(count: impl TryInto<u32>) -> f64 {
    count.try_into().map_or(f64::INFINITY, f64::from)
}
