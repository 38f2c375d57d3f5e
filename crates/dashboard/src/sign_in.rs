//! Signing in with an API key, and out. The key is sent once, in the body of a form, and exchanged for a session; an address
//! that tries too many is told to wait, and so is a key that is used too often.

use crate::address::Address;
use crate::cookie;
use crate::page::{self, Answer};
use crate::visitor::{Form, require_own_origin};
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use periscope_domain::api_key::ApiKeySecret;
use periscope_domain::use_cases::{SignInError, begin_session, find_live_api_key, sign_out as end_session};
use periscope_server::{ApiError, Query, State};
use std::convert::Infallible;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    /// Where to go then.
    to: String,
    problem: Option<String>,
    notice: Option<&'static str>,
}

/// What the page says to somebody who has revoked the key that they were signed in with.
const KEY_REVOKED: &str = "The key is revoked, and every session that began with it has ended.";

pub(crate) async fn page(mut query: Query) -> Answer {
    let to = destination(&mut query);
    let done = query.optional("done", |done| Ok::<_, Infallible>(done == "key-revoked"));
    query.finish().map_err(ApiError::from)?;
    page::html(&SignInPage {
        to,
        problem: None,
        notice: done.unwrap_or_default().then_some(KEY_REVOKED),
    })
}

#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
pub(crate) async fn submit(state: Data<State>, request: HttpRequest, payload: Payload) -> Answer {
    require_own_origin(&request)?;
    let mut fields = state.read_form(&request, payload.into_inner()).await?;
    let to = destination(&mut fields);
    let key = fields.optional("key", |text| Ok::<_, Infallible>(text.to_owned()));
    let key = key.and_then(|text| ApiKeySecret::parse(text.trim()).ok());
    let found = match key {
        Some(key) => find_live_api_key(state.store(), &key, state.now()).await,
        None => Err(SignInError::UnknownKey),
    };
    let signed_in = match found {
        Ok(known) => {
            state.count_use(&request, known.key.id)?;
            begin_session(state.store(), known, &mut state.random(), state.now()).await
        }
        Err(error) => Err(error),
    };
    let problem = match signed_in {
        Ok((token, known)) => {
            let address = Address::of(&request)?;
            let kept = cookie::kept(&token, &known.session, &address, state.now());
            return Ok(with_cookie(&to, kept));
        }
        Err(SignInError::Store(error)) => return Err(error.into()),
        Err(SignInError::UnknownKey) => {
            state.count_failure(request.peer_addr().map(|address| address.ip()))?;
            "This is no valid API key: it may be mistyped, revoked or expired."
        }
        Err(SignInError::MissingScope) => {
            "This key may only report deployments. To look at them takes one with the scope read or admin."
        }
    };
    let problem = Some(problem.to_owned());
    let page = SignInPage {
        to,
        problem,
        notice: None,
    };
    page::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

pub(crate) async fn sign_out(form: Form) -> Answer {
    let Form { visitor, fields } = form;
    fields.finish().map_err(ApiError::from)?;
    end_session(visitor.store(), &visitor.token).await?;
    Ok(with_cookie("/sign-in", cookie::gone(&visitor.address)))
}

/// Leads to another page, with a cookie.
pub(crate) fn with_cookie(to: &str, cookie: Cookie<'_>) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .cookie(cookie)
        .finish()
}

/// Where to go after signing in: a path of ours, whatever somebody wrote into a link.
fn destination(query: &mut Query) -> String {
    let to = query.optional("to", |text| Ok::<_, Infallible>(text.to_owned()));
    to.filter(|to| is_own_path(to)).unwrap_or_else(|| "/".to_owned())
}

fn is_own_path(to: &str) -> bool {
    let is_plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_plain && to.starts_with('/') && !to.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for good in ["/", "/deployments?status=failure", "/deployments/7"] {
            assert!(is_own_path(good), "{good}");
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "deployments",
        ] {
            assert!(!is_own_path(bad), "{bad}");
        }
    }
}
