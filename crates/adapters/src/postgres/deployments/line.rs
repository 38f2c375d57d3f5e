//! The successful production deployments of a service in order, and what they have delivered.

use crate::postgres::pool::Pool;
use crate::postgres::row::{Place, timestamp};
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Text, Timestamptz};
use periscope_domain::environment::Environment;
use periscope_domain::id::{OrganizationId, PullRequestId};
use periscope_domain::linking::LinePosition;
use periscope_domain::ports::{DeliveryQuery, LineMember, StoreError};
use periscope_domain::text::ExternalDeploymentId;
use std::collections::BTreeSet;
use time::OffsetDateTime;

batch_input! {
    /// What is asked: always one row.
    LineQuery as "query" {
        organization_id: BigInt = i64,
        service_key: Text = String,
        since: Timestamptz = OffsetDateTime,
        since_external_id: Text = String,
        most: BigInt = i64,
    }
}

batch_statement! {
    /// The next deployments of a service.
    ReadLine { query: LineQuery } -> (BigInt, Text, Text, Timestamptz) {
        " select e.id, e.external_id, e.environment, e.completed_at
        from query q, deployments e
        where e.organization_id = q.organization_id and e.service_key = q.service_key collate \"C\"
            and e.tier = 'production' and e.status = 'success' and e.completed_at is not null
            and (e.completed_at, e.external_id collate \"C\") >= (q.since, q.since_external_id collate \"C\")
        order by e.completed_at, e.external_id collate \"C\"
        limit (select most from query)"
    }
}

pub(super) async fn line(
    pool: &Pool,
    organization_id: OrganizationId,
    service_key: &str,
    from: &LinePosition,
    most: u32,
) -> Result<Vec<LineMember>, StoreError> {
    let query = LineQuery {
        organization_id: vec![organization_id.get()],
        service_key: vec![service_key.to_owned()],
        since: vec![from.completed_at.to_offset_date_time()],
        since_external_id: vec![from.external_id.clone()],
        most: vec![most.into()],
    };
    let rows = pool
        .rows::<_, (i64, String, String, OffsetDateTime)>(ReadLine { query })
        .await?;
    rows.into_iter()
        .map(|(id, external_id, environment, completed_at)| {
            let place = Place {
                table: "deployments",
                id,
            };
            Ok(LineMember {
                external_id: place.parse("external_id", &external_id, ExternalDeploymentId::parse)?,
                environment: place.parse("environment", &environment, Environment::parse)?,
                place: LinePosition {
                    completed_at: timestamp(completed_at),
                    external_id,
                },
            })
        })
        .collect()
}

batch_input! {
    /// Pull requests that the query with the ordinal `owner` asks for.
    Wanted as "wanted" {
        owner: BigInt = i64,
        organization_id: BigInt = i64,
        service_key: Text = String,
        before: Timestamptz = OffsetDateTime,
        before_external_id: Text = String,
        pull_request_id: BigInt = i64,
    }
}

batch_statement! {
    /// Those that an earlier deployment of the service links. Only successful production deployments have links.
    ReadDelivered { wanted: Wanted } -> (BigInt, BigInt) {
        " select w.owner, w.pull_request_id
        from wanted w
        where (
            select true
            from (
                select l.deployment_id
                from links l
                where l.organization_id = w.organization_id and l.pull_request_id = w.pull_request_id
                offset 0
            ) as l
            cross join lateral (
                select d.service_key, d.completed_at, d.external_id
                from deployments d
                where d.organization_id = w.organization_id and d.id = l.deployment_id
                offset 0
            ) as d
            where d.service_key = w.service_key collate \"C\"
                and (d.completed_at, d.external_id collate \"C\") < (w.before, w.before_external_id collate \"C\")
            limit 1
        )"
    }
}

pub(super) async fn delivered(
    pool: &Pool,
    queries: &[DeliveryQuery],
) -> Result<Vec<BTreeSet<PullRequestId>>, StoreError> {
    let mut wanted = Wanted::default();
    for (owner, query) in (1..).zip(queries) {
        for pull_request_id in &query.pull_requests {
            wanted.owner.push(owner);
            wanted.organization_id.push(query.organization_id.get());
            wanted.service_key.push(query.service_key.clone());
            wanted
                .before
                .push(query.before.completed_at.to_offset_date_time());
            wanted.before_external_id.push(query.before.external_id.clone());
            wanted.pull_request_id.push(pull_request_id.get());
        }
    }
    let mut delivered = vec![BTreeSet::new(); queries.len()];
    for (owner, pull_request_id) in pool.rows::<_, (i64, i64)>(ReadDelivered { wanted }).await? {
        let index = usize::try_from(owner - 1).unwrap_or(usize::MAX);
        if let Some(delivered) = delivered.get_mut(index) {
            delivered.insert(PullRequestId::new(pull_request_id));
        }
    }
    Ok(delivered)
}
