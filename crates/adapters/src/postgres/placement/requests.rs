//! The requests to place recorded deployments again: how a change of tiers or of a repository's names makes them, and how a
//! worker takes them.

use crate::postgres::pool::Pool;
use crate::postgres::relinking::{Taker, fair_share};
use crate::postgres::row::Place;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Text, Timestamptz};
use periscope_domain::environment::Environment;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{PlacementRequest, StoreError, TiersDecision};
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeSet;
use time::OffsetDateTime;

batch_input! {
    /// Services and environments whose deployments belong elsewhere.
    Pairs as "pair" {
        organization_id: BigInt = i64,
        service_key: Text = String,
        environment: Text = String,
        now: Timestamptz = OffsetDateTime,
    }
}

/// Requests places, in order, so that two writers do not deadlock.
macro_rules! request {
    ($places:literal) => {
        concat!(
            "
        insert into placement_requests as request
            (organization_id, service_key, environment, generation, requested_at)
        select p.organization_id, p.service_key, p.environment, nextval('relink_generations'), p.now
        from ",
            $places,
            "
        order by p.organization_id, p.service_key collate \"C\", p.environment
        on conflict (organization_id, service_key, environment) do update
            set after_status = '', after_time = '-infinity', after_id = 0,
                generation = excluded.generation, lease_until = null
        returning organization_id"
        )
    };
}

batch_statement! {
    /// Requests them from their first deployment on.
    RequestPlaces { pairs: Pairs } -> BigInt {
        request!("pair p")
    }
}

batch_input! {
    /// Names of repositories that have come or gone, full and bare.
    Spellings as "spelling" {
        organization_id: BigInt = i64,
        spelling: Text = String,
        now: Timestamptz = OffsetDateTime,
    }
}

batch_statement! {
    /// Requests every [concerned](periscope_domain::linking::concerned_keys) service in each environment to which it was
    /// deployed, each found by one step in the index of groups.
    RequestConcerned { spellings: Spellings } -> BigInt {
        ", concerned as materialized (
            select s.organization_id, s.spelling collate \"C\" as key, s.now
            from spelling s
            union
            select s.organization_id, r.full_name_key collate \"C\", s.now
            from spelling s
            cross join lateral (
                select r.full_name_key
                from repositories r
                where r.organization_id = s.organization_id and r.bare_name_key = s.spelling
                offset 0
            ) as r
            union
            select s.organization_id, r.full_name_key collate \"C\", s.now
            from spelling s
            cross join lateral (
                select f.repository_id
                from repository_former_names f
                where f.organization_id = s.organization_id and f.bare_name_key = split_part(s.spelling, '/', -1)
                    and (f.bare_name_key = s.spelling or f.full_name_key = s.spelling)
                offset 0
            ) as f
            cross join lateral (
                select r.full_name_key
                from repositories r
                where r.organization_id = s.organization_id and r.id = f.repository_id
                offset 0
            ) as r
        ),
        place as materialized (
            select c.organization_id, c.key as service_key, e.environment, c.now
            from concerned c
            cross join lateral (
                with recursive environments as (
                    (
                        select d.environment
                        from deployments d
                        where d.organization_id = c.organization_id and d.environment is not null
                            and d.service_key = c.key
                        order by d.environment
                        limit 1
                    )
                    union all
                    select d.environment
                    from environments e
                    cross join lateral (
                        select d.environment
                        from deployments d
                        where d.organization_id = c.organization_id and d.environment is not null
                            and d.service_key = c.key and d.environment > e.environment
                        order by d.environment
                        limit 1
                    ) as d
                )
                select environment from environments
            ) as e
        )",
        request!("place p")
    }
}

impl RequestConcerned {
    /// The services that spellings in lower case concern.
    pub(in crate::postgres) fn new(
        organization_id: OrganizationId,
        spellings: impl IntoIterator<Item = String>,
        now: Timestamp,
    ) -> Self {
        let mut statement = Self::default();
        for spelling in spellings.into_iter().collect::<BTreeSet<_>>() {
            statement.spellings.organization_id.push(organization_id.get());
            statement.spellings.spelling.push(spelling);
            statement.spellings.now.push(now.to_offset_date_time());
        }
        statement
    }
}

impl RequestPlaces {
    /// Of services and environments those whose tier a decision changes.
    pub(in crate::postgres) fn new(decision: &TiersDecision, pairs: Vec<(String, String)>) -> Self {
        let mut statement = Self::default();
        for (service_key, name) in pairs {
            let environment = Environment::parse(&name);
            let changes = |environment| decision.after.differs_from(&decision.before.tiers, &environment);
            if environment.is_ok_and(changes) {
                let pairs = &mut statement.pairs;
                pairs.organization_id.push(decision.organization_id.get());
                pairs.service_key.push(service_key);
                pairs.environment.push(name);
                pairs.now.push(decision.decided_at.to_offset_date_time());
            }
        }
        statement
    }

    pub(in crate::postgres) const fn is_empty(&self) -> bool {
        self.pairs.environment.is_empty()
    }
}

batch_statement! {
    /// Leases the oldest free requests.
    ClaimPlaces { taker: Taker } -> (BigInt, Text, Text, BigInt) {
        fair_share!("placement_requests", "service_key", "environment"),
        "
        update placement_requests r
        set lease_until = t.lease_until
        from (select organization_id, service_key, environment from free limit 1000) as f, taker t
        where r.organization_id = f.organization_id and r.service_key = f.service_key
            and r.environment = f.environment
        returning r.organization_id, r.service_key, r.environment, r.generation"
    }
}

pub(in crate::postgres) async fn claim(
    pool: &Pool,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<PlacementRequest>, StoreError> {
    let taker = Taker::new(organization_id, limit, now, lease_until);
    let rows = pool
        .rows::<_, (i64, String, String, i64)>(ClaimPlaces { taker })
        .await?;
    let requests = rows
        .into_iter()
        .map(|(organization_id, service_key, environment, generation)| {
            let place = Place {
                table: "placement_requests",
                id: organization_id,
            };
            Ok(PlacementRequest {
                organization_id: OrganizationId::new(organization_id),
                service_key,
                environment: place.parse("environment", &environment, Environment::parse)?,
                generation,
            })
        });
    requests.collect()
}
