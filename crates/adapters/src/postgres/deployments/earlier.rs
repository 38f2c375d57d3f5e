//! What was live before a deployment: the latest earlier one of its line, and the heads of its service.

use crate::postgres::row::{Place, timestamp};
use diesel::Queryable;
use diesel::sql_types::{Array, BigInt, Bytea, Text, Timestamptz};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::environment::Environment;
use periscope_domain::id::{DeploymentId, RepositoryId};
use periscope_domain::linking::{EarlierDeployment, Head};
use periscope_domain::ports::StoreError;
use periscope_domain::text::ExternalDeploymentId;
use time::OffsetDateTime;

/// The parts of a statement that look for what is earlier than `place` (`organization_id, service_key, environment,
/// completed_at, external_id`, and `live_from`, since when heads may have been superseded: by the deployment itself, where it
/// has been before). The table `latest` with a row or none.
macro_rules! latest {
    () => {
        "(
            select e.id, e.external_id, e.commit_sha, e.completed_at
            from (
                select e.id, e.external_id, e.commit_sha, e.completed_at
                from deployments e
                where e.organization_id = place.organization_id and e.environment is not null
                    and e.service_key = place.service_key
                    and e.environment = place.environment and e.status = 'success'
                    and coalesce(e.completed_at, e.started_at) <= place.completed_at
                    and (e.completed_at, e.external_id collate \"C\")
                        < (place.completed_at, place.external_id collate \"C\")
                    and e.external_id <> place.external_id
                order by coalesce(e.completed_at, e.started_at) desc
                fetch first 1 row with ties
            ) as e
            order by e.completed_at desc, e.external_id collate \"C\" desc
            limit 1
        ) as latest"
    };
}

/// The table `heads` with a row of arrays, or none.
macro_rules! heads {
    () => {
        "(
            select
                array_agg(g.deployment_id) as deployment_ids, array_agg(g.external_id) as external_ids,
                array_agg(g.completed_at) as completed_at, array_agg(g.environment) as environments,
                array_agg(g.repository_id) as repository_ids, array_agg(g.commit_sha) as commits
            from graph_ranges g
            where g.organization_id = place.organization_id and g.service_key = place.service_key
                and g.superseded_at >= place.live_from
                and (g.completed_at, g.external_id) < (place.completed_at, place.external_id collate \"C\")
                and g.external_id <> place.external_id
            having count(*) > 0
        ) as heads"
    };
}

pub(super) use {heads, latest};

/// The columns of the table `latest`.
pub(super) type LatestSql = (BigInt, Text, Text, Timestamptz);

#[derive(Queryable)]
pub(super) struct Latest {
    id: i64,
    external_id: String,
    commit: String,
    completed_at: OffsetDateTime,
}

impl Latest {
    pub(super) fn deployment(self) -> Result<EarlierDeployment, StoreError> {
        let place = Place {
            table: "deployments",
            id: self.id,
        };
        Ok(EarlierDeployment {
            id: DeploymentId::new(self.id),
            external_id: place.parse("external_id", &self.external_id, ExternalDeploymentId::parse)?,
            commit: place.parse("commit_sha", &self.commit, CommitReference::parse)?,
            completed_at: timestamp(self.completed_at),
        })
    }
}

/// The columns of the table `heads`.
pub(super) type HeadsSql = (
    Array<BigInt>,
    Array<Text>,
    Array<Timestamptz>,
    Array<Text>,
    Array<BigInt>,
    Array<Bytea>,
);

#[derive(Queryable)]
pub(super) struct Heads {
    deployment_ids: Vec<i64>,
    external_ids: Vec<String>,
    completed_at: Vec<OffsetDateTime>,
    environments: Vec<String>,
    repository_ids: Vec<i64>,
    commits: Vec<Vec<u8>>,
}

impl Heads {
    pub(super) fn heads(self) -> Result<Vec<Head>, StoreError> {
        let deployments = self
            .deployment_ids
            .into_iter()
            .zip(self.external_ids)
            .zip(self.completed_at)
            .zip(self.environments);
        let commits = self.repository_ids.into_iter().zip(self.commits);
        let heads = deployments.zip(commits);
        heads
            .map(
                |((((id, external_id), completed_at), environment), (repository_id, commit))| {
                    let place = Place {
                        table: "graph_ranges",
                        id,
                    };
                    Ok(Head {
                        deployment_id: DeploymentId::new(id),
                        external_id: place.parse("external_id", &external_id, ExternalDeploymentId::parse)?,
                        completed_at: timestamp(completed_at),
                        environment: place.parse("environment", &environment, Environment::parse)?,
                        repository_id: RepositoryId::new(repository_id),
                        commit: place.sha("commit_sha", &commit)?,
                    })
                },
            )
            .collect()
    }
}
