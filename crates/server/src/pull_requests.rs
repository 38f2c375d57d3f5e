//! `POST /api/pull-requests`: merged pull requests, told by any forge or script, up to a thousand of one repository
//! at a time. All of them are recorded or, if one breaks a rule, none.

use crate::auth::Ingest;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::state::State;
use crate::violations::{InvalidPayload, Violations, plausible_time};
use crate::wire::{Item, List, Value, decode, wire_object};
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::id::OrganizationId;
use periscope_domain::pull_request::{ChangeCount, PullRequest, PullRequestNumber, Source};
use periscope_domain::repository::RepositoryName;
use periscope_domain::text::{Actor, BranchName, Title};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{Origin, RecordPullRequests, RecordedPullRequests, record_pull_requests};
use periscope_domain::web_url::WebUrl;
use serde::Serialize;
use utoipa::ToSchema;

const BODY_LIMIT: usize = 5 * 1024 * 1024;
const MAX_ITEMS: usize = 1000;

const ABOUT: &str = "Tells of up to 1,000 merged pull requests of one repository, in any order; all of them are \
                     recorded or, if one breaks a rule, none. Deployments that ship them are linked, whenever they come.";

wire_object! {
    /// Merged pull requests of one repository.
    struct PullRequestBatch<'a> {
        /// The full name of the repository. It comes into being with its first commit or pull request.
        repository: Value<'a> = "repository" => schema::repository_name(),
        /// The pull requests, in any order.
        pull_requests: List<Item<PullRequestItem<'a>>, MAX_ITEMS> = "pullRequests"
            => schema::objects::<PullRequestItem<'_>>(1, MAX_ITEMS),
    }
}

wire_object! {
    /// A merged pull request.
    struct PullRequestItem<'a> {
        /// Its number in the repository.
        number: Value<'a> = "number" => schema::integer(1, i32::MAX),
        /// The commit that its merge made: a merge commit, a squash, or the last one of a rebase.
        merge_commit_sha: Value<'a> = "mergeCommitSha" => schema::commit_sha(),
        /// When it was merged: an ISO 8601 time with a zone, from 2000-01-01 to 24 hours from now.
        merged_at: Value<'a> = "mergedAt" => schema::time(),
        /// When it was opened, by the same rule.
        created_at: Value<'a> = "createdAt" => schema::time().optional(),
        /// Its title.
        title: Value<'a> = "title" => schema::text(1024).optional(),
        /// Where it can be looked at.
        url: Value<'a> = "url" => schema::web_url().optional(),
        /// The login of who opened it.
        author: Value<'a> = "author" => schema::text(255).optional(),
        /// The login of who merged it.
        merged_by: Value<'a> = "mergedBy" => schema::text(255).optional(),
        /// The branch that it was merged into.
        base_branch: Value<'a> = "baseBranch" => schema::text(255).optional(),
        /// The branch that it came from.
        head_branch: Value<'a> = "headBranch" => schema::text(255).optional(),
        /// Lines added.
        additions: Value<'a> = "additions" => schema::integer(0, i32::MAX).optional(),
        /// Lines deleted.
        deletions: Value<'a> = "deletions" => schema::integer(0, i32::MAX).optional(),
        /// Files changed.
        changed_files: Value<'a> = "changedFiles" => schema::integer(0, i32::MAX).optional(),
    }
}

/// What was recorded of the pull requests.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordedPullRequests)]
struct Answer {
    /// How many were not known before.
    recorded: u64,
    /// How many were known otherwise.
    updated: u64,
}

pub(crate) async fn record(
    state: Data<State>,
    request: Ingest<BODY_LIMIT>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let batch: PullRequestBatch<'_> = decode(&request.body)?;
    let command = batch.command(request.organization_id(), now)?;
    let (recorded, updated) = match record_pull_requests(&*state.store, &command, now).await? {
        RecordedPullRequests::Recorded { recorded, updated } => (recorded, updated),
        RecordedPullRequests::RepositoryNotMonitored | RecordedPullRequests::DeliveryRepeated => (0, 0),
    };
    Ok(HttpResponse::Ok().json(Answer { recorded, updated }))
}

/// What a body tells, for whoever tries bodies by the thousand.
#[cfg(test)]
pub(crate) fn read(body: &[u8], now: Timestamp) -> Result<RecordPullRequests, ApiError> {
    let batch: PullRequestBatch<'_> = decode(body)?;
    Ok(batch.command(OrganizationId::new(1), now)?)
}

pub(crate) fn documented() -> Operation {
    Operation::recording(
        "recordPullRequests",
        BODY_LIMIT,
        "Record merged pull requests",
        ABOUT,
    )
    .body::<PullRequestBatch<'_>>()
    .answer::<Answer>(200, "They are recorded.")
}

impl PullRequestBatch<'_> {
    fn command(
        &self,
        organization_id: OrganizationId,
        now: Timestamp,
    ) -> Result<RecordPullRequests, InvalidPayload> {
        let mut broken = Violations::default();
        let repository = broken.required("repository", &self.repository, RepositoryName::parse);
        let pull_requests = self.pull_requests(&mut broken, now);
        match repository {
            Some(repository) if broken.is_empty() => Ok(RecordPullRequests {
                organization_id,
                repository,
                pull_requests,
                origin: Origin::Sent,
            }),
            _ => Err(broken.into()),
        }
    }

    /// Those that break no rule.
    fn pull_requests(&self, broken: &mut Violations, now: Timestamp) -> Vec<PullRequest> {
        let items = broken.required_items("pullRequests", &self.pull_requests);
        let read = items.iter().enumerate().filter_map(|(index, item)| {
            broken.enter("pullRequests", index);
            match item {
                Item::Object(item) => item.read(broken, now),
                Item::Other => {
                    broken.add("", "must be an object");
                    None
                }
            }
        });
        read.collect()
    }
}

impl PullRequestItem<'_> {
    fn read(&self, broken: &mut Violations, now: Timestamp) -> Option<PullRequest> {
        let time = |text: &str| plausible_time(text, now);
        let number = broken.required_integer("number", &self.number, PullRequestNumber::new);
        let merge_commit = broken.required("mergeCommitSha", &self.merge_commit_sha, CommitSha::parse);
        let merged_at = broken.required("mergedAt", &self.merged_at, time);
        let created_at = broken.optional("createdAt", &self.created_at, time);
        let title = broken.optional("title", &self.title, Title::parse);
        let url = broken.optional("url", &self.url, WebUrl::parse);
        let author = broken.optional("author", &self.author, Actor::parse);
        let merged_by = broken.optional("mergedBy", &self.merged_by, Actor::parse);
        let base_branch = broken.optional("baseBranch", &self.base_branch, BranchName::parse);
        let head_branch = broken.optional("headBranch", &self.head_branch, BranchName::parse);
        let additions = broken.optional_integer("additions", &self.additions, ChangeCount::new);
        let deletions = broken.optional_integer("deletions", &self.deletions, ChangeCount::new);
        let changed_files = broken.optional_integer("changedFiles", &self.changed_files, ChangeCount::new);
        Some(PullRequest {
            number: number?,
            source: Source::Forge,
            merge_commit: merge_commit?,
            merged_at: merged_at?,
            created_at,
            title,
            url,
            author,
            merged_by,
            base_branch,
            head_branch,
            additions,
            deletions,
            changed_files,
        })
    }
}
