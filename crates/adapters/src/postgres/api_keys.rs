//! API keys, found by their hash.

use super::PgStore;
use super::row::{Place, timestamp};
use super::schema::{api_keys, organizations};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use periscope_domain::api_key::{ApiKey, ApiKeyHash, ApiKeyHint, KnownApiKey, Scope};
use periscope_domain::id::{ApiKeyId, OrganizationId};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{ApiKeys, NewApiKey, StoreError};
use periscope_domain::text::ApiKeyName;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub(super) struct Row {
    organization_id: i64,
    id: i64,
    name: String,
    scopes: Vec<String>,
    hint_first: String,
    hint_last: String,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for ApiKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place {
            table: "api_keys",
            id: row.id,
        };
        let scopes = row
            .scopes
            .iter()
            .map(|scope| place.parse("scopes", scope, Scope::parse));
        Ok(Self {
            id: ApiKeyId::new(row.id),
            organization_id: OrganizationId::new(row.organization_id),
            name: place.parse("name", &row.name, ApiKeyName::parse)?,
            scopes: scopes.collect::<Result<_, _>>()?,
            hint: ApiKeyHint {
                first: row.hint_first,
                last: row.hint_last,
            },
            created_at: timestamp(row.created_at),
            expires_at: row.expires_at.map(timestamp),
            last_used_at: row.last_used_at.map(timestamp),
            revoked_at: row.revoked_at.map(timestamp),
        })
    }
}

impl Row {
    /// The key, with the slug of its organization.
    pub(super) fn known(self, slug: &str) -> Result<KnownApiKey, StoreError> {
        let place = Place {
            table: "organizations",
            id: self.organization_id,
        };
        Ok(KnownApiKey {
            organization_slug: place.parse("slug", slug, OrganizationSlug::parse)?,
            key: self.try_into()?,
        })
    }
}

#[async_trait]
impl ApiKeys for PgStore {
    async fn insert(&self, key: &NewApiKey) -> Result<ApiKey, StoreError> {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let values = (
            api_keys::organization_id.eq(key.organization_id.get()),
            api_keys::name.eq(key.name.as_str().to_owned()),
            api_keys::scopes.eq(scopes),
            api_keys::hash.eq(key.hash.as_bytes().to_vec()),
            api_keys::hint_first.eq(key.hint.first.clone()),
            api_keys::hint_last.eq(key.hint.last.clone()),
            api_keys::created_at.eq(key.created_at.to_offset_date_time()),
            api_keys::expires_at.eq(key.expires_at.map(Timestamp::to_offset_date_time)),
        );
        let insert = diesel::insert_into(api_keys::table)
            .values(values)
            .returning(Row::as_returning());
        let row: Row = self
            .pool
            .run(|connection| async move { insert.get_result(connection).await }.boxed())
            .await?;
        row.try_into()
    }

    async fn find_by_hash(&self, hash: &ApiKeyHash) -> Result<Option<KnownApiKey>, StoreError> {
        let query = api_keys::table
            .inner_join(organizations::table.on(organizations::id.eq(api_keys::organization_id)))
            .filter(api_keys::hash.eq(hash.as_bytes().to_vec()))
            .select((Row::as_select(), organizations::slug));
        let found = self.pool.row::<_, (Row, String)>(query).await?;
        found.map(|(row, slug)| row.known(&slug)).transpose()
    }

    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<ApiKey>, StoreError> {
        let query = api_keys::table
            .filter(api_keys::organization_id.eq(organization_id.get()))
            .order((api_keys::created_at, api_keys::id))
            .select(Row::as_select());
        self.pool
            .rows::<_, Row>(query)
            .await?
            .into_iter()
            .map(ApiKey::try_from)
            .collect()
    }

    async fn revoke(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        let key = api_keys::table.find((organization_id.get(), id.get()));
        let update = diesel::update(key.filter(api_keys::revoked_at.is_null()))
            .set(api_keys::revoked_at.eq(now.to_offset_date_time()));
        self.pool
            .run(|connection| async move { update.execute(connection).await }.boxed())
            .await?;
        let row = self.pool.row::<_, Row>(key.select(Row::as_select())).await?;
        row.map(ApiKey::try_from).transpose()
    }

    async fn touch(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        used_at: Timestamp,
    ) -> Result<(), StoreError> {
        let used_at = used_at.to_offset_date_time();
        let earlier = api_keys::last_used_at
            .is_null()
            .or(api_keys::last_used_at.lt(used_at));
        let key = api_keys::table.find((organization_id.get(), id.get()));
        let update = diesel::update(key.filter(earlier)).set(api_keys::last_used_at.eq(used_at));
        self.pool
            .run(|connection| async move { update.execute(connection).await }.boxed())
            .await
            .map(drop)
    }
}
