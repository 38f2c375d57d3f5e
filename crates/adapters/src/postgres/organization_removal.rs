//! Deletes an organization, a bounded batch of rows at a time. The organization itself goes only where nothing of it is left
//! while its row is locked: every writer of its rows locks it too, so none can leave rows behind.

use super::pool::Pool;
use diesel::QueryResult;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Applied, Removed, StoreError};

/// Every table with rows of an organization, in the order in which they can be deleted: what lets others in first.
const TABLES: [&str; 23] = [
    "sessions",
    "api_keys",
    "github_connections",
    "relink_requests",
    "line_requests",
    "placement_requests",
    "environment_tiers",
    "lines",
    "links",
    "merge_time_ranges",
    "graph_ranges",
    "deployment_events",
    "deployments",
    "removed_deployments",
    "webhook_deliveries",
    "proved_roots",
    "pushes",
    "commits",
    "pull_requests",
    "intakes",
    "repository_aliases",
    "repository_former_names",
    "repositories",
];

/// Deletes from the first table that has rows; once none has, the organization.
pub(super) async fn remove_some(pool: &Pool, id: OrganizationId, most: u32) -> Result<Removed, StoreError> {
    for table in TABLES {
        let deleted = pool
            .run(move |connection| async move { delete_some(connection, table, id, most).await }.boxed())
            .await?;
        if deleted > 0 {
            return Ok(Removed::Some(deleted));
        }
    }
    let removed = pool
        .transaction(move |connection| async move { delete_last(connection, id).await }.boxed())
        .await?;
    Ok(match removed {
        Applied::Done(()) => Removed::All,
        Applied::Stale => Removed::Some(0),
    })
}

/// Deletes the organization, unless a row of it has arrived meanwhile.
async fn delete_last(connection: &mut AsyncPgConnection, id: OrganizationId) -> QueryResult<Applied<()>> {
    diesel::sql_query("select id from organizations where id = $1 for update")
        .bind::<BigInt, _>(id.get())
        .execute(connection)
        .await?;
    for table in TABLES {
        let sql = format!("select from {table} where organization_id = $1 limit 1");
        let arrived = diesel::sql_query(sql)
            .bind::<BigInt, _>(id.get())
            .execute(connection)
            .await?;
        if arrived > 0 {
            return Ok(Applied::Stale);
        }
    }
    diesel::sql_query("delete from organizations where id = $1")
        .bind::<BigInt, _>(id.get())
        .execute(connection)
        .await?;
    Ok(Applied::Done(()))
}

async fn delete_some(
    connection: &mut AsyncPgConnection,
    table: &str,
    id: OrganizationId,
    most: u32,
) -> QueryResult<u64> {
    let sql = format!(
        "delete from {table} t where t.organization_id = $1
            and t.ctid = any (array(select o.ctid from {table} o where o.organization_id = $1 limit $2))"
    );
    let deleted = diesel::sql_query(sql)
        .bind::<BigInt, _>(id.get())
        .bind::<BigInt, _>(i64::from(most))
        .execute(connection)
        .await?;
    Ok(deleted as u64)
}
