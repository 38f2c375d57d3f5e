//! The links of a deployment and the ranges that they were found by. They are written as a difference: what a deployment
//! no longer has is deleted, what is new or different is written, and what stays costs nothing.

use crate::postgres::row::{Place, branch_key};
use crate::postgres::schema::links;
use crate::postgres::statement::batch_input;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Bytea, Nullable, Text, Timestamptz};
use periscope_domain::id::PullRequestId;
use periscope_domain::lead_time::LeadTime;
use periscope_domain::linking::{Link, LinkRule, Linking, UnlinkedReason, position_in_batch};
use periscope_domain::ports::StoreError;
use periscope_domain::timestamp::Timestamp;
use std::collections::HashMap;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = links)]
pub(super) struct Row {
    deployment_id: i64,
    pull_request_id: i64,
    rule: String,
    base_commit_sha: Option<Vec<u8>>,
    lead_time_seconds: i64,
    is_first: bool,
}

impl TryFrom<Row> for Link {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place {
            table: "links",
            id: row.deployment_id,
        };
        let base = row.base_commit_sha.map(|sha| place.sha("base_commit_sha", &sha));
        Ok(Self {
            pull_request_id: PullRequestId::new(row.pull_request_id),
            rule: place.word("rule", &row.rule, LinkRule::ALL, LinkRule::as_str)?,
            base: base.transpose()?,
            lead_time: place.check("lead_time_seconds", LeadTime::from_seconds(row.lead_time_seconds))?,
            is_first: row.is_first,
        })
    }
}

/// How many links one statement writes, if it writes those of several deployments: Postgres takes an input for short and
/// goes through all of it for each deployment.
pub(in crate::postgres) const LINKS_AT_ONCE: usize = 5_000;

/// How many pull requests are linked, as it is kept beside the deployment.
pub(in crate::postgres) fn linked_pull_requests(linking: &Linking) -> i32 {
    i32::try_from(linking.links.len()).unwrap_or(i32::MAX)
}

/// Why there are none, as it is kept beside the deployment.
pub(in crate::postgres) fn unlinked_reason(linking: &Linking) -> Option<&'static str> {
    linking.unlinked_reason().map(UnlinkedReason::as_str)
}

batch_input! {
    /// Links of the decision with the ordinal `owner`.
    LinkInput as "link" {
        owner: BigInt = i64,
        pull_request_id: BigInt = i64,
        rule: Text = &'static str,
        base_commit_sha: Nullable<Bytea> = Option<Vec<u8>>,
        lead_time_seconds: BigInt = i64,
        is_first: Bool = bool,
    }
}

batch_input! {
    /// Spans of merge times of the decision with the ordinal `owner`.
    RangeInput as "range" {
        owner: BigInt = i64,
        repository_id: BigInt = i64,
        base_branch: Text = String,
        merged_after: Timestamptz = OffsetDateTime,
        merged_until: Timestamptz = OffsetDateTime,
    }
}

batch_input! {
    /// Ranges of commit graphs of the decision with the ordinal `owner`.
    GraphRangeInput as "graph_range" {
        owner: BigInt = i64,
        repository_id: BigInt = i64,
        committed_from: Nullable<Timestamptz> = Option<OffsetDateTime>,
        committed_until: Nullable<Timestamptz> = Option<OffsetDateTime>,
        is_open: Bool = bool,
        commit_sha: Bytea = Vec<u8>,
        is_head: Bool = bool,
        superseded_by: Nullable<BigInt> = Option<i64>,
    }
}

batch_input! {
    /// Heads of a line that the decision with the ordinal `owner` supersedes.
    SupersededInput as "superseded" {
        owner: BigInt = i64,
        deployment_id: BigInt = i64,
        repository_id: BigInt = i64,
        commit_sha: Bytea = Vec<u8>,
    }
}

impl SupersededInput {
    pub(in crate::postgres) fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }

    pub(in crate::postgres) fn push(&mut self, owner: i64, linking: &Linking) {
        for range in &linking.graph_ranges {
            let stored = range.contained.iter();
            for (deployment_id, commit) in stored.filter(|(id, _)| position_in_batch(*id).is_none()) {
                self.owner.push(owner);
                self.deployment_id.push(deployment_id.get());
                self.repository_id.push(range.repository_id.get());
                self.commit_sha.push(commit.as_bytes().to_vec());
            }
        }
    }
}

impl GraphRangeInput {
    pub(super) fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }

    pub(in crate::postgres) fn push(&mut self, owner: i64, linking: &Linking) {
        for range in &linking.graph_ranges {
            let (from, until) = range.committed.unzip();
            self.owner.push(owner);
            self.repository_id.push(range.repository_id.get());
            self.committed_from.push(from.map(Timestamp::to_offset_date_time));
            self.committed_until
                .push(until.map(Timestamp::to_offset_date_time));
            self.is_open.push(range.is_open);
            self.commit_sha.push(range.commit.as_bytes().to_vec());
            self.is_head.push(range.is_head);
            self.superseded_by.push(None);
        }
    }

    /// Notes which ranges of the statement the decision with an ordinal supersedes, if no earlier one does.
    pub(super) fn supersede(&mut self, ordinal: i64, linking: &Linking, ordinals: &HashMap<usize, i64>) {
        for range in &linking.graph_ranges {
            let members = range
                .contained
                .iter()
                .filter_map(|(id, _)| position_in_batch(*id));
            for member in members.filter_map(|position| ordinals.get(&position)) {
                let rows = self.owner.iter().zip(&self.repository_id);
                for ((owner, repository_id), superseded_by) in rows.zip(&mut self.superseded_by) {
                    if (*owner, *repository_id) == (*member, range.repository_id.get()) {
                        superseded_by.get_or_insert(ordinal);
                    }
                }
            }
        }
    }
}

impl LinkInput {
    pub(super) fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }

    pub(in crate::postgres) fn push(&mut self, owner: i64, linking: &Linking) {
        for link in &linking.links {
            self.owner.push(owner);
            self.pull_request_id.push(link.pull_request_id.get());
            self.rule.push(link.rule.as_str());
            self.base_commit_sha
                .push(link.base.map(|base| base.as_bytes().to_vec()));
            self.lead_time_seconds.push(link.lead_time.seconds());
            self.is_first.push(link.is_first);
        }
    }
}

impl RangeInput {
    pub(super) fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }

    pub(in crate::postgres) fn push(&mut self, owner: i64, linking: &Linking) {
        for range in &linking.ranges {
            self.owner.push(owner);
            self.repository_id.push(range.repository_id.get());
            self.base_branch.push(branch_key(range.base_branch.as_ref()));
            self.merged_after.push(range.after.to_offset_date_time());
            self.merged_until.push(range.until.to_offset_date_time());
        }
    }
}

/// What is kept of a range, from a row `i` of the input and a row `r` of its deployment.
macro_rules! graph_range_columns {
    () => {
        "
        insert into graph_ranges as g
            (organization_id, deployment_id, repository_id, committed_from, committed_until, is_open, service_key,
                environment, external_id, completed_at, commit_sha, superseded_at)
        select
            r.organization_id, r.id, i.repository_id, i.committed_from, i.committed_until, i.is_open,
            r.service_key, r.environment, r.external_id, r.completed_at, i.commit_sha, "
    };
}

/// For each row of the table `recorded` (`ordinal, organization_id, id, service_key, environment, external_id, completed_at`),
/// gives a new deployment its links and ranges. A range that is no
/// head is superseded by its own deployment.
pub(super) const INSERT_LINKS: &str = ",
    links_written as (
        insert into links
            (organization_id, deployment_id, pull_request_id, rule, base_commit_sha, lead_time_seconds, is_first)
        select
            r.organization_id, r.id, i.pull_request_id, i.rule, i.base_commit_sha, i.lead_time_seconds, i.is_first
        from recorded r
        join link i on i.owner = r.ordinal
    )";
pub(super) const INSERT_RANGES: &str = ",
    ranges_written as (
        insert into merge_time_ranges
            (organization_id, deployment_id, repository_id, base_branch, merged_after, merged_until)
        select r.organization_id, r.id, i.repository_id, i.base_branch, i.merged_after, i.merged_until
        from recorded r
        join range i on i.owner = r.ordinal
    )";
pub(super) const INSERT_GRAPH_RANGES: &str = concat!(
    ",
    graph_ranges_written as (
",
    graph_range_columns!(),
    "case when i.is_head then coalesce(s.completed_at, 'infinity') else r.completed_at end
        from recorded r
        join graph_range i on i.owner = r.ordinal
        left join recorded s on s.ordinal = i.superseded_by
    )"
);

/// For each row of the table `recorded`, marks the heads of the table `superseded` that it contains. A head that another
/// writer holds stays a head: that is harmless, and no writer waits.
macro_rules! supersede {
    ($unless:literal) => {
        concat!(
            ",
    superseding as (
        update graph_ranges g
        set superseded_at = s.completed_at
        from (
            select g.organization_id, g.deployment_id, g.repository_id, s.completed_at
            from (
                select
                    r.organization_id, i.deployment_id, i.repository_id, i.commit_sha,
                    min(r.completed_at) as completed_at
                from recorded r
                join superseded i on i.owner = r.ordinal
                where ",
            $unless,
            "
                group by r.organization_id, i.deployment_id, i.repository_id, i.commit_sha
                offset 0
            ) as s
            cross join lateral (
                select g.organization_id, g.deployment_id, g.repository_id
                from graph_ranges g
                where g.organization_id = s.organization_id and g.deployment_id = s.deployment_id
                    and g.repository_id = s.repository_id and g.commit_sha = s.commit_sha
                    and g.superseded_at > s.completed_at
                for no key update of g skip locked
            ) as g
        ) as s
        where g.organization_id = s.organization_id and g.deployment_id = s.deployment_id
            and g.repository_id = s.repository_id
    )"
        )
    };
}

/// With the deployments in a statement. Heads that the statement writes are left to the relinking of their line.
pub(super) const SUPERSEDE: &str =
    supersede!("(r.organization_id, i.deployment_id) not in (select organization_id, id from recorded)");
/// By deployments that have been written already.
pub(in crate::postgres) const SUPERSEDE_AFTERWARDS: &str = supersede!("true");

/// For each row of the table `relinked` (as `recorded` above), makes the links and ranges of a deployment those of the
/// inputs. A range keeps what supersedes it as long as it has its place.
pub(in crate::postgres) const REPLACE_LINKS: &str = concat!(
    ",
    links_gone as (
        delete from links l
        using relinked r
        where l.organization_id = r.organization_id and l.deployment_id = r.id
            and (r.ordinal, l.pull_request_id) not in (select owner, pull_request_id from link)
    ),
    links_written as (
        insert into links as l
            (organization_id, deployment_id, pull_request_id, rule, base_commit_sha, lead_time_seconds, is_first)
        select
            r.organization_id, r.id, i.pull_request_id, i.rule, i.base_commit_sha, i.lead_time_seconds, i.is_first
        from relinked r
        join link i on i.owner = r.ordinal
        on conflict (organization_id, deployment_id, pull_request_id) do update
            set (rule, base_commit_sha, lead_time_seconds, is_first)
                = (excluded.rule, excluded.base_commit_sha, excluded.lead_time_seconds, excluded.is_first)
            where (l.rule, l.base_commit_sha, l.lead_time_seconds, l.is_first) is distinct from
                (excluded.rule, excluded.base_commit_sha, excluded.lead_time_seconds, excluded.is_first)
    ),
    ranges_gone as (
        delete from merge_time_ranges m
        using relinked r
        where m.organization_id = r.organization_id and m.deployment_id = r.id
            and not exists (
                select from range i
                where i.owner = r.ordinal and i.repository_id = m.repository_id and i.base_branch = m.base_branch
                    and i.merged_after = m.merged_after and i.merged_until = m.merged_until
            )
    ),
    ranges_written as (
        insert into merge_time_ranges
            (organization_id, deployment_id, repository_id, base_branch, merged_after, merged_until)
        select r.organization_id, r.id, i.repository_id, i.base_branch, i.merged_after, i.merged_until
        from relinked r
        join range i on i.owner = r.ordinal
        on conflict (organization_id, deployment_id, repository_id, base_branch, merged_after, merged_until)
            do nothing
    ),
    graph_ranges_gone as (
        delete from graph_ranges g
        using relinked r
        where g.organization_id = r.organization_id and g.deployment_id = r.id
            and not exists (
                select from graph_range i where i.owner = r.ordinal and i.repository_id = g.repository_id
            )
    ),
    graph_ranges_written as (
",
    graph_range_columns!(),
    "case when i.is_head then 'infinity' else r.completed_at end
        from relinked r
        join graph_range i on i.owner = r.ordinal
        on conflict (organization_id, deployment_id, repository_id) do update
            set (committed_from, committed_until, is_open, service_key, environment, external_id, completed_at,
                    commit_sha, superseded_at)
                = (excluded.committed_from, excluded.committed_until, excluded.is_open, excluded.service_key,
                    excluded.environment, excluded.external_id, excluded.completed_at, excluded.commit_sha,
                    case
                        when (g.service_key, g.environment, g.completed_at, g.commit_sha, excluded.superseded_at)
                            = (excluded.service_key, excluded.environment, excluded.completed_at, excluded.commit_sha,
                                timestamptz 'infinity')
                            and g.superseded_at <> g.completed_at
                        then g.superseded_at
                        else excluded.superseded_at
                    end)
            where (g.committed_from, g.committed_until, g.is_open, g.service_key, g.environment, g.completed_at,
                    g.commit_sha, g.superseded_at = g.completed_at)
                is distinct from (excluded.committed_from, excluded.committed_until, excluded.is_open,
                    excluded.service_key, excluded.environment, excluded.completed_at, excluded.commit_sha,
                    excluded.superseded_at = excluded.completed_at)
    )"
);
