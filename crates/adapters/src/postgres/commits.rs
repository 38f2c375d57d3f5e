//! Commits and pushes. SHAs that belong together are kept one after the other, 20 bytes each.

use super::PgStore;
use super::intake::{Intake, Target, find_target, service_keys};
use super::meters::Decided;
use super::row::Place;
use super::statement::{batch_input, batch_statement};
use super::touched::{Change, Filled, RequestByCommits, RequestEveryLine, Services, Told};
use async_trait::async_trait;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Bool, Bytea, Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::id::{OrganizationId, RepositoryId};
use periscope_domain::ports::{Applied, CommitDecision, CommitQuery, Commits, CommitsContext, StoreError};
use periscope_domain::timestamp::Timestamp;
use std::collections::BTreeSet;
use time::OffsetDateTime;

batch_input! {
    /// Commits by name.
    Wanted as "wanted" {
        organization_id: BigInt = i64,
        repository_id: BigInt = i64,
        sha: Bytea = Vec<u8>,
    }
}

impl Wanted {
    fn of(organization_id: OrganizationId, repository_id: RepositoryId, shas: &[CommitSha]) -> Self {
        Self {
            organization_id: vec![organization_id.get(); shas.len()],
            repository_id: vec![repository_id.get(); shas.len()],
            sha: shas.iter().map(|sha| sha.as_bytes().to_vec()).collect(),
        }
    }
}

batch_statement! {
    /// Those that are known. They are looked up one by one: `= any(..)` would go through all that an organization has, as
    /// long as Postgres has not counted them.
    ReadCommits { wanted: Wanted } -> (Bytea, Nullable<Bytea>, Nullable<Timestamptz>, Nullable<Bytea>, Nullable<Bool>) {
        " select c.sha, c.parents, c.committed_at, c.tagged_sha, c.is_proved_root
        from wanted w
        cross join lateral (
            select
                c.sha, c.parents, c.committed_at, c.tagged_sha,
                c.parents = ''::bytea and exists (
                    select from proved_roots r
                    where r.organization_id = w.organization_id and r.repository_id = w.repository_id
                        and r.sha = w.sha
                ) as is_proved_root
            from commits c
            where c.organization_id = w.organization_id and c.sha = w.sha and c.repository_id = w.repository_id
            offset 0
        ) as c"
    }
}

batch_input! {
    /// Commits as they shall be recorded.
    Input as "input" {
        organization_id: BigInt = i64,
        repository_id: BigInt = i64,
        sha: Bytea = Vec<u8>,
        parents: Nullable<Bytea> = Option<Vec<u8>>,
        parents_before: Nullable<Bytea> = Option<Vec<u8>>,
        committed_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
        tagged_sha: Nullable<Bytea> = Option<Vec<u8>>,
        tagged_before: Nullable<Bytea> = Option<Vec<u8>>,
        intake: BigInt = i64,
    }
}

impl Input {
    /// Pairs of a commit and its stored record.
    fn of<'a>(
        commits: impl IntoIterator<Item = (&'a Commit, Option<&'a Commit>)>,
        organization_id: OrganizationId,
        intake: &Intake,
    ) -> Self {
        let mut input = Self::default();
        let tagged = |commit: &Commit| commit.tagged.map(|sha| sha.as_bytes().to_vec());
        for (commit, before) in commits {
            input.organization_id.push(organization_id.get());
            input.repository_id.push(intake.repository_id.get());
            input.sha.push(commit.sha.as_bytes().to_vec());
            input.parents.push(commit.parents.as_deref().map(packed));
            let parents_before = before.and_then(|before| before.parents.as_deref());
            input.parents_before.push(parents_before.map(packed));
            input.tagged_sha.push(tagged(commit));
            input.tagged_before.push(before.and_then(tagged));
            input
                .committed_at
                .push(commit.committed_at.map(Timestamp::to_offset_date_time));
            input.intake.push(intake.number);
        }
        input
    }
}

batch_statement! {
    /// Records new commits and gives those that nobody else has recorded.
    Create { input: Input } -> Bytea {
        " insert into commits (organization_id, sha, repository_id, parents, committed_at, tagged_sha, intake)
        select organization_id, sha, repository_id, parents, committed_at, tagged_sha, intake
        from input
        order by sha
        on conflict (organization_id, sha, repository_id) do nothing
        returning sha"
    }
}

batch_statement! {
    /// Updates commits and returns those that are still stored as `parents_before` and `tagged_before`.
    Complete { input: Input } -> Bytea {
        ", held as (
            select c.organization_id, c.sha, c.repository_id
            from commits c
            join input i on i.organization_id = c.organization_id and i.sha = c.sha
                and i.repository_id = c.repository_id
            where c.parents is not distinct from i.parents_before
                and c.tagged_sha is not distinct from i.tagged_before
            order by c.sha
            for no key update of c
        )
        update commits c
        set (parents, committed_at, tagged_sha, intake) = (i.parents, i.committed_at, i.tagged_sha, i.intake)
        from held h
        join input i on i.sha = h.sha
        where c.organization_id = h.organization_id and c.sha = h.sha and c.repository_id = h.repository_id
        returning c.sha"
    }
}

batch_statement! {
    /// Records commits that a clone has proved to be roots.
    ProveRoots { wanted: Wanted } -> Bytea {
        " insert into proved_roots (organization_id, repository_id, sha)
        select organization_id, repository_id, sha
        from wanted
        order by sha
        on conflict (organization_id, repository_id, sha) do nothing
        returning sha"
    }
}

batch_input! {
    /// Pushes.
    PushInput as "push" {
        organization_id: BigInt = i64,
        repository_id: BigInt = i64,
        after_sha: Bytea = Vec<u8>,
        before_sha: Bytea = Vec<u8>,
        commits: Bytea = Vec<u8>,
        intake: BigInt = i64,
    }
}

batch_statement! {
    /// Records pushes that nobody has recorded.
    Push { push: PushInput } -> Bytea {
        " insert into pushes (organization_id, repository_id, after_sha, before_sha, commits, intake)
        select organization_id, repository_id, after_sha, before_sha, commits, intake
        from push
        order by after_sha, before_sha
        on conflict do nothing
        returning after_sha"
    }
}

/// SHAs one after the other.
fn packed(shas: &[CommitSha]) -> Vec<u8> {
    shas.iter().flat_map(CommitSha::as_bytes).copied().collect()
}

/// The SHAs of a column that has them one after the other.
pub(super) fn unpacked(
    table: &'static str,
    column: &'static str,
    bytes: &[u8],
) -> Result<Vec<CommitSha>, StoreError> {
    let place = Place { table, id: 0 };
    bytes.chunks(20).map(|sha| place.sha(column, sha)).collect()
}

/// A commit as it is kept.
pub(super) type Row = (Vec<u8>, Option<Vec<u8>>, Option<OffsetDateTime>, Option<Vec<u8>>);

/// A commit as it is kept, and whether it is a proved root; not said of a commit whose parents are not known.
type StoredRow = (
    Vec<u8>,
    Option<Vec<u8>>,
    Option<OffsetDateTime>,
    Option<Vec<u8>>,
    Option<bool>,
);

/// A commit as it is kept.
pub(super) fn commit((sha, parents, committed_at, tagged): Row) -> Result<Commit, StoreError> {
    let place = Place {
        table: "commits",
        id: 0,
    };
    let parents = parents.map(|parents| unpacked("commits", "parents", &parents));
    let tagged = tagged.map(|tagged| place.sha("tagged_sha", &tagged));
    Ok(Commit {
        sha: place.sha("sha", &sha)?,
        parents: parents.transpose()?,
        committed_at: committed_at.map(Timestamp::new),
        tagged: tagged.transpose()?,
    })
}

#[async_trait]
impl Commits for PgStore {
    async fn context(&self, query: &CommitQuery) -> Result<Option<CommitsContext>, StoreError> {
        let organization_id = query.organization_id;
        let delivery = query.delivery.as_ref();
        let target = find_target(&self.pool, organization_id, &query.repository, delivery).await?;
        let Some(Target {
            repository,
            delivery_is_known,
        }) = target
        else {
            return Ok(None);
        };
        let mut stored = Vec::new();
        let mut proved_roots = BTreeSet::new();
        if let Some(repository) = &repository {
            let wanted = Wanted::of(organization_id, repository.id, &query.shas);
            for (sha, parents, committed_at, tagged, is_proved_root) in
                self.pool.rows::<_, StoredRow>(ReadCommits { wanted }).await?
            {
                let commit = commit((sha, parents, committed_at, tagged))?;
                if is_proved_root == Some(true) {
                    proved_roots.insert(commit.sha);
                }
                stored.push(commit);
            }
        }
        Ok(Some(CommitsContext {
            repository,
            stored,
            proved_roots,
            delivery_is_known,
        }))
    }

    async fn apply(&self, decision: &CommitDecision) -> Result<Applied<u64>, StoreError> {
        let decision = decision.clone();
        let applied = self
            .pool
            .transaction(move |connection| async move { write(connection, &decision).await }.boxed())
            .await?;
        Decided::Commits.count_stale(&[applied]);
        Ok(applied)
    }
}

async fn write(connection: &mut AsyncPgConnection, decision: &CommitDecision) -> QueryResult<Applied<u64>> {
    let CommitDecision {
        organization_id,
        repository,
        new,
        completed,
        pushes,
        delivery,
        now,
        ..
    } = decision;
    let intake = Intake::begin(connection, *organization_id, delivery.as_ref(), repository, *now).await?;
    let Some(intake) = intake else {
        return Ok(Applied::Stale);
    };
    let created = Create {
        input: Input::of(new.iter().map(|commit| (commit, None)), *organization_id, &intake),
    };
    let created: Vec<Vec<u8>> = created.load(connection).await?;
    let updated = Complete {
        input: Input::of(
            completed
                .iter()
                .map(|completed| (&completed.commit, Some(&completed.before))),
            *organization_id,
            &intake,
        ),
    };
    let updated: Vec<Vec<u8>> = updated.load(connection).await?;
    if created.len() < new.len() || updated.len() < completed.len() {
        return Ok(Applied::Stale);
    }
    if !decision.proved_roots.is_empty() {
        let wanted = Wanted::of(*organization_id, intake.repository_id, &decision.proved_roots);
        let _: Vec<Vec<u8>> = ProveRoots { wanted }.load(connection).await?;
    }
    if !pushes.is_empty() {
        let _: Vec<Vec<u8>> = push(decision, &intake).load(connection).await?;
    }
    let size = new.len() + completed.len() + pushes.len();
    if !intake.end(connection, size).await? {
        return Ok(Applied::Stale);
    }
    let mut touched: Vec<i64> = request(decision, &intake).load(connection).await?;
    if decision.corrects {
        let every_line = RequestEveryLine {
            change: Change::new(*organization_id, *now),
        };
        touched.extend(every_line.load::<i64>(connection).await?);
    }
    Ok(Applied::Done(touched.len() as u64))
}

fn push(decision: &CommitDecision, intake: &Intake) -> Push {
    let mut input = PushInput::default();
    for push in &decision.pushes {
        input.organization_id.push(decision.organization_id.get());
        input.repository_id.push(intake.repository_id.get());
        input.after_sha.push(push.after.as_bytes().to_vec());
        input.before_sha.push(push.before.as_bytes().to_vec());
        input.commits.push(packed(&push.commits));
        input.intake.push(intake.number);
    }
    Push { push: input }
}

fn request(decision: &CommitDecision, intake: &Intake) -> RequestByCommits {
    let filled = decision.fills.then_some(intake.repository_id.get());
    RequestByCommits {
        change: Change::new(decision.organization_id, decision.now),
        told: Told {
            commit_sha: decision.new.iter().map(|commit| commit.sha.to_string()).collect(),
        },
        filled: Filled {
            repository_id: filled.into_iter().collect(),
        },
        services: Services {
            key: service_keys(&decision.repository),
        },
    }
}
