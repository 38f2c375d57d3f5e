//! The services of an organization, with where and when they were last deployed: read from the last deployment of each
//! service, environment and status, so that it does not matter how many there are.

use super::page::groups;
use crate::postgres::pool::Pool;
use crate::postgres::row::{Place, timestamp};
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use periscope_domain::environment::Environment;
use periscope_domain::id::OrganizationId;
use periscope_domain::listing::DeployedService;
use periscope_domain::ports::StoreError;
use periscope_domain::text::ServiceName;
use std::collections::BTreeSet;
use time::OffsetDateTime;

batch_input! {
    /// Whose: always one row.
    Query as "query" {
        organization_id: BigInt = i64,
    }
}

batch_statement! {
    /// The last deployment of each group; what is latest of a service comes last.
    ReadLast { query: Query } -> (BigInt, Text, Nullable<Text>, Text, Timestamptz) {
        concat!(
            " select s.id, s.key, s.service, s.environment, s.time
            from (",
                groups!("true", "''", "true"), "
                select d.id, g.key, d.service, g.environment, d.time
                from groups g, query q
                cross join lateral (
                    select d.id, d.service, coalesce(d.completed_at, d.started_at) as time
                    from deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                        and d.service_key = g.key
                        and d.environment = g.environment and d.status = g.status
                    order by coalesce(d.completed_at, d.started_at) desc, d.id desc
                    limit 1
                ) as d
            ) as s
            order by s.key, s.time, s.id"
        )
    }
}

type Row = (i64, String, Option<String>, String, OffsetDateTime);

pub(super) async fn list_services(
    pool: &Pool,
    organization_id: OrganizationId,
) -> Result<Vec<DeployedService>, StoreError> {
    let query = Query {
        organization_id: vec![organization_id.get()],
    };
    let rows: Vec<Row> = pool.rows(ReadLast { query }).await?;
    let by_service = rows.chunk_by(|one, other| one.1 == other.1);
    by_service.filter_map(|rows| service(rows).transpose()).collect()
}

/// A service of its rows; none of none.
fn service(rows: &[Row]) -> Result<Option<DeployedService>, StoreError> {
    let Some((id, _, name, _, time)) = rows.last() else {
        return Ok(None);
    };
    let place = |id| Place {
        table: "deployments",
        id,
    };
    let environments = rows
        .iter()
        .map(|(id, _, _, environment, _)| place(*id).parse("environment", environment, Environment::parse));
    let environments: BTreeSet<_> = environments.collect::<Result<_, _>>()?;
    let name = name.as_ref();
    let name = name.map(|name| place(*id).parse("service", name, ServiceName::parse));
    Ok(Some(DeployedService {
        name: name.transpose()?,
        last_deployed_at: timestamp(*time),
        environments: environments.into_iter().collect(),
    }))
}
