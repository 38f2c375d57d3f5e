//! Merged pull requests. A batch is one transaction: see [`write`] for its order of locks.

mod page;
mod write;

use super::PgStore;
use super::intake::{Target, find_target};
use super::meters::Decided;
use super::row::{Identified, Place, timestamp};
use super::schema::pull_requests;
use super::statement::{batch_input, batch_statement};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Integer, Nullable, Text, Timestamptz};
use periscope_domain::id::{OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::listing::{ListedPullRequest, Page, PageRequest, PullRequestFilter};
use periscope_domain::ports::{
    Applied, PullRequestDecision, PullRequestQuery, PullRequests, PullRequestsContext, StoreError,
};
use periscope_domain::pull_request::{
    ChangeCount, PullRequest, PullRequestNumber, Source, StoredPullRequest,
};
use periscope_domain::text::{Actor, BranchName, Title};
use periscope_domain::web_url::WebUrl;
use time::OffsetDateTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = pull_requests)]
struct Row {
    id: i64,
    repository_id: i64,
    revision: i64,
    number: i32,
    source: String,
    merge_commit_sha: Vec<u8>,
    merged_at: OffsetDateTime,
    created_at: Option<OffsetDateTime>,
    title: Option<String>,
    url: Option<String>,
    author: Option<String>,
    merged_by: Option<String>,
    base_branch: String,
    head_branch: Option<String>,
    additions: Option<i32>,
    deletions: Option<i32>,
    changed_files: Option<i32>,
}

/// The columns of a [`Row`].
type RowSql = (
    BigInt,
    BigInt,
    BigInt,
    Integer,
    Text,
    Bytea,
    Timestamptz,
    Nullable<Timestamptz>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    Nullable<Text>,
    Nullable<Integer>,
    Nullable<Integer>,
    Nullable<Integer>,
);

/// They are looked up one by one: `= any(..)` would go through all that an organization has, as long as Postgres has not
/// counted them.
const FOUND: &str = " select
        p.id, p.repository_id, p.revision, p.number, p.source, p.merge_commit_sha, p.merged_at, p.created_at, p.title,
        p.url, p.author, p.merged_by, p.base_branch, p.head_branch, p.additions, p.deletions, p.changed_files
    from wanted w
    cross join lateral (
        select *
        from pull_requests p
        where p.organization_id = w.organization_id and ";

batch_input! {
    /// Pull requests by the numbers that a forge gave them.
    Numbered as "wanted" {
        organization_id: BigInt = i64,
        repository_id: BigInt = i64,
        number: Integer = i32,
    }
}

batch_statement! {
    /// Those that are known.
    ReadNumbered { wanted: Numbered } -> RowSql {
        FOUND,
        "p.repository_id = w.repository_id and p.number = w.number
        offset 0
    ) as p"
    }
}

batch_statement! {
    /// Those that are known.
    ReadIdentified { wanted: Identified } -> RowSql {
        FOUND,
        "p.id = w.id
        offset 0
    ) as p
    order by p.id"
    }
}

impl TryFrom<Row> for StoredPullRequest {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place {
            table: "pull_requests",
            id: row.id,
        };
        let actor = |column, text: &Option<String>| place.parse_option(column, text.as_deref(), Actor::parse);
        let count = |column, number: Option<i32>| {
            let count = number.map(|number| place.check(column, ChangeCount::new(number.into())));
            count.transpose()
        };
        let pull_request = PullRequest {
            number: place.check("number", PullRequestNumber::new(row.number.into()))?,
            source: place.word("source", &row.source, Source::ALL, Source::as_str)?,
            merge_commit: place.sha("merge_commit_sha", &row.merge_commit_sha)?,
            merged_at: timestamp(row.merged_at),
            created_at: row.created_at.map(timestamp),
            title: place.parse_option("title", row.title.as_deref(), Title::parse)?,
            url: place.parse_option("url", row.url.as_deref(), WebUrl::parse)?,
            author: actor("author", &row.author)?,
            merged_by: actor("merged_by", &row.merged_by)?,
            base_branch: place.branch("base_branch", &row.base_branch)?,
            head_branch: place.parse_option("head_branch", row.head_branch.as_deref(), BranchName::parse)?,
            additions: count("additions", row.additions)?,
            deletions: count("deletions", row.deletions)?,
            changed_files: count("changed_files", row.changed_files)?,
        };
        Ok(Self {
            id: PullRequestId::new(row.id),
            repository_id: RepositoryId::new(row.repository_id),
            revision: row.revision,
            pull_request,
        })
    }
}

#[async_trait]
impl PullRequests for PgStore {
    async fn context(&self, query: &PullRequestQuery) -> Result<Option<PullRequestsContext>, StoreError> {
        let delivery = query.delivery.as_ref();
        let target = find_target(&self.pool, query.organization_id, &query.repository, delivery).await?;
        let Some(Target {
            repository,
            delivery_is_known,
        }) = target
        else {
            return Ok(None);
        };
        let mut stored = Vec::new();
        if let Some(repository) = &repository {
            let mut wanted = Numbered::default();
            for number in &query.numbers {
                wanted.organization_id.push(query.organization_id.get());
                wanted.repository_id.push(repository.id.get());
                wanted.number.push(number.get());
            }
            let rows = self.pool.rows::<_, Row>(ReadNumbered { wanted }).await?;
            stored = rows
                .into_iter()
                .map(TryFrom::try_from)
                .collect::<Result<_, _>>()?;
        }
        Ok(Some(PullRequestsContext {
            repository,
            stored,
            delivery_is_known,
        }))
    }

    async fn apply(&self, decision: &PullRequestDecision) -> Result<Applied<u64>, StoreError> {
        let applied = write::apply(&self.pool, decision).await?;
        Decided::PullRequests.count_stale(&[applied]);
        Ok(applied)
    }

    async fn find(
        &self,
        organization_id: OrganizationId,
        id: PullRequestId,
    ) -> Result<Option<StoredPullRequest>, StoreError> {
        let query = pull_requests::table
            .find((organization_id.get(), id.get()))
            .select(Row::as_select());
        self.pool
            .row::<_, Row>(query)
            .await?
            .map(StoredPullRequest::try_from)
            .transpose()
    }

    async fn list(
        &self,
        organization_id: OrganizationId,
        ids: &[PullRequestId],
    ) -> Result<Vec<StoredPullRequest>, StoreError> {
        let wanted = Identified::of(organization_id, ids.iter().map(|id| id.get()));
        let rows = self.pool.rows::<_, Row>(ReadIdentified { wanted }).await?;
        rows.into_iter().map(TryFrom::try_from).collect()
    }

    async fn find_by_number(
        &self,
        organization_id: OrganizationId,
        repository_id: RepositoryId,
        number: PullRequestNumber,
    ) -> Result<Option<StoredPullRequest>, StoreError> {
        let query = pull_requests::table
            .filter(pull_requests::organization_id.eq(organization_id.get()))
            .filter(pull_requests::repository_id.eq(repository_id.get()))
            .filter(pull_requests::number.eq(number.get()))
            .select(Row::as_select());
        let row = self.pool.row::<_, Row>(query).await?;
        row.map(StoredPullRequest::try_from).transpose()
    }

    async fn page(
        &self,
        organization_id: OrganizationId,
        filter: &PullRequestFilter,
        page: &PageRequest<PullRequestId>,
    ) -> Result<Page<ListedPullRequest>, StoreError> {
        page::page(&self.pool, organization_id, filter, page).await
    }
}
