//! The requests of single deployments: how a worker takes them.

use super::claim::{Taker, fair_share};
use crate::postgres::pool::Pool;
use crate::postgres::row::Place;
use crate::postgres::statement::batch_statement;
use diesel::sql_types::{BigInt, Text};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::ports::{RelinkReason, RelinkRequest, StoreError};
use periscope_domain::text::ExternalDeploymentId;
use periscope_domain::timestamp::Timestamp;

batch_statement! {
    /// Leases the oldest free requests.
    Claim { taker: Taker } -> (BigInt, BigInt, Text, BigInt) {
        fair_share!("relink_requests", "deployment_id"),
        ",
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
    let taker = Taker::new(organization_id, limit, now, lease_until);
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
