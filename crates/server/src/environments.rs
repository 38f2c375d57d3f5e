//! `GET`, `PUT` and `DELETE /api/environments`: the environments of an organization, and the rules that give them tiers.

use crate::auth::{Admin, AdminBody, Reader};
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::query::Query;
use crate::state::State;
use crate::violations::{InvalidPayload, Violations};
use crate::wire::{Value, decode, wire_object};
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::environment::Tier;
use periscope_domain::environment_tiers::{EnvironmentPattern, TooManyTierRules};
use periscope_domain::id::OrganizationId;
use periscope_domain::use_cases::{
    EnvironmentList, KnownEnvironment, list_environments, remove_environment_tier, set_environment_tier,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

const BODY_LIMIT: usize = 16 * 1024;

wire_object! {
    /// The tier of an environment, or of every environment whose name fits a pattern.
    struct EnvironmentRule<'a> {
        /// The name of an environment, or a pattern in which `*` stands for any characters; kept in lower case. An exact
        /// name wins over patterns, the longest pattern over shorter ones. A name with a tier of its own is exact.
        environment: Value<'a> = "environment" => schema::text(100),
        /// What the environment is for. Only deployments to environments of tier `production` ship pull requests.
        tier: Value<'a> = "tier" => tiers(),
    }
}

impl EnvironmentRule<'_> {
    fn rule(&self) -> Result<(EnvironmentPattern, Tier), InvalidPayload> {
        let mut broken = Violations::default();
        let pattern = broken.required("environment", &self.environment, EnvironmentPattern::parse);
        let tier = broken.required("tier", &self.tier, Tier::parse);
        pattern.zip(tier).ok_or_else(|| broken.into())
    }
}

pub(crate) async fn list(state: Data<State>, reader: Reader, query: Query) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    answer(&state, reader.organization_id()).await
}

pub(crate) async fn set(
    state: Data<State>,
    query: Query,
    request: AdminBody<BODY_LIMIT>,
) -> Result<HttpResponse, ApiError> {
    let body: EnvironmentRule<'_> = decode(&request.body)?;
    let (pattern, tier) = body.rule()?;
    query.finish()?;
    let organization_id = request.organization_id();
    set_environment_tier(&*state.store, organization_id, &pattern, tier, state.clock.now()).await?;
    answer(&state, organization_id).await
}

pub(crate) async fn remove(
    state: Data<State>,
    admin: Admin,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let pattern = query.optional("environment", EnvironmentPattern::parse);
    if !query.has("environment") {
        query.refuse("environment", "is required");
    }
    query.finish()?;
    let pattern = pattern.ok_or(ApiError::NotFound)?;
    let organization_id = admin.organization_id();
    if !remove_environment_tier(&*state.store, organization_id, &pattern, state.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    answer(&state, organization_id).await
}

async fn answer(state: &State, organization_id: OrganizationId) -> Result<HttpResponse, ApiError> {
    let found = list_environments(&*state.store, organization_id).await?;
    Ok(HttpResponse::Ok().json(EnvironmentsJson::from(&found)))
}

pub(crate) fn list_documented() -> Operation {
    let about = "Every environment that something was deployed to, with its tier, and the rules that give tiers. The names \
                 `production`, `staging`, `test`, `testing`, `development` and `preview` have their own tier, every other \
                 name has the tier `other` until a rule gives it one.";
    Operation::reading("listEnvironments", "List environments", about)
        .answer::<EnvironmentsJson>(200, "The environments and the rules.")
}

pub(crate) fn set_documented() -> Operation {
    let about = "Gives an environment, or every environment whose name fits a pattern, its tier, also after the fact: links \
                 and figures follow within 5 seconds, those of many thousand deployments piece by piece.";
    let too_many = InvalidPayload::malformed(TooManyTierRules.to_string());
    Operation::setting(
        "setEnvironmentTier",
        BODY_LIMIT,
        "Give an environment its tier",
        about,
    )
    .body::<EnvironmentRule<'_>>()
    .answer::<EnvironmentsJson>(200, "The environments and the rules as they are now.")
    .refusing([too_many.into()])
}

pub(crate) fn remove_documented() -> Operation {
    let about = "Removes a rule. Environments that no other rule fits have their own tier again.";
    Operation::removing("removeEnvironmentTier", "Remove a rule of environments", about)
        .required_query(
            "environment",
            "The name or pattern of the rule.",
            schema::text(100),
        )
        .answer::<EnvironmentsJson>(200, "The environments and the rules as they are now.")
        .refusing([ApiError::NotFound])
}

fn tiers() -> ObjectBuilder {
    schema::words(Tier::ALL.map(Tier::as_str))
}

/// The environments of an organization.
#[derive(Serialize, ToSchema)]
#[schema(as = Environments)]
struct EnvironmentsJson {
    /// Every environment that something was deployed to, in alphabetical order.
    environments: Vec<EnvironmentJson>,
    /// Every rule, in alphabetical order.
    rules: Vec<RuleJson>,
}

/// An environment that something was deployed to.
#[derive(Serialize, ToSchema)]
#[schema(as = Environment)]
struct EnvironmentJson {
    /// Its name.
    environment: String,
    /// What it is for.
    #[schema(schema_with = tiers)]
    tier: &'static str,
    /// The name or pattern of the rule that gives it its tier; null if it has its own.
    #[schema(required)]
    rule: Option<String>,
}

/// A rule that gives environments their tier.
#[derive(Serialize, ToSchema)]
#[schema(as = EnvironmentTier)]
struct RuleJson {
    /// The name of an environment, or a pattern in which `*` stands for any characters.
    environment: String,
    /// The tier.
    #[schema(schema_with = tiers)]
    tier: &'static str,
}

impl From<&EnvironmentList> for EnvironmentsJson {
    fn from(list: &EnvironmentList) -> Self {
        let rules = list.tiers.rules().map(|(pattern, tier)| RuleJson {
            environment: pattern.to_string(),
            tier: tier.as_str(),
        });
        Self {
            environments: list.environments.iter().map(EnvironmentJson::from).collect(),
            rules: rules.collect(),
        }
    }
}

impl From<&KnownEnvironment> for EnvironmentJson {
    fn from(known: &KnownEnvironment) -> Self {
        Self {
            environment: known.environment.to_string(),
            tier: known.environment.tier().as_str(),
            rule: known.rule.as_ref().map(ToString::to_string),
        }
    }
}
