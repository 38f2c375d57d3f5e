//! A refusal is a page like any other: whoever is signed in keeps the navigation, whatever the address was.

use crate::frame::{Frame, Section};
use crate::page::{self, Answer};
use crate::visitor::Visitor;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use askama::Template;
use periscope_server::ApiError;

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage {
    frame: Frame,
    sentence: String,
}

/// Answers an address that does not exist: with a page, or in the API as the API does.
#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
pub(crate) async fn unknown(request: HttpRequest, _: Result<Visitor, page::Error>) -> Answer {
    if request.path().starts_with("/api/") {
        return Ok(actix_web::ResponseError::error_response(&ApiError::NotFound));
    }
    Err(ApiError::NotFound.into())
}

/// Puts what surrounds every page around one that was refused, if its visitor is signed in.
#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
pub(crate) async fn with_navigation<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let answer = next.call(request).await?.map_into_boxed_body();
    let Some(page) = refusal(&answer).await else {
        return Ok(answer);
    };
    Ok(answer.map_body(|head, _| {
        head.headers_mut().remove(CONTENT_ENCODING);
        BoxBody::new(page)
    }))
}

/// The page of a refusal; `None` where nobody is signed in or the fault is ours.
#[expect(
    clippy::future_not_send,
    reason = "a request is answered on the thread of its connection"
)]
async fn refusal(answer: &ServiceResponse) -> Option<String> {
    if !answer.status().is_client_error() {
        return None;
    }
    let error = answer.response().error()?.as_error::<page::Error>()?;
    let (title, sentence) = (error.title(), error.sentence());
    let visitor = answer.request().extensions().get::<Visitor>().cloned()?;
    let section = Section::of_path(answer.request().path());
    let frame = Frame::new(&visitor, section, title).await.ok()?;
    RefusalPage { frame, sentence }.render().ok()
}
