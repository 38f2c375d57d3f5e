//! The statement that reads contexts. Its plan is made once, perhaps while tables are small, and has to be right for a
//! million rows: each table is asked by its whole index with what is known by then. `offset 0` sees to that, `limit 1`
//! where it is asked whether there is anything, and an order where another index seems as good; otherwise Postgres would
//! read all that an organization has, or that all of them have, and join it afterwards.

use super::RowSql;
use super::earlier::{HeadsSql, LatestSql, heads, latest};
use crate::postgres::service_keys::{key_of_named, named_repositories};
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Text, Timestamptz};
use time::OffsetDateTime;

batch_input! {
    /// What is asked.
    QueryInput as "query" {
        organization_id: BigInt = i64,
        external_id: Text = String,
        linking: Bool = bool,
        service: Nullable<Text> = Option<String>,
        commit_least: Nullable<Bytea> = Option<Vec<u8>>,
        commit_most: Nullable<Bytea> = Option<Vec<u8>>,
        base_least: Nullable<Bytea> = Option<Vec<u8>>,
        base_most: Nullable<Bytea> = Option<Vec<u8>>,
        environment: Nullable<Text> = Option<String>,
        shipped_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
        earlier: Bool = bool,
    }
}

type OrganizationSql = (BigInt, BigInt, Text, Nullable<Timestamptz>, Nullable<Timestamptz>);
/// The columns of a [`Row`].
type RepositoriesSql = (
    Array<BigInt>,
    Array<Text>,
    Array<Bool>,
    Array<Nullable<Text>>,
    Array<Nullable<Text>>,
);
type LineSql = (BigInt, Timestamptz, Text);
type TiersSql = (Array<Text>, Array<Text>);
type HistoriesSql = (Array<BigInt>, Array<Bool>, Array<Nullable<BigInt>>, Timestamptz);
type CandidatesSql = (
    Array<BigInt>,
    Array<BigInt>,
    Array<Bool>,
    Array<Bytea>,
    Array<Timestamptz>,
    Array<Text>,
);

/// The commits that a deployment names: each between the least and the most that its digits may be the beginning of.
macro_rules! named {
    () => {
        "
    values
        (true, coalesce(q.commit_least, decode(rpad(d.commit_sha, 40, '0'), 'hex')),
            coalesce(q.commit_most, decode(rpad(d.commit_sha, 40, 'f'), 'hex'))),
        (false, coalesce(q.base_least, decode(rpad(d.previous_commit_sha, 40, '0'), 'hex')),
            coalesce(q.base_most, decode(rpad(d.previous_commit_sha, 40, 'f'), 'hex')))"
    };
}

const NAMED: &str = named!();

/// The same, and the commits that stand behind them where they are the objects of tags.
const NAMED_OR_TAGGED: &str = concat!(
    "
    select s.is_head, s.least, s.most
    from (", named!(), ") as s(is_head, least, most)
    union
    select s.is_head, k.tagged_sha, k.tagged_sha
    from (", named!(), ") as s(is_head, least, most)
    cross join lateral (
        select k.tagged_sha
        from commits k
        where k.organization_id = q.organization_id and k.sha between s.least and s.most and k.tagged_sha is not null
        offset 0
    ) as k");

batch_statement! {
    /// A row for each query whose organization exists. What is not needed is left out by a condition inside of each part;
    /// one where they are joined would be looked at when it is too late. A previous commit is looked for among commits
    /// only if it is abbreviated, and among tags: a whole one cannot be another commit's.
    ReadContexts { query: QueryInput } -> (
        BigInt, Text, OrganizationSql, Nullable<RowSql>,
        Nullable<RepositoriesSql>, Nullable<CandidatesSql>, Nullable<HistoriesSql>,
        Nullable<LatestSql>, Nullable<HeadsSql>, Nullable<LineSql>, Nullable<TiersSql>
    ) {
        " select
            q.ordinal, service.key,
            o.revision, o.linking_epoch, o.plan, o.trial_started_at, o.trial_ends_at,
            d.id, d.revision, d.commit_sha, d.environment, d.tier, d.status, d.started_at, d.completed_at, d.service,
            d.service_key, d.previous_commit_sha, d.branch, d.triggered_by, d.pipeline_name, d.pipeline_url,
            d.linked_pull_requests, d.novelty, d.linking_digest,
            r.ids, r.full_names, r.monitored, r.aliases, r.former_names,
            c.ids, c.repository_ids, c.monitored, c.commits, c.merged_at, c.base_branches,
            h.ids, h.monitored, h.epochs, h.server_started_at,
            latest.id, latest.external_id, latest.commit_sha, latest.completed_at,
            heads.deployment_ids, heads.external_ids, heads.completed_at, heads.environments, heads.repository_ids,
            heads.commits,
            line.revision, line.last_completed_at, line.last_external_id,
            tiers.patterns, tiers.tiers
        from query q
        join organizations o on o.id = q.organization_id
        left join deployments d on d.organization_id = q.organization_id and d.external_id = q.external_id
        cross join lateral (
            select
                ", key_of_named!(), " as key,
                array_agg(n.id) filter (where n.id is not null) as ids,
                array_agg(n.full_name) filter (where n.id is not null) as full_names,
                array_agg(n.monitored) filter (where n.id is not null) as monitored,
                array_agg(n.alias) filter (where n.id is not null) as aliases,
                array_agg(n.former_name) filter (where n.id is not null) as former_names
            from (
                select lower(coalesce(q.service, d.service) collate \"C\") collate \"default\" as spelling
                offset 0
            ) as s
            left join lateral ", named_repositories!("q.organization_id", "s.spelling"), " as n on true
            group by s.spelling
        ) as r
        cross join lateral (
            select case when q.service is null then coalesce(d.service_key, '') else r.key end as key
            offset 0
        ) as service
        left join lateral (
            with ends as materialized (
                select
                    s.is_head, p.id, p.repository_id, p.merge_commit_sha, p.merged_at, p.base_branch,
                    (
                        select r.monitored
                        from repositories r
                        where r.organization_id = q.organization_id and r.id = p.repository_id
                    ) as monitored
                from (", NAMED_OR_TAGGED, ") as s(is_head, least, most)
                cross join lateral (
                    select p.id, p.repository_id, p.merge_commit_sha, p.merged_at, p.base_branch
                    from pull_requests p
                    where p.organization_id = q.organization_id and p.merge_commit_sha between s.least and s.most
                    order by p.merge_commit_sha
                    offset 0
                ) as p
                where q.linking
            )
            select
                array_agg(c.id) as ids, array_agg(c.repository_id) as repository_ids,
                array_agg(c.monitored) as monitored, array_agg(c.merge_commit_sha) as commits,
                array_agg(c.merged_at) as merged_at, array_agg(c.base_branch) as base_branches
            from (
                select e.id, e.repository_id, e.monitored, e.merge_commit_sha, e.merged_at, e.base_branch
                from ends e
                union all
                select p.id, p.repository_id, s.monitored, p.merge_commit_sha, p.merged_at, p.base_branch
                from (
                    select
                        head.repository_id, head.base_branch, head.monitored, base.merged_at as after,
                        head.merged_at as until
                    from ends head
                    join ends base
                        on base.repository_id = head.repository_id and base.base_branch = head.base_branch
                    where head.is_head and not base.is_head
                    offset 0
                ) as s
                cross join lateral (
                    select p.id, p.repository_id, p.merge_commit_sha, p.merged_at, p.base_branch
                    from pull_requests p
                    where p.organization_id = q.organization_id and p.repository_id = s.repository_id
                        and p.base_branch = s.base_branch and p.merged_at > s.after and p.merged_at <= s.until
                    order by p.merged_at
                    offset 0
                ) as p
            ) as c
            having count(*) > 0
        ) as c on true
        left join lateral (
            select
                array_agg(k.repository_id) as ids, array_agg(k.monitored) as monitored,
                array_agg(k.epoch) as epochs, pg_postmaster_start_time() as server_started_at
            from (
                select
                    k.repository_id,
                    (
                        select r.monitored
                        from repositories r
                        where r.organization_id = q.organization_id and r.id = k.repository_id
                    ) as monitored,
                    (
                        select max(i.epoch)
                        from intakes i
                        where i.organization_id = q.organization_id and i.repository_id = k.repository_id
                    ) as epoch
                from (
                    select distinct k.repository_id
                    from (", NAMED, ") as s(is_head, least, most)
                    cross join lateral (
                        select k.repository_id
                        from commits k
                        where k.organization_id = q.organization_id and k.sha between s.least and s.most
                        offset 0
                    ) as k
                    where s.is_head or s.least < s.most
                    union
                    select k.repository_id
                    from (", NAMED, ") as s(is_head, least, most)
                    cross join lateral (
                        select k.repository_id
                        from commits k
                        where k.organization_id = q.organization_id and k.sha = s.least and k.tagged_sha is not null
                        offset 0
                    ) as k
                    where not s.is_head and s.least = s.most
                ) as k
            ) as k
            where q.linking
            having count(*) > 0
        ) as h on true
        left join lateral (
            select
                q.organization_id, q.external_id,
                service.key as service_key,
                coalesce(q.environment, d.environment) as environment,
                coalesce(q.shipped_at, d.completed_at) as completed_at,
                least(q.shipped_at, d.completed_at) as live_from
            where q.linking and q.earlier
            offset 0
        ) as place on true
        left join lateral ", latest!(), " on true
        left join lateral ", heads!(), " on true
        left join lateral (
            select l.revision, l.last_completed_at, l.last_external_id
            from lines l
            where l.organization_id = q.organization_id and q.linking
                and l.service_key = service.key
            offset 0
        ) as line on true
        left join lateral (
            select array_agg(t.pattern) as patterns, array_agg(t.tier) as tiers
            from environment_tiers t
            where t.organization_id = q.organization_id and q.environment is not null
            having count(*) > 0
        ) as tiers on true"
    }
}
