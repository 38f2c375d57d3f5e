//! Reads deployments with their links, in pages: those of a span of time, and those that were changed.

use super::super::pool::Pool;
use super::super::row::{Place, timestamp};
use super::super::statement::{batch_input, batch_statement};
use super::mark::Mark;
use super::{Edge, Kept, Kind, PAGE, Span, page_size};
use async_trait::async_trait;
use diesel::Queryable;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use periscope_domain::environment::Environment;
use periscope_domain::id::{DeploymentId, OrganizationId, PullRequestId};
use periscope_domain::lead_time::LeadTime;
use periscope_domain::linking::{Novelty, UnlinkedReason};
use periscope_domain::metrics::{ChangedDeployment, CompletedDeployment, Facts, ShippedPullRequest};
use periscope_domain::ports::StoreError;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

/// A deployment with the numbers and lead times of its links.
#[derive(Queryable)]
pub(super) struct Row {
    id: i64,
    changed_in: i64,
    completed_at: Option<OffsetDateTime>,
    status: String,
    environment: String,
    service: Option<String>,
    unlinked_reason: Option<String>,
    novelty: Option<String>,
    links: Option<(Vec<i64>, Vec<i64>, Vec<bool>)>,
}

type RowSql = (
    BigInt,
    BigInt,
    Nullable<Timestamptz>,
    Text,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<(Array<BigInt>, Array<BigInt>, Array<Bool>)>,
);

impl TryFrom<Row> for ChangedDeployment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: DeploymentId::new(row.id),
            completed: row
                .completed_at
                .map(|completed_at| completed(&row, timestamp(completed_at)))
                .transpose()?,
        })
    }
}

fn completed(row: &Row, completed_at: Timestamp) -> Result<CompletedDeployment, StoreError> {
    let place = Place {
        table: "deployments",
        id: row.id,
    };
    let reason = |word: &str| {
        place.word(
            "unlinked_reason",
            word,
            UnlinkedReason::ALL,
            UnlinkedReason::as_str,
        )
    };
    let novelty = |word: &str| place.word("novelty", word, Novelty::ALL, Novelty::as_str);
    let links = row
        .links
        .iter()
        .flat_map(|(ids, seconds, first)| ids.iter().zip(seconds).zip(first));
    let link = |((id, seconds), is_first): ((&i64, &i64), &bool)| {
        let lead_time = LeadTime::from_seconds(*seconds);
        let place = Place {
            table: "links",
            id: row.id,
        };
        Ok(ShippedPullRequest {
            id: PullRequestId::new(*id),
            lead_time: place.check("lead_time_seconds", lead_time)?,
            is_first: *is_first,
        })
    };
    let mut links: Vec<_> = links.map(link).collect::<Result<_, StoreError>>()?;
    links.sort_unstable();
    let novelty = row.novelty.as_deref().map(novelty).transpose()?;
    Ok(CompletedDeployment {
        completed_at,
        status: place.parse("status", &row.status, DeploymentStatus::parse)?,
        environment: place.parse("environment", &row.environment, Environment::parse)?,
        service: place.parse_option("service", row.service.as_deref(), ServiceName::parse)?,
        unlinked: row.unlinked_reason.as_deref().map(reason).transpose()?,
        is_redeployment: novelty.is_some_and(Novelty::is_redeployment),
        links,
    })
}

/// The columns that a table `found` of deployments needs.
const FOUND: &str = "
    d.organization_id, d.id, d.changed_in, d.completed_at, d.status, d.environment, d.service, d.unlinked_reason,
    d.novelty, d.linked_pull_requests
    ";

/// The rows of the table `found`. Links are looked up where there are some, deployment by deployment.
const ROWS: &str = "
    select
        d.id, d.changed_in, d.completed_at, d.status, d.environment, d.service, d.unlinked_reason,
        d.novelty, l.ids, l.seconds, l.first
    from found d
    left join lateral (
        select array_agg(l.pull_request_id) as ids, array_agg(l.lead_time_seconds) as seconds,
            array_agg(l.is_first) as first
        from links l
        where d.linked_pull_requests > 0 and l.organization_id = d.organization_id and l.deployment_id = d.id
        having count(*) > 0
    ) as l on true
    ";

batch_statement! {
    /// The last completed deployments of a span.
    ReadCompleted { span: Span } -> RowSql {
        ", found as materialized (select", FOUND,
        "from span s, deployments d
            where d.organization_id = s.organization_id
                and coalesce(d.completed_at, d.started_at) >= s.since
                and (coalesce(d.completed_at, d.started_at), d.id) < (s.before, s.before_id)
                and d.completed_at is not null and d.started_at is not null
            order by coalesce(d.completed_at, d.started_at) desc, d.id desc
            limit (select page from span)
        )",
        ROWS
    }
}

#[async_trait]
impl Kind for Row {
    type Change = ChangedDeployment;

    async fn read(pool: &Pool, span: Span) -> Result<Vec<Self>, StoreError> {
        pool.rows(ReadCompleted { span }).await
    }

    fn lies_at(&self) -> Option<Edge> {
        Some(Edge {
            at: timestamp(self.completed_at?),
            id: self.id,
        })
    }

    fn put(facts: &mut Facts, changes: &[ChangedDeployment]) {
        facts.put_deployments(changes);
    }

    fn edge(kept: &mut Kept) -> &mut Edge {
        &mut kept.deployments
    }
}

batch_input! {
    /// What one mark shows and another does not: always one row.
    Changes as "changes" {
        organization_id: BigInt = i64,
        seen: Text = String,
        shown: Text = String,
        after: BigInt = i64,
        after_id: BigInt = i64,
        page: BigInt = i64,
    }
}

batch_statement! {
    /// The first deployments whose last change, or removal, is by one of the transactions between two marks. Where to go on is one
    /// condition that the index is entered by: of two, Postgres may take the one that all rows obey.
    ReadChanged { changes: Changes } -> RowSql {
        ", unseen as (
            select running.number::text::bigint as first, running.number::text::bigint as last
            from changes c, pg_snapshot_xip(c.seen::pg_snapshot) as running(number)
            union all
            select
                pg_snapshot_xmax(c.seen::pg_snapshot)::text::bigint,
                pg_snapshot_xmax(c.shown::pg_snapshot)::text::bigint - 1
            from changes c
        ),
        found as materialized (
            select d.*
            from changes c
            cross join unseen u
            cross join lateral (
                (
                    select", FOUND,
        "           from deployments d
                    where d.organization_id = c.organization_id
                        and d.changed_in between greatest(u.first, c.after) and u.last
                        and (d.changed_in > c.after or d.id > c.after_id)
                    order by d.changed_in, d.id
                    limit (select page from changes)
                )
                union all
                (
                    select
                        d.organization_id, d.deployment_id, d.changed_in, null, '', '', null, null, null, 0
                    from removed_deployments d
                    where d.organization_id = c.organization_id
                        and d.changed_in between greatest(u.first, c.after) and u.last
                        and (d.changed_in > c.after or d.deployment_id > c.after_id)
                    order by d.changed_in, d.deployment_id
                    limit (select page from changes)
                )
            ) as d
            order by d.changed_in, d.id
            limit (select page from changes)
        )",
        ROWS
    }
}

/// The next deployments that `shown` shows as changed and `seen` did not, in order of transaction and number, and where
/// to go on if there may be more.
pub(super) async fn changed(
    pool: &Pool,
    organization_id: OrganizationId,
    (seen, shown): (&Mark, &Mark),
    (after, after_id): (i64, i64),
) -> Result<(Vec<Row>, Option<(i64, i64)>), StoreError> {
    let changes = Changes {
        organization_id: vec![organization_id.get()],
        seen: vec![seen.snapshot.clone()],
        shown: vec![shown.snapshot.clone()],
        after: vec![after],
        after_id: vec![after_id],
        page: vec![page_size()],
    };
    let rows: Vec<Row> = pool.rows(ReadChanged { changes }).await?;
    let last = rows.iter().map(|row| (row.changed_in, row.id)).max();
    let next = last.filter(|_| rows.len() >= PAGE);
    Ok((rows, next))
}
