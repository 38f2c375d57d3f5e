//! What refusals look like, made from the errors themselves: their status, their sentences and the names of their
//! headers are those that are sent.

use super::examples::Examples;
use super::schema::{Components, component};
use crate::error::{ApiError, ErrorBody};
use actix_web::ResponseError;
use actix_web::http::header::CONTENT_TYPE;
use periscope_domain::api_key::Scope;
use serde_json::json;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder};

/// The header that every answer has.
pub(super) const REQUEST_ID: &str = "X-Request-Id";

pub(super) const JSON: &str = "application/json";

/// The header that every answer to a reader has.
pub(super) const ETAG: &str = "ETag";

/// The headers of every answer to a key that was let in.
pub(super) const RATE_LIMIT: [&str; 3] = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

/// The header of a page that is not the last one.
pub(super) const LINK: &str = "Link";

const HEADERS: [(&str, Type, &str); 9] = [
    (
        REQUEST_ID,
        Type::String,
        "The id of the request: the caller's, if it sent a sane one.",
    ),
    (
        ETAG,
        Type::String,
        "A strong tag of the bytes that are sent. Sent back in `If-None-Match`, it asks whether they have changed.",
    ),
    (
        LINK,
        Type::String,
        "The address of the next page, as `rel=\"next\"`; absent on the last one.",
    ),
    (
        "Retry-After",
        Type::Integer,
        "After how many seconds to send the same request again.",
    ),
    (
        "RateLimit-Limit",
        Type::Integer,
        "How many requests may come at once; absent where there is no limit.",
    ),
    ("RateLimit-Remaining", Type::Integer, "How many of them are left."),
    (
        "RateLimit-Reset",
        Type::Integer,
        "After how many seconds all of them are back.",
    ),
    ("WWW-Authenticate", Type::String, "How to authenticate."),
    ("Allow", Type::String, "The methods that the path has."),
];

/// Reasons that share a status: one answer, with a name that tells the reasons.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) name: String,
    pub(super) response: Response,
}

/// The answers with which an endpoint refuses.
pub(super) fn of(errors: &[ApiError], components: &mut Components) -> Vec<Refusal> {
    let mut by_status: BTreeMap<u16, Vec<&ApiError>> = BTreeMap::new();
    for error in errors {
        let status = error.status_code().as_u16();
        by_status.entry(status).or_default().push(error);
    }
    let refusals = by_status.into_iter().map(|(status, errors)| {
        let names: BTreeSet<_> = errors.iter().map(|error| name(error)).collect();
        Refusal {
            status,
            name: names.into_iter().collect::<Vec<_>>().join("Or"),
            response: response(&errors, components),
        }
    });
    refusals.collect()
}

fn response(errors: &[&ApiError], components: &mut Components) -> Response {
    let sentences: BTreeSet<String> = errors.iter().map(|error| sentence(error)).collect();
    let examples = errors.iter().map(|error| {
        let body = json!({"error": error.to_string()});
        (name(error), ExampleBuilder::new().value(Some(body)).build())
    });
    let content = ContentBuilder::new()
        .schema(Some(component::<ErrorBody<'_>>(components)))
        .examples_from_iter(examples);
    let response = ResponseBuilder::new()
        .description(sentences.into_iter().collect::<Vec<_>>().join(" "))
        .content(JSON, content.build());
    header_names(errors)
        .into_iter()
        .fold(response, |response, name| {
            response.header_ref(name.as_str(), header_ref(&name))
        })
        .build()
}

/// The headers that are sent with any of them, as they are spelled.
fn header_names(errors: &[&ApiError]) -> BTreeSet<String> {
    let responses = errors.iter().map(|error| error.error_response());
    let names = responses.flat_map(|response| {
        let names = response.headers().keys().filter(|name| **name != CONTENT_TYPE);
        names
            .map(|name| spelled(name.as_str()).to_owned())
            .collect::<Vec<_>>()
    });
    names.chain([REQUEST_ID.to_owned()]).collect()
}

fn spelled(name: &str) -> &str {
    let known = HEADERS.iter().map(|(known, ..)| *known);
    known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .unwrap_or(name)
}

/// The same answer with examples of its own.
pub(super) fn showing(mut response: Response, examples: Examples) -> Response {
    if let Some(RefOr::T(content)) = response.content.get_mut(JSON) {
        let examples = examples
            .into_iter()
            .map(|(name, example)| (name.to_owned(), example.into()));
        content.examples = examples.collect();
    }
    response
}

pub(super) fn header_ref(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

/// What each header of an answer tells.
pub(super) fn headers() -> impl Iterator<Item = (String, RefOr<Header>)> {
    HEADERS.into_iter().map(|(name, kind, meaning)| {
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(kind)))
            .description(Some(meaning));
        (name.to_owned(), RefOr::T(header.build()))
    })
}

/// When it is answered; what is sent tells which of the rules is broken.
fn sentence(error: &ApiError) -> String {
    match error {
        ApiError::InvalidPayload(_) => "The body is no JSON object, or breaks a rule.".to_owned(),
        ApiError::InvalidQuery(_) => {
            "The query breaks a rule, or has a parameter that is unknown.".to_owned()
        }
        error => format!("{error}."),
    }
}

fn name(error: &ApiError) -> Cow<'static, str> {
    match error {
        ApiError::InvalidApiKey => "InvalidApiKey",
        ApiError::InvalidSignature => "InvalidSignature",
        ApiError::MissingScope(Scope::Ingest) => "NoIngestScope",
        ApiError::MissingScope(Scope::Read) => "NoReadScope",
        ApiError::MissingScope(Scope::Admin) => "NoAdminScope",
        ApiError::OrganizationMismatch => "OrganizationMismatch",
        ApiError::UnsupportedMediaType(_) => "UnsupportedMediaType",
        ApiError::BodyTooLarge { limit } => return format!("BodyLargerThan{}KiB", limit / 1024).into(),
        ApiError::BodyTooSlow(_) => "BodyTooSlow",
        ApiError::InvalidPayload(_) => "InvalidPayload",
        ApiError::InvalidQuery(_) => "InvalidQuery",
        ApiError::NotFound => "NotFound",
        ApiError::NotAcceptable => "NotAcceptable",
        ApiError::MethodNotAllowed { .. } => "MethodNotAllowed",
        ApiError::RateLimited(_) => "RateLimited",
        ApiError::ShuttingDown => "ShuttingDown",
        ApiError::Busy => "Busy",
        ApiError::Deadline => "Deadline",
        ApiError::Store(_) => "Unavailable",
        ApiError::Internal(_) => "Internal",
    }
    .into()
}
