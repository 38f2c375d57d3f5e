//! The headers that every answer has, whoever gives it: its id, what is left to the key, and what a browser must not do
//! with it. A handler that knows better has set its own policy for what its page loads and how long it may be kept.

use crate::noted::Noted;
use crate::rate_limit::Allowance;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use std::rc::Rc;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// What is no page loads nothing, and is shown in no frame.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const TLS_FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The headers of the answer to one request.
pub(crate) struct Headers {
    pub(crate) id: HeaderValue,
    pub(crate) noted: Rc<Noted>,
    /// Whether it is for the API, whose answers are nobody else's.
    pub(crate) is_api: bool,
    /// Whether it came over TLS of our own.
    pub(crate) is_tls: bool,
}

impl Headers {
    /// Adds them to what the handler has set.
    pub(crate) fn add(&self, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.id.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        add_missing(headers, &REFERRER_POLICY, &NO_REFERRER);
        add_missing(headers, &CONTENT_SECURITY_POLICY, &NO_PAGE);
        if self.is_api {
            add_missing(headers, &CACHE_CONTROL, &NO_STORE);
        }
        if self.is_tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, TLS_FOR_A_YEAR);
        }
        if let Some(allowance) = self.noted.allowance() {
            allowance.tell(headers);
        }
    }
}

impl Allowance {
    /// Tells it in the headers of an answer.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit.into());
        headers.insert(REMAINING, self.remaining.into());
        headers.insert(RESET, self.reset.into());
    }
}

fn add_missing(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    if !headers.contains_key(name) {
        headers.insert(name.clone(), value.clone());
    }
}
