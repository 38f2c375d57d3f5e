//! Deployments whose links have to be looked at again: a queue that survives restarts, with a row for a deployment or for a
//! line. Writers that make, settle or free several rows lock them in order of organization and deployment or service.

mod claim;
mod lines;
mod requests;
mod write;

pub(super) use claim::{Taker, fair_share};
pub(super) use lines::{move_lines, request_lines};

use super::meters::Decided;
use super::schema::{line_requests, placement_requests, relink_requests};
use super::{PgStore, placement};
use async_trait::async_trait;
use diesel::dsl::count_star;
use diesel::prelude::*;
use periscope_domain::id::OrganizationId;
use periscope_domain::linking::LinePosition;
use periscope_domain::ports::{
    Applied, LineRequest, Placement, PlacementRequest, RelinkRequest, Relinking, RelinkingDecision,
    StoreError,
};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

#[async_trait]
impl Relinking for PgStore {
    async fn claim(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<RelinkRequest>, StoreError> {
        requests::claim(&self.pool, organization_id, limit, now, lease_until).await
    }

    async fn apply(
        &self,
        decisions: &[RelinkingDecision],
        now: Timestamp,
    ) -> Result<Vec<Applied<()>>, StoreError> {
        let outcomes = write::apply(&self.pool, decisions, now).await?;
        Decided::Links.count_stale(&outcomes);
        Ok(outcomes)
    }

    async fn claim_lines(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<LineRequest>, StoreError> {
        lines::claim(&self.pool, organization_id, limit, now, lease_until).await
    }

    async fn advance_lines(
        &self,
        progress: &[(LineRequest, Option<LinePosition>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        lines::advance(&self.pool, progress, now).await
    }

    async fn claim_placements(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<PlacementRequest>, StoreError> {
        placement::claim(&self.pool, organization_id, limit, now, lease_until).await
    }

    async fn place(&self, placements: &[Placement], most: u32, now: Timestamp) -> Result<(), StoreError> {
        placement::place(&self.pool, placements, most, now).await
    }

    async fn count(&self, organization_id: Option<OrganizationId>) -> Result<u64, StoreError> {
        let mut query = relink_requests::table.select(count_star()).into_boxed();
        if let Some(organization_id) = organization_id {
            query = query.filter(relink_requests::organization_id.eq(organization_id.get()));
        }
        let mut lines = line_requests::table.select(count_star()).into_boxed();
        if let Some(organization_id) = organization_id {
            lines = lines.filter(line_requests::organization_id.eq(organization_id.get()));
        }
        let mut places = placement_requests::table.select(count_star()).into_boxed();
        if let Some(organization_id) = organization_id {
            places = places.filter(placement_requests::organization_id.eq(organization_id.get()));
        }
        let counts: [Option<i64>; 3] = [
            self.pool.row(query).await?,
            self.pool.row(lines).await?,
            self.pool.row(places).await?,
        ];
        Ok(counts.into_iter().flatten().sum::<i64>().unsigned_abs())
    }

    async fn oldest(&self, organization_id: Option<OrganizationId>) -> Result<Option<Timestamp>, StoreError> {
        let mut query = relink_requests::table
            .select(relink_requests::requested_at)
            .order(relink_requests::requested_at)
            .limit(1)
            .into_boxed();
        if let Some(organization_id) = organization_id {
            query = query.filter(relink_requests::organization_id.eq(organization_id.get()));
        }
        let mut lines = line_requests::table
            .select(line_requests::requested_at)
            .order(line_requests::requested_at)
            .limit(1)
            .into_boxed();
        if let Some(organization_id) = organization_id {
            lines = lines.filter(line_requests::organization_id.eq(organization_id.get()));
        }
        let mut places = placement_requests::table
            .select(placement_requests::requested_at)
            .order(placement_requests::requested_at)
            .limit(1)
            .into_boxed();
        if let Some(organization_id) = organization_id {
            places = places.filter(placement_requests::organization_id.eq(organization_id.get()));
        }
        let oldest: [Option<OffsetDateTime>; 3] = [
            self.pool.row(query).await?,
            self.pool.row(lines).await?,
            self.pool.row(places).await?,
        ];
        Ok(oldest.into_iter().flatten().min().map(Timestamp::new))
    }
}
