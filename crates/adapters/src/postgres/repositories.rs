//! Git repositories and the aliases that services call them by.

use super::PgStore;
use super::placement::RequestConcerned;
use super::row::Place;
use super::schema::{organizations, repositories, repository_aliases, repository_former_names};
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
use std::collections::{BTreeMap, BTreeSet};

/// `id, full_name, monitored`.
pub(super) type Row = (i64, String, bool);

/// Some or all names of a repository beside its own.
#[derive(Default)]
pub(super) struct OtherNames {
    pub(super) aliases: BTreeSet<String>,
    pub(super) former: BTreeSet<String>,
}

/// A repository as it is kept.
pub(super) fn repository(
    (id, full_name, monitored): Row,
    names: &OtherNames,
) -> Result<Repository, StoreError> {
    let place = |table| Place { table, id };
    let aliases = names.aliases.iter();
    let aliases = aliases.map(|alias| place("repository_aliases").parse("alias", alias, ServiceName::parse));
    let former = names.former.iter();
    let former =
        former.map(|name| place("repository_former_names").parse("full_name", name, RepositoryName::parse));
    let mut aliases = aliases.collect::<Result<Vec<_>, _>>()?;
    aliases.sort_by_key(|alias| alias.as_str().to_ascii_lowercase());
    Ok(Repository {
        id: RepositoryId::new(id),
        name: place("repositories").parse("full_name", &full_name, RepositoryName::parse)?,
        former_names: former.collect::<Result<_, _>>()?,
        monitored,
        aliases,
    })
}

type Named = (Row, Option<String>, Option<String>);

/// Rows come once for each alias and former name.
fn collect_names(rows: Vec<Named>) -> Result<Vec<Repository>, StoreError> {
    let mut by_id: BTreeMap<i64, (Row, OtherNames)> = BTreeMap::new();
    let mut order = Vec::new();
    for (row, alias, former) in rows {
        let id = row.0;
        let (_, names) = by_id.entry(id).or_insert_with(|| {
            order.push(id);
            (row, OtherNames::default())
        });
        names.aliases.extend(alias);
        names.former.extend(former);
    }
    order
        .into_iter()
        .filter_map(|id| by_id.remove(&id))
        .map(|(row, names)| repository(row, &names))
        .collect()
}

macro_rules! named_query {
    ($organization_id:expr) => {
        repositories::table
            .left_join(
                repository_aliases::table.on(repository_aliases::organization_id
                    .eq(repositories::organization_id)
                    .and(repository_aliases::repository_id.eq(repositories::id))),
            )
            .left_join(
                repository_former_names::table.on(repository_former_names::organization_id
                    .eq(repositories::organization_id)
                    .and(repository_former_names::repository_id.eq(repositories::id))),
            )
            .filter(repositories::organization_id.eq($organization_id.get()))
            .order(repositories::full_name_key)
            .select((
                (repositories::id, repositories::full_name, repositories::monitored),
                repository_aliases::alias.nullable(),
                repository_former_names::full_name.nullable(),
            ))
    };
}

#[async_trait]
impl Repositories for PgStore {
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<Repository>, StoreError> {
        collect_names(self.pool.rows(named_query!(organization_id)).await?)
    }

    async fn find_by_name(
        &self,
        organization_id: OrganizationId,
        name: &RepositoryName,
    ) -> Result<Option<Repository>, StoreError> {
        let key = name.as_str().to_ascii_lowercase();
        let query = named_query!(organization_id).filter(repositories::full_name_key.eq(key));
        Ok(collect_names(self.pool.rows(query).await?)?.pop())
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

/// Leaves the deployments of a service for the relinking worker, behind the organization's epoch and revision.
async fn touch_service(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    key: String,
    now: Timestamp,
) -> QueryResult<()> {
    move_names(connection, organization_id, [key.clone()], now).await?;
    let request = RequestByMerges {
        change: Change::new(organization_id, now),
        services: Services { key: vec![key] },
        ..RequestByMerges::default()
    };
    let _: Vec<i64> = request.load(connection).await?;
    Ok(())
}

/// Moves the organization's epoch, and raises its revision because names have changed that decide what services are compared
/// by; requests the services that they concern.
async fn move_names(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    spellings: impl IntoIterator<Item = String> + Send,
    now: Timestamp,
) -> QueryResult<()> {
    move_epoch(connection, organization_id).await?;
    diesel::update(organizations::table.find(organization_id.get()))
        .set(organizations::revision.eq(organizations::revision + 1))
        .execute(connection)
        .await?;
    let request = RequestConcerned::new(organization_id, spellings, now);
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
