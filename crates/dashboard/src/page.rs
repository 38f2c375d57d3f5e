//! What every page goes through on its way out: it is rendered, and its browser is told to load nothing that does not
//! come from here and to run no script but our file. What goes wrong becomes a page as well.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;
use periscope_domain::ports::StoreError;
use periscope_server::{ApiError, causes};
use thiserror::Error as ThisError;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The result of a handler.
pub(crate) type Answer = Result<HttpResponse, Error>;

/// Why there is no such page, for the log; whoever asked reads [`sentence`](Self::sentence).
#[derive(Debug, ThisError)]
pub(crate) enum Error {
    #[error("not signed in")]
    SignedOut {
        /// Where they wanted to go.
        to: String,
    },
    #[error("the session's key lacks the admin scope")]
    AdminOnly,
    #[error("the form carries no token of its session, or comes from another site")]
    ForeignForm,
    #[error("{}", causes(.0))]
    Refused(#[from] ApiError),
    #[error("the page could not be rendered: {0}")]
    Template(#[from] askama::Error),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}

impl Error {
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Refused(ApiError::NotFound) => "Page not found",
            _ => self.status_code().canonical_reason().unwrap_or("Error"),
        }
    }

    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::SignedOut { .. } => "Sign in to see this page.".to_owned(),
            Self::AdminOnly => "This takes an API key with the admin scope: sign out, and in again with one.".to_owned(),
            Self::ForeignForm => {
                "The form is outdated or comes from another site. Nothing was changed: go back, reload the page and \
                 send it again."
                    .to_owned()
            }
            Self::Refused(ApiError::NotFound) => {
                "Nothing is at this address. It may be mistyped, or what was here has been removed.".to_owned()
            }
            Self::Refused(error) => format!("{error}."),
            Self::Template(_) => "Internal server error.".to_owned(),
        }
    }
}

/// A page that tells what went wrong.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    title: &'static str,
    sentence: String,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignedOut { .. } => StatusCode::SEE_OTHER,
            Self::AdminOnly | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::Refused(error) => error.status_code(),
            Self::Template(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::SignedOut { to } = self {
            return see_other(&sign_in_path(to));
        }
        let status = self.status_code();
        let page = ErrorPage {
            title: self.title(),
            sentence: self.sentence(),
        };
        let mut response = HttpResponse::build(status);
        if let Self::Refused(error) = self {
            // What the API tells beside its body, a page tells as well.
            for (name, value) in error.error_response().headers() {
                if ![CONTENT_TYPE, CONTENT_LENGTH].contains(name) {
                    response.append_header((name.clone(), value.clone()));
                }
            }
        }
        respond(&mut response, page.render().unwrap_or(page.sentence))
    }
}

/// Where to sign in, and where to go then.
fn sign_in_path(to: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if to != "/" {
        query.append_pair("to", to);
    }
    match query.finish().as_str() {
        "" => "/sign-in".to_owned(),
        query => format!("/sign-in?{query}"),
    }
}

/// Leads the browser to another page.
pub(crate) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// A page.
pub(crate) fn html(page: &impl Template) -> Answer {
    Ok(respond(&mut HttpResponse::Ok(), page.render()?))
}

/// A page with another status than 200.
pub(crate) fn html_with(status: StatusCode, page: &impl Template) -> Answer {
    Ok(respond(&mut HttpResponse::build(status), page.render()?))
}

fn respond(response: &mut HttpResponseBuilder, html: String) -> HttpResponse {
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(html)
}
