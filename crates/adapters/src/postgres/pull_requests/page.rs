//! One page of an organization's pull requests: of all in order of their merges, or of one repository, where those of each
//! base branch are in order, or of one number, of which each repository has one at most. Whoever asks for an author, or for whether they were shipped, goes through them until the page
//! is full.

use super::{Row, RowSql};
use crate::postgres::listing::Bounds;
use crate::postgres::pool::Pool;
use crate::postgres::row::Place;
use crate::postgres::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use periscope_domain::id::{OrganizationId, PullRequestId, RepositoryId};
use periscope_domain::listing::{ListedPullRequest, Order, Page, PageRequest, PullRequestFilter};
use periscope_domain::ports::StoreError;
use periscope_domain::pull_request::PullRequestNumber;
use periscope_domain::repository::RepositoryName;

batch_input! {
    /// What is asked: always one row.
    Query as "query" {
        organization_id: BigInt = i64,
        repository_id: Nullable<BigInt> = Option<i64>,
        number: Nullable<Integer> = Option<i32>,
        author_key: Nullable<Text> = Option<String>,
        is_linked: Nullable<Bool> = Option<bool>,
    }
}

/// Whether a pull request `p` was shipped.
macro_rules! is_linked {
    () => {
        "exists (select from links l where l.organization_id = p.organization_id and l.pull_request_id = p.id)"
    };
}

/// The statement: where to look; how a place that is further on compares with a begin, and how with an end; how to sort.
macro_rules! page {
    (all $further:literal, $still:literal, $direction:literal) => {
        page!(@of concat!(
            "select p.*
            from query q, bounds b, pull_requests p
            where p.organization_id = q.organization_id and p.source is not null
            ", page!(@taken $further, $still, $direction)
        ), $direction)
    };
    (of_repository $further:literal, $still:literal, $direction:literal) => {
        page!(@of concat!(
            "with recursive branches as (
                (
                    select p.base_branch
                    from query q, pull_requests p
                    where p.organization_id = q.organization_id and p.repository_id = q.repository_id
                        and p.merged_at is not null
                    order by p.base_branch
                    limit 1
                )
                union all
                select p.base_branch
                from branches, query q
                cross join lateral (
                    select p.base_branch
                    from pull_requests p
                    where p.organization_id = q.organization_id and p.repository_id = q.repository_id
                        and p.merged_at is not null and p.base_branch > branches.base_branch
                    order by p.base_branch
                    limit 1
                ) as p
            )
            select p.*
            from branches, query q, bounds b
            cross join lateral (
                select p.*
                from pull_requests p
                where p.organization_id = q.organization_id and p.repository_id = q.repository_id
                    and p.base_branch = branches.base_branch and p.merged_at is not null
                ", page!(@taken $further, $still, $direction), "
            ) as p
            order by p.merged_at ", $direction, ", p.id ", $direction, "
            limit (select most from bounds)"
        ), $direction)
    };
    (of_number $further:literal, $still:literal, $direction:literal) => {
        page!(@of concat!(
            "select p.*
            from query q, bounds b, repositories r
            cross join lateral (
                select p.*
                from pull_requests p
                where p.organization_id = r.organization_id and p.repository_id = r.id and p.number = q.number
            ) as p
            where r.organization_id = q.organization_id and (q.repository_id is null or r.id = q.repository_id)
                and p.source is not null
            ", page!(@taken $further, $still, $direction)
        ), $direction)
    };
    (@taken $further:literal, $still:literal, $direction:literal) => {
        concat!("
            and (p.merged_at, p.id) ", $further, " (b.behind_time, b.behind_id) and p.merged_at ", $still, " b.end_time
            and (q.author_key is null or lower(p.author collate \"C\") = q.author_key)
            and (q.is_linked is null or q.is_linked = ", is_linked!(), ")
            order by p.merged_at ", $direction, ", p.id ", $direction, "
            limit (select most from bounds)")
    };
    (@of $found:expr, $direction:literal) => {
        concat!(
            " select
                p.id, p.repository_id, p.revision, p.number, p.source, p.merge_commit_sha, p.merged_at, p.created_at,
                p.title, p.url, p.author, p.merged_by, p.base_branch, p.head_branch, p.additions, p.deletions,
                p.changed_files, r.full_name, ", is_linked!(), "
            from (", $found, ") as p
            join repositories r on r.organization_id = p.organization_id and r.id = p.repository_id
            order by p.merged_at ", $direction, ", p.id ", $direction
        )
    };
}

/// The columns of a pull request, the full name of its repository, and whether it was shipped.
type ListedSql = (RowSql, Text, Bool);

batch_statement! {
    ReadNewest { query: Query, bounds: Bounds } -> ListedSql { page!(all "<", ">=", "desc") }
}

batch_statement! {
    ReadOldest { query: Query, bounds: Bounds } -> ListedSql { page!(all ">", "<", "asc") }
}

batch_statement! {
    ReadNewestOfRepository { query: Query, bounds: Bounds } -> ListedSql { page!(of_repository "<", ">=", "desc") }
}

batch_statement! {
    ReadOldestOfRepository { query: Query, bounds: Bounds } -> ListedSql { page!(of_repository ">", "<", "asc") }
}

batch_statement! {
    ReadNewestOfNumber { query: Query, bounds: Bounds } -> ListedSql { page!(of_number "<", ">=", "desc") }
}

batch_statement! {
    ReadOldestOfNumber { query: Query, bounds: Bounds } -> ListedSql { page!(of_number ">", "<", "asc") }
}

impl Query {
    fn new(organization_id: OrganizationId, filter: &PullRequestFilter) -> Self {
        let author = filter.author.as_ref();
        Self {
            organization_id: vec![organization_id.get()],
            repository_id: vec![filter.repository_id.map(RepositoryId::get)],
            number: vec![filter.number.map(PullRequestNumber::get)],
            author_key: vec![author.map(|author| author.as_str().to_ascii_lowercase())],
            is_linked: vec![filter.is_linked],
        }
    }
}

pub(super) async fn page(
    pool: &Pool,
    organization_id: OrganizationId,
    filter: &PullRequestFilter,
    page: &PageRequest<PullRequestId>,
) -> Result<Page<ListedPullRequest>, StoreError> {
    let bounds = Bounds::new(&filter.merged, page, PullRequestId::get);
    let query = Query::new(organization_id, filter);
    let rows: Vec<(Row, String, bool)> = match (filter.number, filter.repository_id, page.order) {
        (Some(_), _, Order::Newest) => pool.rows(ReadNewestOfNumber { query, bounds }).await?,
        (Some(_), _, Order::Oldest) => pool.rows(ReadOldestOfNumber { query, bounds }).await?,
        (None, None, Order::Newest) => pool.rows(ReadNewest { query, bounds }).await?,
        (None, None, Order::Oldest) => pool.rows(ReadOldest { query, bounds }).await?,
        (None, Some(_), Order::Newest) => pool.rows(ReadNewestOfRepository { query, bounds }).await?,
        (None, Some(_), Order::Oldest) => pool.rows(ReadOldestOfRepository { query, bounds }).await?,
    };
    let listed = rows.into_iter().map(|(row, full_name, is_linked)| {
        let place = Place {
            table: "repositories",
            id: row.repository_id,
        };
        Ok(ListedPullRequest {
            repository: place.parse("full_name", &full_name, RepositoryName::parse)?,
            stored: row.try_into()?,
            is_linked,
        })
    });
    Ok(Page::beginning_with(
        listed.collect::<Result<_, StoreError>>()?,
        page.limit,
    ))
}
