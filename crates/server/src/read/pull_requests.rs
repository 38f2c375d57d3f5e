//! `GET /api/pull-requests` and `GET /api/pull-requests/{id}`.

use super::format::{Format, List};
use super::links::ShippedByJson;
use super::page::Paging;
use crate::auth::Reader;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::query::Query;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use periscope_domain::id::PullRequestId;
use periscope_domain::listing::{ListedPullRequest, Position};
use periscope_domain::pull_request::{ChangeCount, PullRequestNumber, StoredPullRequest};
use periscope_domain::repository::RepositoryName;
use periscope_domain::text::{Actor, ServiceName};
use periscope_domain::use_cases::{
    ListPullRequests, PullRequestDescription, describe_pull_request, list_pull_requests,
};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

pub(crate) async fn list(
    state: Data<State>,
    reader: Reader,
    mut query: Query,
    format: Format,
) -> Result<HttpResponse, ApiError> {
    let organization_id = reader.organization_id();
    let wanted = wanted(&mut query);
    let paging = Paging::read(&mut query, "pull-requests", organization_id, PullRequestId::new);
    query.finish()?;
    let page = list_pull_requests(&*state.store, organization_id, wanted, &paging.request).await?;
    let (next_cursor, link) = paging.next(&page, position).unzip();
    let pull_requests = page.items.iter().map(ListedPullRequestJson::of).collect();
    let list = PullRequestPage {
        pull_requests,
        next_cursor,
    };
    format.answer(&list, link)
}

fn wanted(query: &mut Query) -> ListPullRequests {
    ListPullRequests {
        repository: query.optional("repository", RepositoryName::parse),
        number: query.optional("number", PullRequestNumber::parse),
        service: query.optional("service", ServiceName::parse),
        author: query.optional("author", Actor::parse),
        is_linked: query.optional("linked", truth),
        merged: query.period(),
    }
}

/// A text is neither of two words.
#[derive(Clone, Copy, Debug, Error)]
#[error("must be true or false")]
struct InvalidTruth;

fn truth(text: &str) -> Result<bool, InvalidTruth> {
    text.trim().parse().map_err(|_| InvalidTruth)
}

fn position(listed: &ListedPullRequest) -> Position<i64> {
    Position {
        time: listed.stored.pull_request.merged_at,
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
    let id = PullRequestId::parse(&id).ok_or(ApiError::NotFound)?;
    let described = describe_pull_request(&*state.store, reader.organization_id(), id).await?;
    let described = described.ok_or(ApiError::NotFound)?;
    Ok(HttpResponse::Ok().json(DescribedPullRequestJson::of(&described)))
}

pub(crate) fn list_documented() -> Operation {
    Operation::reading(
        "listPullRequests",
        "List pull requests",
        "In order of their merges. What was merged at one time stays where it is, so each is on exactly one page, whatever \
         arrives meanwhile.",
    )
    .query("repository", "Where they were merged, in any letter case.", schema::repository_name())
    .query("number", "The number that their forge gave them.", schema::integer(1, i32::MAX))
    .query("service", "A service that names their repository.", schema::text(255))
    .query("author", "Who opened them, in any letter case.", schema::text(255))
    .query("linked", "Whether a deployment shipped them.", schema::boolean())
    .query("since", "The earliest merge, as a time or as a day in UTC.", schema::moment())
    .query("until", "The first merge that is too late.", schema::moment())
    .answer::<PullRequestPage>(200, "One page of them.")
    .or_table()
    .in_pages()
}

pub(crate) fn one_documented() -> Operation {
    Operation::reading(
        "getPullRequest",
        "A pull request",
        "With the deployments that shipped it.",
    )
    .path_parameter("id", "Periscope's own number of the pull request.", schema::id())
    .answer::<DescribedPullRequestJson>(200, "The pull request.")
    .refusing([ApiError::NotFound])
    .leads_to("explainPullRequest", "id", "$response.body#/id")
}

/// A merged pull request, as all its sources together tell it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PullRequest)]
pub(crate) struct PullRequestJson {
    /// Periscope's number for it.
    id: i64,
    /// The full name of its repository.
    repository: String,
    /// The number that its forge gave it.
    number: i32,
    /// Its title.
    #[schema(required)]
    title: Option<String>,
    /// Where it can be looked at.
    #[schema(required)]
    url: Option<String>,
    /// Who opened it.
    #[schema(required)]
    author: Option<String>,
    /// Who merged it.
    #[schema(required)]
    merged_by: Option<String>,
    /// The branch that it was merged into.
    #[schema(required)]
    base_branch: Option<String>,
    /// The branch that it came from.
    #[schema(required)]
    head_branch: Option<String>,
    /// The commit that its merge made, 40 hex digits.
    merge_commit_sha: String,
    /// When it was opened (ISO 8601, UTC).
    #[schema(format = DateTime, required)]
    created_at: Option<String>,
    /// When it was merged (ISO 8601, UTC).
    #[schema(format = DateTime)]
    merged_at: String,
    /// Lines added.
    #[schema(required)]
    additions: Option<i32>,
    /// Lines deleted.
    #[schema(required)]
    deletions: Option<i32>,
    /// Files changed.
    #[schema(required)]
    changed_files: Option<i32>,
}

impl PullRequestJson {
    pub(crate) fn of(stored: &StoredPullRequest, repository: &str) -> Self {
        let pull_request = &stored.pull_request;
        Self {
            id: stored.id.get(),
            repository: repository.to_owned(),
            number: pull_request.number.get(),
            title: pull_request.title.as_ref().map(ToString::to_string),
            url: pull_request.url.as_ref().map(ToString::to_string),
            author: pull_request.author.as_ref().map(ToString::to_string),
            merged_by: pull_request.merged_by.as_ref().map(ToString::to_string),
            base_branch: pull_request.base_branch.as_ref().map(ToString::to_string),
            head_branch: pull_request.head_branch.as_ref().map(ToString::to_string),
            merge_commit_sha: pull_request.merge_commit.to_string(),
            created_at: pull_request.created_at.map(|time| time.to_string()),
            merged_at: pull_request.merged_at.to_string(),
            additions: pull_request.additions.map(ChangeCount::get),
            deletions: pull_request.deletions.map(ChangeCount::get),
            changed_files: pull_request.changed_files.map(ChangeCount::get),
        }
    }
}

/// A pull request in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedPullRequest)]
pub(crate) struct ListedPullRequestJson {
    #[serde(flatten)]
    pull_request: PullRequestJson,
    /// Whether a deployment shipped it.
    linked: bool,
}

impl ListedPullRequestJson {
    fn of(listed: &ListedPullRequest) -> Self {
        Self {
            pull_request: PullRequestJson::of(&listed.stored, listed.repository.as_str()),
            linked: listed.is_linked,
        }
    }
}

/// One page of pull requests.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PullRequestPage {
    pull_requests: Vec<ListedPullRequestJson>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl List for PullRequestPage {
    type Row = ListedPullRequestJson;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "repository",
        "number",
        "title",
        "url",
        "author",
        "mergedBy",
        "baseBranch",
        "headBranch",
        "mergeCommitSha",
        "createdAt",
        "mergedAt",
        "additions",
        "deletions",
        "changedFiles",
        "linked",
    ];

    fn rows(&self) -> &[ListedPullRequestJson] {
        &self.pull_requests
    }
}

/// A pull request with where it went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DescribedPullRequest)]
pub(crate) struct DescribedPullRequestJson {
    #[serde(flatten)]
    pull_request: PullRequestJson,
    /// Every deployment that shipped it, in order of completion.
    shipped_by: Vec<ShippedByJson>,
}

impl DescribedPullRequestJson {
    fn of(described: &PullRequestDescription) -> Self {
        let repository = described.repository.as_ref();
        let name = repository.map_or("", |repository| repository.name.as_str());
        Self {
            pull_request: PullRequestJson::of(&described.pull_request, name),
            shipped_by: described.shipped_by.iter().map(ShippedByJson::of).collect(),
        }
    }
}
