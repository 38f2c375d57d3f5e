//! Writes links that have been decided again, and settles the requests that led to it. Parts of a statement that write, and that
//! no other part reads, run from the last to the first: lines stand before links here, as in every other statement, so that all
//! lock links before lines and none waits for another that waits for it.

use super::{move_lines, request_lines};
use crate::postgres::deployments::{
    GraphRangeInput, LINKS_AT_ONCE, LinkInput, REPLACE_LINKS, RangeInput, SUPERSEDE_AFTERWARDS,
    SupersededInput, linked_pull_requests, unlinked_reason,
};
use crate::postgres::pool::Pool;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use periscope_domain::deployment::Revision;
use periscope_domain::linking::Novelty;
use periscope_domain::ports::{Applied, RelinkReason, RelinkingDecision, StoreError};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// Deployments whose links have been decided again.
    Input as "input" {
        organization_id: BigInt = i64,
        deployment_id: BigInt = i64,
        generation: Nullable<BigInt> = Option<i64>,
        line_generation: Nullable<BigInt> = Option<i64>,
        deployment_revision: BigInt = i64,
        epoch: BigInt = i64,
        taken_at: Timestamptz = OffsetDateTime,
        linked_pull_requests: Integer = i32,
        unlinked_reason: Nullable<Text> = Option<&'static str>,
        novelty: Nullable<Text> = Option<&'static str>,
        linking_digest: BigInt = i64,
        seen: BigInt = i64,
    }
}

batch_statement! {
    /// Writes links and settles requests. One that has been made again stays and is free again; so does one whose
    /// deployment has changed, or, if the epoch has moved on, has a new range. Where all ranges are as they were, the writer
    /// that moved the epoch has looked for them and made the request again if it matters; to wait for an epoch that stands
    /// still instead would settle nothing while an import goes on. What stays goes to the back, or what is touched again and
    /// again would be taken again and again, and nothing else.
    Relink { input: Input, links: LinkInput, ranges: RangeInput, graph_ranges: GraphRangeInput } -> BigInt {
        ", organization as (
            select o.id, o.linking_epoch
            from organizations o
            where o.id in (select organization_id from input)
            order by o.id
            for share of o
        ),
        held as (
            select
                d.organization_id, d.id, i.ordinal, i.linked_pull_requests, i.unlinked_reason, i.novelty,
                i.linking_digest, i.generation, i.taken_at, i.seen, o.linking_epoch <> i.epoch as is_late
            from input i
            join organization o on o.id = i.organization_id
            join deployments d on d.organization_id = i.organization_id and d.id = i.deployment_id
            where d.revision = i.deployment_revision
                and (i.line_generation is null or exists (
                    select from line_requests l
                    where l.organization_id = d.organization_id and l.service_key = d.service_key
                        and l.generation = i.line_generation
                ))
            order by d.organization_id, d.id
            for no key update of d
        ),
        relinked as (
            update deployments d
            set (revision, linked_pull_requests, unlinked_reason, novelty, linking_digest, changed_in)
                = (d.revision + 1, h.linked_pull_requests, h.unlinked_reason, h.novelty, h.linking_digest,
                    pg_current_xact_id()::text::bigint)
            from held h
            where d.organization_id = h.organization_id and d.id = h.id
            returning
                h.ordinal, h.is_late, h.generation, h.taken_at, h.seen, d.organization_id, d.id, d.service_key,
                d.environment, d.external_id, d.completed_at
        ),
        line_moved as (",
        move_lines!(
            "select r.organization_id, r.service_key, r.completed_at, r.external_id
            from relinked r
            where r.generation is null and r.completed_at is not null"
        ),
        "),
        asked as materialized (
            select r.organization_id, l.service_key, r.completed_at as since
            from relinked r
            join line_moved l on l.organization_id = r.organization_id and l.service_key = r.service_key
            where r.generation is null and l.revision <> r.seen + 1
        ),
        lines_requested as (",
        request_lines!("(select max(taken_at) from relinked)"),
        ")",
        REPLACE_LINKS,
        ", unseen as (
            select i.owner
            from relinked r
            join graph_range i on i.owner = r.ordinal
            where r.is_late and not exists (
                select from graph_ranges g
                where g.organization_id = r.organization_id and g.deployment_id = r.id
                    and g.repository_id = i.repository_id
                    and (g.committed_from, g.committed_until, g.is_open)
                        is not distinct from (i.committed_from, i.committed_until, i.is_open)
            )
            union all
            select i.owner
            from relinked r
            join range i on i.owner = r.ordinal
            where r.is_late and not exists (
                select from merge_time_ranges m
                where m.organization_id = r.organization_id and m.deployment_id = r.id
                    and m.repository_id = i.repository_id and m.base_branch = i.base_branch
                    and m.merged_after = i.merged_after and m.merged_until = i.merged_until
            )
        ),
        seen as materialized (
            select r.ordinal from relinked r where r.ordinal not in (select owner from unseen)
        ),
        waiting as (
            select
                request.organization_id, request.deployment_id, i.taken_at,
                request.generation = i.generation as is_same, s.ordinal is not null as is_seen
            from input i
            join relink_requests request
                on request.organization_id = i.organization_id and request.deployment_id = i.deployment_id
            left join seen s on s.ordinal = i.ordinal
            where i.generation is not null
            order by request.organization_id, request.deployment_id
            for update of request
        ),
        settled as (
            delete from relink_requests request
            using waiting a
            where request.organization_id = a.organization_id and request.deployment_id = a.deployment_id
                and a.is_same and a.is_seen
        ),
        freed as (
            update relink_requests request
            set requested_at = greatest(request.requested_at, a.taken_at),
                lease_until = case when a.is_same then null else request.lease_until end
            from waiting a
            where request.organization_id = a.organization_id and request.deployment_id = a.deployment_id
                and not (a.is_same and a.is_seen)
        ),
        requested as (
            insert into relink_requests as request (organization_id, deployment_id, generation, requested_at)
            select r.organization_id, r.id, nextval('relink_generations'), r.taken_at
            from relinked r
            where r.generation is null and r.ordinal not in (select ordinal from seen)
            order by r.organization_id, r.id
            on conflict (organization_id, deployment_id) do update
                set generation = excluded.generation, lease_until = null
        )
        select ordinal from relinked"
    }
}

batch_input! {
    /// Deployments whose links have just been written.
    RelinkedInput as "relinked_now" {
        organization_id: BigInt = i64,
        deployment_id: BigInt = i64,
        revision: BigInt = i64,
    }
}

batch_statement! {
    /// Marks the heads that they supersede, in a statement of its own, because heads may be among them. One that has changed
    /// since supersedes what it finds then; one that is being removed is waited for.
    SupersedeHeads { relinked: RelinkedInput, superseded: SupersededInput } -> BigInt {
        ", recorded as (
            select r.ordinal, d.organization_id, d.id, d.completed_at
            from relinked_now r
            cross join lateral (
                select d.organization_id, d.id, d.completed_at
                from deployments d
                where d.organization_id = r.organization_id and d.id = r.deployment_id and d.completed_at is not null
                    and d.revision = r.revision
                offset 0
                for key share of d
            ) as d
        )",
        SUPERSEDE_AFTERWARDS,
        " select ordinal from recorded limit 0"
    }
}

/// How many of the first decisions one statement can write together: not with too many links.
fn how_many_at_once(decisions: &[&RelinkingDecision]) -> usize {
    let links = decisions.iter().scan(0, |links, decision| {
        *links += decision.linking.links.len();
        Some(*links)
    });
    links.take_while(|links| *links <= LINKS_AT_ONCE).count().max(1)
}

/// Writes decisions in one statement. Each statement before it has raised the revision of the line by one.
async fn relink(
    pool: &Pool,
    decisions: &[&RelinkingDecision],
    statements_before: i64,
    now: Timestamp,
) -> Result<Vec<Applied<()>>, StoreError> {
    let mut statement = Relink::default();
    for (ordinal, decision) in (1..).zip(decisions) {
        let RelinkingDecision {
            request,
            version,
            linking,
            ..
        } = decision;
        let (generation, line_generation) = match request.reason {
            RelinkReason::Requested(generation) => (Some(generation), None),
            RelinkReason::Line(generation) => (None, Some(generation)),
        };
        let input = &mut statement.input;
        input.organization_id.push(request.organization_id.get());
        input.deployment_id.push(request.deployment_id.get());
        input.generation.push(generation);
        input.line_generation.push(line_generation);
        input.seen.push(version.line.get() + statements_before);
        input
            .deployment_revision
            .push(version.deployment_revision.map_or(0, Revision::get));
        input.epoch.push(version.epoch.get());
        input.taken_at.push(now.to_offset_date_time());
        input.linked_pull_requests.push(linked_pull_requests(linking));
        input.unlinked_reason.push(unlinked_reason(linking));
        input.novelty.push(linking.novelty.map(Novelty::as_str));
        input.linking_digest.push(linking.digest());
        statement.links.push(ordinal, linking);
        statement.ranges.push(ordinal, linking);
        statement.graph_ranges.push(ordinal, linking);
    }
    let mut outcomes = vec![Applied::Stale; decisions.len()];
    for ordinal in pool.rows::<_, i64>(statement).await? {
        let index = usize::try_from(ordinal - 1).unwrap_or(usize::MAX);
        if let Some(outcome) = outcomes.get_mut(index) {
            *outcome = Applied::Done(());
        }
    }
    Ok(outcomes)
}

async fn supersede(
    pool: &Pool,
    decisions: &[RelinkingDecision],
    outcomes: &[Applied<()>],
) -> Result<(), StoreError> {
    let mut statement = SupersedeHeads::default();
    for (ordinal, (decision, outcome)) in (1..).zip(decisions.iter().zip(outcomes)) {
        statement
            .relinked
            .organization_id
            .push(decision.request.organization_id.get());
        statement
            .relinked
            .deployment_id
            .push(decision.request.deployment_id.get());
        // One more where the links have just been written.
        let revision = decision.version.deployment_revision.map_or(0, Revision::get);
        let revision = revision + i64::from(!decision.is_as_before);
        statement.relinked.revision.push(revision);
        if matches!(outcome, Applied::Done(())) {
            statement.superseded.push(ordinal, &decision.linking);
        }
    }
    if statement.superseded.is_empty() {
        return Ok(());
    }
    pool.rows::<_, i64>(statement).await.map(drop)
}

/// Writes decisions, those that change nothing only as far as they supersede heads.
pub(super) async fn apply(
    pool: &Pool,
    decisions: &[RelinkingDecision],
    now: Timestamp,
) -> Result<Vec<Applied<()>>, StoreError> {
    let changed: Vec<_> = decisions
        .iter()
        .filter(|decision| !decision.is_as_before)
        .collect();
    let mut written = Vec::with_capacity(changed.len());
    let mut rest = changed.as_slice();
    let mut statements = 0;
    while !rest.is_empty() {
        let (together, later) = rest.split_at(how_many_at_once(rest));
        written.extend(relink(pool, together, statements, now).await?);
        statements += 1;
        rest = later;
    }
    let mut written = written.into_iter();
    let outcomes: Vec<_> = decisions
        .iter()
        .map(|decision| {
            if decision.is_as_before {
                Applied::Done(())
            } else {
                written.next().unwrap_or(Applied::Stale)
            }
        })
        .collect();
    supersede(pool, decisions, &outcomes).await?;
    Ok(outcomes)
}
