//! Reads all that the decision on a deployment depends on, as of one instant: one statement, so one snapshot.

use super::Row;
use super::contexts::{QueryInput, ReadContexts};
use super::earlier::{Heads, Latest};
use crate::postgres::environments::tiers;
use crate::postgres::histories::Histories;
use crate::postgres::organizations::subscription;
use crate::postgres::pool::Pool;
use crate::postgres::repositories::{OtherNames, repository};
use crate::postgres::row::{Place, timestamp};
use crate::postgres::server_run::ServerRun;
use diesel::prelude::*;
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::id::{OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::linking::{Candidate, Earlier, KnownHistory, LinePosition, Surroundings};
use periscope_domain::ports::{
    DeploymentContext, DeploymentQuery, DeploymentVersion, LineRevision, LinkingEpoch, StoreError,
};
use periscope_domain::pull_request::Merge;
use periscope_domain::repository::Repository;
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use time::OffsetDateTime;

/// A row of the organizations table.
type OrganizationRow = (i64, i64, String, Option<OffsetDateTime>, Option<OffsetDateTime>);

#[derive(Queryable)]
struct RepositoryRows {
    ids: Vec<i64>,
    full_names: Vec<String>,
    monitored: Vec<bool>,
    aliases: Vec<Option<String>>,
    former_names: Vec<Option<String>>,
}

impl RepositoryRows {
    /// Each once: one that a service names in several ways comes several times.
    fn repositories(self) -> Result<Vec<Repository>, StoreError> {
        let rows = self.full_names.into_iter().zip(self.monitored);
        let others = self.aliases.into_iter().zip(self.former_names);
        let mut found: BTreeMap<i64, (_, OtherNames)> = BTreeMap::new();
        for ((id, (full_name, monitored)), (alias, former)) in self.ids.into_iter().zip(rows).zip(others) {
            let row = (id, full_name, monitored);
            let (_, names) = found.entry(id).or_insert_with(|| (row, OtherNames::default()));
            names.aliases.extend(alias);
            names.former.extend(former);
        }
        let rows = found.into_values();
        rows.map(|(row, names)| repository(row, &names)).collect()
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

/// Repositories that may know what is named: numbers, whether they are monitored, and the epochs of their histories; and
/// when the server was started that these are of.
type HistoryRows = (Vec<i64>, Vec<bool>, Vec<Option<i64>>, OffsetDateTime);

type ContextRow = (
    i64,
    String,
    OrganizationRow,
    Option<Row>,
    Option<RepositoryRows>,
    Option<CandidateRows>,
    Option<HistoryRows>,
    Option<Latest>,
    Option<Heads>,
    Option<(i64, OffsetDateTime, String)>,
    Option<(Vec<String>, Vec<String>)>,
);

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
        input.environment.push(
            query
                .environment
                .as_ref()
                .map(|environment| environment.as_str().to_owned()),
        );
        input.earlier.push(query.earlier);
        input
            .shipped_at
            .push(query.shipped_at.map(Timestamp::to_offset_date_time));
    }
    let mut contexts: Vec<Option<DeploymentContext>> = queries.iter().map(|_| None).collect();
    for row in pool.rows::<_, ContextRow>(ReadContexts { query: input }).await? {
        let index = usize::try_from(row.0 - 1).unwrap_or(usize::MAX);
        if let (Some(query), Some(place)) = (queries.get(index), contexts.get_mut(index)) {
            let known = row.6.clone();
            let mut context = context(query, row)?;
            if let Some(known) = known {
                context.surroundings.histories =
                    known_histories(pool, histories, query.organization_id, known).await?;
            }
            *place = Some(context);
        }
    }
    Ok(contexts)
}

async fn known_histories(
    pool: &Pool,
    histories: &Histories,
    organization_id: OrganizationId,
    (ids, monitored, epochs, started_at): HistoryRows,
) -> Result<Vec<KnownHistory>, StoreError> {
    let server = ServerRun::started_at(started_at);
    let mut known = Vec::with_capacity(ids.len());
    for ((id, repository_is_monitored), epoch) in ids.into_iter().zip(monitored).zip(epochs) {
        let repository_id = RepositoryId::new(id);
        let epoch = epoch.unwrap_or_default();
        let history = histories
            .at_least(pool, (organization_id, repository_id), (server, epoch))
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
    let (_, service_key, organization, deployment, repositories, candidates, _, latest, heads, line, rules) =
        row;
    let linked = deployment.as_ref().map_or(0, |row| row.linked_pull_requests);
    let digest = deployment.as_ref().and_then(|row| row.linking_digest);
    let (organization_revision, epoch, plan, trial_started_at, trial_ends_at) = organization;
    let stored = deployment
        .map(|row| row.stored(query.external_id.clone()))
        .transpose()?;
    let rules = rules.map(|(patterns, tiers)| patterns.into_iter().zip(tiers));
    Ok(DeploymentContext {
        tiers: tiers(query.organization_id, rules.into_iter().flatten())?,
        service_key,
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
            line: LineRevision::new(line.as_ref().map_or(0, |(revision, ..)| *revision)),
        },
        last_of_line: line.map(|(_, completed_at, external_id)| LinePosition {
            completed_at: timestamp(completed_at),
            external_id,
        }),
        stored,
        linked_pull_requests: linked.unsigned_abs().into(),
        surroundings: Surroundings {
            repositories: repositories.map_or(Ok(Vec::new()), RepositoryRows::repositories)?,
            candidates: candidates.map_or(Ok(Vec::new()), CandidateRows::candidates)?,
            histories: Vec::new(),
            earlier: Earlier {
                latest: latest.map(Latest::deployment).transpose()?,
                heads: heads.map_or(Ok(Vec::new()), Heads::heads)?,
            },
        },
        digest,
    })
}
