//! What becomes of changed bases: whoever may have to seek a base again is asked to. A deployment leaves a row when it is
//! recorded, its recorder takes that row at once, and the worker takes those whose recorder has died.

use super::pool::Pool;
use super::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Nullable, Timestamptz};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::ports::StoreError;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// Who spreads what others have left: always one row.
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

/// From the table `taken` of changed bases: asks for those who have to seek again: whose base it was and no longer is,
/// whose base is earlier than it, and itself where a base lies between it and the one that it has.
const SPREAD: &str = ",
        changed as (
            delete from base_changes c
            using taken t
            where c.organization_id = t.organization_id and c.deployment_id = t.deployment_id and c.id = t.id
            returning c.organization_id, c.deployment_id
        ),
        base as (
            select
                d.organization_id, d.id, coalesce(lower(d.service collate \"C\"), '') collate \"default\" as service_key,
                d.completed_at, d.commit_sha, d.status = 'success' and d.environment = 'production' as ships
            from (select distinct organization_id, deployment_id from changed) c
            join deployments d on d.organization_id = c.organization_id and d.id = c.deployment_id
        ),
        touched as (
            select g.organization_id, g.deployment_id
            from base b
            join graph_ranges g on g.organization_id = b.organization_id and g.base_deployment_id = b.id
            where not b.ships
                or (g.service_key, g.base_completed_at, g.base_commit_sha)
                    is distinct from (b.service_key, b.completed_at, b.commit_sha)
            union
            select g.organization_id, g.deployment_id
            from base b
            join graph_ranges g on g.organization_id = b.organization_id and g.service_key = b.service_key
                and g.completed_at >= b.completed_at
            where b.ships and g.deployment_id <> b.id
                and (g.base_deployment_id is null
                    or g.base_completed_at <= b.completed_at and g.base_deployment_id <> b.id)
            union
            select g.organization_id, g.deployment_id
            from base b
            join graph_ranges g on g.organization_id = b.organization_id and g.deployment_id = b.id
            where b.ships and g.service_key is not null
                and (
                    g.base_deployment_id is not null and not exists (
                        select from deployments d
                        where d.organization_id = g.organization_id and d.id = g.base_deployment_id
                            and d.status = 'success' and d.environment = 'production'
                            and coalesce(lower(d.service collate \"C\"), '') = g.service_key
                            and d.completed_at = g.base_completed_at and d.commit_sha = g.base_commit_sha
                    )
                    or exists (
                        select from deployments d
                        where d.organization_id = g.organization_id and d.started_at is not null
                            and coalesce(lower(d.service collate \"C\"), '') = g.service_key
                            and d.environment = 'production' and d.status = 'success'
                            and coalesce(d.completed_at, d.started_at) <= g.completed_at
                            and coalesce(d.completed_at, d.started_at) >= coalesce(g.base_completed_at, '-infinity')
                            and d.id <> b.id and d.id is distinct from g.base_deployment_id
                    )
                )
        )
        insert into relink_requests as request (organization_id, deployment_id, generation, requested_at)
        select t.organization_id, t.deployment_id, nextval('relink_generations'), s.now
        from touched t, (select now from spreader limit 1) s
        order by t.organization_id, t.deployment_id
        on conflict (organization_id, deployment_id) do update
            set generation = excluded.generation, lease_until = null
        returning deployment_id";

batch_statement! {
    /// Takes changed bases that nobody is just taking.
    Spread { spreader: Spreader } -> BigInt {
        ", taken as (
            select c.organization_id, c.deployment_id, c.id
            from base_changes c
            where c.organization_id = coalesce((select organization_id from spreader), c.organization_id)
            order by c.organization_id, c.deployment_id, c.id
            limit (select most from spreader)
            for update of c skip locked
        )",
        SPREAD
    }
}

batch_statement! {
    /// Takes the changes of some deployments that nobody is just taking.
    SpreadFrom { recorded: Recorded } -> BigInt {
        ", taken as (
            select c.organization_id, c.deployment_id, c.id
            from spreader s
            cross join lateral (
                select c.organization_id, c.deployment_id, c.id
                from base_changes c
                where c.organization_id = s.organization_id and c.deployment_id = s.deployment_id
                for update of c skip locked
            ) as c
        )",
        SPREAD
    }
}

/// Spreads what others have left, of one organization or of all, and tells how many were asked for.
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
    let touched = pool.rows::<_, i64>(Spread { spreader }).await?;
    Ok(touched.len() as u64)
}

/// Spreads from deployments that have just been recorded.
pub(super) async fn spread_from(
    pool: &Pool,
    bases: &[(OrganizationId, DeploymentId)],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let recorded = Recorded {
        organization_id: bases.iter().map(|(owner, _)| owner.get()).collect(),
        deployment_id: bases.iter().map(|(_, id)| id.get()).collect(),
        now: vec![now.to_offset_date_time(); bases.len()],
    };
    let touched = pool.rows::<_, i64>(SpreadFrom { recorded }).await?;
    Ok(touched.len() as u64)
}
