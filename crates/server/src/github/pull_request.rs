//! `pull_request` events: one that was closed by merging it is recorded.

use super::{Delivery, Repository, answer, origin};
use crate::app::State;
use crate::error::ApiError;
use crate::violations::{InvalidPayload, Violations, plausible_time};
use crate::wire::{Item, Value, decode, wire_object};
use actix_web::HttpResponse;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::pull_request::{ChangeCount, PullRequest, PullRequestNumber, Source};
use periscope_domain::text::{Actor, BranchName, Title};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{RecordPullRequests, RecordedPullRequests, record_pull_requests};
use periscope_domain::web_url::WebUrl;

pub(super) async fn record(state: &State, delivery: &Delivery) -> Result<HttpResponse, ApiError> {
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

wire_object! {
    struct PullRequestEvent<'a> {
        action: Value<'a> = "action",
        pull_request: Item<GithubPullRequest<'a>> = "pull_request",
        repository: Item<Repository<'a>> = "repository",
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
        let origin = origin(delivery, &self.repository, &mut broken);
        let pull_request = sent.read(&mut broken, now);
        match (origin, pull_request) {
            (Some((repository, origin)), Some(pull_request)) => Ok(Some(RecordPullRequests {
                organization_id: delivery.organization_id,
                repository,
                pull_requests: vec![pull_request],
                origin,
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
