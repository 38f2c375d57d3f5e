//! `GET /docs`: the description of the API as pages to read and try. All that they load comes out of the program, and the
//! browser is told to load nothing else and to run no script but these files.

use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::{Bytes, Path};
use std::borrow::Cow;
use std::sync::Arc;
use utoipa_swagger_ui::{Config, SwaggerFile};

/// `data:` is for the pictures inside the style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("index.html");
const START: &str = include_str!("start.js");

/// The files that the page loads.
const FILES: [&str; 3] = ["start.js", "swagger-ui-bundle.js", "swagger-ui.css"];

pub(crate) async fn page() -> HttpResponse {
    answer("text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes()))
}

pub(crate) fn page_documented() -> Operation {
    Operation::open(
        "getDocs",
        "These pages",
        "This description as pages to read and try.",
    )
    .answer_of("text/html", schema::any_text(), 200, "The page.")
}

pub(crate) async fn file(name: Path<String>) -> Result<HttpResponse, ApiError> {
    let wanted = FILES.into_iter().find(|file| *file == name.as_str());
    match wanted.ok_or(ApiError::NotFound)? {
        "start.js" => Ok(answer("text/javascript", Bytes::from_static(START.as_bytes()))),
        vendored => {
            let file = vendored_file(vendored).ok_or(ApiError::NotFound)?;
            let bytes = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            Ok(answer(&file.content_type, bytes))
        }
    }
}

pub(crate) fn file_documented() -> Operation {
    Operation::open("getDocsFile", "What these pages load", "")
        .path_parameter("file", "The name of the file.", schema::words(FILES).into())
        .answer_of("text/css", schema::any_text(), 200, "The file.")
        .answer_of("text/javascript", schema::any_text(), 200, "The file.")
        .refusing([ApiError::NotFound])
}

fn vendored_file(name: &str) -> Option<SwaggerFile<'static>> {
    utoipa_swagger_ui::serve(name, Arc::new(Config::default())).ok()?
}

fn answer(content_type: &str, body: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(body)
}
