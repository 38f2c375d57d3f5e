//! Connections to GitHub: what an organization's webhook secret is derived from, never the secret; and what was last
//! heard of each, which is written at every delivery.

use super::PgStore;
use super::row::{Place, timestamp};
use super::schema::{github_connections, organizations, webhook_deliveries};
use super::statement::{batch_input, batch_statement};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use periscope_domain::delivery::{DeliveryResult, ReceivedDelivery};
use periscope_domain::github::{
    ConnectionNonce, GithubConnection, KnownGithubConnection, WRONG_SIGNATURE_PRECISION,
};
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{GithubConnections, Inserted, StoreError};
use periscope_domain::text::EventName;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = github_connections)]
struct Row {
    organization_id: i64,
    nonce: Vec<u8>,
    created_at: OffsetDateTime,
    last_delivery_at: Option<OffsetDateTime>,
    last_delivery_event: Option<String>,
    last_delivery_result: Option<String>,
    last_wrong_signature_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for KnownGithubConnection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place {
            table: "github_connections",
            id: row.organization_id,
        };
        let nonce = <[u8; 16]>::try_from(row.nonce).map_err(|nonce| format!("{} bytes, not 16", nonce.len()));
        let connection = GithubConnection {
            organization_id: OrganizationId::new(row.organization_id),
            nonce: ConnectionNonce::from_bytes(place.check("nonce", nonce)?),
            created_at: timestamp(row.created_at),
        };
        let event = row.last_delivery_event.as_deref();
        let event = place.parse_option("last_delivery_event", event, EventName::parse)?;
        let result = row.last_delivery_result.as_deref().map(|word| {
            place.word(
                "last_delivery_result",
                word,
                DeliveryResult::ALL,
                DeliveryResult::as_str,
            )
        });
        let last_delivery = row.last_delivery_at.zip(result.transpose()?);
        Ok(Self {
            connection,
            last_delivery: last_delivery.map(|(received_at, result)| ReceivedDelivery {
                received_at: timestamp(received_at),
                event,
                result,
            }),
            last_wrong_signature_at: row.last_wrong_signature_at.map(timestamp),
        })
    }
}

batch_input! {
    /// A delivery that was received: always one row.
    Noted as "noted" {
        organization_id: BigInt = i64,
        received_at: Timestamptz = OffsetDateTime,
        event: Nullable<Text> = Option<String>,
        result: Text = &'static str,
    }
}

batch_statement! {
    /// Notes the last delivery.
    NoteDelivery { noted: Noted } -> BigInt {
        " update github_connections c
        set last_delivery_at = n.received_at, last_delivery_event = n.event, last_delivery_result = n.result
        from noted n
        where c.organization_id = n.organization_id
            and (c.last_delivery_at is null or c.last_delivery_at <= n.received_at)
        returning c.organization_id"
    }
}

#[async_trait]
impl GithubConnections for PgStore {
    async fn insert(&self, connection: &GithubConnection) -> Result<Inserted<()>, StoreError> {
        let insert = diesel::insert_into(github_connections::table)
            .values((
                github_connections::organization_id.eq(connection.organization_id.get()),
                github_connections::nonce.eq(connection.nonce.as_bytes().to_vec()),
                github_connections::created_at.eq(connection.created_at.to_offset_date_time()),
            ))
            .on_conflict_do_nothing();
        let inserted = self
            .pool
            .run(|connection| async move { insert.execute(connection).await }.boxed())
            .await?;
        Ok(match inserted {
            0 => Inserted::Already,
            _ => Inserted::New(()),
        })
    }

    async fn replace(&self, connection: &GithubConnection) -> Result<(), StoreError> {
        let content = (
            github_connections::nonce.eq(connection.nonce.as_bytes().to_vec()),
            github_connections::created_at.eq(connection.created_at.to_offset_date_time()),
            github_connections::last_delivery_at.eq(None::<OffsetDateTime>),
            github_connections::last_delivery_event.eq(None::<String>),
            github_connections::last_delivery_result.eq(None::<String>),
            github_connections::last_wrong_signature_at.eq(None::<OffsetDateTime>),
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

    async fn find_by_slug(
        &self,
        slug: &OrganizationSlug,
    ) -> Result<Option<KnownGithubConnection>, StoreError> {
        let query = github_connections::table
            .inner_join(organizations::table.on(organizations::id.eq(github_connections::organization_id)))
            .filter(organizations::slug.eq(slug.as_str().to_owned()))
            .select(Row::as_select());
        self.pool
            .row::<_, Row>(query)
            .await?
            .map(KnownGithubConnection::try_from)
            .transpose()
    }

    async fn note_delivery(
        &self,
        organization_id: OrganizationId,
        delivery: &ReceivedDelivery,
    ) -> Result<(), StoreError> {
        let event = delivery.event.as_ref();
        let noted = Noted {
            organization_id: vec![organization_id.get()],
            received_at: vec![delivery.received_at.to_offset_date_time()],
            event: vec![event.map(|event| event.as_str().to_owned())],
            result: vec![delivery.result.as_str()],
        };
        self.pool.row::<_, i64>(NoteDelivery { noted }).await.map(drop)
    }

    async fn note_wrong_signature(
        &self,
        organization_id: OrganizationId,
        received_at: Timestamp,
    ) -> Result<(), StoreError> {
        let outdated = received_at.plus(-WRONG_SIGNATURE_PRECISION).to_offset_date_time();
        let last = github_connections::last_wrong_signature_at;
        let connection = github_connections::table
            .find(organization_id.get())
            .filter(last.is_null().or(last.le(outdated)));
        let update = diesel::update(connection).set(last.eq(received_at.to_offset_date_time()));
        self.pool
            .run(|connection| async move { update.execute(connection).await }.boxed())
            .await
            .map(drop)
    }

    async fn last_effect_at(&self, organization_id: OrganizationId) -> Result<Option<Timestamp>, StoreError> {
        let query = webhook_deliveries::table
            .filter(webhook_deliveries::organization_id.eq(organization_id.get()))
            .select(diesel::dsl::max(webhook_deliveries::received_at));
        let last = self.pool.row::<_, Option<OffsetDateTime>>(query).await?;
        Ok(last.flatten().map(timestamp))
    }
}
