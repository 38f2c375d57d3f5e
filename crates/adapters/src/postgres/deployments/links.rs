//! The links of a deployment and the spans of merge times that it ships whole. They are written as a difference: what
//! a deployment no longer has is deleted, what is new or different is written, and what stays costs nothing.

use crate::postgres::row::{Place, branch_key};
use crate::postgres::schema::links;
use crate::postgres::statement::batch_input;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Nullable, Text, Timestamptz};
use periscope_domain::id::PullRequestId;
use periscope_domain::lead_time::LeadTime;
use periscope_domain::linking::{Link, LinkRule, Linking};
use periscope_domain::ports::StoreError;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = links)]
pub(super) struct Row {
    deployment_id: i64,
    pull_request_id: i64,
    rule: String,
    base_commit_sha: Option<Vec<u8>>,
    lead_time_seconds: i64,
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
        })
    }
}

/// How many pull requests are linked, as it is kept beside the deployment.
pub(in crate::postgres) fn linked_pull_requests(linking: &Linking) -> i32 {
    i32::try_from(linking.links.len()).unwrap_or(i32::MAX)
}

batch_input! {
    /// Links of the decision with the ordinal `owner`.
    LinkInput as "link" {
        owner: BigInt = i64,
        pull_request_id: BigInt = i64,
        rule: Text = &'static str,
        base_commit_sha: Nullable<Bytea> = Option<Vec<u8>>,
        lead_time_seconds: BigInt = i64,
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

/// For each row of the table `recorded` (`ordinal, organization_id, id`), gives a new deployment its links and spans.
pub(super) const INSERT_LINKS: &str = ",
    links_written as (
        insert into links
            (organization_id, deployment_id, pull_request_id, rule, base_commit_sha, lead_time_seconds)
        select r.organization_id, r.id, i.pull_request_id, i.rule, i.base_commit_sha, i.lead_time_seconds
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

/// For each row of the table `relinked` (`ordinal, organization_id, id`), makes the links and spans of a deployment
/// those of the inputs.
pub(in crate::postgres) const REPLACE_LINKS: &str = ",
    links_gone as (
        delete from links l
        using relinked r
        where l.organization_id = r.organization_id and l.deployment_id = r.id
            and not exists (
                select from link i where i.owner = r.ordinal and i.pull_request_id = l.pull_request_id
            )
    ),
    links_written as (
        insert into links as l
            (organization_id, deployment_id, pull_request_id, rule, base_commit_sha, lead_time_seconds)
        select r.organization_id, r.id, i.pull_request_id, i.rule, i.base_commit_sha, i.lead_time_seconds
        from relinked r
        join link i on i.owner = r.ordinal
        on conflict (organization_id, deployment_id, pull_request_id) do update
            set (rule, base_commit_sha, lead_time_seconds)
                = (excluded.rule, excluded.base_commit_sha, excluded.lead_time_seconds)
            where (l.rule, l.base_commit_sha, l.lead_time_seconds) is distinct from
                (excluded.rule, excluded.base_commit_sha, excluded.lead_time_seconds)
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
    )";
