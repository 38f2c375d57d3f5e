//! Lets whoever reads again and again ask whether anything has changed. Every answer has a strong tag made of the bytes
//! that are sent, compressed or not, so that each encoding has its own; one that the client has already is not sent again.
//! Nobody in between may keep an answer, and the client must ask before it uses its own copy.

use crate::error::ApiError;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, HeaderValue, IfNoneMatch, VARY};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const NOT_WITHOUT_ASKING: HeaderValue = HeaderValue::from_static("private, no-cache");
const VARIES_BY: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding");

#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
pub(crate) async fn answer(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let known = request.get_header::<IfNoneMatch>();
    let response = next.call(request).await?;
    if response.status() == StatusCode::NOT_ACCEPTABLE {
        return Err(ApiError::NotAcceptable.into());
    }
    if !response.status().is_success() {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let body = to_bytes(body).await?;
    let tag = tag_of(&body);
    let mut response = if known.is_some_and(|known| is_among(&tag, &known)) {
        HttpResponse::NotModified().finish()
    } else {
        response.set_body(BoxBody::new(body))
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::try_from(tag.to_string())?);
    headers.insert(CACHE_CONTROL, NOT_WITHOUT_ASKING);
    headers.insert(VARY, VARIES_BY);
    Ok(ServiceResponse::new(request, response))
}

fn tag_of(body: &[u8]) -> EntityTag {
    let mut tag = String::new();
    for byte in Sha256::digest(body).iter().take(16) {
        // Writing to a text cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    EntityTag::new_strong(tag)
}

/// A proxy that compresses makes a strong tag a weak one, which still means the same answer.
fn is_among(tag: &EntityTag, known: &IfNoneMatch) -> bool {
    match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|known| known.weak_eq(tag)),
    }
}
