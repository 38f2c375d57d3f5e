//! `POST /api/webhooks/github/{organizationSlug}`: what GitHub says of pull requests and pushes. Nothing is parsed before its
//! signature is checked, and whoever cannot sign learns nothing: not even whether there is such an organization. Of
//! the payload only the dozen fields that are used are read, in whatever company they come, because GitHub adds more
//! every month; what it says of a merge beyond its number, commit and time is taken as far as it makes sense.

mod notes;
pub(crate) mod pull_request;
pub(crate) mod push;
mod repository;

use crate::body;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::rate_limit::Credential;
use crate::state::State;
use crate::violations::{InvalidPayload, Violations};
use crate::wire::{Item, Value, wire_object};
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use periscope_domain::delivery::{DeliveryResult, IgnoredReason};
use periscope_domain::github::{ConnectionNonce, GithubConnection, WebhookSecret};
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::repository::{ForgeRepositoryId, RepositoryName};
use periscope_domain::text::DeliveryId;
use periscope_domain::use_cases::{ForgeRepository, Origin, identify_repository};
use serde::Serialize;
use std::borrow::Cow;
use std::net::IpAddr;
use tokio::sync::SemaphorePermit;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

const ABOUT: &str = "GitHub's events `pull_request` (closed by merging), `push` (the commits of the graph, and annotated tags), \
                     `repository` (renamed, transferred) and `ping`, signed with the organization's secret. A delivery has one effect, however often it is sent.";

const BODY_LIMIT: usize = 5 * 1024 * 1024;

/// A body that is announced as no larger may be read of anybody: a head may be as large.
const SMALL_BODY: usize = 64 * 1024;

/// How many larger ones are held at once before it is known whether they are signed.
pub(crate) const UNSIGNED_BODIES: usize = 32;

/// A delivery that GitHub has signed for an organization.
#[derive(Debug)]
pub(crate) struct Delivery {
    organization_id: OrganizationId,
    event: Option<String>,
    id: Option<String>,
    format: Format,
    body: Bytes,
}

/// The two forms in which GitHub can be told to send, and what somebody else might sign.
#[derive(Clone, Copy, Debug)]
enum Format {
    Json,
    Form,
    Other,
}

pub(crate) async fn receive(state: Data<State>, delivery: Delivery) -> Result<HttpResponse, ApiError> {
    let outcome = match delivery.event.as_deref() {
        Some("ping") => Ok(DeliveryResult::Pong),
        Some("pull_request") => pull_request::record(&state, &delivery).await,
        Some("push") => push::record(&state, &delivery).await,
        Some("repository") => repository::record(&state, &delivery).await,
        _ => Ok(DeliveryResult::Ignored(IgnoredReason::Event)),
    };
    let result = outcome.as_ref().copied().unwrap_or_else(notes::refusal);
    state.note_delivery(&delivery, result).await;
    outcome.map(answer)
}

/// What became of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
struct Answer {
    /// `ignored` is what changed nothing: an event that is not recorded, a repository that is not monitored, a delivery
    /// that came before.
    #[schema(schema_with = actions)]
    action: &'static str,
}

fn actions() -> ObjectBuilder {
    schema::words(["pong", "recorded", "ignored"])
}

pub(crate) fn documented() -> Operation {
    let payload = schema::any_of([
        pull_request::payload(),
        push::payload(),
        repository::payload(),
        schema::anything(),
    ]);
    let form = ObjectBuilder::new()
        .property("payload", schema::any_text().schema)
        .required("payload");
    Operation::signed("receiveGithub", BODY_LIMIT, "Receive a webhook of GitHub", ABOUT)
        .path_parameter(
            "organizationSlug",
            "The organization whose secret signs it.",
            schema::organization_slug(),
        )
        .header("X-GitHub-Event", "What happened. All but `pull_request`, `push` and `repository` is ignored.", schema::any_text())
        .header(
            "X-GitHub-Delivery",
            "The id of the delivery, of 1-100 characters, which has one effect. Required for what is recorded.",
            schema::any_text(),
        )
        .json(payload)
        .form(form.into())
        .answer::<Answer>(200, "It was received.")
}

fn answer(result: DeliveryResult) -> HttpResponse {
    let action = match result {
        DeliveryResult::Pong => "pong",
        DeliveryResult::Recorded => "recorded",
        DeliveryResult::Ignored(_) | DeliveryResult::Refused(_) | DeliveryResult::Failed => "ignored",
    };
    HttpResponse::Ok().json(Answer { action })
}

impl FromRequest for Delivery {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        async move {
            let state = State::of(&request)?;
            let address = request.peer_addr().map(|address| address.ip());
            let headers = request.headers();
            let slug = request.match_info().get("organizationSlug").unwrap_or_default();
            let signature = text(headers, "X-Hub-Signature-256").filter(|text| state.may_have_signed(text));
            let Some(signature) = signature else {
                return Err(state.refuse_signature(slug, address));
            };
            let unsigned = state.admit_unsigned(headers)?;
            let body = body::read(&request, payload, BODY_LIMIT, state.timing.body).await?;
            let Some(organization_id) = state.find_signer(slug, &body, &signature).await? else {
                return Err(state.refuse_signature(slug, address));
            };
            drop(unsigned);
            tracing::Span::current().record("organization.id", organization_id.get());
            let format = match body::media_type(headers) {
                json if json.eq_ignore_ascii_case("application/json") => Format::Json,
                form if form.eq_ignore_ascii_case("application/x-www-form-urlencoded") => Format::Form,
                _ => Format::Other,
            };
            Ok(Self {
                organization_id,
                event: text(headers, "X-GitHub-Event"),
                id: text(headers, "X-GitHub-Delivery"),
                format,
                body,
            })
        }
        .boxed_local()
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

impl State {
    /// Whether anything could be signed like this, which is known without its body.
    fn may_have_signed(&self, signature: &str) -> bool {
        self.secret_key.is_some() && WebhookSecret::is_signature(signature)
    }

    /// Leave to read a body before it is known who has signed it, as long as it is held. It does not depend on the
    /// organization, whose existence it would tell.
    fn admit_unsigned(&self, headers: &HeaderMap) -> Result<Option<SemaphorePermit<'_>>, ApiError> {
        if body::announced(headers).is_some_and(|length| length <= SMALL_BODY) {
            return Ok(None);
        }
        let permit = self.unsigned_bodies.try_acquire();
        permit.map(Some).map_err(|_| ApiError::Busy)
    }

    /// The organization for which a body is signed.
    async fn find_signer(
        &self,
        slug: &str,
        body: &[u8],
        signature: &str,
    ) -> Result<Option<OrganizationId>, ApiError> {
        let Some(key) = &self.secret_key else {
            return Ok(None);
        };
        let known = match OrganizationSlug::parse(slug) {
            Ok(slug) => self.store.github_connections().find_by_slug(&slug).await?,
            Err(_) => None,
        };
        let connection = known.map(|known| known.connection);
        // Checked against something in any case, so that the time it takes does not tell which slugs exist.
        let decoy = GithubConnection {
            organization_id: OrganizationId::new(0),
            nonce: ConnectionNonce::from_bytes([0; 16]),
            created_at: self.clock.now(),
        };
        let signed = connection
            .unwrap_or(decoy)
            .webhook_secret(key)
            .signed(body, signature);
        Ok(connection
            .filter(|_| signed)
            .map(|connection| connection.organization_id))
    }

    fn refuse_signature(&self, slug: &str, address: Option<IpAddr>) -> ApiError {
        match self.rate_limits.fail(Credential::Signature, address) {
            Ok(()) => {
                self.note_wrong_signature(slug);
                ApiError::InvalidSignature
            }
            Err(refusal) => refusal.into(),
        }
    }
}

impl Delivery {
    /// The JSON that was sent.
    fn payload(&self) -> Result<Cow<'_, [u8]>, ApiError> {
        match self.format {
            Format::Json => Ok(Cow::Borrowed(&self.body)),
            Format::Form => {
                let mut fields = form_urlencoded::parse(&self.body);
                let payload = fields.find(|(name, _)| name == "payload");
                let (_, payload) = payload.ok_or(InvalidPayload::malformed("payload is required"))?;
                Ok(Cow::Owned(payload.into_owned().into_bytes()))
            }
            Format::Other => Err(ApiError::UnsupportedMediaType(
                "Content-Type must be application/json",
            )),
        }
    }
}

#[cfg(test)]
impl Delivery {
    fn of(body: &[u8]) -> Self {
        Self {
            organization_id: OrganizationId::new(1),
            event: None,
            id: Some("72d3162e".to_owned()),
            format: if body.first() == Some(&b'p') {
                Format::Form
            } else {
                Format::Json
            },
            body: Bytes::copy_from_slice(body),
        }
    }
}

wire_object! {
    /// A repository of GitHub.
    struct GithubRepository<'a> {
        /// GitHub's number for it, which no rename changes.
        id: Value<'a> = "id" => schema::id().optional(),
        /// Its full name.
        full_name: Value<'a> = "full_name" => schema::repository_name(),
    }
}

impl GithubRepository<'_> {
    /// The repository, if both its number and its name can be read.
    fn identity(&self) -> Option<ForgeRepository> {
        let Value::Integer(number) = self.id else {
            return None;
        };
        Some(ForgeRepository {
            id: ForgeRepositoryId::github(u64::try_from(number).ok()?),
            name: RepositoryName::parse(self.full_name.text()?).ok()?,
        })
    }
}

/// Follows the repository of an event, which may have another name since the last one, and returns whether it is known.
async fn identify(
    state: &State,
    delivery: &Delivery,
    repository: &Item<GithubRepository<'_>>,
) -> Result<bool, ApiError> {
    let told = repository.object().and_then(GithubRepository::identity);
    match told {
        None => Ok(true),
        Some(told) => {
            let (store, now) = (&*state.store, state.clock.now());
            Ok(identify_repository(store, delivery.organization_id, &told, now).await?)
        }
    }
}

/// What every event that is recorded has to tell: the delivery that it came with, and its repository.
fn origin(
    delivery: &Delivery,
    repository: &Item<GithubRepository<'_>>,
    broken: &mut Violations,
) -> Option<(RepositoryName, Origin)> {
    let name = repository
        .object()
        .map_or(&Value::Absent, |repository| &repository.full_name);
    let repository = broken.required("repository.full_name", name, RepositoryName::parse);
    let id = Value::from(delivery.id.as_deref());
    let delivery_id = broken.required("X-GitHub-Delivery", &id, DeliveryId::parse);
    Some((repository?, Origin::Webhook(delivery_id?)))
}
