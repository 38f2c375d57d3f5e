//! `POST /api/commits`: commits with their parents, told by any script, up to a thousand of one repository at a time. All
//! of them are recorded or, if one breaks a rule, none.

use crate::app::State;
use crate::auth::Ingest;
use crate::error::ApiError;
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

const BODY_LIMIT: usize = 5 * 1024 * 1024;
const MAX_ITEMS: usize = 1000;

/// Linux has a merge of 66 commits; nobody has told of a larger one that was meant.
const MAX_PARENTS: usize = 1000;

wire_object! {
    struct Batch<'a> {
        repository: Value<'a> = "repository",
        commits: List<Item<CommitItem<'a>>, MAX_ITEMS> = "commits",
    }
}

wire_object! {
    struct CommitItem<'a> {
        sha: Value<'a> = "sha",
        parents: List<Value<'a>, MAX_PARENTS> = "parents",
        committed_at: Value<'a> = "committedAt",
    }
}

#[derive(Serialize)]
struct Answer {
    recorded: u64,
}

pub(crate) async fn record(
    state: Data<State>,
    request: Ingest<BODY_LIMIT>,
) -> Result<HttpResponse, ApiError> {
    let batch: Batch<'_> = decode(&request.body)?;
    let command = batch.command(request.organization_id())?;
    let recorded = match record_commits(&*state.store, &command, state.clock.now()).await? {
        RecordedCommits::Recorded { recorded } => recorded,
        RecordedCommits::RepositoryNotMonitored | RecordedCommits::DeliveryRepeated => 0,
    };
    Ok(HttpResponse::Ok().json(Answer { recorded }))
}

impl Batch<'_> {
    fn command(&self, organization_id: OrganizationId) -> Result<RecordCommits, InvalidPayload> {
        let mut broken = Violations::default();
        let repository = broken.required("repository", &self.repository, RepositoryName::parse);
        let items = broken.required_items("commits", &self.commits);
        let read = items.iter().enumerate().filter_map(|(index, item)| {
            broken.enter("commits", index);
            match item {
                Item::Object(item) => item.read(&mut broken),
                Item::Other => {
                    broken.add("", "must be an object");
                    None
                }
            }
        });
        let commits = read.collect();
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

impl CommitItem<'_> {
    fn read(&self, broken: &mut Violations) -> Option<Commit> {
        let sha = broken.required("sha", &self.sha, CommitSha::parse);
        let parents = self.parents(broken);
        let committed_at = broken.required("committedAt", &self.committed_at, Timestamp::parse);
        Some(Commit {
            sha: sha?,
            parents: Some(parents?),
            committed_at: Some(committed_at?),
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
