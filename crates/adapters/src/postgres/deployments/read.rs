//! Reads all that the decision on a deployment depends on, as of one instant: one statement, so one snapshot.

use super::earlier::Rows as EarlierRows;
use super::{Row, RowSql};
use crate::postgres::histories::Histories;
use crate::postgres::organizations::subscription;
use crate::postgres::pool::Pool;
use crate::postgres::repositories::repository;
use crate::postgres::row::{Place, timestamp};
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Text, Timestamptz};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::id::{OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::linking::{Candidate, Earlier, KnownHistory, Surroundings};
use periscope_domain::ports::{
    DeploymentContext, DeploymentQuery, DeploymentVersion, LinkingEpoch, StoreError,
};
use periscope_domain::pull_request::Merge;
use periscope_domain::repository::Repository;
use periscope_domain::timestamp::Timestamp;
use std::ops::RangeInclusive;
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
        shipped_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
    }
}

type OrganizationSql = (BigInt, BigInt, Text, Nullable<Timestamptz>, Nullable<Timestamptz>);
type RepositoriesSql = (Array<BigInt>, Array<Text>, Array<Bool>, Array<Nullable<Text>>);
type HistoriesSql = (Array<BigInt>, Array<Bool>, Array<Nullable<BigInt>>);
type CandidatesSql = (
    Array<BigInt>,
    Array<BigInt>,
    Array<Bool>,
    Array<Bytea>,
    Array<Timestamptz>,
    Array<Text>,
);

batch_statement! {
    /// A row for each query whose organization exists. A commit is looked for between the least and the most that its
    /// digits may be the beginning of. `offset 0` keeps the two ends of a range from being looked up by branch,
    /// which a plan made on empty tables would do for ever. What is not needed is left out by a condition inside of each
    /// part; one where they are joined would be looked at when it is too late.
    ReadContexts { query: QueryInput } -> (
        BigInt, OrganizationSql, Nullable<RowSql>,
        Nullable<RepositoriesSql>, Nullable<CandidatesSql>, Bool, Nullable<HistoriesSql>,
        Nullable<super::earlier::RowsSql>
    ) {
        " select
            q.ordinal,
            o.revision, o.linking_epoch, o.plan, o.trial_started_at, o.trial_ends_at,
            d.id, d.revision, d.commit_sha, d.environment, d.status, d.started_at, d.completed_at, d.service,
            d.previous_commit_sha, d.branch, d.triggered_by, d.pipeline_name, d.pipeline_url,
            d.linked_pull_requests,
            r.ids, r.full_names, r.monitored, r.aliases,
            c.ids, c.repository_ids, c.monitored, c.commits, c.merged_at, c.base_branches,
            exists (select from commits k where k.organization_id = q.organization_id),
            h.ids, h.monitored, h.epochs,
            e.ids, e.external_ids, e.commits, e.completed_at
        from query q
        join organizations o on o.id = q.organization_id
        left join deployments d on d.organization_id = q.organization_id and d.external_id = q.external_id
        left join lateral (
            select
                array_agg(r.id) as ids, array_agg(r.full_name) as full_names,
                array_agg(r.monitored) as monitored, array_agg(m.alias) as aliases
            from (
                select m.id, max(m.alias) as alias
                from (select lower(coalesce(q.service, d.service) collate \"C\") as key) as service
                cross join lateral (
                    select r.id, null as alias
                    from repositories r
                    where r.organization_id = q.organization_id and r.full_name_key = service.key
                    union all
                    select r.id, null
                    from repositories r
                    where r.organization_id = q.organization_id and r.bare_name_key = service.key
                    union all
                    select a.repository_id, a.alias
                    from repository_aliases a
                    where a.organization_id = q.organization_id and a.alias_key = service.key
                ) as m
                group by m.id
            ) as m
            join repositories r on r.organization_id = q.organization_id and r.id = m.id
            where q.linking
            having count(*) > 0
        ) as r on true
        left join lateral (
            select
                array_agg(c.id) as ids, array_agg(c.repository_id) as repository_ids,
                array_agg(r.monitored) as monitored, array_agg(c.merge_commit_sha) as commits,
                array_agg(c.merged_at) as merged_at, array_agg(c.base_branch) as base_branches
            from (
                select p.id, p.repository_id, p.base_branch, p.merged_at, p.merge_commit_sha
                from pull_requests p
                where p.organization_id = q.organization_id and p.merge_commit_sha
                    between coalesce(q.commit_least, decode(rpad(d.commit_sha, 40, '0'), 'hex'))
                        and coalesce(q.commit_most, decode(rpad(d.commit_sha, 40, 'f'), 'hex'))
                union all
                select p.id, p.repository_id, p.base_branch, p.merged_at, p.merge_commit_sha
                from pull_requests p
                where p.organization_id = q.organization_id and p.merge_commit_sha
                    between coalesce(q.base_least, decode(rpad(d.previous_commit_sha, 40, '0'), 'hex'))
                        and coalesce(q.base_most, decode(rpad(d.previous_commit_sha, 40, 'f'), 'hex'))
                union all
                select p.id, p.repository_id, p.base_branch, p.merged_at, p.merge_commit_sha
                from (
                    select p.repository_id, p.base_branch, p.merged_at
                    from pull_requests p
                    where p.organization_id = q.organization_id and p.merge_commit_sha
                        between coalesce(q.commit_least, decode(rpad(d.commit_sha, 40, '0'), 'hex'))
                            and coalesce(q.commit_most, decode(rpad(d.commit_sha, 40, 'f'), 'hex'))
                    offset 0
                ) as head,
                (
                    select p.repository_id, p.base_branch, p.merged_at
                    from pull_requests p
                    where p.organization_id = q.organization_id and p.merge_commit_sha
                        between coalesce(q.base_least, decode(rpad(d.previous_commit_sha, 40, '0'), 'hex'))
                            and coalesce(q.base_most, decode(rpad(d.previous_commit_sha, 40, 'f'), 'hex'))
                    offset 0
                ) as base,
                pull_requests p
                where base.repository_id = head.repository_id and base.base_branch = head.base_branch
                    and p.organization_id = q.organization_id and p.repository_id = head.repository_id
                    and p.base_branch = head.base_branch
                    and p.merged_at > base.merged_at and p.merged_at <= head.merged_at
            ) as c
            join repositories r on r.organization_id = q.organization_id and r.id = c.repository_id
            where q.linking
            having count(*) > 0
        ) as c on true
        left join lateral (
            select array_agg(r.id) as ids, array_agg(r.monitored) as monitored, array_agg(i.epoch) as epochs
            from (
                select distinct k.repository_id
                from commits k
                where k.organization_id = q.organization_id and k.sha
                    between coalesce(q.commit_least, decode(rpad(d.commit_sha, 40, '0'), 'hex'))
                        and coalesce(q.commit_most, decode(rpad(d.commit_sha, 40, 'f'), 'hex'))
            ) as k
            join repositories r on r.organization_id = q.organization_id and r.id = k.repository_id
            left join lateral (
                select i.epoch
                from intakes i
                where i.organization_id = q.organization_id and i.repository_id = r.id
                order by i.epoch desc
                limit 1
            ) as i on true
            where q.linking
            having count(*) > 0
        ) as h on true
        left join lateral (
            select
                array_agg(e.id) as ids, array_agg(e.external_id) as external_ids,
                array_agg(e.commit_sha) as commits, array_agg(e.completed_at) as completed_at
            from (
                select e.id, e.external_id, e.commit_sha, e.completed_at
                from deployments e
                where e.organization_id = q.organization_id
                    and coalesce(lower(e.service collate \"C\"), '')
                        = coalesce(lower(coalesce(q.service, d.service) collate \"C\"), '')
                    and e.status = 'success' and e.environment = 'production'
                    and e.completed_at <= coalesce(q.shipped_at, d.completed_at)
                    and (e.completed_at, e.external_id collate \"C\")
                        < (coalesce(q.shipped_at, d.completed_at), q.external_id collate \"C\")
                    and e.external_id <> q.external_id
                order by e.completed_at desc, e.external_id collate \"C\" desc
                limit 5
            ) as e
            where h.ids is not null and q.base_least is null and d.previous_commit_sha is null
            having count(*) > 0
        ) as e on true"
    }
}

/// A row of the organizations table.
type OrganizationRow = (i64, i64, String, Option<OffsetDateTime>, Option<OffsetDateTime>);

#[derive(Queryable)]
struct RepositoryRows {
    ids: Vec<i64>,
    full_names: Vec<String>,
    monitored: Vec<bool>,
    aliases: Vec<Option<String>>,
}

impl RepositoryRows {
    fn repositories(self) -> Result<Vec<Repository>, StoreError> {
        let rows = self
            .ids
            .into_iter()
            .zip(self.full_names)
            .zip(self.monitored)
            .zip(self.aliases);
        rows.map(|(((id, full_name), monitored), alias)| repository((id, full_name, monitored), alias))
            .collect()
    }
}

#[derive(Queryable)]
struct CandidateRows {
    ids: Vec<i64>,
    repository_ids: Vec<i64>,
    monitored: Vec<bool>,
    commits: Vec<Vec<u8>>,
    merged_at: Vec<OffsetDateTime>,
    base_branches: Vec<String>,
}

impl CandidateRows {
    fn candidates(self) -> Result<Vec<Candidate>, StoreError> {
        let whose = self.ids.into_iter().zip(self.repository_ids).zip(self.monitored);
        let merges = self
            .commits
            .into_iter()
            .zip(self.merged_at)
            .zip(self.base_branches);
        whose
            .zip(merges)
            .map(
                |(((id, repository_id), monitored), ((commit, merged_at), base_branch))| {
                    let place = Place {
                        table: "pull_requests",
                        id,
                    };
                    Ok(Candidate {
                        pull_request_id: PullRequestId::new(id),
                        repository_id: RepositoryId::new(repository_id),
                        repository_is_monitored: monitored,
                        merge: Merge {
                            commit: place.sha("merge_commit_sha", &commit)?,
                            merged_at: timestamp(merged_at),
                            base_branch: place.branch("base_branch", &base_branch)?,
                        },
                    })
                },
            )
            .collect()
    }
}

/// Repositories that know the deployed commit: numbers, whether they are monitored, and the epochs of their histories.
type HistoryRows = (Vec<i64>, Vec<bool>, Vec<Option<i64>>);

type ContextRow = (
    i64,
    OrganizationRow,
    Option<Row>,
    Option<RepositoryRows>,
    Option<CandidateRows>,
    bool,
    Option<HistoryRows>,
    Option<EarlierRows>,
);

/// How many earlier deployments a context has; the statement reads one more.
const EARLIER: usize = 4;

/// The first and the last commit that a reference may name.
fn bounds(commit: Option<&CommitReference>) -> [Option<Vec<u8>>; 2] {
    let span = commit.map(CommitReference::span);
    let (least, most) = span.map(RangeInclusive::into_inner).unzip();
    [least, most].map(|sha| sha.map(|sha| sha.as_bytes().to_vec()))
}

pub(super) async fn contexts(
    pool: &Pool,
    histories: &Histories,
    queries: &[DeploymentQuery],
) -> Result<Vec<Option<DeploymentContext>>, StoreError> {
    let mut input = QueryInput::default();
    for query in queries {
        input.organization_id.push(query.organization_id.get());
        input.external_id.push(query.external_id.as_str().to_owned());
        input.linking.push(query.linking);
        input
            .service
            .push(query.service.as_ref().map(|service| service.as_str().to_owned()));
        let [commit_least, commit_most] = bounds(query.commit.as_ref());
        input.commit_least.push(commit_least);
        input.commit_most.push(commit_most);
        let [base_least, base_most] = bounds(query.previous_commit.as_ref());
        input.base_least.push(base_least);
        input.base_most.push(base_most);
        input
            .shipped_at
            .push(query.shipped_at.map(Timestamp::to_offset_date_time));
    }
    let mut contexts: Vec<Option<DeploymentContext>> = queries.iter().map(|_| None).collect();
    for row in pool.rows::<_, ContextRow>(ReadContexts { query: input }).await? {
        let index = usize::try_from(row.0 - 1).unwrap_or(usize::MAX);
        if let (Some(query), Some(place)) = (queries.get(index), contexts.get_mut(index)) {
            let known = row.6.clone().unwrap_or_default();
            let mut context = context(query, row)?;
            context.surroundings.histories =
                known_histories(pool, histories, query.organization_id, known).await?;
            *place = Some(context);
        }
    }
    Ok(contexts)
}

async fn known_histories(
    pool: &Pool,
    histories: &Histories,
    organization_id: OrganizationId,
    (ids, monitored, epochs): HistoryRows,
) -> Result<Vec<KnownHistory>, StoreError> {
    let mut known = Vec::with_capacity(ids.len());
    for ((id, repository_is_monitored), epoch) in ids.into_iter().zip(monitored).zip(epochs) {
        let repository_id = RepositoryId::new(id);
        let epoch = epoch.unwrap_or_default();
        let history = histories
            .at_least(pool, (organization_id, repository_id), epoch)
            .await?;
        known.push(KnownHistory {
            repository_id,
            repository_is_monitored,
            history,
        });
    }
    Ok(known)
}

fn context(query: &DeploymentQuery, row: ContextRow) -> Result<DeploymentContext, StoreError> {
    let (_, organization, deployment, repositories, candidates, has_commits, _, earlier) = row;
    let linked = deployment.as_ref().map_or(0, |row| row.linked_pull_requests);
    let (organization_revision, epoch, plan, trial_started_at, trial_ends_at) = organization;
    let stored = deployment
        .map(|row| row.stored(query.external_id.clone()))
        .transpose()?;
    Ok(DeploymentContext {
        subscription: subscription(
            query.organization_id.get(),
            &plan,
            trial_started_at,
            trial_ends_at,
        )?,
        version: DeploymentVersion {
            organization_revision,
            deployment_revision: stored.as_ref().map(|stored| stored.revision),
            epoch: LinkingEpoch::new(epoch),
        },
        stored,
        linked_pull_requests: linked.unsigned_abs().into(),
        surroundings: Surroundings {
            repositories: repositories.map_or(Ok(Vec::new()), RepositoryRows::repositories)?,
            candidates: candidates.map_or(Ok(Vec::new()), CandidateRows::candidates)?,
            histories: Vec::new(),
            earlier: earlier.map_or(Ok(Earlier::default()), |rows| rows.earlier(EARLIER))?,
        },
        has_commits,
    })
}
