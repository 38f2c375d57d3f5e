//! One page of an organization's deployments. Most filters leave enough of the latest ones to fill a page, so these are
//! looked through first. What is rarer is found group by group: deployments of one service, environment and status lie
//! side by side, there are few such groups, and each is in order of time.

use super::{NamedRow, RowSql, named};
use crate::postgres::listing::Bounds;
use crate::postgres::pool::Pool;
use crate::postgres::service_keys::find_service_key;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::listing::{DeploymentFilter, ListedDeployment, Order, Page, PageRequest};
use periscope_domain::ports::StoreError;
use periscope_domain::run::DeploymentStatus;

/// How many deployments are looked through before the groups are.
const LOOKED_THROUGH: i64 = 1_000;

batch_input! {
    /// What is asked: always one row. No statuses mean any; if all are taken, no more are looked through than are wanted.
    Query as "query" {
        organization_id: BigInt = i64,
        service_key: Nullable<Text> = Option<String>,
        environment: Nullable<Text> = Option<String>,
        tier: Nullable<Text> = Option<&'static str>,
        statuses: Array<Text> = Vec<&'static str>,
        looked_through: Nullable<BigInt> = Option<i64>,
    }
}

/// The services, environments and statuses of the deployments of an organization, each by one step in the index, with the tier
/// of one of its deployments, in a table `groups` of `query`: the first step on a condition and from a service on, each further one on a condition.
macro_rules! groups {
    ($if:literal, $from:literal, $while:literal) => {
        concat!(
            "
            with recursive groups as (
                (
                    select d.service_key as key, d.environment, d.status, d.tier
                    from query q, deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                        and d.service_key >= ",
            $from,
            " and ",
            $if,
            "
                    order by d.service_key, d.environment, d.status
                    limit 1
                )
                union all
                select d.key, d.environment, d.status, d.tier
                from groups g, query q
                cross join lateral (
                    select d.service_key as key, d.environment, d.status, d.tier
                    from deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                        and (d.service_key, d.environment, d.status)
                            > (g.key, g.environment, g.status)
                    order by d.service_key, d.environment, d.status
                    limit 1
                ) as d
                where ",
            $while,
            "
            )"
        )
    };
}
pub(super) use groups;

/// The statement for an order: how a place that is further on compares with a begin, and how with an end; how to sort.
macro_rules! page {
    ($further:literal, $still:literal, $direction:literal) => {
        concat!(
            ", looked_through as materialized (
                select d.*
                from query q, bounds b, deployments d
                where d.organization_id = q.organization_id and d.started_at is not null
                ", page!(@within $further, $still), page!(@sorted $direction), "
                limit (select coalesce(q.looked_through, b.most) from query q, bounds b)
            ),
            near as materialized (
                select d.*
                from query q, looked_through d
                where (q.service_key is null or d.service_key = q.service_key collate \"C\")
                    and (q.environment is null or d.environment = q.environment)
                    and (q.tier is null or d.tier = q.tier)
                    and (cardinality(q.statuses) = 0 or d.status = any(q.statuses))
                ", page!(@sorted $direction), "
                limit (select most from bounds)
            ),
            effort as materialized (
                select
                    (select count(*) from looked_through) = q.looked_through
                        and (select count(*) from near) < b.most
                    as is_too_little
                from query q, bounds b
            ),
            far as materialized (",
                groups!(
                    "(select is_too_little from effort)",
                    "coalesce(q.service_key, '') collate \"C\"",
                    "q.service_key is null or g.key = q.service_key collate \"C\""
                ), "
                select d.*
                from groups g
                join query q
                    on (q.service_key is null or g.key = q.service_key collate \"C\")
                    and (q.environment is null or g.environment = q.environment)
                    and (q.tier is null or g.tier = q.tier)
                    and (cardinality(q.statuses) = 0 or g.status = any(q.statuses))
                cross join bounds b
                cross join lateral (
                    select d.*
                    from deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                        and d.service_key = g.key
                        and d.environment = g.environment and d.status = g.status
                    ", page!(@within $further, $still), page!(@sorted $direction), "
                    limit (select most from bounds)
                ) as d
                ", page!(@sorted $direction), "
                limit (select most from bounds)
            )
            select
                d.external_id,
                d.id, d.revision, d.commit_sha, d.environment, d.tier, d.status, d.started_at, d.completed_at, d.service,
                d.service_key, d.previous_commit_sha, d.branch, d.triggered_by, d.pipeline_name, d.pipeline_url,
                d.linked_pull_requests, d.novelty, d.linking_digest
            from (
                select * from near where (select is_too_little from effort) is not true
                union all
                select * from far
            ) as d
            ", page!(@sorted $direction)
        )
    };
    (@within $further:literal, $still:literal) => {
        concat!("
            and (coalesce(d.completed_at, d.started_at), d.id) ", $further, " (b.behind_time, b.behind_id)
            and coalesce(d.completed_at, d.started_at) ", $still, " b.end_time")
    };
    (@sorted $direction:literal) => {
        concat!("
            order by coalesce(d.completed_at, d.started_at) ", $direction, ", d.id ", $direction)
    };
}

batch_statement! {
    ReadNewest { query: Query, bounds: Bounds } -> (Text, RowSql) { page!("<", ">=", "desc") }
}

batch_statement! {
    ReadOldest { query: Query, bounds: Bounds } -> (Text, RowSql) { page!(">", "<", "asc") }
}

impl Query {
    fn new(organization_id: OrganizationId, filter: &DeploymentFilter, service_key: Option<String>) -> Self {
        let DeploymentFilter {
            environment,
            service,
            statuses,
            period: _,
        } = filter;
        let takes_all = environment.is_none() && service.is_none() && statuses.is_empty();
        let tier = environment
            .as_ref()
            .filter(|environment| environment.means_tier());
        let tier = tier.map(|_| Tier::Production.as_str());
        let environment = environment.as_ref().filter(|_| tier.is_none());
        let environment = environment.map(Environment::as_str).map(str::to_owned);
        Self {
            organization_id: vec![organization_id.get()],
            service_key: vec![service_key],
            environment: vec![environment],
            tier: vec![tier],
            statuses: vec![statuses.iter().copied().map(DeploymentStatus::as_str).collect()],
            looked_through: vec![(!takes_all).then_some(LOOKED_THROUGH)],
        }
    }
}

pub(super) async fn page(
    pool: &Pool,
    organization_id: OrganizationId,
    filter: &DeploymentFilter,
    page: &PageRequest<DeploymentId>,
) -> Result<Page<ListedDeployment>, StoreError> {
    let bounds = Bounds::new(&filter.period, page, DeploymentId::get);
    let service_key = match &filter.service {
        None => None,
        Some(service) => Some(find_service_key(pool, organization_id, service).await?),
    };
    let query = Query::new(organization_id, filter, service_key);
    let rows: Vec<NamedRow> = match page.order {
        Order::Newest => pool.rows(ReadNewest { query, bounds }).await?,
        Order::Oldest => pool.rows(ReadOldest { query, bounds }).await?,
    };
    let listed = rows.into_iter().map(|row| {
        Ok(ListedDeployment {
            linked_pull_requests: row.1.linked_pull_requests.unsigned_abs().into(),
            stored: named(row)?,
        })
    });
    Ok(Page::beginning_with(
        listed.collect::<Result<_, StoreError>>()?,
        page.limit,
    ))
}
