//! Changes the rules of an organization. The transaction holds the organization's row, so that no deployment is recorded by
//! the rules before once it is committed, and leaves recorded deployments for the worker.

use super::pairs::ReadPairs;
use crate::postgres::placement::RequestPlaces;
use crate::postgres::pool::Pool;
use crate::postgres::schema::{environment_tiers, organizations};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use periscope_domain::ports::{Applied, StoreError, TiersDecision};

pub(super) async fn apply(pool: &Pool, decision: TiersDecision) -> Result<Applied<()>, StoreError> {
    pool.transaction(move |connection| async move { write(connection, &decision).await }.boxed())
        .await
}

async fn write(connection: &mut AsyncPgConnection, decision: &TiersDecision) -> QueryResult<Applied<()>> {
    let organization_id = decision.organization_id.get();
    // The organization comes first, so that a report under way commits before the change or finds its decision stale.
    let held = diesel::update(organizations::table.find(organization_id))
        .filter(organizations::revision.eq(decision.before.organization_revision))
        .set(organizations::revision.eq(organizations::revision + 1))
        .execute(connection)
        .await?;
    if held == 0 {
        return Ok(Applied::Stale);
    }
    diesel::delete(environment_tiers::table)
        .filter(environment_tiers::organization_id.eq(organization_id))
        .execute(connection)
        .await?;
    let rules = decision.after.rules().map(|(pattern, tier)| {
        (
            environment_tiers::organization_id.eq(organization_id),
            environment_tiers::pattern.eq(pattern.as_str().to_owned()),
            environment_tiers::tier.eq(tier.as_str()),
        )
    });
    let rules: Vec<_> = rules.collect();
    if !rules.is_empty() {
        diesel::insert_into(environment_tiers::table)
            .values(rules)
            .execute(connection)
            .await?;
    }
    let pairs: Vec<(String, String)> = ReadPairs::new(decision.organization_id).load(connection).await?;
    let request = RequestPlaces::new(decision, pairs);
    if !request.is_empty() {
        let _: Vec<i64> = request.load(connection).await?;
    }
    Ok(Applied::Done(()))
}
