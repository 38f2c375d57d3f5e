//! Who sends: the key in `Authorization: Bearer`. A key of the wrong shape is refused before the store is asked. A
//! known key is remembered for some seconds, which bounds how long a revoked one still works; whether it has expired
//! is asked at each use. An unknown key is not remembered at all: the next one to try it may have just been given it,
//! and nobody shall fill our memory with guesses.

use crate::body;
use crate::error::{ApiError, Bug};
use crate::noted::note_allowance;
use crate::rate_limit::Credential;
use crate::state::State;
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use moka::future::Cache;
use periscope_domain::api_key::{ApiKeyHash, ApiKeySecret, KnownApiKey, Scope};
use periscope_domain::id::{ApiKeyId, OrganizationId};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Store, StoreError};
use periscope_domain::text::Remover;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{find_api_key, note_use};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const REMEMBERED_KEYS: u64 = 10_000;

/// The keys that were used in the last seconds.
pub(crate) struct KeyCache {
    keys: Cache<ApiKeyHash, Remembered>,
    time_to_live: Duration,
}

/// A key, and when it was asked for: what has become of it since then is not known.
#[derive(Clone)]
struct Remembered {
    known: Arc<KnownApiKey>,
    asked_at: Instant,
}

/// Why a key could not be had; shared by all who wait for the same one.
enum NoKey {
    Unknown,
    Failed(Arc<StoreError>),
}

impl KeyCache {
    pub(crate) fn new(time_to_live: Duration) -> Self {
        let keys = Cache::builder()
            .max_capacity(REMEMBERED_KEYS)
            .time_to_live(time_to_live);
        Self {
            keys: keys.build(),
            time_to_live,
        }
    }

    async fn find(
        &self,
        store: &dyn Store,
        secret: &ApiKeySecret,
        now: Timestamp,
    ) -> Result<Arc<KnownApiKey>, ApiError> {
        let hash = secret.hash();
        loop {
            let entry = self.keys.entry_by_ref(&hash);
            let found = entry.or_try_insert_with(look_up(store, secret)).await;
            let found = found.map_err(|error| match &*error {
                NoKey::Unknown => ApiError::InvalidApiKey,
                NoKey::Failed(error) => Arc::clone(error).into(),
            })?;
            let is_own = found.is_fresh();
            let Remembered { known, asked_at } = found.into_value();
            if is_own {
                // Whoever waits for the same key does not wait for this as well.
                note_use(store, &known.key, now).await;
                return Ok(known);
            }
            // The cache counts from when the answer came.
            if asked_at.elapsed() < self.time_to_live {
                return Ok(known);
            }
            self.keys.invalidate(&hash).await;
        }
    }
}

async fn look_up(store: &dyn Store, secret: &ApiKeySecret) -> Result<Remembered, NoKey> {
    let asked_at = Instant::now();
    match find_api_key(store, secret).await {
        Ok(Some(known)) => Ok(Remembered {
            known: Arc::new(known),
            asked_at,
        }),
        Ok(None) => Err(NoKey::Unknown),
        Err(error) => Err(NoKey::Failed(Arc::new(error))),
    }
}

impl State {
    async fn authenticate(
        &self,
        secret: Option<ApiKeySecret>,
        address: Option<IpAddr>,
    ) -> Result<Arc<KnownApiKey>, ApiError> {
        let now = self.clock.now();
        let found = match secret {
            Some(secret) => self.keys.find(&*self.store, &secret, now).await,
            None => Err(ApiError::InvalidApiKey),
        };
        let live = found.and_then(|known| {
            let live = known.key.is_live(now).then_some(known);
            live.ok_or(ApiError::InvalidApiKey)
        });
        if matches!(live, Err(ApiError::InvalidApiKey)) {
            self.count_failure(address)?;
        }
        live
    }
}

impl State {
    /// Counts an address that presented no valid key.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`] when an address fails too often.
    pub fn count_failure(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        Ok(self.rate_limits.fail(Credential::ApiKey, address)?)
    }

    /// Counts a use of a key by a request, whose answer tells how often it may still be used.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`] when it is used too often.
    pub fn count_use(&self, request: &HttpRequest, key: ApiKeyId) -> Result<(), ApiError> {
        let allowance = self.rate_limits.use_key(key)?;
        note_allowance(&request.extensions(), allowance);
        Ok(())
    }
}

fn bearer_key(headers: &HeaderMap) -> Option<ApiKeySecret> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let key = ApiKeySecret::parse(key.trim()).ok()?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key)
}

/// A request to record something, its sender known and allowed to, and its body of at most `LIMIT` bytes read: all
/// in one extractor, because separate ones would be awaited side by side and refuse in any order.
#[derive(Debug)]
pub(crate) struct Ingest<const LIMIT: usize> {
    key: Arc<KnownApiKey>,
    pub(crate) body: Bytes,
}

impl<const LIMIT: usize> Ingest<LIMIT> {
    pub(crate) fn organization_id(&self) -> OrganizationId {
        self.key.key.organization_id
    }

    /// Refuses a body that is meant for another organization.
    pub(crate) fn require_organization(&self, slug: &str) -> Result<(), ApiError> {
        if slug == self.key.organization_slug.as_str() {
            Ok(())
        } else {
            Err(ApiError::OrganizationMismatch)
        }
    }
}

impl<const LIMIT: usize> FromRequest for Ingest<LIMIT> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let (key, body) = admit_with_body(&request, payload, Scope::Ingest, LIMIT).await?;
            Ok(Self { key, body })
        }
        .boxed_local()
    }
}

/// A request to change a setting, its sender known and allowed to, and its body of at most `LIMIT` bytes read.
#[derive(Debug)]
pub(crate) struct AdminBody<const LIMIT: usize> {
    key: Arc<KnownApiKey>,
    pub(crate) body: Bytes,
}

impl<const LIMIT: usize> AdminBody<LIMIT> {
    pub(crate) fn organization_id(&self) -> OrganizationId {
        self.key.key.organization_id
    }
}

impl<const LIMIT: usize> FromRequest for AdminBody<LIMIT> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let (key, body) = admit_with_body(&request, payload, Scope::Admin, LIMIT).await?;
            Ok(Self { key, body })
        }
        .boxed_local()
    }
}

#[expect(
    clippy::future_not_send,
    reason = "a body is read on the thread of its connection"
)]
async fn admit_with_body(
    request: &HttpRequest,
    payload: Payload,
    scope: Scope,
    limit: usize,
) -> Result<(Arc<KnownApiKey>, Bytes), ApiError> {
    let (state, key) = admit(request, scope).await?;
    body::require_json(request.headers())?;
    let body = body::read(request, payload, limit, state.timing.body).await?;
    Ok((key, body))
}

/// A request to read, its sender known and allowed to.
#[derive(Debug)]
pub(crate) struct Reader {
    key: Arc<KnownApiKey>,
}

impl Reader {
    pub(crate) fn organization_id(&self) -> OrganizationId {
        self.key.key.organization_id
    }

    pub(crate) fn organization_slug(&self) -> &OrganizationSlug {
        &self.key.organization_slug
    }
}

impl FromRequest for Reader {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let (_, key) = admit(&request, Scope::Read).await?;
            Ok(Self { key })
        }
        .boxed_local()
    }
}

/// A request to change what is recorded, its sender known and allowed to.
#[derive(Debug)]
pub(crate) struct Admin {
    key: Arc<KnownApiKey>,
}

impl Admin {
    pub(crate) fn organization_id(&self) -> OrganizationId {
        self.key.key.organization_id
    }

    /// How the record of a removal names the sender.
    pub(crate) fn remover(&self) -> Remover {
        Remover::key(&self.key.key.name)
    }
}

impl FromRequest for Admin {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let (_, key) = admit(&request, Scope::Admin).await?;
            Ok(Self { key })
        }
        .boxed_local()
    }
}

/// A key that was let in, and the application that it was let into.
type Admitted = (Data<State>, Arc<KnownApiKey>);

/// The key of a request that may do what a scope allows.
fn admit(request: &HttpRequest, scope: Scope) -> LocalBoxFuture<'_, Result<Admitted, ApiError>> {
    async move {
        let state = State::of(request)?;
        let address = request.peer_addr().map(|address| address.ip());
        let key = state.authenticate(bearer_key(request.headers()), address).await?;
        tracing::Span::current().record("organization.id", key.key.organization_id.get());
        state.count_use(request, key.key.id)?;
        if key.key.allows(scope) {
            Ok((state, key))
        } else {
            Err(ApiError::MissingScope(scope))
        }
    }
    .boxed_local()
}

impl State {
    /// The state of the application that a request came to.
    ///
    /// # Errors
    /// [`ApiError`] when there is none, which is a bug.
    pub fn of(request: &HttpRequest) -> Result<Data<Self>, ApiError> {
        let state = request.app_data::<Data<Self>>();
        state.cloned().ok_or(ApiError::Internal(Bug::NoState))
    }
}
