//! Reads merged pull requests, in pages: those of a span of time, and those that were told after an epoch.

use super::super::pool::Pool;
use super::super::row::{Place, timestamp};
use super::super::statement::{batch_input, batch_statement};
use super::{Edge, Kept, Kind, Span, page_size};
use async_trait::async_trait;
use diesel::Queryable;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use periscope_domain::id::{OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::metrics::{Facts, MergedPullRequest};
use periscope_domain::ports::StoreError;
use periscope_domain::pull_request::{ChangeCount, lines};
use periscope_domain::text::Actor;
use time::OffsetDateTime;

#[derive(Queryable)]
pub(super) struct Row {
    id: i64,
    repository_id: i64,
    merged_at: OffsetDateTime,
    created_at: Option<OffsetDateTime>,
    author: Option<String>,
    additions: Option<i32>,
    deletions: Option<i32>,
}

type RowSql = (
    BigInt,
    BigInt,
    Timestamptz,
    Nullable<Timestamptz>,
    Nullable<Text>,
    Nullable<Integer>,
    Nullable<Integer>,
);

/// The columns of a [`Row`].
const ROW: &str = " p.id, p.repository_id, p.merged_at, p.created_at, p.author, p.additions, p.deletions ";

impl TryFrom<Row> for MergedPullRequest {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place {
            table: "pull_requests",
            id: row.id,
        };
        let count = |column, number: Option<i32>| {
            let count = number.map(|number| place.check(column, ChangeCount::new(number.into())));
            count.transpose()
        };
        Ok(Self {
            id: PullRequestId::new(row.id),
            repository_id: RepositoryId::new(row.repository_id),
            merged_at: timestamp(row.merged_at),
            created_at: row.created_at.map(timestamp),
            author: place.parse_option("author", row.author.as_deref(), Actor::parse)?,
            lines: lines(
                count("additions", row.additions)?,
                count("deletions", row.deletions)?,
            ),
        })
    }
}

batch_statement! {
    /// The last pull requests of a span.
    ReadMerged { span: Span } -> RowSql {
        " select", ROW,
        "from span s, pull_requests p
        where p.organization_id = s.organization_id
            and p.merged_at >= s.since
            and (p.merged_at, p.id) < (s.before, s.before_id)
            and p.source is not null
        order by p.merged_at desc, p.id desc
        limit (select page from span)"
    }
}

#[async_trait]
impl Kind for Row {
    type Change = MergedPullRequest;

    async fn read(pool: &Pool, span: Span) -> Result<Vec<Self>, StoreError> {
        pool.rows(ReadMerged { span }).await
    }

    fn lies_at(&self) -> Option<Edge> {
        Some(Edge {
            at: timestamp(self.merged_at),
            id: self.id,
        })
    }

    fn put(facts: &mut Facts, changes: &[MergedPullRequest]) {
        facts.put_pull_requests(changes);
    }

    fn edge(kept: &mut Kept) -> &mut Edge {
        &mut kept.merges
    }
}

batch_input! {
    /// What was told after an epoch: always one row.
    After as "after" {
        organization_id: BigInt = i64,
        epoch: BigInt = i64,
        page: BigInt = i64,
    }
}

batch_statement! {
    /// The pull requests that the next batches have told, up to a number of rows, each with the epoch of its batch; a
    /// batch without any is a row, too. Repositories are gone through because nothing else leads from an organization to
    /// its last batches.
    ReadTold { after: After } -> (BigInt, Nullable<RowSql>) {
        ", next as (
            select i.organization_id, i.number, i.epoch, i.size
            from after a
            join repositories r on r.organization_id = a.organization_id
            cross join lateral (
                select i.organization_id, i.number, i.epoch, i.size
                from intakes i
                where i.organization_id = r.organization_id and i.repository_id = r.id and i.epoch > a.epoch
                order by i.epoch
                limit (select page from after)
            ) as i
            order by i.epoch
            limit (select page from after)
        ),
        sized as (
            select organization_id, number, epoch, sum(size) over (order by epoch) - size as before from next
        ),
        batch as materialized (
            select organization_id, number, epoch from sized where before < (select page from after)
        )
        select b.epoch,", ROW,
        "from batch b
        left join lateral (
            select *
            from pull_requests p
            where p.organization_id = b.organization_id and p.intake = b.number
            offset 0
        ) as p on true"
    }
}

/// The pull requests that the next batches after an epoch have told, and the epoch to go on after, unless it was the last.
pub(super) async fn told(
    pool: &Pool,
    organization_id: OrganizationId,
    epoch: i64,
) -> Result<(Vec<Row>, Option<i64>), StoreError> {
    let after = After {
        organization_id: vec![organization_id.get()],
        epoch: vec![epoch],
        page: vec![page_size()],
    };
    let rows: Vec<(i64, Option<Row>)> = pool.rows(ReadTold { after }).await?;
    let last = rows.iter().map(|(epoch, _)| *epoch).max();
    Ok((rows.into_iter().filter_map(|(_, row)| row).collect(), last))
}
