//! How a worker leases what waits in a queue of organizations: an equal share of each, the oldest first.

use crate::postgres::statement::batch_input;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};
use periscope_domain::id::OrganizationId;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// The worker that leases: always one row.
    Taker as "taker" {
        organization_id: Nullable<BigInt> = Option<i64>,
        most: BigInt = i64,
        now: Timestamptz = OffsetDateTime,
        lease_until: Timestamptz = OffsetDateTime,
    }
}

impl Taker {
    pub(in crate::postgres) fn new(
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Self {
        Self {
            organization_id: vec![organization_id.map(OrganizationId::get)],
            most: vec![limit.into()],
            now: vec![now.to_offset_date_time()],
            lease_until: vec![lease_until.to_offset_date_time()],
        }
    }
}

/// The table `free` of the oldest free rows of a queue, by organization and key, without waiting for rows that another worker
/// is leasing. Organizations with rows are found one after the other, each by one step in the index. A lease is never of a
/// thousand rows; a limit that says so keeps the planner, which knows no number, from going through the whole queue.
macro_rules! fair_share {
    ($queue:literal, $($key:literal),+) => {
        concat!(
            ", owner as (
            with recursive owner as (
                select coalesce(t.organization_id, 0) as id from taker t
                union all
                select (
                    select r.organization_id
                    from ",
            $queue,
            " r
                    where r.organization_id > o.id
                    order by r.organization_id
                    limit 1
                )
                from owner o, taker t
                where t.organization_id is null and o.id is not null
            )
            select id from owner where id > 0
        ),
        free as (
            select f.organization_id",
            $(", f.", $key,)+
            "
            from owner o
            cross join lateral (
                select r.organization_id",
            $(", r.", $key,)+
            ", r.requested_at
                from ",
            $queue,
            " r
                where r.organization_id = o.id and r.requested_at is not null
                    and (r.lease_until is null or r.lease_until <= (select now from taker))
                order by r.requested_at
                limit (select greatest(t.most / (select count(*) from owner), 1) from taker t)
                for no key update of r skip locked
            ) as f
            order by f.requested_at
            limit (select most from taker)
        )"
        )
    };
}

pub(in crate::postgres) use fair_share;
