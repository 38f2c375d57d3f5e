//! Deployments with their history and links: a context is one statement, a decision another.

mod contexts;
mod earlier;
mod input;
mod line;
mod line_changes;
mod links;
mod page;
mod read;
mod remove;
mod services;
mod write;

pub(super) use links::{
    GraphRangeInput, LINKS_AT_ONCE, LinkInput, REPLACE_LINKS, RangeInput, SUPERSEDE_AFTERWARDS,
    SupersededInput, linked_pull_requests, unlinked_reason,
};

use super::PgStore;
use super::meters::Decided;
use super::row::{Identified, Place, timestamp};
use super::schema::{deployment_events, deployments, links as links_table};
use super::statement::batch_statement;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::{Deployment, DeploymentEvent, Revision, StoredDeployment};
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::id::{DeploymentId, OrganizationId, PullRequestId};
use periscope_domain::linking::{LinePosition, Link, Novelty};
use periscope_domain::listing::{DeployedService, DeploymentFilter, ListedDeployment, Page, PageRequest};
use periscope_domain::ports::{
    Applied, DeliveryQuery, DeploymentContext, DeploymentDecision, DeploymentQuery, DeploymentRemoval,
    Deployments, LineMember, RemovedDeployment, StoreError,
};
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::{Actor, BranchName, ExternalDeploymentId, PipelineName, ServiceName};
use periscope_domain::web_url::WebUrl;
use std::collections::BTreeSet;
use std::sync::Arc;
use time::OffsetDateTime;

/// A deployment as it is kept, but for what it is called.
#[derive(Queryable, Selectable)]
#[diesel(table_name = deployments)]
struct Row {
    id: i64,
    revision: i64,
    commit_sha: String,
    environment: String,
    tier: String,
    status: String,
    started_at: OffsetDateTime,
    completed_at: Option<OffsetDateTime>,
    service: Option<String>,
    service_key: String,
    previous_commit_sha: Option<String>,
    branch: Option<String>,
    triggered_by: Option<String>,
    pipeline_name: Option<String>,
    pipeline_url: Option<String>,
    linked_pull_requests: i32,
    novelty: Option<String>,
    linking_digest: Option<i64>,
}

/// The columns of a [`Row`].
type RowSql = (
    BigInt,
    BigInt,
    Text,
    Text,
    Text,
    Text,
    Timestamptz,
    Nullable<Timestamptz>,
    Nullable<Text>,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Integer,
    Nullable<Text>,
    Nullable<BigInt>,
);

impl Row {
    fn stored(self, external_id: ExternalDeploymentId) -> Result<StoredDeployment, StoreError> {
        let place = Place {
            table: "deployments",
            id: self.id,
        };
        let novelty = self.novelty.as_deref();
        let novelty = novelty.map(|word| place.word("novelty", word, Novelty::ALL, Novelty::as_str));
        let tier = place.word("tier", &self.tier, Tier::ALL, Tier::as_str)?;
        let environment = place.parse("environment", &self.environment, Environment::parse)?;
        let deployment = Deployment {
            external_id,
            commit: place.parse("commit_sha", &self.commit_sha, CommitReference::parse)?,
            environment: environment.with_tier(tier),
            run: run(place, &self.status, self.started_at, self.completed_at)?,
            service: place.parse_option("service", self.service.as_deref(), ServiceName::parse)?,
            previous_commit: place.parse_option(
                "previous_commit_sha",
                self.previous_commit_sha.as_deref(),
                CommitReference::parse,
            )?,
            branch: place.parse_option("branch", self.branch.as_deref(), BranchName::parse)?,
            triggered_by: place.parse_option("triggered_by", self.triggered_by.as_deref(), Actor::parse)?,
            pipeline_name: place.parse_option(
                "pipeline_name",
                self.pipeline_name.as_deref(),
                PipelineName::parse,
            )?,
            pipeline_url: place.parse_option("pipeline_url", self.pipeline_url.as_deref(), WebUrl::parse)?,
        };
        Ok(StoredDeployment {
            id: DeploymentId::new(self.id),
            revision: Revision::new(self.revision),
            deployment,
            service_key: self.service_key,
            novelty: novelty.transpose()?,
        })
    }
}

/// A deployment as it is kept, with what it is called.
type NamedRow = (String, Row);

fn named((external_id, row): NamedRow) -> Result<StoredDeployment, StoreError> {
    let place = Place {
        table: "deployments",
        id: row.id,
    };
    row.stored(place.parse("external_id", &external_id, ExternalDeploymentId::parse)?)
}

batch_statement! {
    /// Deployments by their numbers. They are looked up one by one, as pull requests are.
    ReadIdentified { wanted: Identified } -> (Text, RowSql) {
        " select
            d.external_id, d.id, d.revision, d.commit_sha, d.environment, d.tier, d.status, d.started_at, d.completed_at,
            d.service, d.service_key, d.previous_commit_sha, d.branch, d.triggered_by, d.pipeline_name, d.pipeline_url,
            d.linked_pull_requests, d.novelty, d.linking_digest
        from wanted w
        cross join lateral (
            select *
            from deployments d
            where d.organization_id = w.organization_id and d.id = w.id
            offset 0
        ) as d
        order by d.id"
    }
}

fn run(
    place: Place,
    status: &str,
    started_at: OffsetDateTime,
    completed_at: Option<OffsetDateTime>,
) -> Result<Run, StoreError> {
    let status = place.parse("status", status, DeploymentStatus::parse)?;
    let run = Run::new(status, timestamp(started_at), completed_at.map(timestamp));
    place.check("completed_at", run)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = deployment_events)]
struct EventRow {
    deployment_id: i64,
    status: String,
    started_at: OffsetDateTime,
    completed_at: Option<OffsetDateTime>,
    commit_sha: String,
    received_at: OffsetDateTime,
}

impl TryFrom<EventRow> for DeploymentEvent {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let place = Place {
            table: "deployment_events",
            id: row.deployment_id,
        };
        Ok(Self {
            run: run(place, &row.status, row.started_at, row.completed_at)?,
            commit: place.parse("commit_sha", &row.commit_sha, CommitReference::parse)?,
            received_at: timestamp(row.received_at),
        })
    }
}

#[async_trait]
impl Deployments for PgStore {
    async fn contexts(
        &self,
        queries: &[DeploymentQuery],
    ) -> Result<Vec<Option<DeploymentContext>>, StoreError> {
        read::contexts(&self.pool, &self.histories, queries).await
    }

    async fn apply(
        &self,
        decisions: &[DeploymentDecision],
    ) -> Vec<Result<Applied<DeploymentId>, Arc<StoreError>>> {
        let applied = write::apply(&self.pool, decisions).await;
        Decided::Deployments.count_stale(applied.iter().flatten());
        applied
    }

    async fn remove(&self, removal: &DeploymentRemoval) -> Result<Applied<()>, StoreError> {
        let removed = remove::remove(&self.pool, removal).await?;
        Decided::Deployments.count_stale(&[removed]);
        Ok(removed)
    }

    async fn list_removed(
        &self,
        organization_id: OrganizationId,
        most: u32,
    ) -> Result<Vec<RemovedDeployment>, StoreError> {
        remove::list_removed(&self.pool, organization_id, most).await
    }

    async fn delivered(&self, queries: &[DeliveryQuery]) -> Result<Vec<BTreeSet<PullRequestId>>, StoreError> {
        line::delivered(&self.pool, queries).await
    }

    async fn line(
        &self,
        organization_id: OrganizationId,
        service_key: &str,
        from: &LinePosition,
        most: u32,
    ) -> Result<Vec<LineMember>, StoreError> {
        line::line(&self.pool, organization_id, service_key, from, most).await
    }

    async fn find(
        &self,
        organization_id: OrganizationId,
        external_id: &ExternalDeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError> {
        let query = deployments::table
            .filter(deployments::organization_id.eq(organization_id.get()))
            .filter(deployments::external_id.eq(external_id.as_str().to_owned()))
            .select(Row::as_select());
        let row = self.pool.row::<_, Row>(query).await?;
        row.map(|row| row.stored(external_id.clone())).transpose()
    }

    async fn history(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Vec<DeploymentEvent>, StoreError> {
        let query = deployment_events::table
            .filter(deployment_events::organization_id.eq(organization_id.get()))
            .filter(deployment_events::deployment_id.eq(id.get()))
            .order(deployment_events::revision)
            .select(EventRow::as_select());
        let rows = self.pool.rows::<_, EventRow>(query).await?;
        rows.into_iter().map(TryFrom::try_from).collect()
    }

    async fn links(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Vec<Link>, StoreError> {
        let query = links_table::table
            .filter(links_table::organization_id.eq(organization_id.get()))
            .filter(links_table::deployment_id.eq(id.get()))
            .order(links_table::pull_request_id)
            .select(links::Row::as_select());
        let rows = self.pool.rows::<_, links::Row>(query).await?;
        rows.into_iter().map(TryFrom::try_from).collect()
    }

    async fn find_by_id(
        &self,
        organization_id: OrganizationId,
        id: DeploymentId,
    ) -> Result<Option<StoredDeployment>, StoreError> {
        let query = deployments::table
            .find((organization_id.get(), id.get()))
            .select((deployments::external_id, Row::as_select()));
        let row = self.pool.row::<_, NamedRow>(query).await?;
        row.map(named).transpose()
    }

    async fn list(
        &self,
        organization_id: OrganizationId,
        ids: &[DeploymentId],
    ) -> Result<Vec<StoredDeployment>, StoreError> {
        let wanted = Identified::of(organization_id, ids.iter().map(|id| id.get()));
        let rows = self.pool.rows::<_, NamedRow>(ReadIdentified { wanted }).await?;
        rows.into_iter().map(named).collect()
    }

    async fn list_shipped_with(
        &self,
        organization_id: OrganizationId,
        pull_request_id: PullRequestId,
    ) -> Result<Vec<(StoredDeployment, Link)>, StoreError> {
        let deployment = deployments::organization_id
            .eq(links_table::organization_id)
            .and(deployments::id.eq(links_table::deployment_id));
        let query = links_table::table
            .inner_join(deployments::table.on(deployment))
            .filter(links_table::organization_id.eq(organization_id.get()))
            .filter(links_table::pull_request_id.eq(pull_request_id.get()))
            .order((deployments::completed_at, deployments::id))
            .select((
                deployments::external_id,
                Row::as_select(),
                links::Row::as_select(),
            ));
        let rows = self.pool.rows::<_, (String, Row, links::Row)>(query).await?;
        rows.into_iter()
            .map(|(name, row, link)| Ok((named((name, row))?, link.try_into()?)))
            .collect()
    }

    async fn page(
        &self,
        organization_id: OrganizationId,
        filter: &DeploymentFilter,
        page: &PageRequest<DeploymentId>,
    ) -> Result<Page<ListedDeployment>, StoreError> {
        page::page(&self.pool, organization_id, filter, page).await
    }

    async fn list_services(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<DeployedService>, StoreError> {
        services::list_services(&self.pool, organization_id).await
    }
}
