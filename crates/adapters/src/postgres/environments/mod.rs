//! The tiers of an organization's environments.

mod apply;
mod pairs;

use super::PgStore;
use super::meters::Decided;
use super::row::Place;
use super::schema::{environment_tiers, organizations};
use async_trait::async_trait;
use diesel::prelude::*;
use pairs::ReadPairs;
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::environment_tiers::{EnvironmentPattern, EnvironmentTiers};
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{Applied, Environments, StoreError, TiersContext, TiersDecision};

/// Rules as they are kept: patterns and tiers.
pub(super) fn tiers(
    organization_id: OrganizationId,
    rules: impl IntoIterator<Item = (String, String)>,
) -> Result<EnvironmentTiers, StoreError> {
    let place = Place {
        table: "environment_tiers",
        id: organization_id.get(),
    };
    let rules = rules.into_iter().map(|(pattern, tier)| {
        let pattern = place.parse("pattern", &pattern, EnvironmentPattern::parse)?;
        Ok((pattern, place.word("tier", &tier, Tier::ALL, Tier::as_str)?))
    });
    Ok(EnvironmentTiers::new(
        rules.collect::<Result<Vec<_>, StoreError>>()?,
    ))
}

#[async_trait]
impl Environments for PgStore {
    async fn context(&self, organization_id: OrganizationId) -> Result<Option<TiersContext>, StoreError> {
        let query = organizations::table
            .left_join(environment_tiers::table.on(environment_tiers::organization_id.eq(organizations::id)))
            .filter(organizations::id.eq(organization_id.get()))
            .select((
                organizations::revision,
                (environment_tiers::pattern, environment_tiers::tier).nullable(),
            ));
        let rows = self
            .pool
            .rows::<_, (i64, Option<(String, String)>)>(query)
            .await?;
        let Some((organization_revision, _)) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(TiersContext {
            organization_revision: *organization_revision,
            tiers: tiers(organization_id, rows.into_iter().filter_map(|(_, rule)| rule))?,
        }))
    }

    async fn apply(&self, decision: &TiersDecision) -> Result<Applied<()>, StoreError> {
        let applied = apply::apply(&self.pool, decision.clone()).await?;
        Decided::Deployments.count_stale(&[applied]);
        Ok(applied)
    }

    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Environment>, StoreError> {
        let pairs = self
            .pool
            .rows::<_, (String, String)>(ReadPairs::new(organization_id))
            .await?;
        let mut names: Vec<_> = pairs.into_iter().map(|(_, environment)| environment).collect();
        names.sort_unstable();
        names.dedup();
        let place = Place {
            table: "deployments",
            id: organization_id.get(),
        };
        let environments = names.iter();
        environments
            .map(|name| place.parse("environment", name, Environment::parse))
            .collect()
    }
}
