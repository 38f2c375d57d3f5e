//! The application: bound to an address, told what to serve from, run until it is asked to stop. To stop means: say
//! "not ready" for a moment, so that whoever spreads the load looks elsewhere; accept no more; finish what runs.

use crate::lines::{self, Lines};
use crate::monitoring::{self, Exporter};
use crate::recorder::Groups;
use crate::settings::{Settings, Timing};
use crate::state::{Outside, State};
use crate::{relinker, request, routes};
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpServer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

const FORGET_IDLE_EVERY: Duration = Duration::from_mins(1);

/// Adds paths that are not the API's, for people: their handlers find the [`State`].
pub type Pages = fn(&mut ServiceConfig);

/// No pages: the API alone.
pub fn no_pages(_: &mut ServiceConfig) {}

/// Periscope, listening.
#[must_use = "it answers nothing until it is run"]
pub struct Application {
    server: Server,
    local_addr: SocketAddr,
    metrics: Option<(Server, SocketAddr)>,
    exporter: Option<Exporter>,
    state: Arc<State>,
    lines: Arc<Lines>,
    groups: Groups,
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("local_addr", &self.local_addr)
            .finish_non_exhaustive()
    }
}

impl Application {
    /// Listens, but answers nothing yet.
    ///
    /// # Errors
    /// [`io::Error`] when the address or a thread cannot be had.
    pub fn bind(settings: Settings, pages: Pages, outside: Outside) -> io::Result<Self> {
        Self::bind_with(settings, Timing::default(), Groups::default(), pages, outside)
    }

    /// Listens, with other patience and groups than the product has.
    ///
    /// # Errors
    /// [`io::Error`] when the address or a thread cannot be had.
    pub fn bind_with(
        settings: Settings,
        timing: Timing,
        groups: Groups,
        pages: Pages,
        outside: Outside,
    ) -> io::Result<Self> {
        let state = Arc::new(State::new(&settings, timing, outside)?);
        let shared = Arc::clone(&state);
        let lines = Arc::new(Lines::default());
        let watching = Arc::clone(&lines);
        let server = HttpServer::new(move || {
            let state = Arc::clone(&shared);
            App::new()
                .app_data(Data::from(Arc::clone(&shared)))
                // Webhooks come first: a path is compared with one after the other.
                .configure(routes::configure)
                .configure(pages)
                .wrap(from_fn(move |request, next| {
                    request::answer(Arc::clone(&state), request, next)
                }))
        })
        .on_connect(move |connection, found| watching.watch(connection, found))
        .keep_alive(timing.keep_alive)
        .client_request_timeout(timing.head)
        .client_disconnect_timeout(timing.linger)
        // An answer above 16 KiB goes out in pieces: without this each waits for the client's delayed acknowledgement.
        .tcp_nodelay(true)
        .shutdown_timeout(timing.drain.as_secs())
        .disable_signals();
        let listener = lines::listen(settings.listen, timing.unread)?;
        let server = match &settings.tls {
            Some(tls) => {
                let config = tls.config().map_err(io::Error::other)?;
                let server = server.tls_handshake_timeout(timing.head);
                server.listen_rustls_0_23(listener, config)?
            }
            None => server.listen(listener)?,
        };
        let local_addr = server.addrs().first().copied().unwrap_or(settings.listen);
        let metrics = settings.metrics.as_ref();
        let metrics = metrics.map(|(listen, exporter)| monitoring::bind(*listen, exporter, &state));
        Ok(Self {
            server: server.run(),
            local_addr,
            metrics: metrics.transpose()?,
            exporter: settings.metrics.map(|(_, exporter)| exporter),
            state,
            lines,
            groups,
        })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The address that Prometheus may ask, if there is one.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(_, address)| *address)
    }

    /// Answers requests and relinks deployments until `stop` completes and what runs by then is finished.
    ///
    /// # Errors
    /// [`io::Error`] when a worker thread could not be started.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
        let Self {
            mut server,
            state,
            lines,
            groups,
            metrics,
            exporter,
            ..
        } = self;
        // As long as actix may wait for a request, and then for the rest of its head.
        let idle = state.timing.keep_alive + state.timing.head;
        let (stopping, until_stopped) = watch::channel(());
        let relinker = tokio::spawn(relinker::run(
            Arc::clone(&state.store),
            Arc::clone(&state.clock),
            state.timing.relink,
            until_stopped,
        ));
        // Dropped at the end: by then everyone who waited for a group has been answered.
        let mut recorders = JoinSet::new();
        for _ in 0..groups.at_once {
            let (store, clock) = (Arc::clone(&state.store), Arc::clone(&state.clock));
            let sizes = state.events.group_size.clone();
            recorders.spawn(Arc::clone(&state.recorder).run(store, clock, groups.size, sizes));
        }
        // Prometheus is answered to the end.
        let metrics = metrics.map(|(server, _)| (server.handle(), tokio::spawn(server)));
        let handle = server.handle();
        let drain = async {
            stop.await;
            drop(stopping);
            drain(&state, &handle).await;
        };
        let result = tokio::select! {
            result = &mut server => result,
            () = drain => (&mut server).await,
            never = lines.end_idle(idle) => match never {},
            never = forget_idle(&state) => match never {},
            never = monitoring::keep_up(exporter.as_ref()) => match never {},
        };
        let _ = relinker.await;
        if let Some((handle, running)) = metrics {
            handle.stop(false).await;
            let _ = running.await;
        }
        result
    }
}

async fn drain(state: &State, server: &ServerHandle) {
    state.stop();
    tracing::info!("stopping: not ready any more");
    sleep(state.timing.notice).await;
    server.stop(true).await;
}

async fn forget_idle(state: &State) -> Infallible {
    let mut ticks = interval(FORGET_IDLE_EVERY);
    loop {
        ticks.tick().await;
        state.rate_limits.forget_idle();
    }
}
