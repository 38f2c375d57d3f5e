//! Reads bodies: within their size and their time, as they are. A body that stalls would otherwise hold its
//! connection for ever, and a compressed one would have two sizes.

use crate::error::ApiError;
use crate::lines::Answering;
use crate::query::Query;
use crate::state::State;
use crate::violations::InvalidPayload;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use futures_util::stream::poll_fn;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

const FORM_LIMIT: usize = 16 * 1024;

/// Refuses a body that is not declared to be JSON.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    if media_type(headers).eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(ApiError::UnsupportedMediaType(
            "Content-Type must be application/json",
        ))
    }
}

/// The declared type of the body without its parameters; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let declared = text(headers, &CONTENT_TYPE).unwrap_or_default();
    declared.split(';').next().unwrap_or_default().trim()
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// How long the body is, if that was told before it.
pub(crate) fn announced(headers: &HeaderMap) -> Option<usize> {
    text(headers, &CONTENT_LENGTH)?.parse().ok()
}

/// Reads the whole body.
#[expect(
    clippy::future_not_send,
    reason = "a body is read on the thread of its connection"
)]
pub(crate) async fn read(
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
    deadline: Duration,
) -> Result<Bytes, ApiError> {
    let headers = request.headers();
    let encoding = headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ApiError::UnsupportedMediaType(
            "Content-Encoding must be identity",
        ));
    }
    if announced(headers).is_some_and(|length| length > limit) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    let body = timeout(deadline, collect(&mut payload, limit)).await;
    body.unwrap_or(Err(ApiError::BodyTooSlow(deadline)))
}

impl State {
    /// The fields of a form, of at most 16 KiB.
    ///
    /// # Errors
    /// [`ApiError`] when it is no form, too large, or does not arrive in time.
    #[expect(
        clippy::future_not_send,
        reason = "a body is read on the thread of its connection"
    )]
    pub async fn read_form(&self, request: &HttpRequest, payload: Payload) -> Result<Query, ApiError> {
        if !media_type(request.headers()).eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(ApiError::UnsupportedMediaType(
                "Content-Type must be application/x-www-form-urlencoded",
            ));
        }
        let body = read(request, payload, FORM_LIMIT, self.timing.body).await?;
        Ok(Query::parse(&String::from_utf8_lossy(&body)))
    }
}

#[expect(
    clippy::future_not_send,
    reason = "a body is read on the thread of its connection"
)]
async fn collect(payload: &mut Payload, limit: usize) -> Result<Bytes, ApiError> {
    // Most bodies come in one piece, which is then not copied.
    let mut whole = payload.next().await.transpose()?.unwrap_or_default();
    let mut pieces: Option<BytesMut> = None;
    while let Some(piece) = payload.next().await {
        let piece = piece?;
        let pieces = pieces.get_or_insert_with(|| BytesMut::from(whole.as_ref()));
        pieces.extend_from_slice(&piece);
        if pieces.len() > limit {
            return Err(ApiError::BodyTooLarge { limit });
        }
    }
    if let Some(pieces) = pieces {
        whole = pieces.freeze();
    }
    if whole.len() > limit {
        return Err(ApiError::BodyTooLarge { limit });
    }
    Ok(whole)
}

impl From<PayloadError> for ApiError {
    fn from(error: PayloadError) -> Self {
        InvalidPayload::malformed(format!("the body is incomplete: {error}")).into()
    }
}

/// A chunked body that nobody wants any more is read by actix to its end, however long that takes. As long as
/// somebody holds on to it, its connection is closed after the answer.
pub(crate) struct Held(#[expect(dead_code, reason = "held, not read")] Rc<RefCell<Payload>>);

impl Held {
    /// Holds on to the body of a request, if it is a chunked one.
    pub(crate) fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.chunked().unwrap_or(false) {
            return None;
        }
        let payload = Rc::new(RefCell::new(request.take_payload()));
        let shared = Rc::clone(&payload);
        let stream = poll_fn(move |context| shared.borrow_mut().poll_next_unpin(context));
        request.set_payload(Payload::Stream {
            payload: stream.boxed_local(),
        });
        Some(Self(payload))
    }
}

/// How much of an answer actix gets at once: what is handed out is copied, and kept until it is read.
const PIECE: usize = 16 * 1024;

/// The body of an answer, which holds on to that of its request, and to its connection.
pub(crate) struct Answer<B> {
    body: B,
    /// What has come of it and was not handed out.
    rest: Bytes,
    _held: Option<Held>,
    _answering: Option<Answering>,
}

impl<B> Answer<B> {
    pub(crate) fn new(body: B, held: Option<Held>, answering: Option<Answering>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            _held: held,
            _answering: answering,
        }
    }
}

impl<B: MessageBody + Unpin> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            match Pin::new(&mut this.body).poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) => this.rest = bytes,
                other => return other,
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(piece)))
    }
}
