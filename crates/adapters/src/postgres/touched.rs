//! Which deployments have to be looked at again after a change of what links are decided from. They are left for the
//! relinking worker in the transaction of the change, behind the organization's epoch: moving it waits for every
//! deployment that is being recorded on what was true before, and lets later ones see that they are late.

use super::schema::organizations::dsl as organizations;
use super::statement::{batch_input, batch_statement};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use periscope_domain::id::{OrganizationId, RepositoryId};
use periscope_domain::pull_request::Merge;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// The change: always one row.
    Change as "change" {
        organization_id: BigInt = i64,
        changed_at: Timestamptz = OffsetDateTime,
    }
}

impl Change {
    pub(super) fn new(organization_id: OrganizationId, now: Timestamp) -> Self {
        Self {
            organization_id: vec![organization_id.get()],
            changed_at: vec![now.to_offset_date_time()],
        }
    }
}

batch_input! {
    /// Merges that have become known, or are no longer what they were.
    Merges as "merges" {
        repository_id: BigInt = i64,
        commit_sha: Text = String,
        base_branch: Text = String,
        merged_at: Timestamptz = OffsetDateTime,
    }
}

impl Merges {
    pub(super) fn push(&mut self, repository_id: RepositoryId, merge: &Merge) {
        self.repository_id.push(repository_id.get());
        self.commit_sha.push(merge.commit.to_string());
        self.base_branch
            .push(super::row::branch_key(merge.base_branch.as_ref()));
        self.merged_at.push(merge.merged_at.to_offset_date_time());
    }
}

batch_input! {
    /// Names of services that now stand for another repository, in lower case.
    Services as "services" {
        key: Text = String,
    }
}

batch_input! {
    /// Repositories that are now looked at, or no longer are.
    Monitored as "monitored" {
        repository_id: BigInt = i64,
    }
}

/// Asks for every deployment of the table `touched` once more, in order, so that two who ask do not deadlock.
const REQUEST: &str = "
    insert into relink_requests as request (organization_id, deployment_id, generation, requested_at)
    select change.organization_id, touched.id, 1, change.changed_at
    from change, touched
    order by touched.id
    on conflict (organization_id, deployment_id) do update
        set generation = request.generation + 1, lease_until = null
    returning deployment_id";

batch_statement! {
    /// The deployments that merges touch, by commit, by a span of merge times or by a range of the graph, and those of
    /// services.
    RequestByMerges { change: Change, merges: Merges, services: Services } -> BigInt {
        ", touched as (
            select d.id
            from change c, merges m, deployments d
            where d.organization_id = c.organization_id
                and d.commit_sha between left(m.commit_sha, 5) and m.commit_sha
                and starts_with(m.commit_sha, d.commit_sha)
                and d.status = 'success' and d.environment = 'production'
            union
            select d.id
            from change c, merges m, deployments d
            where d.organization_id = c.organization_id
                and d.previous_commit_sha between left(m.commit_sha, 5) and m.commit_sha
                and starts_with(m.commit_sha, d.previous_commit_sha)
                and d.status = 'success' and d.environment = 'production' and d.previous_commit_sha is not null
            union
            select r.deployment_id
            from change c, merges m, merge_time_ranges r
            where r.organization_id = c.organization_id and r.repository_id = m.repository_id
                and r.base_branch = m.base_branch and r.merged_after < m.merged_at and r.merged_until >= m.merged_at
            union
            select g.deployment_id
            from change c, merges m, commits m_commit, graph_ranges g
            where m_commit.organization_id = c.organization_id and m_commit.repository_id = m.repository_id
                and m_commit.sha = decode(m.commit_sha, 'hex')
                and g.organization_id = c.organization_id and g.repository_id = m.repository_id
                and g.committed_until >= coalesce(m_commit.committed_at, '-infinity')
                and g.committed_from <= coalesce(m_commit.committed_at, 'infinity')
            union
            select d.id
            from change c, services s, deployments d
            where d.organization_id = c.organization_id and coalesce(lower(d.service collate \"C\"), '') = s.key
                and d.status = 'success' and d.environment = 'production'
        )",
        REQUEST
    }
}

batch_input! {
    /// Commits that have become known.
    Told as "told" {
        commit_sha: Text = String,
    }
}

batch_input! {
    /// The repository in which open commits have got their parents, if any have.
    Filled as "filled" {
        repository_id: BigInt = i64,
    }
}

batch_statement! {
    /// The deployments that name new commits, the open ranges of their services and of a repository of which open
    /// commits are known now, and the deployments of services.
    RequestByCommits { change: Change, told: Told, filled: Filled, services: Services } -> BigInt {
        ", named as (
            select d.id, coalesce(lower(d.service collate \"C\"), '') as service_key
            from change c, told t, deployments d
            where d.organization_id = c.organization_id
                and d.commit_sha between left(t.commit_sha, 5) and t.commit_sha
                and starts_with(t.commit_sha, d.commit_sha)
                and d.status = 'success' and d.environment = 'production'
        ),
        touched as (
            select id from named
            union
            select d.id
            from change c, told t, deployments d
            where d.organization_id = c.organization_id
                and d.previous_commit_sha between left(t.commit_sha, 5) and t.commit_sha
                and starts_with(t.commit_sha, d.previous_commit_sha)
                and d.status = 'success' and d.environment = 'production' and d.previous_commit_sha is not null
            union
            select g.deployment_id
            from change c, filled f, graph_ranges g
            where g.organization_id = c.organization_id and g.repository_id = f.repository_id and g.is_open
            union
            select g.deployment_id
            from change c, (select distinct service_key from named) s, graph_ranges g
            where g.organization_id = c.organization_id and g.service_key = s.service_key and g.is_open
            union
            select d.id
            from change c, services s, deployments d
            where d.organization_id = c.organization_id and coalesce(lower(d.service collate \"C\"), '') = s.key
                and d.status = 'success' and d.environment = 'production'
        )",
        REQUEST
    }
}

batch_statement! {
    /// The deployments that name a commit of a repository, or have a range of its graph.
    RequestByRepository { change: Change, monitored: Monitored } -> BigInt {
        ", merged as (
            select encode(p.merge_commit_sha, 'hex') as commit_sha
            from change c, monitored m, pull_requests p
            where p.organization_id = c.organization_id and p.repository_id = m.repository_id
            union
            select encode(k.sha, 'hex')
            from change c, monitored m, commits k
            where k.organization_id = c.organization_id and k.repository_id = m.repository_id
        ),
        touched as (
            select d.id
            from change c, merged m, deployments d
            where d.organization_id = c.organization_id
                and d.commit_sha between left(m.commit_sha, 5) and m.commit_sha
                and starts_with(m.commit_sha, d.commit_sha)
                and d.status = 'success' and d.environment = 'production'
            union
            select d.id
            from change c, merged m, deployments d
            where d.organization_id = c.organization_id
                and d.previous_commit_sha between left(m.commit_sha, 5) and m.commit_sha
                and starts_with(m.commit_sha, d.previous_commit_sha)
                and d.status = 'success' and d.environment = 'production' and d.previous_commit_sha is not null
            union
            select g.deployment_id
            from change c, monitored m, graph_ranges g
            where g.organization_id = c.organization_id and g.repository_id = m.repository_id
        )",
        REQUEST
    }
}

/// Moves the organization's epoch where no history changes, which keeps its row locked until the transaction ends.
pub(super) async fn move_epoch(
    connection: &mut AsyncPgConnection,
    organization_id: OrganizationId,
) -> QueryResult<()> {
    diesel::update(organizations::organizations.find(organization_id.get()))
        .set(organizations::linking_epoch.eq(organizations::linking_epoch + 1))
        .execute(connection)
        .await
        .map(drop)
}
