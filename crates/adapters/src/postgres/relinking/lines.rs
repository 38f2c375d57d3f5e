//! Lines: the revision that deployments raise when they come or leave, and the requests to decide a line again.

use super::claim::{Taker, fair_share};
use crate::postgres::pool::Pool;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use periscope_domain::id::OrganizationId;
use periscope_domain::linking::LinePosition;
use periscope_domain::ports::{LineRequest, StoreError};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

/// Raises the revision of each line of some deployments (`organization_id, service_key, completed_at, external_id`) by one and
/// returns the new one. Rows are locked in order, so that two statements cannot deadlock.
macro_rules! move_lines {
    ($deployments:literal) => {
        concat!(
            "
        insert into lines as line (organization_id, service_key, revision, last_completed_at, last_external_id)
        select distinct on (m.organization_id, m.service_key collate \"C\")
            m.organization_id, m.service_key, 1, m.completed_at, m.external_id
        from (",
            $deployments,
            ") as m
        order by
            m.organization_id, m.service_key collate \"C\", m.completed_at desc, m.external_id collate \"C\" desc
        on conflict (organization_id, service_key) do update
            set revision = line.revision + 1,
                last_completed_at = greatest(line.last_completed_at, excluded.last_completed_at),
                last_external_id = case
                    when excluded.last_completed_at < line.last_completed_at then line.last_external_id
                    when excluded.last_completed_at > line.last_completed_at then excluded.last_external_id
                    else greatest(line.last_external_id, excluded.last_external_id)
                end
        returning organization_id, service_key, revision"
        )
    };
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

pub(in crate::postgres) use {move_lines, request_lines};

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
