//! Who looks: a person with a session, which they got for an API key. The session is looked up at each page, so it is
//! gone with the key's revocation. A form counts only if it carries the token of its session and comes from this site.

use crate::address::Address;
use crate::default_zone::default_zone;
use crate::{cookie, page};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::ORIGIN;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use periscope_domain::api_key::{KnownApiKey, Scope};
use periscope_domain::id::{ApiKeyId, OrganizationId};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::Store;
use periscope_domain::session::SessionToken;
use periscope_domain::text::Remover;
use periscope_domain::time_zone::TimeZone;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::find_session;
use periscope_server::{ApiError, Query, State};

/// What the field with the session's token against forged forms is called.
const CSRF_FIELD: &str = "csrfToken";

/// A person who signed in.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) state: Data<State>,
    pub(crate) token: SessionToken,
    /// Where they see us.
    pub(crate) address: Address,
    /// By whose clocks they see times, unless they ask for others.
    pub(crate) zone: TimeZone,
    key: KnownApiKey,
}

impl Visitor {
    pub(crate) fn store(&self) -> &dyn Store {
        self.state.store()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.state.now()
    }

    pub(crate) fn organization_id(&self) -> OrganizationId {
        self.key.key.organization_id
    }

    pub(crate) fn organization_slug(&self) -> &OrganizationSlug {
        &self.key.organization_slug
    }

    /// The key that they signed in with.
    pub(crate) fn key_id(&self) -> ApiKeyId {
        self.key.key.id
    }

    /// How the record of a removal names them.
    pub(crate) fn remover(&self) -> Remover {
        Remover::key(&self.key.key.name)
    }

    pub(crate) fn csrf_token(&self) -> String {
        self.token.csrf_token()
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.key.key.allows(Scope::Admin)
    }

    pub(crate) fn require_admin(&self) -> Result<(), page::Error> {
        self.is_admin().then_some(()).ok_or(page::Error::AdminOnly)
    }
}

impl FromRequest for Visitor {
    type Error = page::Error;
    type Future = LocalBoxFuture<'static, Result<Self, page::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { visitor(&request).await }.boxed_local()
    }
}

#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
async fn visitor(request: &HttpRequest) -> Result<Visitor, page::Error> {
    let state = State::of(request)?;
    let address = Address::of(request)?;
    let signed_out = || page::Error::SignedOut {
        to: destination(request),
    };
    let token = cookie::token(request, &address).ok_or_else(signed_out)?;
    let found = find_session(state.store(), &token, state.now()).await?;
    let found = found.ok_or_else(signed_out)?;
    if found.is_prolonged {
        let cookie = cookie::kept(&token, &found.known.session, &address, state.now());
        cookie::renew(request, cookie);
    }
    let key = found.known.api_key;
    tracing::Span::current().record("organization.id", key.key.organization_id.get());
    state.count_use(request, key.key.id)?;
    let visitor = Visitor {
        state,
        token,
        address,
        zone: default_zone(request),
        key,
    };
    // For a refusal, which has their navigation.
    request.extensions_mut().insert(visitor.clone());
    Ok(visitor)
}

/// Where to go after signing in: to the page that was asked for. What a form would have changed is not done unasked.
fn destination(request: &HttpRequest) -> String {
    let is_page = [Method::GET, Method::HEAD].contains(request.method());
    let path = request.uri().path_and_query().filter(|_| is_page);
    path.map_or("/", |path| path.as_str()).to_owned()
}

/// A form that somebody who signed in has sent from one of our pages.
pub(crate) struct Form {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Query,
}

impl FromRequest for Form {
    type Error = page::Error;
    type Future = LocalBoxFuture<'static, Result<Self, page::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let visitor = visitor(&request).await?;
            require_own_origin(&request)?;
            let mut fields = visitor.state.read_form(&request, payload).await?;
            let sent = fields.optional(CSRF_FIELD, |text| Ok::<_, ApiError>(text.to_owned()));
            let is_ours = sent.is_some_and(|sent| visitor.token.has_csrf_token(&sent));
            is_ours.then_some(()).ok_or(page::Error::ForeignForm)?;
            Ok(Self { visitor, fields })
        }
        .boxed_local()
    }
}

/// Refuses what a browser sends on behalf of another site. A browser says with every form where it comes from; over an
/// unencrypted line only as its origin.
pub(crate) fn require_own_origin(request: &HttpRequest) -> Result<(), page::Error> {
    let headers = request.headers();
    let is_own = if let Some(site) = headers.get("Sec-Fetch-Site") {
        site.as_bytes() == b"same-origin"
    } else {
        let address = Address::of(request)?;
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        origin.is_some_and(|origin| address.is_of_origin(origin))
    };
    is_own.then_some(()).ok_or(page::Error::ForeignForm)
}
