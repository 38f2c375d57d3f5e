//! `POST /api/commits`: commits with their parents, told by any script, up to a thousand of one repository at a time. All
//! of them are recorded or, if one breaks a rule, none.

use crate::auth::Ingest;
use crate::error::ApiError;
use crate::openapi::{Operation, schema};
use crate::state::State;
use crate::violations::{InvalidPayload, Violations};
use crate::wire::{Item, List, Value, decode, wire_object};
use actix_web::HttpResponse;
use actix_web::web::Data;
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::id::OrganizationId;
use periscope_domain::repository::RepositoryName;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{Origin, RecordCommits, RecordedCommits, record_commits};
use serde::Serialize;
use utoipa::ToSchema;

const BODY_LIMIT: usize = 5 * 1024 * 1024;
const MAX_ITEMS: usize = 1000;

/// Linux has a merge of 66 commits; nobody has told of a larger one that was meant.
const MAX_PARENTS: usize = 1000;

const ABOUT: &str = "Tells of up to 1,000 commits of one repository, in any order; all of them are recorded or, if one \
                     breaks a rule, none. The graph that they make proves which pull requests a deployment ships. A \
                     commit keeps its parents: others are refused with 400. A commit without parents is the exception, \
                     because a shallow checkout shows its last commits so; it takes the parents that a later batch \
                     names, unless a clone has proved that it has none. A deployment that names the object of an \
                     annotated tag is one of its commit, if the batch's tags name both.";

wire_object! {
    /// Commits of one repository.
    struct CommitBatch<'a> {
        /// The full name of the repository. It comes into being with its first commit or pull request.
        repository: Value<'a> = "repository" => schema::repository_name(),
        /// The commits, in any order.
        commits: List<Item<CommitItem<'a>>, MAX_ITEMS> = "commits" => schema::objects::<CommitItem<'_>>(1, MAX_ITEMS),
        /// Annotated tags, in any order. Other tags need not be named, because they have no object of their own.
        tags: List<Item<TagItem<'a>>, MAX_ITEMS> = "tags"
            => schema::objects::<TagItem<'_>>(0, MAX_ITEMS).optional(),
    }
}

wire_object! {
    /// An annotated tag.
    struct TagItem<'a> {
        /// The SHA-1 of its object.
        sha: Value<'a> = "sha" => schema::commit_sha(),
        /// The SHA-1 of the commit that it stands for.
        commit: Value<'a> = "commit" => schema::commit_sha(),
    }
}

wire_object! {
    /// A commit.
    struct CommitItem<'a> {
        /// Its SHA-1.
        sha: Value<'a> = "sha" => schema::commit_sha(),
        /// The SHA-1 of each of its parents, the first one first. They may be unknown still; none is a root.
        parents: List<Value<'a>, MAX_PARENTS> = "parents" => schema::values(schema::commit_sha(), 0, MAX_PARENTS),
        /// When it was committed, as an ISO 8601 time with a zone.
        committed_at: Value<'a> = "committedAt" => schema::time(),
    }
}

/// What was recorded of the commits.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordedCommits)]
struct Answer {
    /// How many were not known before, or only by name.
    recorded: u64,
}

pub(crate) async fn record(
    state: Data<State>,
    request: Ingest<BODY_LIMIT>,
) -> Result<HttpResponse, ApiError> {
    let batch: CommitBatch<'_> = decode(&request.body)?;
    let command = batch.command(request.organization_id())?;
    let recorded = match record_commits(&*state.store, &command, state.clock.now()).await? {
        RecordedCommits::Recorded { recorded } => recorded,
        RecordedCommits::RepositoryNotMonitored | RecordedCommits::DeliveryRepeated => 0,
    };
    Ok(HttpResponse::Ok().json(Answer { recorded }))
}

/// What a body tells, for whoever tries bodies by the thousand.
#[cfg(test)]
pub(crate) fn read(body: &[u8]) -> Result<RecordCommits, ApiError> {
    let batch: CommitBatch<'_> = decode(body)?;
    Ok(batch.command(OrganizationId::new(1))?)
}

pub(crate) fn documented() -> Operation {
    Operation::recording("recordCommits", BODY_LIMIT, "Record commits", ABOUT)
        .body::<CommitBatch<'_>>()
        .answer::<Answer>(200, "They are recorded.")
}

impl CommitBatch<'_> {
    fn command(&self, organization_id: OrganizationId) -> Result<RecordCommits, InvalidPayload> {
        let mut broken = Violations::default();
        let repository = broken.required("repository", &self.repository, RepositoryName::parse);
        let items = broken.required_items("commits", &self.commits);
        let mut commits = read_each("commits", items, &mut broken, CommitItem::read);
        let tags = match &self.tags {
            List::Items(tags) => tags.as_slice(),
            List::Absent => &[],
            List::TooLong | List::Other => {
                broken.leave();
                broken.add(
                    "tags",
                    format_args!("must be an array of at most {MAX_ITEMS} items"),
                );
                &[]
            }
        };
        commits.extend(read_each("tags", tags, &mut broken, TagItem::read));
        match repository {
            Some(repository) if broken.is_empty() => Ok(RecordCommits {
                organization_id,
                repository,
                commits,
                pushes: Vec::new(),
                origin: Origin::Sent,
            }),
            _ => Err(broken.into()),
        }
    }
}

/// Those items of an array that break no rule.
fn read_each<T>(
    array: &'static str,
    items: &[Item<T>],
    broken: &mut Violations,
    read: impl Fn(&T, &mut Violations) -> Option<Commit>,
) -> Vec<Commit> {
    let items = items.iter().enumerate();
    let read = items.filter_map(|(index, item)| {
        broken.enter(array, index);
        match item {
            Item::Object(item) => read(item, broken),
            Item::Other => {
                broken.add("", "must be an object");
                None
            }
        }
    });
    read.collect()
}

impl TagItem<'_> {
    fn read(&self, broken: &mut Violations) -> Option<Commit> {
        let sha = broken.required("sha", &self.sha, CommitSha::parse);
        let commit = broken.required("commit", &self.commit, CommitSha::parse);
        Some(Commit::tag(sha?, commit?))
    }
}

impl CommitItem<'_> {
    fn read(&self, broken: &mut Violations) -> Option<Commit> {
        let sha = broken.required("sha", &self.sha, CommitSha::parse);
        let parents = self.parents(broken);
        let committed_at = broken.required("committedAt", &self.committed_at, Timestamp::parse);
        Some(Commit {
            sha: sha?,
            parents: Some(parents?),
            committed_at: Some(committed_at?),
            tagged: None,
        })
    }

    fn parents(&self, broken: &mut Violations) -> Option<Vec<CommitSha>> {
        match &self.parents {
            List::Items(parents) => {
                let parse = |parent: &Value<'_>| CommitSha::parse(parent.text()?).ok();
                let parsed: Option<Vec<CommitSha>> = parents.iter().map(parse).collect();
                if parsed.is_none() {
                    broken.add("parents", "must hold 40-digit hex strings only");
                }
                parsed
            }
            List::Absent => {
                broken.add("parents", "is required");
                None
            }
            List::TooLong | List::Other => {
                broken.add(
                    "parents",
                    format_args!("must be an array of at most {MAX_PARENTS} items"),
                );
                None
            }
        }
    }
}
