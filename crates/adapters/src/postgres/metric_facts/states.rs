//! The states of services in some environments before a time, each from two or three rows: the last success and the first harm after it. Services
//! are found by one step in the index of groups each, so neither the age of a state nor the number of deployments matters.

use super::super::pool::Pool;
use super::super::row::{Place, timestamp};
use super::super::statement::{batch_input, batch_statement};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use periscope_domain::environment::Environment;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::metrics::ServiceState;
use periscope_domain::ports::StoreError;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// What is asked: always one row.
    Query as "query" {
        organization_id: BigInt = i64,
        environments: Array<Text> = Vec<String>,
        before: Timestamptz = OffsetDateTime,
        success: Text = &'static str,
        harmful: Array<Text> = Vec<&'static str>,
    }
}

type StateRow = (i64, Option<String>, String, Option<i64>, Option<OffsetDateTime>);

batch_statement! {
    /// The last successful deployment of each service to each environment, its service as the deciding one spells it, and the
    /// first harmful deployment after it.
    ReadStates { query: Query } -> (BigInt, Nullable<Text>, Text, Nullable<BigInt>, Nullable<Timestamptz>) {
        " select s.id, s.service, s.environment, s.down_id, s.down_at
        from (
            with recursive services as (
                select d.key
                from query q
                cross join lateral (
                    select d.service_key as key
                    from deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                    order by d.service_key
                    limit 1
                ) as d
                union all
                select d.key
                from services s, query q
                cross join lateral (
                    select d.service_key as key
                    from deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                        and d.service_key > s.key
                    order by d.service_key
                    limit 1
                ) as d
            )
            select
                up.id, coalesce(down.service, up.service) as service, e.environment, down.id as down_id,
                down.time as down_at
            from services s
            cross join query q
            cross join lateral unnest(q.environments) as e(environment)
            cross join lateral (
                select d.id, d.service, coalesce(d.completed_at, d.started_at) as time
                from deployments d
                where d.organization_id = q.organization_id and d.environment is not null
                    and d.service_key = s.key
                    and d.environment = e.environment and d.status = q.success
                    and coalesce(d.completed_at, d.started_at) < q.before
                order by coalesce(d.completed_at, d.started_at) desc, d.id desc
                limit 1
            ) as up
            left join lateral (
                select d.id, d.service, d.time
                from unnest(q.harmful) as h(status)
                cross join lateral (
                    select d.id, d.service, coalesce(d.completed_at, d.started_at) as time
                    from deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                        and d.service_key = s.key
                        and d.environment = e.environment and d.status = h.status
                        and coalesce(d.completed_at, d.started_at) > up.time
                        and coalesce(d.completed_at, d.started_at) < q.before
                    order by coalesce(d.completed_at, d.started_at), d.id
                    limit 1
                ) as d
                order by d.time, d.id
                limit 1
            ) as down on true
        ) as s"
    }
}

pub(super) async fn states_before(
    pool: &Pool,
    organization_id: OrganizationId,
    environments: &[Environment],
    before: Timestamp,
) -> Result<Vec<ServiceState>, StoreError> {
    let harmful = DeploymentStatus::ALL
        .into_iter()
        .filter(|status| status.is_harmful());
    let query = Query {
        organization_id: vec![organization_id.get()],
        environments: vec![environments.iter().map(|one| one.as_str().to_owned()).collect()],
        before: vec![before.to_offset_date_time()],
        success: vec![DeploymentStatus::Success.as_str()],
        harmful: vec![harmful.map(DeploymentStatus::as_str).collect()],
    };
    let rows: Vec<StateRow> = pool.rows(ReadStates { query }).await?;
    let states = rows
        .into_iter()
        .map(|(id, service, environment, down_id, down_at)| {
            let place = Place {
                table: "deployments",
                id,
            };
            Ok(ServiceState {
                service: place.parse_option("service", service.as_deref(), ServiceName::parse)?,
                environment: place.parse("environment", &environment, Environment::parse)?,
                down_since: down_id.map(DeploymentId::new).zip(down_at.map(timestamp)),
            })
        });
    states.collect()
}
