//! `GET /api/deployments` and `GET /api/deployments/{id}`.

use super::format::{Format, List};
use super::links::LinkJson;
use super::page::Paging;
use crate::auth::Reader;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::query::Query;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use periscope_domain::deployment::{DeploymentEvent, StoredDeployment};
use periscope_domain::environment::Environment;
use periscope_domain::id::DeploymentId;
use periscope_domain::linking::Novelty;
use periscope_domain::listing::{DeploymentFilter, ListedDeployment, Position};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::{DeploymentDescription, describe_deployment};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

pub(crate) async fn list(
    state: Data<State>,
    reader: Reader,
    mut query: Query,
    format: Format,
) -> Result<HttpResponse, ApiError> {
    let organization_id = reader.organization_id();
    let filter = filter(&mut query);
    let paging = Paging::read(&mut query, "deployments", organization_id, DeploymentId::new);
    query.finish()?;
    let deployments = state.store.deployments();
    let page = deployments
        .page(organization_id, &filter, &paging.request)
        .await?;
    let (next_cursor, link) = paging.next(&page, position).unzip();
    let deployments = page.items.iter().map(ListedDeploymentJson::of).collect();
    let list = DeploymentPage {
        deployments,
        next_cursor,
    };
    format.answer(&list, link)
}

fn filter(query: &mut Query) -> DeploymentFilter {
    DeploymentFilter {
        environment: query.optional("environment", Environment::parse),
        service: query.optional("service", ServiceName::parse),
        statuses: query.several("status", DeploymentStatus::parse),
        period: query.period(),
    }
}

fn position(listed: &ListedDeployment) -> Position<i64> {
    Position {
        time: listed.stored.deployment.run.time(),
        id: listed.stored.id.get(),
    }
}

pub(crate) async fn one(
    state: Data<State>,
    reader: Reader,
    query: Query,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    query.finish()?;
    let id = DeploymentId::parse(&id).ok_or(ApiError::NotFound)?;
    let described = describe_deployment(&*state.store, reader.organization_id(), id).await?;
    let described = described.ok_or(ApiError::NotFound)?;
    Ok(HttpResponse::Ok().json(DescribedDeploymentJson::of(&described)))
}

pub(crate) fn list_documented() -> Operation {
    Operation::reading(
        "listDeployments",
        "List deployments",
        "In order of their time: that of their completion, or of their start as long as they are not completed. What \
         keeps its time is on exactly one page, whatever arrives meanwhile.",
    )
    .query(
        "environment",
        "Where they went, in any letter case; production means every environment of that tier.",
        schema::text(100),
    )
    .query("service", "What was deployed, in any letter case.", schema::text(255))
    .query(
        "status",
        "How far they have come: one, several between commas, or given several times.",
        schema::several(statuses().into()),
    )
    .query("since", "The earliest time, as such or as a day in UTC.", schema::moment())
    .query("until", "The first time that is too late.", schema::moment())
    .answer::<DeploymentPage>(200, "One page of them.")
    .or_table()
    .in_pages()
}

pub(crate) fn one_documented() -> Operation {
    let about = "With the pull requests that it ships, and every event that told of it.";
    Operation::reading("getDeployment", "A deployment", about)
        .path_parameter("id", "Periscope's own number of the deployment.", schema::id())
        .answer::<DescribedDeploymentJson>(200, "The deployment.")
        .refusing([ApiError::NotFound])
        .leads_to("explainDeployment", "id", "$response.body#/id")
}

fn statuses() -> ObjectBuilder {
    schema::words(DeploymentStatus::ALL.map(DeploymentStatus::as_str))
}

fn novelties() -> ObjectBuilder {
    schema::nullable_words(Novelty::ALL.map(Novelty::as_str)).description(Some(
        "`new`: it brings content that was not live before. `redeployment`: all its content was live before. \
         `roll_back`: the same, and its commit lies behind the one that was live. Null: it is no successful production \
         deployment, so it ships nothing.",
    ))
}

/// A deployment, as all its reports together tell it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Deployment)]
pub(crate) struct DeploymentJson {
    /// Periscope's number for it.
    id: i64,
    /// What its sender calls it.
    deployment_id: String,
    /// The deployed commit, 5 to 40 hex digits.
    commit_sha: String,
    /// The commit that was live before, as its sender said.
    #[schema(required)]
    previous_commit_sha: Option<String>,
    /// The deployed service, as its sender spelled it.
    #[schema(required)]
    service: Option<String>,
    /// Where it went, in lower case.
    environment: String,
    /// `pending`, `in_progress`, `success`, `failure`, `cancelled` or `rolled_back`.
    #[schema(schema_with = statuses)]
    status: &'static str,
    /// When it began (ISO 8601, UTC).
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended (ISO 8601, UTC); null as long as it has not.
    #[schema(format = DateTime, required)]
    completed_at: Option<String>,
    /// The branch that was deployed.
    #[schema(required)]
    branch: Option<String>,
    /// Who started it.
    #[schema(required)]
    triggered_by: Option<String>,
    /// The pipeline that did it.
    #[schema(required)]
    pipeline_name: Option<String>,
    /// Where the pipeline's run can be looked at.
    #[schema(required)]
    pipeline_url: Option<String>,
    #[schema(schema_with = novelties, required)]
    novelty: Option<&'static str>,
}

impl DeploymentJson {
    pub(crate) fn of(stored: &StoredDeployment) -> Self {
        let deployment = &stored.deployment;
        Self {
            id: stored.id.get(),
            deployment_id: deployment.external_id.to_string(),
            commit_sha: deployment.commit.to_string(),
            previous_commit_sha: deployment.previous_commit.as_ref().map(ToString::to_string),
            service: deployment.service.as_ref().map(ToString::to_string),
            environment: deployment.environment.to_string(),
            status: deployment.run.status().as_str(),
            started_at: deployment.run.started_at().to_string(),
            completed_at: deployment.run.completed_at().map(|time| time.to_string()),
            branch: deployment.branch.as_ref().map(ToString::to_string),
            triggered_by: deployment.triggered_by.as_ref().map(ToString::to_string),
            pipeline_name: deployment.pipeline_name.as_ref().map(ToString::to_string),
            pipeline_url: deployment.pipeline_url.as_ref().map(ToString::to_string),
            novelty: stored.novelty.map(Novelty::as_str),
        }
    }
}

/// A deployment in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedDeployment)]
pub(crate) struct ListedDeploymentJson {
    #[serde(flatten)]
    deployment: DeploymentJson,
    /// How many pull requests are linked to it.
    #[serde(rename = "linkedPRs")]
    linked_pull_requests: u64,
}

impl ListedDeploymentJson {
    fn of(listed: &ListedDeployment) -> Self {
        Self {
            deployment: DeploymentJson::of(&listed.stored),
            linked_pull_requests: listed.linked_pull_requests,
        }
    }
}

/// One page of deployments.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeploymentPage {
    deployments: Vec<ListedDeploymentJson>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl List for DeploymentPage {
    type Row = ListedDeploymentJson;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "deploymentId",
        "commitSha",
        "previousCommitSha",
        "service",
        "environment",
        "status",
        "startedAt",
        "completedAt",
        "branch",
        "triggeredBy",
        "pipelineName",
        "pipelineUrl",
        "linkedPRs",
        "novelty",
    ];

    fn rows(&self) -> &[ListedDeploymentJson] {
        &self.deployments
    }
}

/// A deployment with what it shipped and how it came about.
#[derive(Serialize, ToSchema)]
#[schema(as = DescribedDeployment)]
pub(crate) struct DescribedDeploymentJson {
    #[serde(flatten)]
    deployment: DeploymentJson,
    /// The pull requests that it shipped.
    links: Vec<LinkJson>,
    /// Every accepted event, in order of arrival.
    history: Vec<EventJson>,
}

impl DescribedDeploymentJson {
    fn of(described: &DeploymentDescription) -> Self {
        Self {
            deployment: DeploymentJson::of(&described.deployment),
            links: described.links.iter().map(LinkJson::of).collect(),
            history: described.history.iter().map(EventJson::of).collect(),
        }
    }
}

/// One accepted event of a deployment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentEvent)]
pub(crate) struct EventJson {
    /// The status that it told.
    #[schema(schema_with = statuses)]
    status: &'static str,
    /// When it said that the deployment began (ISO 8601, UTC).
    #[schema(format = DateTime)]
    started_at: String,
    /// When it said that the deployment ended (ISO 8601, UTC).
    #[schema(format = DateTime, required)]
    completed_at: Option<String>,
    /// The commit that it named.
    commit_sha: String,
    /// When it arrived (ISO 8601, UTC).
    #[schema(format = DateTime)]
    received_at: String,
}

impl EventJson {
    fn of(event: &DeploymentEvent) -> Self {
        Self {
            status: event.run.status().as_str(),
            started_at: event.run.started_at().to_string(),
            completed_at: event.run.completed_at().map(|time| time.to_string()),
            commit_sha: event.commit.to_string(),
            received_at: event.received_at.to_string(),
        }
    }
}
