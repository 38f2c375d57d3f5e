//! Writes decisions, each whole or not at all. Locks are always taken in the same order: the organization, then the
//! deployment, then its request to relink. The organization's row is locked shared, which makes writers of pull
//! requests wait and nobody else; a decision that begins a trial takes it for update at once, because two that hold
//! it shared and then both update it deadlock.

use super::input::Input;
use super::line_changes::{CHANGE_LINES, LEAVE_LINES, LineChangeInput, LineStatement, SharedLines};
use super::links::{
    GraphRangeInput, INSERT_GRAPH_RANGES, INSERT_LINKS, INSERT_RANGES, LINKS_AT_ONCE, LinkInput,
    REPLACE_LINKS, RangeInput, SUPERSEDE, SupersededInput,
};
use crate::postgres::pool::Pool;
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use futures_util::future::join_all;
use periscope_domain::id::DeploymentId;
use periscope_domain::ports::{Applied, DeploymentDecision, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The organizations, locked in order of id.
const ORGANIZATION: &str = ", organization as (
        select o.id, o.revision, o.linking_epoch
        from organizations o
        where o.id = any (array(select organization_id from input))
        order by o.id
        for ";

/// Records new deployments; one that somebody else has recorded is left out.
const CREATE: &str = " of o
    ),
    written as (
        insert into deployments (
            organization_id, external_id, revision, commit_sha, environment, tier, status, started_at, completed_at,
            service, service_key, previous_commit_sha, branch, triggered_by, pipeline_name, pipeline_url,
            linked_pull_requests, unlinked_reason, novelty, linking_digest
        )
        select
            i.organization_id, i.external_id, 1, i.commit_sha, i.environment, i.tier, i.status, i.started_at,
            i.completed_at, i.service, i.service_key, i.previous_commit_sha, i.branch, i.triggered_by, i.pipeline_name,
            i.pipeline_url,
            coalesce(i.linked_pull_requests, 0), i.unlinked_reason, i.novelty, i.linking_digest
        from input i
        join organization o on o.id = i.organization_id and o.revision = i.organization_revision
        order by i.organization_id, i.external_id
        on conflict (organization_id, external_id) do nothing
        returning organization_id, id, external_id, revision
    )";

/// Changes known deployments; one that is no longer what it was is left out.
const CHANGE: &str = " of o
    ),
    held as (
        select d.organization_id, d.id, i.ordinal, d.service_key, d.completed_at
        from input i
        join organization o on o.id = i.organization_id and o.revision = i.organization_revision
        join deployments d on d.organization_id = i.organization_id and d.external_id = i.external_id
        where d.revision = i.deployment_revision
        order by d.organization_id, d.id
        for no key update of d
    ),
    written as (
        update deployments d
        set (revision, commit_sha, environment, tier, status, started_at, completed_at, service, service_key,
                previous_commit_sha, branch, triggered_by, pipeline_name, pipeline_url, linked_pull_requests, unlinked_reason, novelty,
                linking_digest, changed_in)
            = (d.revision + 1, i.commit_sha, i.environment, i.tier, i.status, i.started_at, i.completed_at, i.service,
                i.service_key, i.previous_commit_sha, i.branch, i.triggered_by, i.pipeline_name, i.pipeline_url,
                coalesce(i.linked_pull_requests, d.linked_pull_requests),
                case when i.linked_pull_requests is null then d.unlinked_reason else i.unlinked_reason end,
                case when i.linked_pull_requests is null then d.novelty else i.novelty end,
                coalesce(i.linking_digest, d.linking_digest),
                pg_current_xact_id()::text::bigint)
        from held h
        join input i on i.ordinal = h.ordinal
        where d.organization_id = h.organization_id and d.id = h.id
        returning d.organization_id, d.id, d.external_id, d.revision
    )";

/// What goes with every deployment that was written.
const FOLLOW: &str = ", recorded as (
        select
            i.ordinal, w.organization_id, w.id, w.revision, i.event_status, i.event_started_at,
            i.event_completed_at, i.event_commit_sha, i.received_at, i.epoch, i.follows_epoch,
            i.linked_pull_requests, i.trial_started_at, i.trial_ends_at, i.service_key, i.environment, i.external_id,
            i.completed_at
        from written w
        join input i on i.organization_id = w.organization_id and i.external_id = w.external_id
    ),
    history as (
        insert into deployment_events
            (organization_id, deployment_id, revision, status, started_at, completed_at, commit_sha, received_at)
        select
            organization_id, id, revision, event_status, event_started_at, event_completed_at, event_commit_sha,
            received_at
        from recorded
    ),
    late as (
        insert into relink_requests as request (organization_id, deployment_id, generation, requested_at)
        select r.organization_id, r.id, nextval('relink_generations'), r.received_at
        from recorded r
        where r.follows_epoch
            and (r.organization_id, r.epoch) not in (select id, linking_epoch from organization)
        order by r.organization_id, r.id
        on conflict (organization_id, deployment_id) do update
            set generation = excluded.generation, lease_until = null
    )";

const BEGIN_TRIAL: &str = ", trial as (
        update organizations o
        set (trial_started_at, trial_ends_at, revision) = (r.trial_started_at, r.trial_ends_at, o.revision + 1)
        from recorded r
        where o.id = r.organization_id
    )";

/// Deployments whose links have been decided.
const RELINKED: &str = ", relinked as (
        select ordinal, organization_id, id, service_key, environment, external_id, completed_at from recorded
        where linked_pull_requests is not null
    )";

/// Writes decisions of one kind. Only what they need is in the statement: each table that it writes to costs some
/// microseconds even without a row.
#[derive(Default)]
struct Write {
    kind: Kind,
    input: Input,
    links: LinkInput,
    ranges: RangeInput,
    graph_ranges: GraphRangeInput,
    superseded: SupersededInput,
    line_changes: LineChangeInput,
}

impl QueryFragment<Pg> for Write {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("with ");
        self.input.walk_ast(out.reborrow())?;
        // What a new deployment does not have is not named, what a known one no longer has is deleted.
        let changes = !self.kind.creates;
        let links = (changes || !self.links.is_empty()).then_some(&self.links);
        let ranges = (changes || !self.ranges.is_empty()).then_some(&self.ranges);
        let graph_ranges = (changes || !self.graph_ranges.is_empty()).then_some(&self.graph_ranges);
        if let Some(links) = links {
            out.push_sql(", ");
            links.walk_ast(out.reborrow())?;
        }
        if let Some(ranges) = ranges {
            out.push_sql(", ");
            ranges.walk_ast(out.reborrow())?;
        }
        if let Some(graph_ranges) = graph_ranges {
            out.push_sql(", ");
            graph_ranges.walk_ast(out.reborrow())?;
        }
        if !self.superseded.is_empty() {
            out.push_sql(", ");
            self.superseded.walk_ast(out.reborrow())?;
        }
        if self.kind.line != LineStatement::None {
            out.push_sql(", ");
            self.line_changes.walk_ast(out.reborrow())?;
        }
        out.push_sql(ORGANIZATION);
        out.push_sql(if self.kind.begins_trial {
            "no key update"
        } else {
            "share"
        });
        out.push_sql(if self.kind.creates { CREATE } else { CHANGE });
        out.push_sql(FOLLOW);
        if self.kind.begins_trial {
            out.push_sql(BEGIN_TRIAL);
        }
        if self.kind.line != LineStatement::None {
            out.push_sql(CHANGE_LINES);
        }
        if !self.superseded.is_empty() {
            out.push_sql(SUPERSEDE);
        }
        if changes {
            out.push_sql(if self.kind.line == LineStatement::Moves {
                LEAVE_LINES
            } else {
                ""
            });
            out.push_sql(RELINKED);
            out.push_sql(REPLACE_LINKS);
        } else {
            out.push_sql(links.map_or("", |_| INSERT_LINKS));
            out.push_sql(ranges.map_or("", |_| INSERT_RANGES));
            out.push_sql(graph_ranges.map_or("", |_| INSERT_GRAPH_RANGES));
        }
        out.push_sql(" select ordinal, id from recorded");
        Ok(())
    }
}

/// Cached by its text, of which there are few.
impl QueryId for Write {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Write {
    type SqlType = (BigInt, BigInt);
}

/// Which statement a decision needs.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Kind {
    creates: bool,
    line: LineStatement,
    begins_trial: bool,
}

impl Kind {
    fn of(decision: &DeploymentDecision) -> Self {
        Self {
            creates: decision.version.deployment_revision.is_none(),
            line: LineStatement::new(decision),
            begins_trial: decision.trial.is_some(),
        }
    }
}

/// What becomes of one group leaves the others alone: each is a transaction of its own.
pub(super) async fn apply(
    pool: &Pool,
    decisions: &[DeploymentDecision],
) -> Vec<Result<Applied<DeploymentId>, Arc<StoreError>>> {
    let mut outcomes = vec![Ok(Applied::Stale); decisions.len()];
    let groups = groups(decisions);
    let shared = SharedLines::new(&groups);
    let written = groups
        .iter()
        .map(|(kind, group)| write(pool, *kind, group, &shared));
    for ((_, group), written) in groups.iter().zip(join_all(written).await) {
        let written = written
            .map(|rows| rows.into_iter().collect::<HashMap<_, _>>())
            .map_err(Arc::new);
        for (ordinal, (index, _)) in (1..).zip(group) {
            if let Some(outcome) = outcomes.get_mut(*index) {
                *outcome = match &written {
                    Ok(ids) => Ok(ids
                        .get(&ordinal)
                        .map_or(Applied::Stale, |id| Applied::Done(DeploymentId::new(*id)))),
                    Err(error) => Err(Arc::clone(error)),
                };
            }
        }
    }
    outcomes
}

/// Decisions that one statement writes, each with its position in the call.
pub(super) type Group<'a> = Vec<(usize, &'a DeploymentDecision)>;

/// Decisions that one statement can write together: of one kind, one for each deployment and one for each trial (the
/// first one; any other is stale for sure), and not with too many links.
fn groups(decisions: &[DeploymentDecision]) -> Vec<(Kind, Group<'_>)> {
    let mut seen = HashSet::new();
    let mut begun = HashSet::new();
    let mut groups: Vec<(Kind, Group<'_>)> = Vec::new();
    for (index, decision) in decisions.iter().enumerate() {
        let owner = decision.organization_id;
        if !seen.insert((owner, &decision.deployment.external_id))
            || decision.trial.is_some() && !begun.insert(owner)
        {
            continue;
        }
        let kind = Kind::of(decision);
        let fits = |group: &Group<'_>| {
            let together = group.iter().map(|(_, other)| *other).chain([decision]);
            together.map(links).sum::<usize>() <= LINKS_AT_ONCE
        };
        match groups
            .iter_mut()
            .find(|(other, group)| *other == kind && fits(group))
        {
            Some((_, group)) => group.push((index, decision)),
            None => groups.push((kind, vec![(index, decision)])),
        }
    }
    groups
}

fn links(decision: &DeploymentDecision) -> usize {
    decision.linking.as_ref().map_or(0, |linking| linking.links.len())
}

async fn write(
    pool: &Pool,
    kind: Kind,
    group: &Group<'_>,
    shared: &SharedLines,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut statement = Write {
        kind,
        ..Write::default()
    };
    let ordinals = (1..).zip(group);
    let ordinals = ordinals
        .map(|(ordinal, (position, _))| (*position, ordinal))
        .collect();
    for (ordinal, (_, decision)) in (1..).zip(group) {
        statement.input.push(decision);
        statement.line_changes.push(ordinal, decision, shared);
        if let Some(linking) = &decision.linking {
            statement.links.push(ordinal, linking);
            statement.ranges.push(ordinal, linking);
            statement.graph_ranges.push(ordinal, linking);
            statement.superseded.push(ordinal, linking);
        }
    }
    for (ordinal, (_, decision)) in (1..).zip(group) {
        if let Some(linking) = &decision.linking {
            statement.graph_ranges.supersede(ordinal, linking, &ordinals);
        }
    }
    pool.rows(statement).await
}
