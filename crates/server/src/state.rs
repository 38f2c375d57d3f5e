//! What handlers share.

use crate::auth::KeyCache;
use crate::github::UNSIGNED_BODIES;
use crate::metrics::calculator::Calculator;
use crate::monitoring::EventMeters;
use crate::rate_limit::RateLimits;
use crate::recorder::Recorder;
use crate::settings::{Settings, Timing, Traces};
use periscope_domain::github::SecretKey;
use periscope_domain::ports::{Clock, Randomness, Store};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::web_url::BaseUrl;
use rand_core::CryptoRng;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fmt, io};
use tokio::sync::Semaphore;

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

/// What handlers share; pages find it as `Data<State>`.
pub struct State {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    pub(crate) keys: KeyCache,
    pub(crate) rate_limits: RateLimits,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) secret_key: Option<SecretKey>,
    pub(crate) unsigned_bodies: Semaphore,
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
    /// What handlers find in an application with these settings.
    ///
    /// # Errors
    /// [`io::Error`] when no thread can be had.
    pub(crate) fn new(settings: &Settings, timing: Timing, outside: Outside) -> io::Result<Self> {
        let Outside { store, clock, random } = outside;
        Ok(Self {
            store,
            clock,
            random,
            keys: KeyCache::new(timing.key),
            rate_limits: RateLimits::new(settings.rate_limit),
            recorder: Arc::default(),
            secret_key: settings.secret_key.clone(),
            unsigned_bodies: Semaphore::new(UNSIGNED_BODIES),
            timing,
            calculator: Calculator::start()?,
            events: EventMeters::default(),
            has_tls: settings.tls.is_some(),
            public_url: settings.public_url.clone(),
            traces: settings.traces.clone(),
            stopping: AtomicBool::new(false),
        })
    }

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

    /// How many deployment events wait to be recorded.
    #[must_use]
    pub fn waiting_events(&self) -> usize {
        self.recorder.waiting()
    }

    /// Whether it encrypts its connections itself.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.has_tls
    }

    /// From now on it is not ready any more.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
