//! What decisions do to lines, in the statement that writes them.

use super::write::Group;
use crate::postgres::relinking::{move_lines, request_lines};
use crate::postgres::statement::batch_input;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};
use periscope_domain::linking::LineKey;
use periscope_domain::ports::DeploymentDecision;
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;

/// Raises the revision of every changed line. Requests a line that has later deployments, a line whose revision the decisions
/// did not see, and a line of which another decision is left out.
pub(super) const CHANGE_LINES: &str = concat!(
    ", line_moved as (",
    move_lines!(
        "select r.organization_id, i.service_key, i.completed_at, i.external_id
        from recorded r
        join line_change i on i.owner = r.ordinal"
    ),
    "),
    asked as materialized (
        select r.organization_id, l.service_key, i.completed_at as since
        from recorded r
        join line_change i on i.owner = r.ordinal
        join line_moved l on l.organization_id = r.organization_id and l.service_key = i.service_key collate \"C\"
        where i.changes_later or l.revision <> i.seen + 1
            or i.is_shared and (r.organization_id, i.service_key) in (
                select n.organization_id, j.service_key
                from input n
                join line_change j on j.owner = n.ordinal
                where n.ordinal not in (select ordinal from recorded)
            )
    ),
    lines_requested as (",
    request_lines!("(select max(received_at) from recorded)"),
    ")"
);

/// A deployment that leaves its place supersedes no head there any more. Deployments that the same statement writes leave
/// their places as well.
pub(super) const LEAVE_LINES: &str = ", heads_again as (
        update graph_ranges g
        set superseded_at = 'infinity'
        from held h
        where g.organization_id = h.organization_id and g.service_key = h.service_key
            and g.superseded_at = h.completed_at
            and (g.organization_id, g.deployment_id) not in (select organization_id, id from recorded)
    )";

/// What a decision does to lines.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum LineStatement {
    /// Nothing: the deployment ships nothing.
    #[default]
    None,
    /// The deployment keeps its place.
    Stays,
    /// The deployment comes, or leaves a place.
    Moves,
}

impl LineStatement {
    pub(super) fn new(decision: &DeploymentDecision) -> Self {
        let mut changes = decision.line_changes.iter();
        if decision.line_changes.is_empty() {
            Self::None
        } else if changes.any(|change| change.is_moved) {
            Self::Moves
        } else {
            Self::Stays
        }
    }
}

batch_input! {
    /// Changes of lines by the decision with the ordinal `owner`.
    LineChangeInput as "line_change" {
        owner: BigInt = i64,
        service_key: Text = String,
        completed_at: Timestamptz = OffsetDateTime,
        external_id: Text = String,
        changes_later: Bool = bool,
        is_shared: Bool = bool,
        seen: BigInt = i64,
    }
}

impl LineChangeInput {
    pub(super) fn push(&mut self, owner: i64, decision: &DeploymentDecision, shared: &SharedLines) {
        for change in &decision.line_changes {
            let line = change.line(decision.organization_id);
            self.owner.push(owner);
            self.changes_later
                .push(change.changes_later() || shared.split.contains(&line));
            self.is_shared.push(shared.all.contains(&line));
            self.service_key.push(line.1);
            self.completed_at
                .push(change.place.completed_at.to_offset_date_time());
            self.external_id.push(change.place.external_id.clone());
            self.seen.push(decision.version.line.get());
        }
    }
}

/// Lines that several decisions change.
pub(super) struct SharedLines {
    all: HashSet<LineKey>,
    /// Those whose decisions are written by several statements, of which none knows what becomes of the others.
    split: HashSet<LineKey>,
}

impl SharedLines {
    pub(super) fn new<K>(groups: &[(K, Group<'_>)]) -> Self {
        let mut changed = HashMap::new();
        let mut all = HashSet::new();
        let mut split = HashSet::new();
        for (number, (_, group)) in groups.iter().enumerate() {
            for (_, decision) in group {
                for change in &decision.line_changes {
                    let line = change.line(decision.organization_id);
                    if let Some(other) = changed.insert(line.clone(), number) {
                        if other != number {
                            split.insert(line.clone());
                        }
                        all.insert(line);
                    }
                }
            }
        }
        Self { all, split }
    }
}
