//! `push` events: the commits that came with one. GitHub does not tell their parents, only that together they are all
//! that the branch has now and had not before; and not even that, where the branch was made or forced, or where more
//! commits came than are listed. The push of an annotated tag tells which commit the tag's object stands for.

use super::{Delivery, GithubRepository, identify, origin};
use crate::error::ApiError;
use crate::openapi::schema::{self, Field};
use crate::state::State;
use crate::violations::{InvalidPayload, Violations};
use crate::wire::{Item, List, Value, decode, wire_object};
use periscope_domain::commit_graph::{Commit, Push};
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::delivery::{DeliveryResult, IgnoredReason};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{RecordCommits, RecordedCommits, record_commits};

/// How many commits GitHub lists; a list as long as that may have been cut off.
const MAX_LISTED: usize = 2048;

/// What a delivery tells, for whoever tries deliveries by the thousand.
#[cfg(test)]
pub(crate) fn read(body: &[u8]) -> Result<Option<RecordCommits>, ApiError> {
    let delivery = Delivery::of(body);
    let payload = delivery.payload()?;
    let event: PushEvent<'_> = decode(&payload)?;
    Ok(event.commits(&delivery)?)
}

wire_object! {
    /// GitHub's event `push`.
    struct PushEvent<'a> {
        /// The branch that was moved, or the tag that was made. One that begins neither with `refs/heads/` nor with
        /// `refs/tags/` is ignored.
        reference: Value<'a> = "ref" => schema::any_text(),
        /// The commit that it was at before; zeros if it is new.
        before: Value<'a> = "before" => schema::commit_sha(),
        /// The commit that it is at now, or the object of an annotated tag; zeros if it is gone.
        after: Value<'a> = "after" => schema::commit_sha(),
        /// Whether commits may have been taken off it.
        forced: Value<'a> = "forced" => schema::boolean(),
        /// The commits that came with the push.
        commits: List<Item<PushedCommit<'a>>, MAX_LISTED> = "commits"
            => schema::objects::<PushedCommit<'_>>(0, MAX_LISTED),
        /// The commit that it is at now, whatever kind of tag it is.
        head_commit: Item<PushedCommit<'a>> = "head_commit"
            => schema::part::<PushedCommit<'_>>().optional(),
        /// How many commits came with it. A list of fewer commits proves nothing.
        size: Value<'a> = "size" => schema::integer(0, i32::MAX).optional(),
        /// The same, as Gitea and Forgejo call it.
        total_commits: Value<'a> = "total_commits" => schema::integer(0, i32::MAX).optional(),
        /// How many of them no other branch had before.
        distinct_size: Value<'a> = "distinct_size" => schema::integer(0, i32::MAX).optional(),
        /// The repository that was pushed to.
        repository: Item<GithubRepository<'a>> = "repository" => schema::part::<GithubRepository<'_>>(),
    }
}

wire_object! {
    /// A commit as GitHub tells of it: without its parents.
    struct PushedCommit<'a> {
        /// Its SHA-1.
        id: Value<'a> = "id" => schema::commit_sha(),
        /// When it was committed.
        timestamp: Value<'a> = "timestamp" => schema::time(),
    }
}

/// What is read of the event.
pub(super) fn payload() -> Field {
    schema::part::<PushEvent<'_>>()
}

pub(super) async fn record(state: &State, delivery: &Delivery) -> Result<DeliveryResult, ApiError> {
    let payload = delivery.payload()?;
    let event: PushEvent<'_> = decode(&payload)?;
    let Some(command) = event.commits(delivery)? else {
        return Ok(DeliveryResult::Ignored(IgnoredReason::NothingPushed));
    };
    let is_known = identify(state, delivery, &event.repository).await?;
    let recorded = record_commits(&*state.store, &command, state.clock.now()).await?;
    if !is_known {
        identify(state, delivery, &event.repository).await?;
    }
    Ok(match recorded {
        RecordedCommits::Recorded { .. } => DeliveryResult::Recorded,
        RecordedCommits::RepositoryNotMonitored => {
            DeliveryResult::Ignored(IgnoredReason::RepositoryNotMonitored)
        }
        RecordedCommits::DeliveryRepeated => DeliveryResult::Ignored(IgnoredReason::Repeated),
    })
}

impl PushEvent<'_> {
    /// The commits that it tells of, if it moved a branch and tells of any.
    fn commits(&self, delivery: &Delivery) -> Result<Option<RecordCommits>, InvalidPayload> {
        let name = self.reference.text().unwrap_or_default();
        if name.starts_with("refs/tags/") {
            return self.tag(delivery);
        }
        let is_branch = name.starts_with("refs/heads/");
        let listed = match &self.commits {
            List::Items(items) if is_branch => items,
            List::Items(_) | List::Absent | List::TooLong | List::Other => return Ok(None),
        };
        let mut broken = Violations::default();
        let origin = origin(delivery, &self.repository, &mut broken);
        let before = broken.required("before", &self.before, CommitSha::parse);
        let after = broken.required("after", &self.after, CommitSha::parse);
        let commits: Vec<Commit> = (0..)
            .zip(listed)
            .filter_map(|(index, item)| commit(index, item, &mut broken))
            .collect();
        let (Some((repository, origin)), Some(before), Some(after), true) =
            (origin, before, after, broken.is_empty())
        else {
            return Err(broken.into());
        };
        let shas = commits.iter().map(|commit| commit.sha).collect();
        let is_forced = !matches!(self.forced, Value::Boolean(false));
        let is_whole = listed.len() < MAX_LISTED && !self.counts_more_than(listed.len());
        let push = Push::proved(before, after, shas, is_forced, is_whole);
        Ok((!commits.is_empty()).then_some(RecordCommits {
            organization_id: delivery.organization_id,
            repository,
            commits,
            pushes: push.into_iter().collect(),
            origin,
        }))
    }

    /// The annotated tag that it tells of, if it made one. A light tag has no object of its own.
    fn tag(&self, delivery: &Delivery) -> Result<Option<RecordCommits>, InvalidPayload> {
        let sha = |value: &Value<'_>| CommitSha::parse(value.text()?).ok();
        let commit = self.head_commit.object().and_then(|commit| sha(&commit.id));
        let tag = sha(&self.after).zip(commit);
        let Some((object, commit)) = tag.filter(|(object, commit)| object != commit && !object.is_zero())
        else {
            return Ok(None);
        };
        let mut broken = Violations::default();
        let Some((repository, origin)) = origin(delivery, &self.repository, &mut broken) else {
            return Err(broken.into());
        };
        Ok(Some(RecordCommits {
            organization_id: delivery.organization_id,
            repository,
            commits: vec![Commit::tag(object, commit)],
            pushes: Vec::new(),
            origin,
        }))
    }

    /// Whether more commits came with the push than are listed.
    fn counts_more_than(&self, listed: usize) -> bool {
        [&self.size, &self.distinct_size, &self.total_commits]
            .into_iter()
            .any(|count| match count {
                Value::Integer(count) => usize::try_from(*count).is_ok_and(|count| count > listed),
                _ => false,
            })
    }
}

fn commit(index: usize, item: &Item<PushedCommit<'_>>, broken: &mut Violations) -> Option<Commit> {
    broken.enter("commits", index);
    let id = item.object().map_or(&Value::Absent, |commit| &commit.id);
    let sha = broken.required("id", id, CommitSha::parse);
    broken.leave();
    let timestamp = item.object().and_then(|commit| commit.timestamp.text());
    Some(Commit {
        sha: sha?,
        parents: None,
        committed_at: timestamp.and_then(|text| Timestamp::parse(text).ok()),
        tagged: None,
    })
}
