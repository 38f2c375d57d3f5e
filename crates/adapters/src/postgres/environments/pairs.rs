//! The services and environments that an organization deployed, each by one step in the index of groups, so that it does not
//! matter how many deployments there are.

use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Text};
use periscope_domain::id::OrganizationId;

batch_input! {
    /// Whose: always one row.
    Query as "query" {
        organization_id: BigInt = i64,
    }
}

batch_statement! {
    /// Each service and environment once.
    ReadPairs { query: Query } -> (Text, Text) {
        " select p.service_key, p.environment
        from (
            with recursive pairs as (
                (
                    select d.service_key, d.environment
                    from query q, deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                    order by d.service_key, d.environment
                    limit 1
                )
                union all
                select d.service_key, d.environment
                from pairs p, query q
                cross join lateral (
                    select d.service_key, d.environment
                    from deployments d
                    where d.organization_id = q.organization_id and d.environment is not null
                        and (d.service_key, d.environment) > (p.service_key, p.environment)
                    order by d.service_key, d.environment
                    limit 1
                ) as d
            )
            select service_key, environment from pairs
        ) as p"
    }
}

impl ReadPairs {
    pub(super) fn new(organization_id: OrganizationId) -> Self {
        Self {
            query: Query {
                organization_id: vec![organization_id.get()],
            },
        }
    }
}
