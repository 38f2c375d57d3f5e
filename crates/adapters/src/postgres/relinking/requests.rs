//! The requests of single deployments: how a worker takes them.

use crate::postgres::pool::Pool;
use crate::postgres::row::Place;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::ports::{RelinkReason, RelinkRequest, StoreError};
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// Who takes requests: always one row.
    Taker as "taker" {
        organization_id: Nullable<BigInt> = Option<i64>,
        most: BigInt = i64,
        now: Timestamptz = OffsetDateTime,
        lease_until: Timestamptz = OffsetDateTime,
    }
}

batch_statement! {
    /// Takes the oldest requests that nobody has of each organization, without waiting for those that somebody is just
    /// taking. Organizations that have any are found one after the other, each by one step in the index. Nobody takes a
    /// thousand; saying so keeps the planner, which knows no number, from going through the whole queue for those taken.
    Claim { taker: Taker } -> (BigInt, BigInt, Text, BigInt) {
        ", owner as (
            with recursive owner as (
                select coalesce(t.organization_id, 0) as id from taker t
                union all
                select (
                    select r.organization_id
                    from relink_requests r
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
            select f.organization_id, f.deployment_id
            from owner o
            cross join lateral (
                select r.organization_id, r.deployment_id, r.requested_at
                from relink_requests r
                where r.organization_id = o.id and r.requested_at is not null
                    and (r.lease_until is null or r.lease_until <= (select now from taker))
                order by r.requested_at
                limit (select greatest(t.most / (select count(*) from owner), 1) from taker t)
                for no key update of r skip locked
            ) as f
            order by f.requested_at
            limit (select most from taker)
        ),
        claimed as (
            update relink_requests r
            set lease_until = t.lease_until
            from (select organization_id, deployment_id from free limit 1000) as f, taker t
            where r.organization_id = f.organization_id and r.deployment_id = f.deployment_id
            returning r.organization_id, r.deployment_id, r.generation, r.requested_at
        )
        select c.organization_id, c.deployment_id, d.external_id, c.generation
        from claimed c
        join deployments d on d.organization_id = c.organization_id and d.id = c.deployment_id
        order by c.requested_at"
    }
}

pub(super) async fn claim(
    pool: &Pool,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<RelinkRequest>, StoreError> {
    let taker = Taker {
        organization_id: vec![organization_id.map(OrganizationId::get)],
        most: vec![limit.into()],
        now: vec![now.to_offset_date_time()],
        lease_until: vec![lease_until.to_offset_date_time()],
    };
    let rows = pool.rows::<_, (i64, i64, String, i64)>(Claim { taker }).await?;
    rows.into_iter()
        .map(|(organization_id, deployment_id, external_id, generation)| {
            let place = Place {
                table: "deployments",
                id: deployment_id,
            };
            Ok(RelinkRequest {
                organization_id: OrganizationId::new(organization_id),
                deployment_id: DeploymentId::new(deployment_id),
                external_id: place.parse("external_id", &external_id, ExternalDeploymentId::parse)?,
                reason: RelinkReason::Requested(generation),
            })
        })
        .collect()
}
