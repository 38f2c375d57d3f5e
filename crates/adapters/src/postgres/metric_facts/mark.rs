//! Up to where an organization's changes have been read.
//!
//! A transaction's number says when it began, not when it became visible, so "everything after number n" would miss the
//! slow ones. A snapshot tells the two apart: what it does not show are the transactions that were running when it was
//! taken, which it names, and those that began later, whose numbers are not below its end.

use super::super::pool::Pool;
use super::super::server_run::ServerRun;
use super::super::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::StoreError;
use time::OffsetDateTime;

/// A snapshot, as far as it matters to one organization.
#[derive(Clone)]
pub(super) struct Mark {
    pub(super) server: ServerRun,
    /// As Postgres writes it.
    pub(super) snapshot: String,
    /// The last epoch of what is told of pull requests.
    pub(super) epoch: i64,
}

batch_input! {
    /// Whose news are asked for: always one row.
    Query as "query" {
        organization_id: BigInt = i64,
        seen: Nullable<Text> = Option<String>,
    }
}

batch_statement! {
    /// The present mark, and whether there is any deployment that was changed or removed since the one that was seen. Numbers that
    /// are not yet given are those of another server, which a dump has brought along. The order leads to the index of
    /// changes even while the table is empty.
    ReadMark { query: Query } -> (Timestamptz, Text, BigInt, Bool) {
        " select
            pg_postmaster_start_time(), n.snapshot::text, coalesce(o.linking_epoch, 0),
            (
                select d.id
                from deployments d
                where d.organization_id = q.organization_id
                    and d.changed_in >= pg_snapshot_xmax(q.seen::pg_snapshot)::text::bigint
                    and d.changed_in < pg_snapshot_xmax(n.snapshot)::text::bigint
                order by d.changed_in, d.id
                limit 1
            ) is not null
            or (
                select d.deployment_id
                from removed_deployments d
                where d.organization_id = q.organization_id
                    and d.changed_in >= pg_snapshot_xmax(q.seen::pg_snapshot)::text::bigint
                    and d.changed_in < pg_snapshot_xmax(n.snapshot)::text::bigint
                order by d.changed_in, d.deployment_id
                limit 1
            ) is not null
            or exists (
                select
                from pg_snapshot_xip(q.seen::pg_snapshot) as running(number)
                cross join lateral (
                    select from deployments d
                    where d.organization_id = q.organization_id and d.changed_in = running.number::text::bigint
                    order by d.id
                    limit 1
                ) as d
            )
            or exists (
                select
                from pg_snapshot_xip(q.seen::pg_snapshot) as running(number)
                cross join lateral (
                    select from removed_deployments d
                    where d.organization_id = q.organization_id and d.changed_in = running.number::text::bigint
                    order by d.deployment_id
                    limit 1
                ) as d
            )
        from query q
        cross join (select pg_current_snapshot() as snapshot offset 0) as n
        left join organizations o on o.id = q.organization_id"
    }
}

pub(super) async fn mark(
    pool: &Pool,
    organization_id: OrganizationId,
    seen: Option<&Mark>,
) -> Result<(Mark, bool), StoreError> {
    let query = Query {
        organization_id: vec![organization_id.get()],
        seen: vec![seen.map(|seen| seen.snapshot.clone())],
    };
    let row = pool
        .row::<_, (OffsetDateTime, String, i64, bool)>(ReadMark { query })
        .await?;
    let (started_at, snapshot, epoch, is_changed) =
        row.ok_or_else(|| StoreError::Internal("postgres gave no snapshot".into()))?;
    let mark = Mark {
        server: ServerRun::started_at(started_at),
        snapshot,
        epoch,
    };
    Ok((mark, is_changed))
}
