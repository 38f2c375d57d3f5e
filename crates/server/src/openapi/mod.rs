//! The description of the API in `OpenAPI` 3.1, made from the code: paths and methods from the URL table, bodies from what
//! is read of them, answers from what is written, refusals from the errors, and examples from a story that a test tells
//! to a running application.

mod examples;
mod operation;
mod refusals;
pub(crate) mod schema;

use crate::error::ApiError;
use crate::routes;
use actix_web::HttpResponse;
use actix_web::http::header;
use operation::{API_KEY, GROUPS, SIGNATURE};
use refusals::Refusal;
use std::sync::LazyLock;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths};

pub(crate) use operation::Operation;

const ABOUT: &str = include_str!("about.md");

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let document = document().to_pretty_json().unwrap_or_default();
    document + "\n"
});

/// `GET /openapi.json`
pub(crate) async fn get() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(header::ContentType::json())
        .body(DOCUMENT.as_str())
}

/// What is documented of `GET /openapi.json`.
pub(crate) fn documented() -> Operation {
    Operation::open("getOpenapi", "This description", "The API in OpenAPI 3.1.").answer_of(
        "application/json",
        schema::anything(),
        200,
        "The description.",
    )
}

fn document() -> OpenApi {
    let mut components = Components::new();
    components.add_security_schemes_from_iter(security_schemes());
    components.headers.extend(refusals::headers());
    let mut schemas = Vec::new();
    for Refusal { name, response, .. } in refusals::of(&elsewhere(), &mut schemas) {
        components.responses.insert(name, response.into());
    }
    let mut paths = Paths::new();
    for endpoint in routes::table() {
        let (operation, referred, refusals) = (endpoint.documented)().build();
        schemas.extend(referred);
        for Refusal { name, response, .. } in refusals {
            components.responses.insert(name, response.into());
        }
        paths.add_path_operation(endpoint.path, vec![endpoint.method], operation);
    }
    components.schemas.extend(schemas);
    let license = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"));
    let info = InfoBuilder::new()
        .title("Periscope")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license.build()));
    let tags = GROUPS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build());
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

/// The answers to what is no endpoint.
fn elsewhere() -> [ApiError; 2] {
    let allowed = "GET, HEAD".to_owned();
    [ApiError::NotFound, ApiError::MethodNotAllowed { allowed }]
}

fn security_schemes() -> [(&'static str, SecurityScheme); 2] {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("psk_live_ and 36 letters and digits")
        .description(Some(
            "A key of an organization with the scope that the endpoint asks for. `periscope key create` makes one.",
        ));
    let signature = ApiKeyValue::with_description(
        "X-Hub-Signature-256",
        "`sha256=` and the HMAC of the raw body in hex, under the secret that `periscope github connect` makes. GitHub \
         computes it.",
    );
    [
        (API_KEY, SecurityScheme::Http(key.build())),
        (SIGNATURE, SecurityScheme::ApiKey(ApiKey::Header(signature))),
    ]
}
