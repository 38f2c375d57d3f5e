//! Git repositories and the aliases that services call them by.

use super::PgStore;
use super::row::Place;
use super::schema::{repositories, repository_aliases};
use super::touched::{Change, Monitored, RequestByMerges, RequestByRepository, Services, move_epoch};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use periscope_domain::id::{OrganizationId, RepositoryId};
use periscope_domain::ports::{Applied, Repositories, StoreError};
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::text::ServiceName;
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeMap;

/// `id, full_name, monitored`.
pub(super) type Row = (i64, String, bool);

/// A repository as it is kept, with some or all of its aliases.
pub(super) fn repository(
    (id, full_name, monitored): Row,
    aliases: impl IntoIterator<Item = String>,
) -> Result<Repository, StoreError> {
    let place = Place {
        table: "repositories",
        id,
    };
    let aliases = aliases.into_iter().map(|alias| {
        Place {
            table: "repository_aliases",
            id,
        }
        .parse("alias", &alias, ServiceName::parse)
    });
    Ok(Repository {
        id: RepositoryId::new(id),
        name: place.parse("full_name", &full_name, RepositoryName::parse)?,
        monitored,
        aliases: aliases.collect::<Result<_, _>>()?,
    })
}

type WithAlias = (Row, Option<String>);

/// Rows come once for each alias.
fn with_aliases(rows: Vec<WithAlias>) -> Result<Vec<Repository>, StoreError> {
    let mut by_id: BTreeMap<i64, (Row, Vec<String>)> = BTreeMap::new();
    let mut order = Vec::new();
    for (row, alias) in rows {
        let id = row.0;
        let (_, aliases) = by_id.entry(id).or_insert_with(|| {
            order.push(id);
            (row, Vec::new())
        });
        aliases.extend(alias);
    }
    order
        .into_iter()
        .filter_map(|id| by_id.remove(&id))
        .map(|(row, aliases)| repository(row, aliases))
        .collect()
}

macro_rules! with_alias_query {
    ($organization_id:expr) => {
        repositories::table
            .left_join(
                repository_aliases::table.on(repository_aliases::organization_id
                    .eq(repositories::organization_id)
                    .and(repository_aliases::repository_id.eq(repositories::id))),
            )
            .filter(repositories::organization_id.eq($organization_id.get()))
            .order((repositories::full_name_key, repository_aliases::alias_key))
            .select((
                (repositories::id, repositories::full_name, repositories::monitored),
                repository_aliases::alias.nullable(),
            ))
    };
}

#[async_trait]
impl Repositories for PgStore {
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Repository>, StoreError> {
        with_aliases(self.pool.rows(with_alias_query!(organization_id)).await?)
    }

    async fn find_by_name(
        &self,
        organization_id: OrganizationId,
        name: &RepositoryName,
    ) -> Result<Option<Repository>, StoreError> {
        let key = name.as_str().to_ascii_lowercase();
        let query = with_alias_query!(organization_id).filter(repositories::full_name_key.eq(key));
        Ok(with_aliases(self.pool.rows(query).await?)?.pop())
    }

    async fn set_monitored(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        monitored: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.pool
            .transaction(move |connection| {
                async move {
                    let changed = diesel::update(repositories::table.find((organization_id.get(), id.get())))
                        .filter(repositories::monitored.ne(monitored))
                        .set(repositories::monitored.eq(monitored))
                        .execute(connection)
                        .await?;
                    if changed > 0 {
                        move_epoch(connection, organization_id).await?;
                        let request = RequestByRepository {
                            services: Services::default(),
                            change: Change::new(organization_id, now),
                            monitored: Monitored {
                                repository_id: vec![id.get()],
                            },
                        };
                        let _: Vec<i64> = request.load(connection).await?;
                    }
                    Ok(Applied::Done(()))
                }
                .boxed()
            })
            .await
            .map(drop)
    }

    async fn set_alias(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        alias: &ServiceName,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let alias = alias.as_str().to_owned();
        self.pool
            .transaction(move |connection| {
                async move {
                    let key = alias.to_ascii_lowercase();
                    upsert_alias(connection, organization_id, id, &key, &alias).await?;
                    touch_service(connection, organization_id, key, now).await?;
                    Ok(Applied::Done(()))
                }
                .boxed()
            })
            .await
            .map(drop)
    }

    async fn remove_alias(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        alias: &ServiceName,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = alias.as_str().to_ascii_lowercase();
        let removed = self
            .pool
            .transaction(move |connection| {
                async move {
                    let alias = repository_aliases::table.find((organization_id.get(), &key));
                    let removed = diesel::delete(alias)
                        .filter(repository_aliases::repository_id.eq(id.get()))
                        .execute(connection)
                        .await?;
                    if removed > 0 {
                        touch_service(connection, organization_id, key, now).await?;
                    }
                    Ok(Applied::Done(removed > 0))
                }
                .boxed()
            })
            .await?;
        Ok(matches!(removed, Applied::Done(true)))
    }
}

/// Leaves the deployments of a service for the relinking worker, behind the organization's epoch.
async fn touch_service(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    key: String,
    now: Timestamp,
) -> QueryResult<()> {
    move_epoch(connection, organization_id).await?;
    let request = RequestByMerges {
        change: Change::new(organization_id, now),
        services: Services { key: vec![key] },
        ..RequestByMerges::default()
    };
    let _: Vec<i64> = request.load(connection).await?;
    Ok(())
}

async fn upsert_alias(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    id: RepositoryId,
    key: &str,
    alias: &str,
) -> QueryResult<()> {
    let content = (
        repository_aliases::alias.eq(alias),
        repository_aliases::repository_id.eq(id.get()),
    );
    diesel::insert_into(repository_aliases::table)
        .values((
            repository_aliases::organization_id.eq(organization_id.get()),
            repository_aliases::alias_key.eq(key),
            content,
        ))
        .on_conflict((repository_aliases::organization_id, repository_aliases::alias_key))
        .do_update()
        .set(content)
        .execute(connection)
        .await
        .map(drop)
}
