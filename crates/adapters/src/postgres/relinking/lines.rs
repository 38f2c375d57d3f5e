//! What becomes of changes to lines. A deployment leaves a row when it is recorded, its recorder takes that row at once, and
//! the worker takes those whose recorder has died. Where other deployments may matter the line is requested.

use super::claim::{Taker, fair_share};
use crate::postgres::deployments::{fingerprint, heads, latest};
use crate::postgres::pool::Pool;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::LinePosition;
use periscope_domain::ports::{LineRequest, StoreError};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// The worker that spreads changes: always one row.
    Spreader as "spreader" {
        organization_id: Nullable<BigInt> = Option<i64>,
        most: BigInt = i64,
        now: Timestamptz = OffsetDateTime,
    }
}

batch_input! {
    /// Deployments that have just been recorded.
    Recorded as "spreader" {
        organization_id: BigInt = i64,
        deployment_id: BigInt = i64,
        now: Timestamptz = OffsetDateTime,
    }
}

/// Requests lines from a place on, in order, so that two that do do not deadlock. From the table `asked`
/// (`organization_id, service_key, since`) and the time `now`.
macro_rules! request_lines {
    ($now:literal) => {
        concat!(
            "
        insert into line_requests as line
            (organization_id, service_key, since, since_external_id, generation, requested_at)
        select a.organization_id, a.service_key, a.since, '', nextval('relink_generations'), ",
            $now,
            "
        from (
            select organization_id, service_key, min(since) as since
            from asked
            group by organization_id, service_key
            order by organization_id, service_key
        ) as a
        on conflict (organization_id, service_key) do update
            set since = least(line.since, excluded.since),
                since_external_id = case when excluded.since <= line.since then '' else line.since_external_id end,
                generation = excluded.generation,
                lease_until = null
        returning organization_id"
        )
    };
}

pub(in crate::postgres) use request_lines;

/// From the table `taken` of changes: asks for the lines with later deployments than the changed one, or with other earlier
/// ones than it was decided on.
const SPREAD: &str = concat!(
    ",
        changed as (
            delete from line_changes c
            using taken t
            where c.organization_id = t.organization_id and c.deployment_id = t.deployment_id and c.id = t.id
            returning c.organization_id, c.deployment_id, c.service_key, c.since, c.is_moved, c.seen
        ),
        asked as materialized (
            select c.organization_id, c.service_key, c.since
            from (select * from changed offset 0) as c
            left join lateral (
                select
                    d.organization_id, c.service_key, d.environment, d.completed_at, d.external_id,
                    d.completed_at as live_from
                from deployments d
                where d.organization_id = c.organization_id and d.id = c.deployment_id
                    and d.status = 'success' and d.environment = 'production' and d.completed_at = c.since
                    and d.service_key = c.service_key
                offset 0
            ) as place on true
            left join lateral ",
    latest!(),
    " on true
            left join lateral ",
    heads!(),
    " on true
            where place.completed_at is not null and ",
    fingerprint!(),
    " <> c.seen
                or c.is_moved and (
                    select true
                    from deployments e
                    where e.organization_id = c.organization_id and e.environment is not null
                        and e.service_key = c.service_key
                        and e.environment = 'production' and e.status = 'success'
                        and coalesce(e.completed_at, e.started_at) >= c.since
                        and (e.completed_at, e.external_id collate \"C\")
                            > (c.since, coalesce(place.external_id, '') collate \"C\")
                    order by coalesce(e.completed_at, e.started_at)
                    limit 1
                )
        )",
    request_lines!("(select now from spreader limit 1)")
);

batch_statement! {
    /// Takes changes that no other worker holds.
    Spread { spreader: Spreader } -> BigInt {
        ", taken as (
            select c.organization_id, c.deployment_id, c.id
            from line_changes c
            where c.organization_id = coalesce((select organization_id from spreader), c.organization_id)
            order by c.organization_id, c.deployment_id, c.id
            limit (select most from spreader)
            for update of c skip locked
        )",
        SPREAD
    }
}

batch_statement! {
    /// Takes the changes of some deployments that no other worker holds.
    SpreadFrom { recorded: Recorded } -> BigInt {
        ", taken as (
            select c.organization_id, c.deployment_id, c.id
            from spreader s
            cross join lateral (
                select c.organization_id, c.deployment_id, c.id
                from line_changes c
                where c.organization_id = s.organization_id and c.deployment_id = s.deployment_id
                for update of c skip locked
            ) as c
        )",
        SPREAD
    }
}

/// Spreads what others have left, of one organization or of all, and tells how many lines were requested.
pub(super) async fn spread(
    pool: &Pool,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let spreader = Spreader {
        organization_id: vec![organization_id.map(OrganizationId::get)],
        most: vec![limit.into()],
        now: vec![now.to_offset_date_time()],
    };
    let requested = pool.rows::<_, i64>(Spread { spreader }).await?;
    Ok(requested.len() as u64)
}

/// Spreads from deployments that have just been recorded.
pub(super) async fn spread_from(
    pool: &Pool,
    changed: &[(OrganizationId, DeploymentId)],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let recorded = Recorded {
        organization_id: changed.iter().map(|(owner, _)| owner.get()).collect(),
        deployment_id: changed.iter().map(|(_, id)| id.get()).collect(),
        now: vec![now.to_offset_date_time(); changed.len()],
    };
    let requested = pool.rows::<_, i64>(SpreadFrom { recorded }).await?;
    Ok(requested.len() as u64)
}

batch_statement! {
    /// Leases the oldest free lines.
    ClaimLines { taker: Taker } -> (BigInt, Text, Timestamptz, Text, BigInt) {
        fair_share!("line_requests", "service_key"),
        "
        update line_requests r
        set lease_until = t.lease_until
        from (select organization_id, service_key from free limit 1000) as f, taker t
        where r.organization_id = f.organization_id and r.service_key = f.service_key
        returning r.organization_id, r.service_key, r.since, r.since_external_id, r.generation"
    }
}

pub(super) async fn claim(
    pool: &Pool,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<LineRequest>, StoreError> {
    let taker = Taker::new(organization_id, limit, now, lease_until);
    let rows = pool
        .rows::<_, (i64, String, OffsetDateTime, String, i64)>(ClaimLines { taker })
        .await?;
    let lines =
        rows.into_iter().map(
            |(organization_id, service_key, since, external_id, generation)| LineRequest {
                organization_id: OrganizationId::new(organization_id),
                service_key,
                from: LinePosition {
                    completed_at: Timestamp::new(since),
                    external_id,
                },
                generation,
            },
        );
    Ok(lines.collect())
}

batch_input! {
    /// How far a worker has come with lines.
    Progress as "progress" {
        organization_id: BigInt = i64,
        service_key: Text = String,
        generation: BigInt = i64,
        next: Nullable<Timestamptz> = Option<OffsetDateTime>,
        next_external_id: Nullable<Text> = Option<String>,
        now: Timestamptz = OffsetDateTime,
    }
}

batch_statement! {
    /// Goes on with lines that have not been requested again, at the back of the queue, and settles those that are done.
    Advance { progress: Progress } -> BigInt {
        ", held as (
            select l.organization_id, l.service_key, p.next, p.next_external_id, p.now
            from progress p
            join line_requests l
                on l.organization_id = p.organization_id and l.service_key = p.service_key collate \"C\"
            where l.generation = p.generation
            order by l.organization_id, l.service_key
            for update of l
        ),
        settled as (
            delete from line_requests l
            using held h
            where l.organization_id = h.organization_id and l.service_key = h.service_key and h.next is null
        )
        update line_requests l
        set since = h.next, since_external_id = h.next_external_id, requested_at = h.now, lease_until = null
        from held h
        where l.organization_id = h.organization_id and l.service_key = h.service_key and h.next is not null
        returning l.organization_id"
    }
}

pub(super) async fn advance(
    pool: &Pool,
    lines: &[(LineRequest, Option<LinePosition>)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut progress = Progress::default();
    for (line, next) in lines {
        progress.organization_id.push(line.organization_id.get());
        progress.service_key.push(line.service_key.clone());
        progress.generation.push(line.generation);
        let next = next.as_ref();
        progress
            .next
            .push(next.map(|next| next.completed_at.to_offset_date_time()));
        progress
            .next_external_id
            .push(next.map(|next| next.external_id.clone()));
        progress.now.push(now.to_offset_date_time());
    }
    pool.rows::<_, i64>(Advance { progress }).await.map(drop)
}
