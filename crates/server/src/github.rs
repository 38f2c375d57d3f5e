//! `POST /api/webhooks/github/{organizationSlug}`: what GitHub says of pull requests. Nothing is parsed before its
//! signature is checked, and whoever cannot sign learns nothing: not even whether there is such an organization. Of
//! the payload only the dozen fields that are used are read, in whatever company they come, because GitHub adds more
//! every month; what it says of a merge beyond its number, commit and time is taken as far as it makes sense.

use crate::app::State;
use crate::body;
use crate::error::ApiError;
use crate::rate_limit::Credential;
use crate::violations::{InvalidPayload, Violations, plausible_time};
use crate::wire::{Item, Value, decode, wire_object};
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::github::{ConnectionNonce, GithubConnection};
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::pull_request::{ChangeCount, PullRequest, PullRequestNumber, Source};
use periscope_domain::repository::RepositoryName;
use periscope_domain::text::{Actor, BranchName, DeliveryId, Title};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{Origin, RecordPullRequests, RecordedPullRequests, record_pull_requests};
use periscope_domain::web_url::WebUrl;
use serde::Serialize;
use std::borrow::Cow;
use std::net::IpAddr;

const BODY_LIMIT: usize = 5 * 1024 * 1024;

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
    match delivery.event.as_deref() {
        Some("ping") => Ok(answer("pong")),
        Some("pull_request") => record_pull_request(&state, &delivery).await,
        _ => Ok(answer("ignored")),
    }
}

async fn record_pull_request(state: &State, delivery: &Delivery) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let payload = delivery.payload()?;
    let event: PullRequestEvent<'_> = decode(&payload)?;
    let Some(command) = event.merge(delivery, now)? else {
        return Ok(answer("ignored"));
    };
    Ok(match record_pull_requests(&*state.store, &command, now).await? {
        RecordedPullRequests::Recorded { .. } => answer("recorded"),
        RecordedPullRequests::RepositoryNotMonitored | RecordedPullRequests::DeliveryRepeated => {
            answer("ignored")
        }
    })
}

#[derive(Serialize)]
struct Answer {
    action: &'static str,
}

fn answer(action: &'static str) -> HttpResponse {
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
            let Some(signature) = text(headers, "X-Hub-Signature-256") else {
                return Err(state.refuse_signature(address));
            };
            let body = body::read(&request, payload, BODY_LIMIT, state.timing.body).await?;
            let slug = request.match_info().get("organizationSlug").unwrap_or_default();
            let Some(organization_id) = state.find_signer(slug, &body, &signature).await? else {
                return Err(state.refuse_signature(address));
            };
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
        let connection = match OrganizationSlug::parse(slug) {
            Ok(slug) => self.store.github_connections().find_by_slug(&slug).await?,
            Err(_) => None,
        };
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

    fn refuse_signature(&self, address: Option<IpAddr>) -> ApiError {
        match self.rate_limits.fail(Credential::Signature, address) {
            Ok(()) => ApiError::InvalidSignature,
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

wire_object! {
    struct PullRequestEvent<'a> {
        action: Value<'a> = "action",
        pull_request: Item<GithubPullRequest<'a>> = "pull_request",
        repository: Item<GithubRepository<'a>> = "repository",
    }
}

wire_object! {
    struct GithubPullRequest<'a> {
        number: Value<'a> = "number",
        merged: Value<'a> = "merged",
        merge_commit_sha: Value<'a> = "merge_commit_sha",
        merged_at: Value<'a> = "merged_at",
        created_at: Value<'a> = "created_at",
        title: Value<'a> = "title",
        html_url: Value<'a> = "html_url",
        user: Item<GithubUser<'a>> = "user",
        merged_by: Item<GithubUser<'a>> = "merged_by",
        base: Item<GithubBranch<'a>> = "base",
        head: Item<GithubBranch<'a>> = "head",
        additions: Value<'a> = "additions",
        deletions: Value<'a> = "deletions",
        changed_files: Value<'a> = "changed_files",
    }
}

wire_object! {
    struct GithubUser<'a> {
        login: Value<'a> = "login",
    }
}

wire_object! {
    struct GithubBranch<'a> {
        name: Value<'a> = "ref",
    }
}

wire_object! {
    struct GithubRepository<'a> {
        full_name: Value<'a> = "full_name",
    }
}

impl PullRequestEvent<'_> {
    /// The merge that it tells of, if it does.
    fn merge(
        &self,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<Option<RecordPullRequests>, InvalidPayload> {
        let sent = match self.pull_request.object() {
            Some(sent) if sent.is_merged() && self.action.text() == Some("closed") => sent,
            _ => return Ok(None),
        };
        let mut broken = Violations::default();
        let repository = self.repository.object();
        let name = repository.map_or(&Value::Absent, |repository| &repository.full_name);
        let repository = broken.required("repository.full_name", name, RepositoryName::parse);
        let pull_request = sent.read(&mut broken, now);
        let id = Value::from(delivery.id.as_deref());
        let delivery_id = broken.required("X-GitHub-Delivery", &id, DeliveryId::parse);
        match (repository, pull_request, delivery_id) {
            (Some(repository), Some(pull_request), Some(delivery_id)) => Ok(Some(RecordPullRequests {
                organization_id: delivery.organization_id,
                repository,
                pull_requests: vec![pull_request],
                origin: Origin::Webhook(delivery_id),
            })),
            _ => Err(broken.into()),
        }
    }
}

impl GithubPullRequest<'_> {
    fn is_merged(&self) -> bool {
        matches!(self.merged, Value::Boolean(true))
    }

    fn read(&self, broken: &mut Violations, now: Timestamp) -> Option<PullRequest> {
        let number = broken.required_integer("pull_request.number", &self.number, PullRequestNumber::new);
        let merge_commit = broken.required(
            "pull_request.merge_commit_sha",
            &self.merge_commit_sha,
            CommitSha::parse,
        );
        let time = |text: &str| plausible_time(text, now);
        let merged_at = broken.required("pull_request.merged_at", &self.merged_at, time);
        let login = |user: &Item<GithubUser<'_>>| Actor::clean(user.object()?.login.text()?);
        let branch = |branch: &Item<GithubBranch<'_>>| BranchName::clean(branch.object()?.name.text()?);
        Some(PullRequest {
            number: number?,
            source: Source::Forge,
            merge_commit: merge_commit?,
            merged_at: merged_at?,
            created_at: self.created_at.text().and_then(|text| time(text).ok()),
            title: self.title.text().and_then(Title::clean),
            url: self.html_url.text().and_then(|text| WebUrl::parse(text).ok()),
            author: login(&self.user),
            merged_by: login(&self.merged_by),
            base_branch: branch(&self.base),
            head_branch: branch(&self.head),
            additions: count(&self.additions),
            deletions: count(&self.deletions),
            changed_files: count(&self.changed_files),
        })
    }
}

fn count(value: &Value<'_>) -> Option<ChangeCount> {
    match value {
        Value::Integer(count) => ChangeCount::new(*count).ok(),
        _ => None,
    }
}
