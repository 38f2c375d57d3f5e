//! Removes a deployment. Its rows are deleted by a statement of its own after the locks are held: whoever writes rows of a
//! deployment holds its organization or itself, so that the statement sees all of them and none comes after it.

use super::super::pool::Pool;
use super::super::relinking::{move_lines, request_lines};
use super::super::row::{Place, timestamp};
use super::super::schema::removed_deployments;
use super::super::statement::{batch_input, batch_statement};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::ports::{Applied, DeploymentRemoval, RemovedDeployment, StoreError};
use periscope_domain::text::{ExternalDeploymentId, Remover};
use time::OffsetDateTime;

batch_input! {
    /// The deployment to remove: always one row.
    Removal as "removal" {
        organization_id: BigInt = i64,
        deployment_id: BigInt = i64,
        revision: BigInt = i64,
        removed_at: Timestamptz = OffsetDateTime,
        removed_by: Text = String,
        leaves_line: Bool = bool,
    }
}

impl Removal {
    fn new(removal: &DeploymentRemoval) -> Self {
        Self {
            organization_id: vec![removal.organization_id.get()],
            deployment_id: vec![removal.id.get()],
            revision: vec![removal.revision.get()],
            removed_at: vec![removal.removed_at.to_offset_date_time()],
            removed_by: vec![removal.removed_by.as_str().to_owned()],
            leaves_line: vec![removal.line_change.is_some()],
        }
    }
}

batch_statement! {
    /// Waits for writers of pull requests and commits, which request deployments to be linked again.
    HoldOrganization { removal: Removal } -> BigInt {
        " select o.id
        from removal r
        join organizations o on o.id = r.organization_id
        for share of o"
    }
}

batch_statement! {
    /// The deployment, if it is what it was.
    HoldDeployment { removal: Removal } -> BigInt {
        " select d.id
        from removal r
        join deployments d on d.organization_id = r.organization_id and d.id = r.deployment_id
        where d.revision = r.revision
        for update of d"
    }
}

batch_statement! {
    /// Deletes the deployment with all that is kept of it, and requests its line. Heads that it superseded become heads again,
    /// until the line is decided.
    Remove { removal: Removal } -> BigInt {
        ", gone as (
            delete from deployments d
            using removal r
            where d.organization_id = r.organization_id and d.id = r.deployment_id
            returning d.organization_id, d.id, d.external_id, d.completed_at, d.service_key
        ),
        kept as (
            insert into removed_deployments (organization_id, deployment_id, external_id, removed_at, removed_by)
            select g.organization_id, g.id, g.external_id, r.removed_at, r.removed_by
            from gone g, removal r
        ),
        asked as materialized (
            select g.organization_id, g.service_key, g.completed_at as since, g.external_id
            from gone g, removal r
            where r.leaves_line and g.completed_at is not null
        ),
        line_moved as (",
        move_lines!(
            "select a.organization_id, a.service_key, a.since as completed_at, a.external_id
            from asked a"
        ),
        "),
        line_requested as (",
        request_lines!("(select removed_at from removal)"),
        "),
        heads_again as (
            update graph_ranges h
            set superseded_at = 'infinity'
            from gone g
            where h.organization_id = g.organization_id and h.service_key = g.service_key
                and h.superseded_at = g.completed_at and h.deployment_id <> g.id
        ),
        events_gone as (
            delete from deployment_events e
            using removal r
            where e.organization_id = r.organization_id and e.deployment_id = r.deployment_id
        ),
        links_gone as (
            delete from links l
            using removal r
            where l.organization_id = r.organization_id and l.deployment_id = r.deployment_id
        ),
        ranges_gone as (
            delete from merge_time_ranges m
            using removal r
            where m.organization_id = r.organization_id and m.deployment_id = r.deployment_id
        ),
        graph_ranges_gone as (
            delete from graph_ranges m
            using removal r
            where m.organization_id = r.organization_id and m.deployment_id = r.deployment_id
        ),
        requests_gone as (
            delete from relink_requests q
            using removal r
            where q.organization_id = r.organization_id and q.deployment_id = r.deployment_id
        )
        select id from gone"
    }
}

pub(super) async fn remove(pool: &Pool, removal: &DeploymentRemoval) -> Result<Applied<()>, StoreError> {
    let [first, second, third] = [(); 3].map(|()| Removal::new(removal));
    pool.transaction(move |connection| async move { write(connection, first, second, third).await }.boxed())
        .await
}

async fn write(
    connection: &mut AsyncPgConnection,
    organization: Removal,
    deployment: Removal,
    removal: Removal,
) -> QueryResult<Applied<()>> {
    let _: Vec<i64> = HoldOrganization {
        removal: organization,
    }
    .load(connection)
    .await?;
    let held: Vec<i64> = HoldDeployment { removal: deployment }.load(connection).await?;
    if held.is_empty() {
        return Ok(Applied::Stale);
    }
    let _: Vec<i64> = Remove { removal }.load(connection).await?;
    Ok(Applied::Done(()))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = removed_deployments)]
struct RemovedRow {
    deployment_id: i64,
    external_id: String,
    removed_at: OffsetDateTime,
    removed_by: String,
}

impl TryFrom<RemovedRow> for RemovedDeployment {
    type Error = StoreError;

    fn try_from(row: RemovedRow) -> Result<Self, StoreError> {
        let place = Place {
            table: "removed_deployments",
            id: row.deployment_id,
        };
        Ok(Self {
            id: DeploymentId::new(row.deployment_id),
            external_id: place.parse("external_id", &row.external_id, ExternalDeploymentId::parse)?,
            removed_at: timestamp(row.removed_at),
            removed_by: place.parse("removed_by", &row.removed_by, Remover::parse)?,
        })
    }
}

pub(super) async fn list_removed(
    pool: &Pool,
    organization_id: OrganizationId,
    most: u32,
) -> Result<Vec<RemovedDeployment>, StoreError> {
    let query = removed_deployments::table
        .filter(removed_deployments::organization_id.eq(organization_id.get()))
        .order((
            removed_deployments::removed_at.desc(),
            removed_deployments::deployment_id.desc(),
        ))
        .limit(most.into())
        .select(RemovedRow::as_select());
    let rows = pool.rows::<_, RemovedRow>(query).await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
