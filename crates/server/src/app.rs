//! The application: bound to an address, told what to serve from, run until it is asked to stop. To stop means: say
//! "not ready" for a moment, so that whoever spreads the load looks elsewhere; accept no more; finish what runs.

use crate::auth::KeyCache;
use crate::metrics::calculator::Calculator;
use crate::monitoring::{self, EventMeters, Exporter};
use crate::rate_limit::RateLimits;
use crate::recorder::{Groups, Recorder};
use crate::tls::Tls;
use crate::{relinker, request, routes};
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpServer};
use periscope_domain::github::SecretKey;
use periscope_domain::ports::{Clock, Randomness, Store};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::web_url::BaseUrl;
use rand_core::CryptoRng;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fmt, io};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tracing::Span;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 2048;

/// Longer than the minute after which most load balancers drop an idle connection: whoever closes first must not be
/// the one that requests are sent to.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

const FORGET_IDLE_EVERY: Duration = Duration::from_mins(1);

/// What an operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 means any that is free.
    pub listen: SocketAddr,
    /// How many requests a second a key may send; 0 switches every rate limit off.
    pub rate_limit: u32,
    /// What the secrets of webhooks are derived from. Without it no webhook of GitHub is accepted.
    pub secret_key: Option<SecretKey>,
    /// Where Prometheus may ask for what is collected, if it is.
    pub metrics: Option<(SocketAddr, Exporter)>,
    /// The certificate to show, where TLS is not somebody else's business.
    pub tls: Option<Tls>,
    /// Where users reach it, if that is known.
    pub public_url: Option<BaseUrl>,
    /// Who follows requests across services, if anybody does.
    pub traces: Option<Arc<dyn Traces>>,
}

/// Follows requests across services.
pub trait Traces: fmt::Debug + Send + Sync {
    /// Makes a span, which has not begun, the child of the one that a caller tells of in `traceparent`, if it makes sense.
    fn adopt(&self, span: &Span, traceparent: &str);

    /// Names a span by what has turned out to be its route.
    fn name(&self, span: &Span, name: String);
}

impl Settings {
    /// Whether users reach it over TLS, as far as is known: that of its own, or of whoever is at the public address.
    /// What a request says of the way it came is not believed.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.tls.is_some() || self.public_url.as_ref().is_some_and(BaseUrl::is_https)
    }
}

/// How long things may take. The defaults are what the product promises; tests have less patience.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For the head of a request to arrive.
    pub head: Duration,
    /// For its body to arrive.
    pub body: Duration,
    /// For all of it, from its head to its answer.
    pub request: Duration,
    /// How long the rest of a refused body is thrown away, so that its sender gets to read why.
    pub linger: Duration,
    /// How long a key is remembered, and so may still work once it is revoked.
    pub key: Duration,
    /// How often to look for deployments that have to be linked again.
    pub relink: Duration,
    /// How long to say that we are about to stop before we do.
    pub notice: Duration,
    /// How long to wait for what runs once we stop, in whole seconds.
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            body: Duration::from_secs(10),
            request: Duration::from_secs(15),
            linger: Duration::from_secs(2),
            key: Duration::from_secs(9),
            relink: Duration::from_millis(500),
            notice: Duration::from_secs(1),
            drain: Duration::from_secs(25),
        }
    }
}

/// What handlers share; pages find it as `Data<State>`.
pub struct State {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    pub(crate) keys: KeyCache,
    pub(crate) rate_limits: RateLimits,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) secret_key: Option<SecretKey>,
    pub(crate) timing: Timing,
    pub(crate) calculator: Calculator,
    pub(crate) events: EventMeters,
    pub(crate) has_tls: bool,
    public_url: Option<BaseUrl>,
    pub(crate) traces: Option<Arc<dyn Traces>>,
    stopping: AtomicBool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl State {
    /// Everything that is kept.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A source of randomness, for one thing to be made.
    #[must_use]
    pub fn random(&self) -> Box<dyn CryptoRng + Send> {
        self.random.source()
    }

    /// What the secrets of webhooks are derived from, if the operator has set it.
    #[must_use]
    pub fn secret_key(&self) -> Option<&SecretKey> {
        self.secret_key.as_ref()
    }

    /// Where users reach it, if the operator has told.
    #[must_use]
    pub fn public_url(&self) -> Option<&BaseUrl> {
        self.public_url.as_ref()
    }

    /// Whether it encrypts its connections itself.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.has_tls
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// What is brought from the outside.
#[derive(Clone)]
pub struct Outside {
    /// Everything that is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What keys and secrets are made of.
    pub random: Arc<dyn Randomness>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}

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
        let Outside { store, clock, random } = outside;
        let state = Arc::new(State {
            store,
            clock,
            random,
            keys: KeyCache::new(timing.key),
            rate_limits: RateLimits::new(settings.rate_limit),
            recorder: Arc::default(),
            secret_key: settings.secret_key,
            timing,
            calculator: Calculator::start()?,
            events: EventMeters::default(),
            has_tls: settings.tls.is_some(),
            public_url: settings.public_url,
            traces: settings.traces,
            stopping: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        let server = HttpServer::new(move || {
            let state = Arc::clone(&shared);
            App::new()
                .app_data(Data::from(Arc::clone(&shared)))
                .configure(pages)
                .configure(routes::configure)
                .wrap(from_fn(move |request, next| {
                    request::answer(Arc::clone(&state), request, next)
                }))
        })
        .backlog(BACKLOG)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(timing.head)
        .client_disconnect_timeout(timing.linger)
        .shutdown_timeout(timing.drain.as_secs())
        .disable_signals();
        let server = match &settings.tls {
            Some(tls) => {
                let config = tls.config().map_err(io::Error::other)?;
                let server = server.tls_handshake_timeout(timing.head);
                server.bind_rustls_0_23(settings.listen, config)?
            }
            None => server.bind(settings.listen)?,
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
            groups,
            metrics,
            exporter,
            ..
        } = self;
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
    state.stopping.store(true, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_reached_over_tls_if_the_public_address_says_so() {
        let settings = |url: Option<&str>| Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            rate_limit: 0,
            secret_key: None,
            metrics: None,
            tls: None,
            public_url: url.map(|url| BaseUrl::parse(url).unwrap()),
            traces: None,
        };
        assert!(settings(Some("https://periscope.example.org")).is_secure());
        assert!(!settings(Some("http://periscope.local")).is_secure());
        assert!(!settings(None).is_secure());
    }
}
