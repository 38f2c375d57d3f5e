//! Sessions, found by their hash within their organization, with the key that each is bound to. Finding one is a
//! select of one fixed text, by primary keys alone.

use super::PgStore;
use super::api_keys;
use super::row::timestamp;
use super::schema::{api_keys as keys, organizations, sessions};
use super::statement::{batch_input, batch_statement};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use periscope_domain::id::{ApiKeyId, OrganizationId};
use periscope_domain::ports::{NewSession, Sessions, StoreError};
use periscope_domain::session::{KnownSession, Session, SessionHash};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Row {
    organization_id: i64,
    api_key_id: i64,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            organization_id: OrganizationId::new(row.organization_id),
            api_key_id: ApiKeyId::new(row.api_key_id),
            created_at: timestamp(row.created_at),
            expires_at: timestamp(row.expires_at),
        }
    }
}

batch_input! {
    /// A new session: always one row.
    Input as "input" {
        organization_id: BigInt = i64,
        hash: Bytea = Vec<u8>,
        api_key_id: BigInt = i64,
        created_at: Timestamptz = OffsetDateTime,
        expires_at: Timestamptz = OffsetDateTime,
        others: BigInt = i64,
    }
}

batch_statement! {
    /// Keeps a session and forgets the hundred of its organization that have been over longest, and those of its key that
    /// are beyond the most that it may have, but for those that another one is just forgetting.
    Insert { input: Input } -> BigInt {
        ", over as (
            select s.organization_id, s.hash
            from sessions s
            where s.organization_id = (select organization_id from input)
                and s.expires_at <= (select created_at from input)
            order by s.expires_at
            limit 100
            for update of s skip locked
        ),
        unused as (
            select s.organization_id, s.hash
            from sessions s
            where s.organization_id = (select organization_id from input)
                and s.hash in (
                    select of_key.hash
                    from sessions of_key
                    where of_key.organization_id = (select organization_id from input)
                        and of_key.api_key_id = (select api_key_id from input)
                    order by of_key.expires_at desc, of_key.created_at desc, of_key.hash desc
                    offset (select others from input)
                )
            for update of s skip locked
        ),
        forgotten as (
            delete from sessions s
            using (select * from over union select * from unused) o
            where s.organization_id = o.organization_id and s.hash = o.hash
        )
        insert into sessions (organization_id, hash, api_key_id, created_at, expires_at)
        select organization_id, hash, api_key_id, created_at, expires_at
        from input
        returning organization_id"
    }
}

#[async_trait]
impl Sessions for PgStore {
    async fn insert(&self, new: &NewSession) -> Result<(), StoreError> {
        let session = &new.session;
        let input = Input {
            organization_id: vec![session.organization_id.get()],
            hash: vec![new.hash.as_bytes().to_vec()],
            api_key_id: vec![session.api_key_id.get()],
            created_at: vec![session.created_at.to_offset_date_time()],
            expires_at: vec![session.expires_at.to_offset_date_time()],
            others: vec![i64::try_from(Session::MOST_OF_A_KEY - 1).unwrap_or(i64::MAX)],
        };
        self.pool.row::<_, i64>(Insert { input }).await.map(drop)
    }

    async fn find(
        &self,
        organization_id: OrganizationId,
        hash: &SessionHash,
    ) -> Result<Option<KnownSession>, StoreError> {
        let is_its_key = keys::organization_id
            .eq(sessions::organization_id)
            .and(keys::id.eq(sessions::api_key_id));
        let query = sessions::table
            .inner_join(keys::table.on(is_its_key))
            .inner_join(organizations::table.on(organizations::id.eq(sessions::organization_id)))
            .filter(sessions::organization_id.eq(organization_id.get()))
            .filter(sessions::hash.eq(hash.as_bytes().to_vec()))
            .select((Row::as_select(), api_keys::Row::as_select(), organizations::slug));
        let found = self.pool.row::<_, (Row, api_keys::Row, String)>(query).await?;
        found
            .map(|(row, key, slug)| {
                Ok(KnownSession {
                    session: row.into(),
                    api_key: key.known(&slug)?,
                })
            })
            .transpose()
    }

    async fn prolong(
        &self,
        organization_id: OrganizationId,
        hash: &SessionHash,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let end = expires_at.to_offset_date_time();
        let session = sessions::table.find((organization_id.get(), hash.as_bytes().to_vec()));
        let update = diesel::update(session)
            .filter(sessions::expires_at.lt(end))
            .set(sessions::expires_at.eq(end));
        self.pool
            .run(|connection| async move { update.execute(connection).await }.boxed())
            .await
            .map(drop)
    }

    async fn end(&self, organization_id: OrganizationId, hash: &SessionHash) -> Result<(), StoreError> {
        let session = sessions::table.find((organization_id.get(), hash.as_bytes().to_vec()));
        let delete = diesel::delete(session);
        self.pool
            .run(|connection| async move { delete.execute(connection).await }.boxed())
            .await
            .map(drop)
    }
}
