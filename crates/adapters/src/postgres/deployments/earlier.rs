//! The successful production deployments of a service before another one: where its base is looked for.

use crate::postgres::pool::Pool;
use crate::postgres::row::{Place, timestamp};
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::Queryable;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::id::DeploymentId;
use periscope_domain::linking::{Earlier, EarlierDeployment};
use periscope_domain::ports::{EarlierQuery, StoreError};
use periscope_domain::text::ExternalDeploymentId;
use time::OffsetDateTime;

batch_input! {
    /// What is asked: always one row.
    Query as "query" {
        organization_id: BigInt = i64,
        external_id: Text = String,
        service: Nullable<Text> = Option<String>,
        before: Timestamptz = OffsetDateTime,
        before_external_id: Text = String,
        most: BigInt = i64,
    }
}

/// Numbers, names, commits and completions, the latest first.
pub(super) type RowsSql = (Array<BigInt>, Array<Text>, Array<Text>, Array<Timestamptz>);

#[derive(Queryable)]
pub(super) struct Rows {
    ids: Vec<i64>,
    external_ids: Vec<String>,
    commits: Vec<String>,
    completed_at: Vec<OffsetDateTime>,
}

impl Rows {
    /// At most as many as are wanted, of rows that may have one more.
    pub(super) fn earlier(self, most: usize) -> Result<Earlier, StoreError> {
        let has_more = self.ids.len() > most;
        let names = self.ids.into_iter().zip(self.external_ids);
        let rows = names.zip(self.commits).zip(self.completed_at).take(most);
        let deployments = rows.map(|(((id, external_id), commit), completed_at)| {
            let place = Place {
                table: "deployments",
                id,
            };
            Ok(EarlierDeployment {
                id: DeploymentId::new(id),
                external_id: place.parse("external_id", &external_id, ExternalDeploymentId::parse)?,
                commit: place.parse("commit_sha", &commit, CommitReference::parse)?,
                completed_at: timestamp(completed_at),
            })
        });
        Ok(Earlier {
            deployments: deployments.collect::<Result<_, _>>()?,
            has_more,
        })
    }
}

batch_statement! {
    /// One row, if there is anything.
    ReadEarlier { query: Query } -> RowsSql {
        " select e.ids, e.external_ids, e.commits, e.completed_at
        from (
            select
                array_agg(e.id) as ids, array_agg(e.external_id) as external_ids,
                array_agg(e.commit_sha) as commits, array_agg(e.completed_at) as completed_at
            from (
                select e.id, e.external_id, e.commit_sha, e.completed_at
                from (
                    select e.id, e.external_id, e.commit_sha, e.completed_at
                    from query q, deployments e
                    where e.organization_id = q.organization_id and e.started_at is not null
                        and coalesce(lower(e.service collate \"C\"), '')
                            = coalesce(lower(q.service collate \"C\"), '')
                        and e.environment = 'production' and e.status = 'success'
                        and coalesce(e.completed_at, e.started_at) <= q.before
                        and (e.completed_at, e.external_id collate \"C\")
                            < (q.before, q.before_external_id collate \"C\")
                        and e.external_id <> q.external_id
                    order by coalesce(e.completed_at, e.started_at) desc
                    fetch first (select most + 1 from query) rows with ties
                ) as e
                order by e.completed_at desc, e.external_id collate \"C\" desc
                limit (select most + 1 from query)
            ) as e
            having count(*) > 0
        ) as e"
    }
}

pub(super) async fn earlier(pool: &Pool, query: &EarlierQuery) -> Result<Earlier, StoreError> {
    let (before, before_external_id) = &query.before;
    let statement = ReadEarlier {
        query: Query {
            organization_id: vec![query.organization_id.get()],
            external_id: vec![query.of.as_str().to_owned()],
            service: vec![query.service.as_ref().map(|service| service.as_str().to_owned())],
            before: vec![before.to_offset_date_time()],
            before_external_id: vec![before_external_id.as_str().to_owned()],
            most: vec![query.most.into()],
        },
    };
    let rows = pool.row::<_, Rows>(statement).await?;
    rows.map_or(Ok(Earlier::default()), |rows| rows.earlier(query.most as usize))
}
