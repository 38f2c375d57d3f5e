//! What every batch that tells of a repository's history does alike. It is one transaction, and every one takes its locks
//! in the same order, so no two deadlock: the delivery, the repository, the rows, the organization (whose epoch moves),
//! the requests to relink by deployment.

use super::placement::RequestConcerned;
use super::repositories::{OtherNames, Row, repository};
use super::schema::{repositories, webhook_deliveries};
use super::statement::{batch_input, batch_statement};
use crate::postgres::pool::Pool;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use periscope_domain::id::{OrganizationId, RepositoryId};
use periscope_domain::ports::{StoreError, TargetRepository};
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::text::DeliveryId;
use periscope_domain::timestamp::Timestamp;

batch_input! {
    /// What is asked: always one row.
    TargetQuery as "query" {
        organization_id: BigInt = i64,
        full_name_key: Text = String,
        delivery_id: Nullable<Text> = Option<String>,
    }
}

batch_statement! {
    /// The organization, if it exists, with the repository that has or had the name, its other names, and whether the
    /// delivery is known.
    ReadTarget { query: TargetQuery } -> (Bool, Nullable<(BigInt, Text, Bool)>, Array<Text>, Array<Text>) {
        " select
            exists (
                select from webhook_deliveries w
                where w.organization_id = q.organization_id and w.delivery_id = q.delivery_id
            ),
            r.id, r.full_name, r.monitored,
            array(
                select a.alias
                from repository_aliases a
                where a.organization_id = r.organization_id and a.repository_id = r.id
                order by a.alias_key
            ),
            array(
                select f.full_name
                from repository_former_names f
                where f.organization_id = r.organization_id and f.repository_id = r.id
                order by f.full_name_key
            )
        from query q
        join organizations o on o.id = q.organization_id
        left join lateral (
            select n.organization_id, n.id, n.full_name, n.monitored
            from (
                select 1 as rank, r.id
                from repositories r
                where r.organization_id = q.organization_id and r.full_name_key = q.full_name_key
                union all
                select 2, f.repository_id
                from repository_former_names f
                where f.organization_id = q.organization_id and f.full_name_key = q.full_name_key
                order by 1
                limit 1
            ) as found
            join repositories n on n.organization_id = q.organization_id and n.id = found.id
        ) as r on true"
    }
}

/// Where a batch is meant to go.
pub(super) struct Target {
    pub(super) repository: Option<Repository>,
    pub(super) delivery_is_known: bool,
}

/// Looks up where a batch is meant to go; `None` when the organization does not exist.
pub(super) async fn find_target(
    pool: &Pool,
    organization_id: OrganizationId,
    name: &RepositoryName,
    delivery: Option<&DeliveryId>,
) -> Result<Option<Target>, StoreError> {
    let statement = ReadTarget {
        query: TargetQuery {
            organization_id: vec![organization_id.get()],
            full_name_key: vec![name.as_str().to_ascii_lowercase()],
            delivery_id: vec![delivery.map(|delivery| delivery.as_str().to_owned())],
        },
    };
    let row = pool
        .row::<_, (bool, Option<Row>, Vec<String>, Vec<String>)>(statement)
        .await?;
    let Some((delivery_is_known, row, aliases, former)) = row else {
        return Ok(None);
    };
    let names = OtherNames {
        aliases: aliases.into_iter().collect(),
        former: former.into_iter().collect(),
    };
    let repository = row.map(|row| repository(row, &names)).transpose()?;
    Ok(Some(Target {
        repository,
        delivery_is_known,
    }))
}

/// A batch that is being written.
pub(super) struct Intake {
    organization_id: OrganizationId,
    pub(super) repository_id: RepositoryId,
    pub(super) number: i64,
    /// The names of the repository, if the batch makes it.
    new_names: Vec<String>,
    now: Timestamp,
}

impl Intake {
    /// Begins a batch; `None` if its delivery has been recorded, or its repository made, by somebody else.
    pub(super) async fn begin(
        connection: &mut AsyncPgConnection,
        organization_id: OrganizationId,
        delivery: Option<&DeliveryId>,
        target: &TargetRepository,
        now: Timestamp,
    ) -> QueryResult<Option<Self>> {
        if !remember_delivery(connection, organization_id, delivery, now).await? {
            return Ok(None);
        }
        let repository_id = match target {
            TargetRepository::Known(repository) => Some(repository.id),
            TargetRepository::New(name) => make_repository(connection, organization_id, name, now).await?,
        };
        let Some(repository_id) = repository_id else {
            return Ok(None);
        };
        let number = TakeNumber::default().get_result(connection).await?;
        Ok(Some(Self {
            organization_id,
            repository_id,
            number,
            new_names: service_keys(target),
            now,
        }))
    }

    /// Moves the organization's epoch, which keeps its row locked until the transaction ends, and lets readers of the
    /// history know that there is more. A new repository raises the organization's revision as well, because it decides what
    /// services are compared by, and requests what its names concern. False if the organization has been removed meanwhile.
    pub(super) async fn end(&self, connection: &mut AsyncPgConnection, size: usize) -> QueryResult<bool> {
        let end = EndIntake {
            intake: EndInput {
                organization_id: vec![self.organization_id.get()],
                repository_id: vec![self.repository_id.get()],
                number: vec![self.number],
                size: vec![i32::try_from(size).unwrap_or(i32::MAX)],
                is_new: vec![!self.new_names.is_empty()],
            },
        };
        if end.execute(connection).await? != 1 {
            return Ok(false);
        }
        if !self.new_names.is_empty() {
            let names = self.new_names.iter().cloned();
            let request = RequestConcerned::new(self.organization_id, names, self.now);
            let _: Vec<i64> = request.load(connection).await?;
        }
        Ok(true)
    }
}

batch_input! {
    /// Nothing is asked: always one row.
    Nothing as "nothing" {
        nothing: Bool = bool,
    }
}

batch_statement! {
    /// The number of a new batch.
    TakeNumber { nothing: Nothing } -> BigInt {
        " select nextval('intake_numbers')"
    }
}

batch_input! {
    /// A batch that has been written: always one row.
    EndInput as "intake" {
        organization_id: BigInt = i64,
        repository_id: BigInt = i64,
        number: BigInt = i64,
        size: Integer = i32,
        is_new: Bool = bool,
    }
}

batch_statement! {
    /// Moves the epoch.
    EndIntake { intake: EndInput } -> BigInt {
        ", moved as (
            update organizations o
            set (linking_epoch, revision) = (o.linking_epoch + 1, o.revision + i.is_new::int)
            from intake i
            where o.id = i.organization_id
            returning o.linking_epoch
        )
        insert into intakes (organization_id, repository_id, epoch, number, size)
        select i.organization_id, i.repository_id, moved.linking_epoch, i.number, i.size
        from intake i, moved
        returning epoch"
    }
}

/// Whether the delivery, if there is one, is new.
async fn remember_delivery(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    delivery: Option<&DeliveryId>,
    now: Timestamp,
) -> QueryResult<bool> {
    let Some(delivery) = delivery else {
        return Ok(true);
    };
    let inserted = diesel::insert_into(webhook_deliveries::table)
        .values((
            webhook_deliveries::organization_id.eq(organization_id.get()),
            webhook_deliveries::delivery_id.eq(delivery.as_str()),
            webhook_deliveries::received_at.eq(now.to_offset_date_time()),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted == 1)
}

/// Makes a repository, monitored; `None` if somebody else has.
async fn make_repository(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
    name: &RepositoryName,
    now: Timestamp,
) -> QueryResult<Option<RepositoryId>> {
    let [full_name_key, bare_name_key] = keys(name);
    let id: Option<i64> = diesel::insert_into(repositories::table)
        .values((
            repositories::organization_id.eq(organization_id.get()),
            repositories::full_name.eq(name.as_str()),
            repositories::full_name_key.eq(full_name_key),
            repositories::bare_name_key.eq(bare_name_key),
            repositories::monitored.eq(true),
            repositories::created_at.eq(now.to_offset_date_time()),
        ))
        .on_conflict((repositories::organization_id, repositories::full_name_key))
        .do_nothing()
        .returning(repositories::id)
        .get_result(connection)
        .await
        .optional()?;
    Ok(id.map(RepositoryId::new))
}

/// The names that a service may call a new repository by.
pub(super) fn service_keys(target: &TargetRepository) -> Vec<String> {
    match target {
        TargetRepository::Known(_) => Vec::new(),
        TargetRepository::New(name) => keys(name).into(),
    }
}

/// The full and the bare name of a repository in lower case.
pub(super) fn keys(name: &RepositoryName) -> [String; 2] {
    [name.as_str(), name.bare_name()].map(str::to_ascii_lowercase)
}
