//! `pull_request` events: one that was closed by merging it is recorded.

use super::{Delivery, GithubRepository, identify, origin};
use crate::error::ApiError;
use crate::openapi::schema::{self, Field};
use crate::state::State;
use crate::violations::{InvalidPayload, Violations, plausible_time};
use crate::wire::{Item, Value, decode, wire_object};
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::delivery::{DeliveryResult, IgnoredReason};
use periscope_domain::pull_request::{ChangeCount, PullRequest, PullRequestNumber, Source};
use periscope_domain::text::{Actor, BranchName, Title};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{RecordPullRequests, RecordedPullRequests, record_pull_requests};
use periscope_domain::web_url::WebUrl;

pub(super) async fn record(state: &State, delivery: &Delivery) -> Result<DeliveryResult, ApiError> {
    let now = state.clock.now();
    let payload = delivery.payload()?;
    let event: PullRequestEvent<'_> = decode(&payload)?;
    let Some(command) = event.merge(delivery, now)? else {
        return Ok(DeliveryResult::Ignored(IgnoredReason::NothingMerged));
    };
    let is_known = identify(state, delivery, &event.repository).await?;
    let recorded = record_pull_requests(&*state.store, &command, now).await?;
    if !is_known {
        identify(state, delivery, &event.repository).await?;
    }
    Ok(match recorded {
        RecordedPullRequests::Recorded { .. } => DeliveryResult::Recorded,
        RecordedPullRequests::RepositoryNotMonitored => {
            DeliveryResult::Ignored(IgnoredReason::RepositoryNotMonitored)
        }
        RecordedPullRequests::DeliveryRepeated => DeliveryResult::Ignored(IgnoredReason::Repeated),
    })
}

/// What a delivery tells, for whoever tries deliveries by the thousand.
#[cfg(test)]
pub(crate) fn read(body: &[u8], now: Timestamp) -> Result<Option<RecordPullRequests>, ApiError> {
    let delivery = Delivery::of(body);
    let payload = delivery.payload()?;
    let event: PullRequestEvent<'_> = decode(&payload)?;
    Ok(event.merge(&delivery, now)?)
}

wire_object! {
    /// GitHub's event `pull_request`.
    struct PullRequestEvent<'a> {
        /// What happened to it. Only `closed` is looked at.
        action: Value<'a> = "action" => schema::any_text(),
        /// The pull request.
        pull_request: Item<GithubPullRequest<'a>> = "pull_request" => schema::part::<GithubPullRequest<'_>>(),
        /// The repository that it was merged into.
        repository: Item<GithubRepository<'a>> = "repository" => schema::part::<GithubRepository<'_>>(),
    }
}

wire_object! {
    /// A pull request of GitHub. It is recorded if it was merged; the texts are cleaned rather than refused.
    struct GithubPullRequest<'a> {
        /// Its number in the repository.
        number: Value<'a> = "number" => schema::integer(1, i32::MAX),
        /// Whether it was closed by merging it.
        merged: Value<'a> = "merged" => schema::boolean(),
        /// The commit that its merge made.
        merge_commit_sha: Value<'a> = "merge_commit_sha" => schema::commit_sha(),
        /// When it was merged.
        merged_at: Value<'a> = "merged_at" => schema::time(),
        /// When it was opened.
        created_at: Value<'a> = "created_at" => schema::time().optional(),
        /// Its title.
        title: Value<'a> = "title" => schema::any_text().optional(),
        /// Where it can be looked at.
        html_url: Value<'a> = "html_url" => schema::any_text().optional(),
        /// Who opened it.
        user: Item<GithubUser<'a>> = "user" => schema::part::<GithubUser<'_>>().optional(),
        /// Who merged it.
        merged_by: Item<GithubUser<'a>> = "merged_by" => schema::part::<GithubUser<'_>>().optional(),
        /// The branch that it was merged into.
        base: Item<GithubBranch<'a>> = "base" => schema::part::<GithubBranch<'_>>().optional(),
        /// The branch that it came from.
        head: Item<GithubBranch<'a>> = "head" => schema::part::<GithubBranch<'_>>().optional(),
        /// Lines added.
        additions: Value<'a> = "additions" => schema::integer(0, i32::MAX).optional(),
        /// Lines deleted.
        deletions: Value<'a> = "deletions" => schema::integer(0, i32::MAX).optional(),
        /// Files changed.
        changed_files: Value<'a> = "changed_files" => schema::integer(0, i32::MAX).optional(),
    }
}

wire_object! {
    /// A user of GitHub.
    struct GithubUser<'a> {
        /// The name that they log in with.
        login: Value<'a> = "login" => schema::any_text(),
    }
}

wire_object! {
    /// A branch of a repository of GitHub.
    struct GithubBranch<'a> {
        /// Its name.
        name: Value<'a> = "ref" => schema::any_text(),
    }
}

/// What is read of the event.
pub(super) fn payload() -> Field {
    schema::part::<PullRequestEvent<'_>>()
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
