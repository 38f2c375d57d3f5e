//! Gives recorded deployments their tier and their service, a bounded piece of each request at a time. Locks are taken as a recorder takes
//! them: the organization, then the deployments, then lines and their requests. The deployments are held by a statement of
//! their own, because the next one then sees every link that was written before they were.

use crate::postgres::pool::Pool;
use crate::postgres::relinking::{move_lines, request_lines};
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use periscope_domain::linking::Linking;
use periscope_domain::ports::{Applied, Placement, StoreError};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// Requests with the tier that their deployments have now.
    Input as "input" {
        organization_id: BigInt = i64,
        service_key: Text = String,
        environment: Text = String,
        generation: BigInt = i64,
        tier: Text = &'static str,
        // of the links of a deployment that ships nothing
        digest: BigInt = i64,
        most: BigInt = i64,
        now: Timestamptz = OffsetDateTime,
    }
}

batch_input! {
    /// The keys that spellings of services have now, of the request with the ordinal `owner`.
    Keys as "key" {
        owner: BigInt = i64,
        spelling: Text = String,
        service_key: Text = String,
    }
}

/// Deletes the rows of a table that belong to deployments which leave. They are looked up deployment by deployment and
/// deleted where they lie: a plan made while the table is empty would go through all of it otherwise.
macro_rules! delete_of_leaving {
    ($table:literal) => {
        concat!(
            "
            delete from ",
            $table,
            " t
            where t.organization_id = any (array(select organization_id from moved where leaves))
                and t.ctid = any (array(
                    select o.ctid
                    from (select organization_id, id from moved where leaves offset 0) as m
                    cross join lateral (
                        select o.ctid
                        from ",
            $table,
            " o
                        where o.organization_id = m.organization_id and o.deployment_id = m.id
                        offset 0
                    ) as o
                ))"
        )
    };
}

/// The requests that have not been made again, and the next deployments of each.
macro_rules! piece {
    () => {
        ", organization as (
            select o.id
            from organizations o
            where o.id in (select organization_id from input)
            order by o.id
            for share of o
        ),
        held as materialized (
            select
                r.organization_id, r.service_key, r.environment, r.after_status, r.after_time, r.after_id,
                i.ordinal, i.tier, i.digest, i.most, i.now
            from input i
            join organization o on o.id = i.organization_id
            join placement_requests r
                on r.organization_id = i.organization_id and r.service_key = i.service_key collate \"C\"
                and r.environment = i.environment
            where r.generation = i.generation
            order by r.organization_id, r.service_key, r.environment
            for update of r
        ),
        piece as materialized (
            select h.ordinal, h.organization_id, d.id, d.status, d.time
            from held h
            cross join lateral (
                select d.id, d.status, coalesce(d.completed_at, d.started_at) as time
                from deployments d
                where d.organization_id = h.organization_id and d.environment is not null
                    and d.service_key = h.service_key and d.environment = h.environment
                    and (d.status, coalesce(d.completed_at, d.started_at), d.id)
                        > (h.after_status, h.after_time, h.after_id)
                order by d.status, coalesce(d.completed_at, d.started_at), d.id
                limit h.most
            ) as d
        ),
        wrong as materialized (
            select
                d.organization_id, d.id, d.service_key as key_before, k.service_key as key, h.tier, h.digest, h.now,
                d.status = 'success' and d.tier = 'production' as was_in_line,
                d.status = 'success' and h.tier = 'production' as is_in_line
            from piece p
            join held h on h.ordinal = p.ordinal
            join deployments d on d.organization_id = p.organization_id and d.id = p.id
            cross join lateral (
                select coalesce((
                    select k.service_key collate \"C\"
                    from key k
                    where k.owner = h.ordinal and k.spelling collate \"C\" = lower(d.service collate \"C\")
                    limit 1
                ), d.service_key) as service_key
            ) as k
            where d.environment = h.environment and d.service_key = h.service_key
                and (d.tier <> h.tier or k.service_key <> d.service_key)
            order by d.organization_id, d.id
            for no key update of d
        )"
    };
}

batch_statement! {
    /// Holds the requests and those of their next deployments that belong elsewhere.
    HoldPiece { input: Input, keys: Keys } -> BigInt {
        piece!(),
        " select id from wrong"
    }
}

batch_statement! {
    /// The next deployments of each request get their tier and service. One that leaves a line loses its links and ranges here,
    /// because a line is decided from what its deployments have; the links of one that comes are decided with the line. Heads
    /// that one superseded which belongs to another service now become heads again. Those that one superseded whose environment
    /// has another tier are of that environment, and leave as well.
    Place { input: Input, keys: Keys } -> BigInt {
        piece!(),
        ",
        given as (
            update deployments d
            set (revision, tier, service_key, linked_pull_requests, unlinked_reason, novelty, linking_digest, changed_in)
                = (d.revision + 1, w.tier, w.key,
                    case when w.leaves then 0 else d.linked_pull_requests end,
                    case when w.leaves then null else d.unlinked_reason end,
                    case when w.leaves then null else d.novelty end,
                    case when w.leaves then w.digest else d.linking_digest end,
                    pg_current_xact_id()::text::bigint)
            from (
                select
                    w.organization_id, w.id, w.tier, w.digest, w.key_before, w.key,
                    w.was_in_line and not (w.is_in_line and w.key = w.key_before) as leaves,
                    w.is_in_line and not (w.was_in_line and w.key = w.key_before) as comes
                from wrong w
            ) as w
            where d.organization_id = w.organization_id and d.id = w.id
            returning d.organization_id, d.id, d.external_id, d.completed_at, w.key_before, w.key, w.leaves, w.comes
        ),
        moved as materialized (
            select
                g.organization_id, g.id, g.external_id, g.key_before as service_key, g.completed_at, true as leaves,
                g.key <> g.key_before as is_of_another
            from given g
            where g.leaves and g.completed_at is not null
            union all
            select g.organization_id, g.id, g.external_id, g.key, g.completed_at, false, false
            from given g
            where g.comes and g.completed_at is not null
        ),
        asked as materialized (
            select m.organization_id, m.service_key, m.completed_at as since from moved m
        ),
        line_moved as (",
        move_lines!(
            "select m.organization_id, m.service_key, m.completed_at, m.external_id from moved m"
        ),
        "),
        line_requested as (",
        request_lines!("(select max(now) from held)"),
        "),
        heads_again as (
            update graph_ranges g
            set superseded_at = 'infinity'
            from moved m
            where m.is_of_another and g.organization_id = m.organization_id and g.service_key = m.service_key
                and g.superseded_at = m.completed_at
                and (g.organization_id, g.deployment_id) not in (select organization_id, id from moved where leaves)
        ),
        links_gone as (
",
        delete_of_leaving!("links"),
        "
        ),
        ranges_gone as (
",
        delete_of_leaving!("merge_time_ranges"),
        "
        ),
        graph_ranges_gone as (
",
        delete_of_leaving!("graph_ranges"),
        "
        ),
        last as materialized (
            select distinct on (p.ordinal)
                p.ordinal, p.status, p.time, p.id, count(*) over (partition by p.ordinal) as count
            from piece p
            order by p.ordinal, p.status desc, p.time desc, p.id desc
        ),
        gone_on as (
            update placement_requests r
            set after_status = l.status, after_time = l.time, after_id = l.id, requested_at = h.now, lease_until = null
            from held h
            join last l on l.ordinal = h.ordinal and l.count = h.most
            where r.organization_id = h.organization_id and r.service_key = h.service_key
                and r.environment = h.environment
        ),
        settled as (
            delete from placement_requests r
            using held h
            where r.organization_id = h.organization_id and r.service_key = h.service_key
                and r.environment = h.environment
                and not exists (select from last l where l.ordinal = h.ordinal and l.count = h.most)
        )
        select ordinal from held"
    }
}

pub(in crate::postgres) async fn place(
    pool: &Pool,
    placements: &[Placement],
    most: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let [held, placed] = [(); 2].map(|()| (Input::new(placements, most, now), Keys::new(placements)));
    pool.transaction(move |connection| {
        async move {
            let (input, keys) = held;
            let _: Vec<i64> = HoldPiece { input, keys }.load(connection).await?;
            let (input, keys) = placed;
            let _: Vec<i64> = Place { input, keys }.load(connection).await?;
            Ok(Applied::Done(()))
        }
        .boxed()
    })
    .await
    .map(drop)
}

impl Input {
    fn new(placements: &[Placement], most: u32, now: Timestamp) -> Self {
        let mut input = Self::default();
        for Placement { request, tier, .. } in placements {
            let ships_nothing = Linking::of_nothing(DeploymentStatus::Success, &request.environment);
            input.organization_id.push(request.organization_id.get());
            input.service_key.push(request.service_key.clone());
            input.environment.push(request.environment.as_str().to_owned());
            input.generation.push(request.generation);
            input.tier.push(tier.as_str());
            input.digest.push(ships_nothing.digest());
            input.most.push(most.into());
            input.now.push(now.to_offset_date_time());
        }
        input
    }
}

impl Keys {
    fn new(placements: &[Placement]) -> Self {
        let mut keys = Self::default();
        for (owner, placement) in (1..).zip(placements) {
            for (spelling, key) in &placement.keys {
                keys.owner.push(owner);
                keys.spelling.push(spelling.clone());
                keys.service_key.push(key.clone());
            }
        }
        keys
    }
}
