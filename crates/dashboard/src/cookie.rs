//! The cookie that holds a session's token. Over TLS its name begins with `__Host-`: a browser then takes it from us alone,
//! not from a neighbouring host, and never sends it over an unencrypted line. It lasts as long as its session, so it is
//! given anew whenever a use has prolonged that.

use crate::address::Address;
use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use periscope_domain::session::{Session, SessionToken};
use periscope_domain::timestamp::Timestamp;
use time::Duration;

const NAME: &str = "periscope_session";
const SECURE_NAME: &str = "__Host-periscope_session";

/// A cookie that the answer to a request shall carry because its session was prolonged.
struct Renewed(Cookie<'static>);

fn name(address: &Address) -> &'static str {
    if address.is_secure() { SECURE_NAME } else { NAME }
}

/// The token that a browser sent.
pub(crate) fn token(request: &HttpRequest, address: &Address) -> Option<SessionToken> {
    let cookie = request.cookie(name(address))?;
    SessionToken::parse(cookie.value()).ok()
}

/// Keeps a session's token for as long as the session lasts.
pub(crate) fn kept(
    token: &SessionToken,
    session: &Session,
    address: &Address,
    now: Timestamp,
) -> Cookie<'static> {
    let left = session.expires_at.microseconds() - now.microseconds();
    built(token.expose().to_owned(), address, Duration::microseconds(left))
}

/// Makes a browser forget it.
pub(crate) fn gone(address: &Address) -> Cookie<'static> {
    let mut cookie = built(String::new(), address, Duration::ZERO);
    cookie.make_removal();
    cookie
}

fn built(value: String, address: &Address, lifetime: Duration) -> Cookie<'static> {
    Cookie::build(name(address), value)
        .path("/")
        .http_only(true)
        .secure(address.is_secure())
        .same_site(SameSite::Lax)
        .max_age(lifetime)
        .finish()
}

/// Lets the answer to a request carry a cookie.
pub(crate) fn renew(request: &HttpRequest, cookie: Cookie<'static>) {
    request.extensions_mut().insert(Renewed(cookie));
}

/// Adds the cookie that a request's answer shall carry, unless the handler has set one itself.
#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
pub(crate) async fn add_renewed<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut answer = next.call(request).await?;
    let renewed = answer.request().extensions_mut().remove::<Renewed>();
    if let Some(Renewed(cookie)) = renewed
        && answer.response().cookies().next().is_none()
    {
        answer.response_mut().add_cookie(&cookie)?;
    }
    Ok(answer)
}
