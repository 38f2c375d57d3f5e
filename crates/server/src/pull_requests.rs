//! `POST /api/pull-requests`: merged pull requests, told by any forge or script, up to a thousand of one repository
//! at a time. All of them are recorded or, if one breaks a rule, none.

use crate::app::State;
use crate::auth::Ingest;
use crate::error::ApiError;
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

const BODY_LIMIT: usize = 5 * 1024 * 1024;
const MAX_ITEMS: usize = 1000;

wire_object! {
    struct Batch<'a> {
        repository: Value<'a> = "repository",
        pull_requests: List<Item<PullRequestItem<'a>>, MAX_ITEMS> = "pullRequests",
    }
}

wire_object! {
    struct PullRequestItem<'a> {
        number: Value<'a> = "number",
        merge_commit_sha: Value<'a> = "mergeCommitSha",
        merged_at: Value<'a> = "mergedAt",
        created_at: Value<'a> = "createdAt",
        title: Value<'a> = "title",
        url: Value<'a> = "url",
        author: Value<'a> = "author",
        merged_by: Value<'a> = "mergedBy",
        base_branch: Value<'a> = "baseBranch",
        head_branch: Value<'a> = "headBranch",
        additions: Value<'a> = "additions",
        deletions: Value<'a> = "deletions",
        changed_files: Value<'a> = "changedFiles",
    }
}

#[derive(Serialize)]
struct Answer {
    recorded: u64,
    updated: u64,
}

pub(crate) async fn record(
    state: Data<State>,
    request: Ingest<BODY_LIMIT>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let batch: Batch<'_> = decode(&request.body)?;
    let command = batch.command(request.organization_id(), now)?;
    let (recorded, updated) = match record_pull_requests(&*state.store, &command, now).await? {
        RecordedPullRequests::Recorded { recorded, updated } => (recorded, updated),
        RecordedPullRequests::RepositoryNotMonitored | RecordedPullRequests::DeliveryRepeated => (0, 0),
    };
    Ok(HttpResponse::Ok().json(Answer { recorded, updated }))
}

impl Batch<'_> {
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
