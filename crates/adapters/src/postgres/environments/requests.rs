//! The requests to give recorded deployments another tier: how a change of the rules makes them, and how a worker takes them.

use crate::postgres::pool::Pool;
use crate::postgres::relinking::{Taker, fair_share};
use crate::postgres::row::Place;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Text, Timestamptz};
use periscope_domain::environment::Environment;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{StoreError, TierRequest, TiersDecision};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// Services and environments whose tier has changed.
    Pairs as "pair" {
        organization_id: BigInt = i64,
        service_key: Text = String,
        environment: Text = String,
        now: Timestamptz = OffsetDateTime,
    }
}

batch_statement! {
    /// Requests them from their first deployment on, in order, so that two writers do not deadlock.
    RequestTiers { pairs: Pairs } -> BigInt {
        "
        insert into tier_requests as request
            (organization_id, service_key, environment, generation, requested_at)
        select p.organization_id, p.service_key, p.environment, nextval('relink_generations'), p.now
        from pair p
        order by p.organization_id, p.service_key collate \"C\", p.environment
        on conflict (organization_id, service_key, environment) do update
            set after_status = '', after_time = '-infinity', after_id = 0,
                generation = excluded.generation, lease_until = null
        returning organization_id"
    }
}

impl RequestTiers {
    /// Of services and environments those whose tier a decision changes.
    pub(super) fn of(decision: &TiersDecision, pairs: Vec<(String, String)>) -> Self {
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

    pub(super) const fn is_empty(&self) -> bool {
        self.pairs.environment.is_empty()
    }
}

batch_statement! {
    /// Leases the oldest free requests.
    ClaimTiers { taker: Taker } -> (BigInt, Text, Text, BigInt) {
        fair_share!("tier_requests", "service_key", "environment"),
        "
        update tier_requests r
        set lease_until = t.lease_until
        from (select organization_id, service_key, environment from free limit 1000) as f, taker t
        where r.organization_id = f.organization_id and r.service_key = f.service_key
            and r.environment = f.environment
        returning r.organization_id, r.service_key, r.environment, r.generation"
    }
}

pub(super) async fn claim(
    pool: &Pool,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<TierRequest>, StoreError> {
    let taker = Taker::new(organization_id, limit, now, lease_until);
    let rows = pool
        .rows::<_, (i64, String, String, i64)>(ClaimTiers { taker })
        .await?;
    let requests = rows
        .into_iter()
        .map(|(organization_id, service_key, environment, generation)| {
            let place = Place {
                table: "tier_requests",
                id: organization_id,
            };
            Ok(TierRequest {
                organization_id: OrganizationId::new(organization_id),
                service_key,
                environment: place.parse("environment", &environment, Environment::parse)?,
                generation,
            })
        });
    requests.collect()
}
