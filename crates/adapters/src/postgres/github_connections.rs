//! Connections to GitHub: what an organization's webhook secret is derived from, never the secret.

use super::PgStore;
use super::row::{Place, timestamp};
use super::schema::{github_connections, organizations, webhook_deliveries};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use periscope_domain::github::{ConnectionNonce, GithubConnection};
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{GithubConnections, StoreError};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = github_connections)]
struct Row {
    organization_id: i64,
    nonce: Vec<u8>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for GithubConnection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place {
            table: "github_connections",
            id: row.organization_id,
        };
        let nonce = <[u8; 16]>::try_from(row.nonce).map_err(|nonce| format!("{} bytes, not 16", nonce.len()));
        Ok(Self {
            organization_id: OrganizationId::new(row.organization_id),
            nonce: ConnectionNonce::from_bytes(place.check("nonce", nonce)?),
            created_at: timestamp(row.created_at),
        })
    }
}

#[async_trait]
impl GithubConnections for PgStore {
    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError> {
        let content = (
            github_connections::nonce.eq(connection.nonce.as_bytes().to_vec()),
            github_connections::created_at.eq(connection.created_at.to_offset_date_time()),
        );
        let insert = diesel::insert_into(github_connections::table)
            .values((
                github_connections::organization_id.eq(connection.organization_id.get()),
                content.clone(),
            ))
            .on_conflict(github_connections::organization_id)
            .do_update()
            .set(content);
        self.pool
            .run(|connection| async move { insert.execute(connection).await }.boxed())
            .await
            .map(drop)
    }

    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<GithubConnection>, StoreError> {
        let query = github_connections::table
            .inner_join(organizations::table.on(organizations::id.eq(github_connections::organization_id)))
            .filter(organizations::slug.eq(slug.as_str().to_owned()))
            .select(Row::as_select());
        self.pool
            .row::<_, Row>(query)
            .await?
            .map(GithubConnection::try_from)
            .transpose()
    }

    async fn last_delivery_at(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let query = webhook_deliveries::table
            .filter(webhook_deliveries::organization_id.eq(organization_id.get()))
            .select(diesel::dsl::max(webhook_deliveries::received_at));
        let last = self.pool.row::<_, Option<OffsetDateTime>>(query).await?;
        Ok(last.flatten().map(timestamp))
    }
}
