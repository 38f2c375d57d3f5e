//! Every refusal and failure, and how each is answered: the only file that knows status codes of errors and their
//! sentences. What went wrong inside is for the log alone; a sender learns whether to change the request (4xx) or to
//! send the same one again (503, which is safe because recording the same report twice gives the same state).

use crate::query::InvalidQuery;
use crate::rate_limit::Refusal;
use crate::violations::{Broken, InvalidPayload};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use periscope_domain::api_key::Scope;
use periscope_domain::ports::StoreError;
use periscope_domain::use_cases::{
    RecordCommitsError, RecordDeploymentError, RecordPullRequestsError, RemoveDeploymentError,
    SetEnvironmentTierError,
};
use serde::Serialize;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use utoipa::ToSchema;

/// Why a request was not fulfilled; the message is what its sender reads.
#[derive(Debug, Error)]
pub enum ApiError {
    #[error("Invalid or missing API key")]
    InvalidApiKey,
    #[error("Invalid webhook signature")]
    InvalidSignature,
    #[error("API key lacks the {0} scope")]
    MissingScope(Scope),
    #[error("Organization slug does not match API key")]
    OrganizationMismatch,
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    #[error("Body must not be larger than {} KiB", .limit / 1024)]
    BodyTooLarge { limit: usize },
    #[error("Body did not arrive within {} s", .0.as_secs_f32())]
    BodyTooSlow(Duration),
    #[error(transparent)]
    InvalidPayload(#[from] InvalidPayload),
    #[error(transparent)]
    InvalidQuery(#[from] InvalidQuery),
    #[error("Not found")]
    NotFound,
    #[error("Accept-Encoding must allow gzip, deflate or identity")]
    NotAcceptable,
    #[error("Method not allowed")]
    MethodNotAllowed { allowed: String },
    #[error("Too many requests")]
    RateLimited(#[from] Refusal),
    #[error("Shutting down")]
    ShuttingDown,
    #[error("Busy, send the same request again")]
    Busy,
    #[error("Request took too long, send it again")]
    Deadline,
    #[error("{}", store_sentence(.0))]
    Store(#[source] Arc<StoreError>),
    #[error("Internal server error")]
    Internal(#[source] Bug),
}

/// What must not happen, and did.
#[derive(Clone, Copy, Debug, Error)]
pub enum Bug {
    #[error("the request handler panicked")]
    Panic,
    #[error("the use case gave no outcome")]
    NoOutcome,
    #[error("the application's state is missing")]
    NoState,
    #[error("the list cannot be written as a table")]
    Unwritable,
}

fn store_sentence(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "Temporarily unavailable, send the same request again",
        StoreError::Corrupt { .. } | StoreError::Internal(_) => "Internal server error",
    }
}

impl From<Arc<StoreError>> for ApiError {
    fn from(error: Arc<StoreError>) -> Self {
        Self::Store(error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<RecordDeploymentError> for ApiError {
    fn from(error: RecordDeploymentError) -> Self {
        match error {
            // The key was looked up some seconds ago; its organization is gone, and so is the key.
            RecordDeploymentError::OrganizationNotFound(_) => Self::InvalidApiKey,
            RecordDeploymentError::Busy => Self::Busy,
            RecordDeploymentError::Store(error) => Self::Store(error),
        }
    }
}

impl From<RemoveDeploymentError> for ApiError {
    fn from(error: RemoveDeploymentError) -> Self {
        match error {
            RemoveDeploymentError::NotFound(_) => Self::NotFound,
            RemoveDeploymentError::Busy => Self::Busy,
            RemoveDeploymentError::Store(error) => error.into(),
        }
    }
}

impl From<SetEnvironmentTierError> for ApiError {
    fn from(error: SetEnvironmentTierError) -> Self {
        match error {
            SetEnvironmentTierError::TooMany(rule) => InvalidPayload::malformed(rule.to_string()).into(),
            SetEnvironmentTierError::OrganizationNotFound(_) => Self::InvalidApiKey,
            SetEnvironmentTierError::Busy => Self::Busy,
            SetEnvironmentTierError::Store(error) => error.into(),
        }
    }
}

impl From<RecordPullRequestsError> for ApiError {
    fn from(error: RecordPullRequestsError) -> Self {
        match error {
            RecordPullRequestsError::OrganizationNotFound(_) => Self::InvalidApiKey,
            RecordPullRequestsError::Busy => Self::Busy,
            RecordPullRequestsError::Store(error) => error.into(),
        }
    }
}

impl From<RecordCommitsError> for ApiError {
    fn from(error: RecordCommitsError) -> Self {
        match error {
            RecordCommitsError::OrganizationNotFound(_) => Self::InvalidApiKey,
            RecordCommitsError::Contradiction { .. }
            | RecordCommitsError::TagContradiction { .. }
            | RecordCommitsError::TagOfTag { .. }
            | RecordCommitsError::OwnAncestor { .. } => InvalidPayload::malformed(error.to_string()).into(),
            RecordCommitsError::Busy => Self::Busy,
            RecordCommitsError::Store(error) => error.into(),
        }
    }
}

/// An error with what caused it.
pub fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The form of every answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody<'a> {
    /// What is wrong; of several broken rules the first.
    error: &'a str,
    /// Every broken rule, if there are several; past 100 the last entry counts those that are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a [Broken]>,
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidPayload(_) | Self::InvalidQuery(_) => StatusCode::BAD_REQUEST,
            Self::InvalidApiKey | Self::InvalidSignature => StatusCode::UNAUTHORIZED,
            Self::MissingScope(_) | Self::OrganizationMismatch => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::ShuttingDown | Self::Busy | Self::Deadline => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) => match **error {
                StoreError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                StoreError::Corrupt { .. } | StoreError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        match self {
            Self::InvalidApiKey => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed { allowed } => {
                response.insert_header((header::ALLOW, allowed.as_str()));
            }
            Self::RateLimited(refusal) => {
                response.insert_header((header::RETRY_AFTER, refusal.seconds));
            }
            _ if status == StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((header::RETRY_AFTER, 1));
            }
            _ => {}
        }
        let details = match self {
            Self::InvalidPayload(InvalidPayload(rules)) | Self::InvalidQuery(InvalidQuery(rules)) => {
                rules.details()
            }
            _ => None,
        };
        let mut response = response.json(ErrorBody {
            error: &self.to_string(),
            details,
        });
        if let Self::RateLimited(refusal) = self {
            refusal.allowance.tell(response.headers_mut());
        }
        response
    }
}
