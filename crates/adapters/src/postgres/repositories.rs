//! Git repositories and the aliases that services call them by.

use super::PgStore;
use super::intake::keys;
use super::placement::RequestConcerned;
use super::row::Place;
use super::schema::{organizations, repositories, repository_aliases, repository_former_names};
use super::touched::{Change, Monitored, RequestByMerges, RequestByRepository, Services, move_epoch};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use periscope_domain::id::{OrganizationId, RepositoryId};
use periscope_domain::ports::{Applied, Repositories, StoreError};
use periscope_domain::repository::{ForgeRepositoryId, Repository, RepositoryName};
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

    async fn find_by_forge_id(
        &self,
        organization_id: OrganizationId,
        forge_id: &ForgeRepositoryId,
    ) -> Result<Option<Repository>, StoreError> {
        let query = named_query!(organization_id)
            .filter(repositories::forge_identity.eq(forge_id.as_str().to_owned()));
        Ok(collect_names(self.pool.rows(query).await?)?.pop())
    }

    async fn set_forge_id(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        forge_id: &ForgeRepositoryId,
    ) -> Result<(), StoreError> {
        let forge_id = forge_id.as_str().to_owned();
        let set = self.pool.transaction(move |connection| {
            async move { unless_taken(set_forge_id(connection, organization_id, id, forge_id).await) }.boxed()
        });
        set.await.map(drop)
    }

    async fn rename(
        &self,
        organization_id: OrganizationId,
        id: RepositoryId,
        name: &RepositoryName,
        now: Timestamp,
    ) -> Result<Applied<()>, StoreError> {
        let name = name.clone();
        self.pool
            .transaction(move |connection| {
                async move { unless_taken(rename(connection, organization_id, id, &name, now).await) }.boxed()
            })
            .await
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

/// What became of a change that a unique name may stand in the way of.
fn unless_taken(result: QueryResult<Applied<()>>) -> QueryResult<Applied<()>> {
    match result {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Applied::Stale),
        result => result,
    }
}

async fn set_forge_id(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    id: RepositoryId,
    forge_id: String,
) -> QueryResult<Applied<()>> {
    diesel::update(repositories::table.find((organization_id.get(), id.get())))
        .set(repositories::forge_identity.eq(forge_id))
        .execute(connection)
        .await?;
    Ok(Applied::Done(()))
}

async fn rename(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    id: RepositoryId,
    name: &RepositoryName,
    now: Timestamp,
) -> QueryResult<Applied<()>> {
    let repository = repositories::table.find((organization_id.get(), id.get()));
    let before: Option<String> = repository
        .select(repositories::full_name)
        .for_update()
        .first(connection)
        .await
        .optional()?;
    let Some(before) = before.and_then(|name| RepositoryName::parse(&name).ok()) else {
        return Ok(Applied::Stale);
    };
    let [full_name_key, bare_name_key] = keys(name);
    diesel::update(repository)
        .set((
            repositories::full_name.eq(name.as_str()),
            repositories::full_name_key.eq(&full_name_key),
            repositories::bare_name_key.eq(bare_name_key),
        ))
        .execute(connection)
        .await?;
    keep_former_name(connection, organization_id, id, &before).await?;
    let former = repository_former_names::table.find((organization_id.get(), full_name_key));
    diesel::delete(former).execute(connection).await?;
    let spellings = keys(&before).into_iter().chain(keys(name));
    move_names(connection, organization_id, spellings, now).await?;
    Ok(Applied::Done(()))
}

/// Keeps a name that a repository had; it is taken from another one that had it.
async fn keep_former_name(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    id: RepositoryId,
    name: &RepositoryName,
) -> QueryResult<()> {
    let [full_name_key, bare_name_key] = keys(name);
    let content = (
        repository_former_names::full_name.eq(name.as_str()),
        repository_former_names::repository_id.eq(id.get()),
    );
    diesel::insert_into(repository_former_names::table)
        .values((
            repository_former_names::organization_id.eq(organization_id.get()),
            repository_former_names::full_name_key.eq(full_name_key),
            repository_former_names::bare_name_key.eq(bare_name_key),
            content,
        ))
        .on_conflict((
            repository_former_names::organization_id,
            repository_former_names::full_name_key,
        ))
        .do_update()
        .set(content)
        .execute(connection)
        .await
        .map(drop)
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
