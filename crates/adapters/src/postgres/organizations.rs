//! Organizations with their plan and trial.

use super::PgStore;
use super::organization_removal;
use super::row::{Place, timestamp};
use super::schema::organizations::dsl;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::{Organization, OrganizationSlug, Plan, Subscription};
use periscope_domain::ports::{Inserted, NewOrganization, Organizations, Removed, StoreError};
use periscope_domain::text::OrganizationName;
use periscope_domain::trial::Trial;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = super::schema::organizations)]
struct Row {
    id: i64,
    slug: String,
    name: String,
    plan: String,
    trial_started_at: Option<OffsetDateTime>,
    trial_ends_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Organization {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place {
            table: "organizations",
            id: row.id,
        };
        Ok(Self {
            id: OrganizationId::new(row.id),
            slug: place.parse("slug", &row.slug, OrganizationSlug::parse)?,
            name: place.parse("name", &row.name, OrganizationName::parse)?,
            subscription: subscription(row.id, &row.plan, row.trial_started_at, row.trial_ends_at)?,
            created_at: timestamp(row.created_at),
        })
    }
}

/// A plan and a trial as they are kept.
pub(super) fn subscription(
    id: i64,
    plan: &str,
    trial_started_at: Option<OffsetDateTime>,
    trial_ends_at: Option<OffsetDateTime>,
) -> Result<Subscription, StoreError> {
    let trial = trial_started_at
        .zip(trial_ends_at)
        .map(|(started_at, ends_at)| Trial {
            started_at: timestamp(started_at),
            ends_at: timestamp(ends_at),
        });
    let plan = Place {
        table: "organizations",
        id,
    }
    .parse("plan", plan, Plan::parse)?;
    Ok(Subscription { plan, trial })
}

#[async_trait]
impl Organizations for PgStore {
    async fn insert(&self, organization: &NewOrganization) -> Result<Inserted<Organization>, StoreError> {
        let values = (
            dsl::slug.eq(organization.slug.as_str().to_owned()),
            dsl::name.eq(organization.name.as_str().to_owned()),
            dsl::plan.eq(organization.plan.as_str()),
            dsl::created_at.eq(organization.created_at.to_offset_date_time()),
        );
        let insert = diesel::insert_into(dsl::organizations)
            .values(values)
            .on_conflict(dsl::slug)
            .do_nothing()
            .returning(Row::as_returning());
        let row: Option<Row> = self
            .pool
            .run(|connection| async move { insert.get_result(connection).await.optional() }.boxed())
            .await?;
        row.map_or(Ok(Inserted::Already), |row| row.try_into().map(Inserted::New))
    }

    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError> {
        let query = dsl::organizations
            .filter(dsl::slug.eq(slug.as_str().to_owned()))
            .select(Row::as_select());
        self.pool
            .row::<_, Row>(query)
            .await?
            .map(Organization::try_from)
            .transpose()
    }

    async fn list(&self) -> Result<Vec<Organization>, StoreError> {
        let query = dsl::organizations.order(dsl::slug).select(Row::as_select());
        self.pool
            .rows::<_, Row>(query)
            .await?
            .into_iter()
            .map(Organization::try_from)
            .collect()
    }

    async fn remove_some(&self, id: OrganizationId, most: u32) -> Result<Removed, StoreError> {
        organization_removal::remove_some(&self.pool, id, most).await
    }

    async fn check_health(&self) -> Result<(), StoreError> {
        let read_only = "current_setting('transaction_read_only')::boolean";
        let query = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(read_only));
        match self.pool.row::<_, bool>(query).await? {
            Some(false) => Ok(()),
            _ => Err(super::error::unavailable("the database is read-only")),
        }
    }
}
