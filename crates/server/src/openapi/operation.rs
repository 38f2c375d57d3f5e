//! What is documented of an endpoint. Each endpoint says beside its handler what it does, takes and answers; what holds
//! for all of a kind, who may call it and how it refuses, is said here.

use super::examples::{self, Examples};
use super::refusals::{self, ETAG, JSON, LINK, RATE_LIMIT, REQUEST_ID, Refusal, header_ref};
use super::schema::{self, Components, Field};
use crate::error::{ApiError, Bug};
use crate::query::InvalidQuery;
use crate::rate_limit;
use crate::settings::Timing;
use crate::violations::InvalidPayload;
use periscope_domain::api_key::Scope;
use periscope_domain::ports::StoreError;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{self, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::{
    ContentBuilder, OneOfBuilder, Ref, RefOr, Required, Response, ResponseBuilder, SecurityRequirement,
};

/// The name of the security scheme of keys.
pub(super) const API_KEY: &str = "apiKey";
/// The name of the security scheme of GitHub's webhooks.
pub(super) const SIGNATURE: &str = "signature";

/// The groups in which endpoints are shown, and what each is for.
pub(super) const GROUPS: [(&str, &str); 6] = [RECORDING, READING, MEASURING, SETTING, REMOVING, SERVICE];
const RECORDING: (&str, &str) = (
    "Recording",
    "Tell of deployments, pull requests and commits. To tell the same again changes nothing.",
);
const READING: (&str, &str) = ("Reading", "Ask what was recorded, and why it is so.");
const MEASURING: (&str, &str) = (
    "Measuring",
    "Ask what follows from it. `null` means that there is no data; the window before is beside the one asked about.",
);
const SETTING: (&str, &str) = (
    "Setting",
    "Change how what was recorded counts. The key needs the scope `admin`.",
);
const REMOVING: (&str, &str) = (
    "Removing",
    "Remove what was recorded by mistake. The key needs the scope `admin`.",
);
const SERVICE: (&str, &str) = ("Service", "The service itself. No key is needed.");

/// An endpoint, as it is documented.
pub(crate) struct Operation {
    id: &'static str,
    built: OperationBuilder,
    body: RequestBody,
    /// Whether it asks for a key, so that its answers tell what is left to the key.
    is_limited: bool,
    answers: BTreeMap<u16, Response>,
    refusals: Vec<ApiError>,
    components: Components,
}

impl Operation {
    fn new(id: &'static str, group: (&str, &str), summary: &str, description: &str) -> Self {
        let built = OperationBuilder::new()
            .operation_id(Some(id))
            .tag(group.0)
            .summary(Some(summary))
            .description((!description.is_empty()).then_some(description));
        Self {
            id,
            built,
            body: RequestBody::default(),
            is_limited: false,
            answers: BTreeMap::new(),
            refusals: Vec::new(),
            components: Vec::new(),
        }
    }

    /// One that anybody may call.
    pub(crate) fn open(id: &'static str, summary: &str, description: &str) -> Self {
        Self::new(id, SERVICE, summary, description)
    }

    /// One that records what the bearer of a key sends, up to so many bytes.
    pub(crate) fn recording(id: &'static str, limit: usize, summary: &str, description: &str) -> Self {
        Self::new(id, RECORDING, summary, description)
            .with_key(Scope::Ingest)
            .with_body(limit)
    }

    /// One that records what GitHub sends and signs, up to so many bytes.
    pub(crate) fn signed(id: &'static str, limit: usize, summary: &str, description: &str) -> Self {
        let mut operation = Self::new(id, RECORDING, summary, description)
            .refusing([ApiError::InvalidSignature, rate_limited()])
            .with_store()
            .with_body(limit);
        let requirement = SecurityRequirement::new(SIGNATURE, [""; 0]);
        operation.built = operation.built.security(requirement);
        operation
    }

    /// One that tells the bearer of a key what was recorded.
    pub(crate) fn reading(id: &'static str, summary: &str, description: &str) -> Self {
        Self::new(id, READING, summary, description).with_tag()
    }

    /// One that tells the bearer of a key what follows from it.
    pub(crate) fn measuring(id: &'static str, summary: &str, description: &str) -> Self {
        Self::new(id, MEASURING, summary, description).with_tag()
    }

    /// One that changes a setting, for the bearer of a key who sends up to so many bytes.
    pub(crate) fn setting(id: &'static str, limit: usize, summary: &str, description: &str) -> Self {
        Self::new(id, SETTING, summary, description)
            .with_key(Scope::Admin)
            .with_body(limit)
    }

    /// One that removes what was recorded, for the bearer of a key.
    pub(crate) fn removing(id: &'static str, summary: &str, description: &str) -> Self {
        Self::new(id, REMOVING, summary, description)
            .with_key(Scope::Admin)
            .refusing([InvalidQuery::example_of_none().into(), ApiError::Busy])
    }

    /// Adds that a reader with a key, who has the answer already, is told so.
    fn with_tag(self) -> Self {
        let mut operation = self
            .with_key(Scope::Read)
            .refusing([ApiError::NotAcceptable, InvalidQuery::example_of_none().into()])
            .header(
                "If-None-Match",
                "The tag of the answer that the reader has, or several.",
                schema::any_text(),
            );
        let tagged = || {
            ResponseBuilder::new()
                .header_ref(REQUEST_ID, header_ref(REQUEST_ID))
                .header_ref(ETAG, header_ref(ETAG))
        };
        let known = tagged().description("What the reader has is still the answer.");
        operation.answers.insert(200, tagged().build());
        operation.answers.insert(304, known.build());
        operation
    }

    /// Adds that its answer is a list: `Accept: text/csv` asks for a table of it.
    pub(crate) fn or_table(mut self) -> Self {
        let content = ContentBuilder::new().schema(Some(schema::any_text().schema));
        let response = self.answers.remove(&200).unwrap_or_default();
        let response = ResponseBuilder::from(response).content("text/csv", content.build());
        self.answers.insert(200, response.build());
        self
    }

    /// Adds that its list comes in pages.
    pub(crate) fn in_pages(mut self) -> Self {
        let response = self.answers.remove(&200).unwrap_or_default();
        let response = ResponseBuilder::from(response).header_ref(LINK, header_ref(LINK));
        self.answers.insert(200, response.build());
        self.query(
            "sort",
            "What the list begins with: newest if nothing else is said. To miss nothing that changes meanwhile, read \
             the oldest first.",
            schema::words(["newest", "oldest"]).into(),
        )
        .query(
            "limit",
            "How many items a page has at most: 50 if nothing else is said.",
            schema::integer(1, 200),
        )
        .query(
            "cursor",
            "The `nextCursor` of the page before, with the same filters and order.",
            schema::any_text(),
        )
    }

    fn with_key(mut self, scope: Scope) -> Self {
        self.is_limited = true;
        let requirement = SecurityRequirement::new(API_KEY, [scope.as_str()]);
        self.built = self.built.security(requirement);
        self.refusing([
            ApiError::InvalidApiKey,
            ApiError::MissingScope(scope),
            rate_limited(),
        ])
        .with_store()
    }

    /// Adds how it fails when the store does.
    pub(crate) fn with_store(self) -> Self {
        self.refusing([
            ApiError::Internal(Bug::Panic),
            ApiError::Deadline,
            StoreError::Unavailable("it is away".into()).into(),
        ])
    }

    fn with_body(self, limit: usize) -> Self {
        self.refusing([
            InvalidPayload::malformed("the body must be a JSON object").into(),
            ApiError::BodyTooSlow(Timing::default().body),
            ApiError::BodyTooLarge { limit },
            ApiError::UnsupportedMediaType("Content-Encoding must be identity"),
            ApiError::UnsupportedMediaType("Content-Type must be application/json"),
            ApiError::Busy,
        ])
    }

    /// Adds reasons for which it refuses.
    pub(crate) fn refusing(mut self, refusals: impl IntoIterator<Item = ApiError>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// Adds a parameter of its path.
    pub(crate) fn path_parameter(self, name: &str, meaning: &str, takes: Field) -> Self {
        self.parameter(name, ParameterIn::Path, Required::True, meaning, takes)
    }

    /// Adds a header that may be sent.
    pub(crate) fn header(self, name: &str, meaning: &str, takes: Field) -> Self {
        self.parameter(name, ParameterIn::Header, Required::False, meaning, takes)
    }

    /// Adds a parameter of its query.
    pub(crate) fn query(self, name: &str, meaning: &str, takes: Field) -> Self {
        self.query_parameter(name, Required::False, meaning, takes)
    }

    /// Adds a parameter without which its query is refused.
    pub(crate) fn required_query(self, name: &str, meaning: &str, takes: Field) -> Self {
        self.query_parameter(name, Required::True, meaning, takes)
    }

    fn query_parameter(mut self, name: &str, required: Required, meaning: &str, takes: Field) -> Self {
        self.refusals
            .retain(|refusal| !matches!(refusal, ApiError::InvalidQuery(_)));
        self.refusals.push(InvalidQuery::example().into());
        self.parameter(name, ParameterIn::Query, required, meaning, takes)
    }

    fn parameter(
        mut self,
        name: &str,
        parameter_in: ParameterIn,
        required: Required,
        meaning: &str,
        takes: Field,
    ) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(parameter_in)
            .required(required)
            .description(Some(meaning))
            .schema(Some(takes.schema))
            .example(examples::parameter(self.id, name));
        self.built = self.built.parameter(parameter);
        self
    }

    /// Adds the object that it takes.
    pub(crate) fn body<T: ToSchema>(self) -> Self {
        self.json(schema::part::<T>())
    }

    /// Adds the object that it takes, with a rule that no single field has.
    pub(crate) fn body_that<T: ToSchema>(self, rule: OneOfBuilder) -> Self {
        self.json(schema::part::<T>().and(rule))
    }

    /// Adds the JSON that it takes.
    pub(crate) fn json(self, takes: Field) -> Self {
        let examples = examples::bodies(self.id);
        self.content(JSON, takes, examples)
    }

    /// Adds the form that it takes.
    pub(crate) fn form(self, takes: Field) -> Self {
        self.content("application/x-www-form-urlencoded", takes, Vec::new())
    }

    fn content(mut self, media_type: &str, takes: Field, examples: Examples) -> Self {
        self.components.extend(takes.components);
        let content = ContentBuilder::new()
            .schema(Some(takes.schema))
            .examples_from_iter(examples)
            .build();
        let body = RequestBodyBuilder::from(self.body).required(Some(Required::True));
        self.body = body.content(media_type, content).build();
        self
    }

    /// Adds an answer in JSON.
    pub(crate) fn answer<T: ToSchema>(self, status: u16, meaning: &str) -> Self {
        self.answer_of(JSON, schema::part::<T>(), status, meaning)
    }

    /// Adds an answer, by its media type.
    pub(crate) fn answer_of(mut self, media_type: &str, holds: Field, status: u16, meaning: &str) -> Self {
        self.components.extend(holds.components);
        let content = ContentBuilder::new()
            .schema(Some(holds.schema))
            .examples_from_iter(examples::answers(self.id, status))
            .build();
        let response = self.answers.remove(&status).unwrap_or_default();
        let response = ResponseBuilder::from(response)
            .description(meaning)
            .header_ref(REQUEST_ID, header_ref(REQUEST_ID))
            .content(media_type, content);
        self.answers.insert(status, response.build());
        self
    }

    /// Adds an answer without a body.
    pub(crate) fn answer_without_body(mut self, status: u16, meaning: &str) -> Self {
        let response = ResponseBuilder::new()
            .description(meaning)
            .header_ref(REQUEST_ID, header_ref(REQUEST_ID));
        self.answers.insert(status, response.build());
        self
    }

    /// Says of the answers so far that have a body which endpoint can be asked for more, with which of their values.
    pub(crate) fn leads_to(mut self, operation: &str, parameter: &str, value: &str) -> Self {
        let with_body = self
            .answers
            .values_mut()
            .filter(|answer| !answer.content.is_empty());
        for response in with_body {
            let link = LinkBuilder::new()
                .operation_id(operation)
                .parameter(parameter, value);
            response.links.insert(operation.to_owned(), link.build().into());
        }
        self
    }

    /// The operation of the document, the schemas that it refers to, and the refusals.
    pub(super) fn build(mut self) -> (path::Operation, Components, Vec<Refusal>) {
        let refusals = refusals::of(&self.refusals, &mut self.components);
        let mut operation = self.built;
        if !self.body.content.is_empty() {
            operation = operation.request_body(Some(self.body));
        }
        for (status, mut answer) in self.answers {
            if self.is_limited {
                let told = RATE_LIMIT.map(|name| (name.to_owned(), RefOr::Ref(header_ref(name))));
                answer.headers.extend(told);
            }
            operation = operation.response(status.to_string(), answer);
        }
        for refusal in &refusals {
            let status = refusal.status.to_string();
            let told = examples::answers(self.id, refusal.status);
            operation = if told.is_empty() {
                operation.response(status, Ref::from_response_name(&refusal.name))
            } else {
                operation.response(status, refusals::showing(refusal.response.clone(), told))
            };
        }
        (operation.build(), self.components, refusals)
    }
}

fn rate_limited() -> ApiError {
    let allowance = rate_limit::Allowance {
        limit: 200,
        remaining: 0,
        reset: 4,
    };
    rate_limit::Refusal {
        allowance,
        seconds: 1,
    }
    .into()
}
