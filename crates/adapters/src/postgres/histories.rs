//! The histories of repositories, kept in memory. Each is read once, in pages, and then only what came after; of another
//! run of the server, all of it.

use super::commits::{commit, unpacked};
use super::error::unavailable;
use super::pool::Pool;
use super::recent::Recent;
use super::row::{Place, timestamp};
use super::server_run::ServerRun;
use super::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Bytea, Nullable, SmallInt, Timestamptz};
use periscope_domain::commit_graph::{Commit, Push};
use periscope_domain::history::{KnownMerge, RepositoryHistory};
use periscope_domain::id::{OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::ports::StoreError;
use std::sync::Arc;
use thiserror::Error;
use time::OffsetDateTime;

/// How many bytes all histories may take together.
const MOST: usize = 192 * 1024 * 1024;

/// How many rows are read at once, if one batch is not larger.
const PAGE: i64 = 20_000;

type Key = (OrganizationId, RepositoryId);

/// A history as of an epoch of a run of the server.
#[derive(Default)]
struct Kept {
    server: Option<ServerRun>,
    epoch: i64,
    history: Arc<RepositoryHistory>,
}

#[derive(Debug, Error)]
#[error("postgres was replaced by another server meanwhile")]
struct OtherServer;

/// Those that are kept.
#[derive(Clone)]
pub(super) struct Histories(Recent<Key, Kept>);

impl Default for Histories {
    fn default() -> Self {
        Self(Recent::new(MOST))
    }
}

impl Histories {
    /// The history of a repository, no older than an epoch of a run of the server.
    pub(super) async fn at_least(
        &self,
        pool: &Pool,
        key: Key,
        (server, epoch): (ServerRun, i64),
    ) -> Result<Arc<RepositoryHistory>, StoreError> {
        let slot = self.0.get(key);
        let mut kept = slot.lock().await;
        if kept.server != Some(server) {
            *kept = Kept {
                server: Some(server),
                ..Kept::default()
            };
        }
        if kept.epoch < epoch {
            while kept.epoch < epoch && read_page(pool, key, &mut kept).await? {}
            // What the epoch is of has been read, whatever it was.
            kept.epoch = kept.epoch.max(epoch);
            self.0.weigh(key, kept.history.weight());
        }
        Ok(Arc::clone(&kept.history))
    }
}

batch_input! {
    /// Which page is asked for: always one row.
    PageQuery as "query" {
        organization_id: BigInt = i64,
        repository_id: BigInt = i64,
        after_epoch: BigInt = i64,
        page: BigInt = i64,
    }
}

/// What a row of a page is.
const END: i16 = 0;
const COMMIT: i16 = 1;
const PUSH: i16 = 2;

/// `kind, sha, parents or pushed commits, before or tagged commit, committed or merged at or the start of the server, pull request or last
/// epoch`
type RowSql = (
    SmallInt,
    Nullable<Bytea>,
    Nullable<Bytea>,
    Nullable<Bytea>,
    Nullable<Timestamptz>,
    Nullable<BigInt>,
);
type Row = (
    i16,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<OffsetDateTime>,
    Option<i64>,
);

batch_statement! {
    /// What the batches after an epoch have told, up to a number of rows, and the epoch of the last of them.
    ReadPage { query: PageQuery } -> RowSql {
        ", sized as (
            select i.number, i.epoch, sum(i.size) over (order by i.epoch) - i.size as before
            from query q
            join intakes i on i.organization_id = q.organization_id and i.repository_id = q.repository_id
            where i.epoch > q.after_epoch
            order by i.epoch
            limit (select page from query)
        ),
        page as materialized (
            select number, epoch from sized where before < (select page from query)
        )
        select 0::smallint, null::bytea, null::bytea, null::bytea, pg_postmaster_start_time(), max(epoch) from page
        union all
        select 1::smallint, c.sha, c.parents, c.tagged_sha, c.committed_at, null
        from query q
        cross join page p
        cross join lateral (
            select *
            from commits c
            where c.organization_id = q.organization_id and c.intake = p.number
            offset 0
        ) as c
        where c.repository_id = q.repository_id
        union all
        select 2::smallint, c.after_sha, c.commits, c.before_sha, null, null
        from query q
        cross join page p
        cross join lateral (
            select *
            from pushes c
            where c.organization_id = q.organization_id and c.intake = p.number
            offset 0
        ) as c
        where c.repository_id = q.repository_id
        union all
        select 3::smallint, c.merge_commit_sha, null, null, c.merged_at, c.id
        from query q
        cross join page p
        cross join lateral (
            select *
            from pull_requests c
            where c.organization_id = q.organization_id and c.intake = p.number
            offset 0
        ) as c
        where c.repository_id = q.repository_id"
    }
}

/// Adds the next page to a history, if it comes from the same server; whether there was any.
async fn read_page(
    pool: &Pool,
    (organization_id, repository_id): Key,
    kept: &mut Kept,
) -> Result<bool, StoreError> {
    let query = PageQuery {
        organization_id: vec![organization_id.get()],
        repository_id: vec![repository_id.get()],
        after_epoch: vec![kept.epoch],
        page: vec![PAGE],
    };
    let mut commits: Vec<Commit> = Vec::new();
    let mut pushes = Vec::new();
    let mut merges = Vec::new();
    let (mut server, mut last) = (None, None);
    for row in pool.rows::<_, Row>(ReadPage { query }).await? {
        let (kind, sha, more, before, at, number) = row;
        let sha = sha.unwrap_or_default();
        match kind {
            END => (server, last) = (at.map(ServerRun::started_at), number),
            COMMIT => commits.push(commit((sha, more, at, before))?),
            PUSH => pushes.push(push(
                &sha,
                &before.unwrap_or_default(),
                &more.unwrap_or_default(),
            )?),
            _ => merges.extend(merge(&sha, at, number)?),
        }
    }
    if server != kept.server {
        return Err(unavailable(OtherServer));
    }
    let Some(last) = last else {
        return Ok(false);
    };
    let history = Arc::make_mut(&mut kept.history);
    history.add_commits(&commits, &pushes);
    for merge in merges {
        history.set_merge(merge);
    }
    kept.epoch = last;
    Ok(true)
}

fn push(after: &[u8], before: &[u8], commits: &[u8]) -> Result<Push, StoreError> {
    let place = Place {
        table: "pushes",
        id: 0,
    };
    Ok(Push {
        after: place.sha("after_sha", after)?,
        before: place.sha("before_sha", before)?,
        commits: unpacked("pushes", "commits", commits)?,
    })
}

fn merge(
    commit: &[u8],
    merged_at: Option<OffsetDateTime>,
    id: Option<i64>,
) -> Result<Option<KnownMerge>, StoreError> {
    let Some((merged_at, id)) = merged_at.zip(id) else {
        return Ok(None);
    };
    let place = Place {
        table: "pull_requests",
        id,
    };
    Ok(Some(KnownMerge {
        pull_request_id: PullRequestId::new(id),
        commit: place.sha("merge_commit_sha", commit)?,
        merged_at: timestamp(merged_at),
    }))
}
