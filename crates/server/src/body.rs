//! Reads bodies: within their size and their time, as they are. A body that stalls would otherwise hold its
//! connection for ever, and a compressed one would have two sizes.

use crate::error::ApiError;
use crate::violations::InvalidPayload;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

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
    let announced = text(headers, &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    let body = match timeout(deadline, collect(&mut payload, limit)).await {
        Ok(body) => body,
        Err(_) => Err(ApiError::BodyTooSlow(deadline)),
    };
    if body.is_err() {
        request.extensions_mut().insert(Unread(payload));
    }
    body
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

/// What is left of a body that was refused half-way. Once nobody wants a chunked body any more, actix reads it to its
/// end, however long that takes; as long as somebody holds on to it, the connection is closed after the answer.
struct Unread(#[expect(dead_code, reason = "held, never read")] Payload);

/// Makes an answer hold on to what is left of its request's body.
pub(crate) fn hold_unread<B>(response: ServiceResponse<B>) -> ServiceResponse<Answer<B>> {
    let unread = response.request().extensions_mut().remove::<Unread>();
    response.map_body(|_, body| Answer {
        body,
        _unread: unread,
    })
}

/// The body of an answer.
pub(crate) struct Answer<B> {
    body: B,
    _unread: Option<Unread>,
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
        Pin::new(&mut self.body).poll_next(context)
    }
}
