//! What every request goes through, whatever it asks for: it gets an id, which is on its answer and in every log line
//! of it, a deadline, and one line in the log with what became of it. A handler that panics fails its own request
//! only. Query strings, bodies, keys and addresses are never logged.

use crate::body::{Answer, Held};
use crate::error::{ApiError, Bug, causes};
use crate::headers::{Headers, REQUEST_ID};
use crate::lines::{Answering, Line};
use crate::monitoring::Meter;
use crate::noted::Noted;
use crate::settings::Traces;
use crate::state::State;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use futures_util::FutureExt;
use periscope_domain::timestamp::Timestamp;
use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::time::timeout;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};
use uuid::{NoContext, Uuid};

#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
pub(crate) async fn answer<B: MessageBody + Unpin>(
    state: Arc<State>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request_id(&request, state.clock.now());
    let noted = Noted::begin(&request);
    let mut entry = LogEntry::begin(&state, &request, &id, Rc::clone(&noted));
    let headers = Headers {
        id,
        noted,
        is_api: request.path().starts_with("/api/"),
        is_tls: state.has_tls,
    };
    let answering = request.conn_data::<Arc<Line>>().map(Answering::begin);
    let held = Held::of(&mut request);
    let handled = AssertUnwindSafe(next.call(request)).catch_unwind();
    let answered = match timeout(state.timing.request, handled)
        .instrument(entry.span.clone())
        .await
    {
        Ok(Ok(answered)) => answered,
        Ok(Err(_)) => Err(ApiError::Internal(Bug::Panic).into()),
        Err(_) => Err(ApiError::Deadline.into()),
    };
    match answered {
        Ok(mut response) => {
            let pattern = || response.request().match_pattern();
            entry.end(response.status(), response.response().error(), pattern);
            headers.add(response.headers_mut());
            Ok(response.map_body(|_, body| Answer::new(body, held, answering)))
        }
        Err(error) => {
            let mut response = error.error_response();
            entry.end(response.status(), Some(&error), || None);
            headers.add(response.headers_mut());
            Err(InternalError::from_response(error, response).into())
        }
    }
}

/// The caller's id, if it is fit for a header and a log, else a new one.
fn request_id(request: &ServiceRequest, now: Timestamp) -> HeaderValue {
    let sent = request
        .headers()
        .get(REQUEST_ID)
        .filter(|id| is_sane(id.as_bytes()));
    sent.cloned().unwrap_or_else(|| new_id(now))
}

fn is_sane(id: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=128).contains(&id.len()) && id.iter().all(allowed)
}

fn new_id(now: Timestamp) -> HeaderValue {
    let microseconds = u64::try_from(now.microseconds()).unwrap_or_default();
    let nanoseconds = u32::try_from(microseconds % 1_000_000 * 1_000).unwrap_or_default();
    let time = uuid::Timestamp::from_unix(NoContext, microseconds / 1_000_000, nanoseconds);
    let mut text = Uuid::encode_buffer();
    let id = Uuid::new_v7(time).hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("none"))
}

/// The number of letters and digits in a row from which a part of a path may be a key; a key has 36.
const KEY_LENGTH: usize = 30;

/// A path without its longest parts: a client that was set up wrongly may have put a key there.
fn loggable(path: &str) -> String {
    let is_between = |c: char| !c.is_ascii_alphanumeric();
    let parts = path.split_inclusive(is_between).map(|part| {
        let run = part.trim_end_matches(is_between);
        let end = part.strip_prefix(run).unwrap_or_default();
        if run.len() < KEY_LENGTH {
            Cow::Borrowed(part)
        } else {
            Cow::Owned(format!("..{end}"))
        }
    });
    parts.collect()
}

/// The one line that a request leaves in the log, also when nobody waits for its answer any more.
struct LogEntry {
    span: Span,
    meter: Meter,
    traces: Option<Arc<dyn Traces>>,
    ended: bool,
}

impl LogEntry {
    fn begin(state: &State, request: &ServiceRequest, id: &HeaderValue, noted: Rc<Noted>) -> Self {
        let span = info_span!(
            "request",
            request.id = id.to_str().unwrap_or_default(),
            method = request.method().as_str(),
            path = loggable(request.path()),
            organization.id = Empty,
            http.route = Empty,
            http.response.status_code = Empty,
            otel.kind = Empty,
            otel.status_code = Empty,
        );
        if let Some(traces) = &state.traces {
            span.record("otel.kind", "server");
            let parent = request.headers().get("traceparent");
            if let Some(parent) = parent.and_then(|parent| parent.to_str().ok()) {
                traces.adopt(&span, parent);
            }
        }
        Self {
            span,
            traces: state.traces.clone(),
            meter: Meter::begin(request.method(), noted),
            ended: false,
        }
    }

    fn end(&mut self, status: StatusCode, error: Option<&Error>, pattern: impl FnOnce() -> Option<String>) {
        self.ended = true;
        let ours = error.and_then(Error::as_error::<ApiError>);
        let route = self.meter.end(Some(status), ours, pattern);
        let _entered = self.span.enter();
        let duration_ms = milliseconds(self.meter.begun);
        let code = status.as_u16();
        let failure = error.filter(|_| status.is_server_error());
        // Pages fail with an error of their own, which tells its causes itself.
        match failure.map(|error| ours.map_or_else(|| error.to_string(), |error| causes(error))) {
            Some(error) if status == StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(status = code, duration_ms, error, "answered with {code}");
            }
            Some(error) => tracing::warn!(status = code, duration_ms, error, "answered with {code}"),
            None => tracing::info!(status = code, duration_ms, "answered with {code}"),
        }
        if let Some(traces) = &self.traces {
            self.trace(&**traces, &route, status);
        }
    }
}

impl LogEntry {
    /// Says what collectors of spans look for, after the line in the log, which it would only repeat.
    fn trace(&self, traces: &dyn Traces, route: &str, status: StatusCode) {
        traces.name(&self.span, format!("{} {route}", self.meter.method));
        self.span.record("http.route", route);
        self.span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

/// Milliseconds since then, in whole microseconds.
fn milliseconds(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0
}

impl Drop for LogEntry {
    fn drop(&mut self) {
        if !self.ended {
            self.meter.end(None, None, || None);
            let _entered = self.span.enter();
            let duration_ms = milliseconds(self.meter.begun);
            tracing::info!(duration_ms, "ended without an answer");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_caller_is_kept_only_if_it_is_short_and_plain() {
        for sane in ["a", "0192-ab_c.D", &"x".repeat(128)] {
            assert!(is_sane(sane.as_bytes()), "{sane}");
        }
        for bad in ["", "a b", "a\tb", "é", "a\"b", "{}", &"x".repeat(129)] {
            assert!(!is_sane(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_key_in_a_path_is_not_logged() {
        let key = "a1B2".repeat(9);
        for (path, logged) in [
            (
                "/api/deployments/42/explain".to_owned(),
                "/api/deployments/42/explain",
            ),
            (
                format!("/api/deployments/psk_live_{key}"),
                "/api/deployments/psk_live_..",
            ),
            (format!("/psk%5Flive%5F{key}/x/"), "/psk%5Flive%../x/"),
            ("/".to_owned(), "/"),
        ] {
            assert_eq!(loggable(&path), logged);
        }
    }

    #[test]
    fn a_new_id_is_a_uuid_that_tells_the_time() {
        let now = Timestamp::parse("2024-01-15T10:30:00.123456Z").unwrap();
        let id = Uuid::parse_str(new_id(now).to_str().unwrap()).unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(
            id.get_timestamp().unwrap().to_unix(),
            (1_705_314_600, 123_000_000)
        );
        assert_ne!(new_id(now), new_id(now));
    }
}
