//! Which deployments have to be looked at again after a change of what links are decided from. They are left for the
//! relinking worker in the transaction of the change, behind the organization's epoch: moving it waits for every
//! deployment that is being recorded on what was true before, and lets later ones see that they are late.

use super::relinking::request_lines;
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

/// The deployments that name a commit of the table `told` as what they deployed, and as what was live before. `offset 0`
/// keeps them from being gone through for each commit, which a plan made on empty tables would do for ever.
const NAMED: &str = ",
    named as (
        select d.id
        from change c
        cross join told t
        cross join lateral (
            select d.id, d.commit_sha
            from deployments d
            where d.organization_id = c.organization_id
                and d.commit_sha between left(t.commit_sha, 5) and t.commit_sha
                and d.status = 'success' and d.tier = 'production'
            offset 0
        ) as d
        where starts_with(t.commit_sha, d.commit_sha)
    ),
    named_as_previous as (
        select d.id
        from change c
        cross join told t
        cross join lateral (
            select d.id, d.previous_commit_sha
            from deployments d
            where d.organization_id = c.organization_id
                and d.previous_commit_sha between left(t.commit_sha, 5) and t.commit_sha
                and d.status = 'success' and d.tier = 'production' and d.previous_commit_sha is not null
            offset 0
        ) as d
        where starts_with(t.commit_sha, d.previous_commit_sha)
    )";

/// Requests every deployment of the table `touched`, the line of every deployment of the table `in_lines` from it on, and the
/// whole lines of the table `services`, in order, so that two writers do not deadlock.
const REQUEST: &str = concat!(
    ",
    requested as (
        insert into relink_requests as request (organization_id, deployment_id, generation, requested_at)
        select change.organization_id, touched.id, nextval('relink_generations'), change.changed_at
        from change, touched
        order by touched.id
        on conflict (organization_id, deployment_id) do update
            set generation = excluded.generation, lease_until = null
        returning deployment_id
    ),
    asked as materialized (
        select c.organization_id, d.service_key, d.completed_at as since
        from change c
        cross join (select id from in_lines offset 0) as i
        cross join lateral (
            select d.service_key, d.completed_at
            from deployments d
            where d.organization_id = c.organization_id and d.id = i.id and d.completed_at is not null
            offset 0
        ) as d
        union all
        select c.organization_id, l.service_key, timestamptz '0001-01-01 00:00:00+00'
        from change c
        cross join services s
        cross join lateral (
            select l.service_key
            from lines l
            where l.organization_id = c.organization_id and l.service_key = s.key collate \"C\"
            offset 0
        ) as l
    ),
    lines_requested as (",
    request_lines!("(select changed_at from change)"),
    ")
    select deployment_id from requested
    union all
    select organization_id from lines_requested"
);

batch_statement! {
    /// The deployments that merges touch, by commit or by a tag of it, by a span of merge times or by a range of the graph, and those of
    /// services. A range of the graph is touched if it ends after more of the merge commits than it begins after.
    RequestByMerges { change: Change, merges: Merges, services: Services } -> BigInt {
        ", told as (
            select commit_sha from merges
            union
            select encode(k.sha, 'hex')
            from change c
            cross join merges m
            cross join lateral (
                select k.sha
                from commits k
                where k.organization_id = c.organization_id and k.tagged_sha = decode(m.commit_sha, 'hex')
                offset 0
            ) as k
        )",
        NAMED,
        ", committed as (
            select k.repository_id, k.committed_at
            from change c
            cross join merges m
            cross join lateral (
                select k.repository_id, k.committed_at
                from commits k
                where k.organization_id = c.organization_id and k.sha = decode(m.commit_sha, 'hex')
                offset 0
            ) as k
            where k.repository_id = m.repository_id
        ),
        times as (
            select
                repository_id, bool_or(committed_at is null) as is_any_unknown, min(committed_at) as first,
                coalesce(array_agg(committed_at order by committed_at) filter (where committed_at is not null),
                    array[]::timestamptz[]) as all_known
            from committed
            group by repository_id
        ),
        in_lines as (
            select id from named
            union
            select id from named_as_previous
            union
            select r.deployment_id
            from change c, merges m, merge_time_ranges r
            where r.organization_id = c.organization_id and r.repository_id = m.repository_id
                and r.base_branch = m.base_branch and r.merged_after < m.merged_at and r.merged_until >= m.merged_at
        ),
        touched as (
            select distinct g.deployment_id as id
            from change c
            cross join times t
            cross join lateral (
                select g.deployment_id, g.committed_from, g.committed_until
                from graph_ranges g
                where g.organization_id = c.organization_id and g.repository_id = t.repository_id
                    and g.committed_until >= case when t.is_any_unknown then '-infinity' else t.first end
                offset 0
            ) as g
            where t.is_any_unknown
                or width_bucket(g.committed_until, t.all_known)
                    > width_bucket(g.committed_from - interval '1 microsecond', t.all_known)
        )",
        REQUEST
    }
}

batch_statement! {
    /// The deployments that name new commits as what was live before, the open ranges of a repository of which open commits
    /// are known now, and the lines of deployments that deployed new commits, and those of services.
    RequestByCommits { change: Change, told: Told, filled: Filled, services: Services } -> BigInt {
        NAMED,
        ", in_lines as (
            select id from named
        ),
        touched as (
            select id from named_as_previous
            union
            select g.deployment_id
            from change c, filled f, graph_ranges g
            where g.organization_id = c.organization_id and g.repository_id = f.repository_id and g.is_open
        )",
        REQUEST
    }
}

batch_statement! {
    /// The lines of deployments that name a commit of a repository, or have a range of its graph.
    RequestByRepository { change: Change, monitored: Monitored, services: Services } -> BigInt {
        ", told as (
            select encode(p.merge_commit_sha, 'hex') as commit_sha
            from change c, monitored m, pull_requests p
            where p.organization_id = c.organization_id and p.repository_id = m.repository_id
            union
            select encode(k.sha, 'hex')
            from change c, monitored m, commits k
            where k.organization_id = c.organization_id and k.repository_id = m.repository_id
            union
            select encode(k.sha, 'hex')
            from change c
            cross join monitored m
            join pull_requests p on p.organization_id = c.organization_id and p.repository_id = m.repository_id
            cross join lateral (
                select k.sha
                from commits k
                where k.organization_id = c.organization_id and k.tagged_sha = p.merge_commit_sha
                offset 0
            ) as k
        )",
        NAMED,
        ", in_lines as (
            select id from named
            union
            select id from named_as_previous
            union
            select g.deployment_id
            from change c, monitored m, graph_ranges g
            where g.organization_id = c.organization_id and g.repository_id = m.repository_id
        ),
        touched as (
            select id from in_lines limit 0
        )",
        REQUEST
    }
}

batch_statement! {
    /// Every line of the organization.
    RequestEveryLine { change: Change } -> BigInt {
        ", asked as materialized (
            select l.organization_id, l.service_key, timestamptz '0001-01-01 00:00:00+00' as since
            from change c
            join lines l on l.organization_id = c.organization_id
        ),
        lines_requested as (",
        request_lines!("(select changed_at from change)"),
        ")
        select organization_id from lines_requested"
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
