//! Writes a batch of pull requests: new ones locked by number, then known ones by id. For the rest see
//! [`intake`](super::super::intake).

use super::super::intake::{Intake, service_keys};
use super::super::pool::Pool;
use super::super::row::branch_key;
use super::super::statement::{batch_input, batch_statement};
use super::super::touched::{Change, Merges, RequestByMerges, Services};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Bytea, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use periscope_domain::id::{OrganizationId, RepositoryId};
use periscope_domain::ports::{Applied, ChangedPullRequest, PullRequestDecision, StoreError};
use periscope_domain::pull_request::{ChangeCount, PullRequest};
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// Pull requests as they shall be recorded; `id` and `revision` are those of a known one.
    Input as "input" {
        organization_id: BigInt = i64,
        repository_id: BigInt = i64,
        intake: BigInt = i64,
        id: BigInt = i64,
        revision: BigInt = i64,
        number: Integer = i32,
        source: Text = &'static str,
        merge_commit_sha: Bytea = Vec<u8>,
        merged_at: Timestamptz = OffsetDateTime,
        base_branch: Text = String,
        created_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
        title: Nullable<Text> = Option<String>,
        url: Nullable<Text> = Option<String>,
        author: Nullable<Text> = Option<String>,
        merged_by: Nullable<Text> = Option<String>,
        head_branch: Nullable<Text> = Option<String>,
        additions: Nullable<Integer> = Option<i32>,
        deletions: Nullable<Integer> = Option<i32>,
        changed_files: Nullable<Integer> = Option<i32>,
    }
}

impl Input {
    fn push(
        &mut self,
        organization_id: OrganizationId,
        intake: &Intake,
        (id, revision): (i64, i64),
        pull_request: &PullRequest,
    ) {
        macro_rules! texts {
            ($($column:ident),+) => {
                $(self.$column.push(pull_request.$column.as_ref().map(|text| text.as_str().to_owned()));)+
            };
        }
        self.organization_id.push(organization_id.get());
        self.repository_id.push(intake.repository_id.get());
        self.intake.push(intake.number);
        self.id.push(id);
        self.revision.push(revision);
        self.number.push(pull_request.number.get());
        self.source.push(pull_request.source.as_str());
        self.merge_commit_sha
            .push(pull_request.merge_commit.as_bytes().to_vec());
        self.merged_at.push(pull_request.merged_at.to_offset_date_time());
        self.base_branch
            .push(branch_key(pull_request.base_branch.as_ref()));
        self.created_at
            .push(pull_request.created_at.map(Timestamp::to_offset_date_time));
        texts!(title, url, author, merged_by, head_branch);
        self.additions.push(pull_request.additions.map(ChangeCount::get));
        self.deletions.push(pull_request.deletions.map(ChangeCount::get));
        self.changed_files
            .push(pull_request.changed_files.map(ChangeCount::get));
    }
}

batch_statement! {
    /// Records new pull requests and gives their numbers; a number that is taken is left out.
    Create { input: Input } -> BigInt {
        " insert into pull_requests (
            organization_id, repository_id, number, source, merge_commit_sha, merged_at, base_branch, created_at,
            title, url, author, merged_by, head_branch, additions, deletions, changed_files, intake
        )
        select
            organization_id, repository_id, number, source, merge_commit_sha, merged_at, base_branch, created_at,
            title, url, author, merged_by, head_branch, additions, deletions, changed_files, intake
        from input
        order by number
        on conflict (organization_id, repository_id, number) do nothing
        returning id"
    }
}

batch_statement! {
    /// Changes known pull requests and gives their ids; one that is not what it was is left out.
    Update { input: Input } -> BigInt {
        ", held as (
            select p.organization_id, p.id
            from pull_requests p
            join input i on p.organization_id = i.organization_id and p.id = i.id
            where p.revision = i.revision
            order by p.id
            for no key update of p
        )
        update pull_requests p
        set (revision, source, merge_commit_sha, merged_at, base_branch, created_at, title, url, author, merged_by,
                head_branch, additions, deletions, changed_files, intake)
            = (p.revision + 1, i.source, i.merge_commit_sha, i.merged_at, i.base_branch, i.created_at, i.title,
                i.url, i.author, i.merged_by, i.head_branch, i.additions, i.deletions, i.changed_files, i.intake)
        from held h
        join input i on i.organization_id = h.organization_id and i.id = h.id
        where p.organization_id = h.organization_id and p.id = h.id
        returning p.id"
    }
}

/// Writes the batch, unless somebody else has recorded any of it meanwhile.
pub(super) async fn apply(pool: &Pool, decision: &PullRequestDecision) -> Result<Applied<u64>, StoreError> {
    let decision = decision.clone();
    pool.transaction(move |connection| async move { write(connection, &decision).await }.boxed())
        .await
}

async fn write(
    connection: &mut AsyncPgConnection,
    decision: &PullRequestDecision,
) -> QueryResult<Applied<u64>> {
    let PullRequestDecision {
        organization_id,
        repository,
        new,
        changed,
        delivery,
        now,
    } = decision;
    let intake = Intake::begin(connection, *organization_id, delivery.as_ref(), repository, *now).await?;
    let Some(intake) = intake else {
        return Ok(Applied::Stale);
    };
    if !create(connection, decision, &intake).await? || !update(connection, decision, &intake).await? {
        return Ok(Applied::Stale);
    }
    if !intake.end(connection, new.len() + changed.len()).await? {
        return Ok(Applied::Stale);
    }
    let touched: Vec<i64> = request(decision, intake.repository_id).load(connection).await?;
    Ok(Applied::Done(touched.len() as u64))
}

async fn create(
    connection: &mut AsyncPgConnection,
    decision: &PullRequestDecision,
    intake: &Intake,
) -> QueryResult<bool> {
    if decision.new.is_empty() {
        return Ok(true);
    }
    let mut input = Input::default();
    for pull_request in &decision.new {
        input.push(decision.organization_id, intake, (0, 0), pull_request);
    }
    let created: Vec<i64> = Create { input }.load(connection).await?;
    Ok(created.len() == decision.new.len())
}

async fn update(
    connection: &mut AsyncPgConnection,
    decision: &PullRequestDecision,
    intake: &Intake,
) -> QueryResult<bool> {
    if decision.changed.is_empty() {
        return Ok(true);
    }
    let mut input = Input::default();
    for ChangedPullRequest { before, after } in &decision.changed {
        input.push(
            decision.organization_id,
            intake,
            (before.id.get(), before.revision),
            after,
        );
    }
    let updated: Vec<i64> = Update { input }.load(connection).await?;
    Ok(updated.len() == decision.changed.len())
}

fn request(decision: &PullRequestDecision, repository_id: RepositoryId) -> RequestByMerges {
    let mut merges = Merges::default();
    for pull_request in &decision.new {
        merges.push(repository_id, &pull_request.merge());
    }
    for ChangedPullRequest { before, after } in &decision.changed {
        merges.push(repository_id, &before.pull_request.merge());
        merges.push(repository_id, &after.merge());
    }
    RequestByMerges {
        change: Change::new(decision.organization_id, decision.now),
        merges,
        services: Services {
            key: service_keys(&decision.repository),
        },
    }
}
