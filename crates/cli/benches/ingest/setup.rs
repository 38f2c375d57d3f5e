//! A Postgres of its own with full durability, organizations with a key and pull requests each, and the server.

use crate::server::{Server, options};
use anyhow::{Context, bail};
use periscope_adapters::postgres::private::PrivatePostgres;
use periscope_adapters::postgres::{PgOptions, PgStore, migrate};
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::{OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, Inserted, NewOrganization, Store};
use periscope_domain::pull_request::{PullRequest, PullRequestNumber, Source};
use periscope_domain::repository::RepositoryName;
use periscope_domain::text::{ApiKeyName, BranchName, OrganizationName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{
    IssueApiKey, Origin, RecordCommits, RecordPullRequests, issue_api_key, record_commits,
    record_pull_requests,
};
use std::env;
use std::fs;
use std::process::Command;
use time::Duration;

/// How many pull requests each organization begins with.
pub(crate) const PULL_REQUESTS: u64 = 300;

/// An organization with a key.
pub(crate) struct Tenant {
    pub(crate) number: u64,
    pub(crate) key: String,
    id: OrganizationId,
}

/// All that is measured.
pub(crate) struct Setup {
    pub(crate) url: String,
    /// The product.
    pub(crate) server: Server,
    /// The same without groups.
    pub(crate) alone: Server,
    pub(crate) tenants: Vec<Tenant>,
    /// As many again, which have also told of their commits.
    pub(crate) tenants_with_commits: Vec<Tenant>,
    pub(crate) postgres_process_id: u32,
    postgres: PrivatePostgres,
}

pub(crate) async fn start(organizations: usize) -> anyhow::Result<Setup> {
    let postgres = PrivatePostgres::open(&options()).await?;
    let url = postgres.url().to_owned();
    migrate::run(&url).await?;
    let store = PgStore::connect(&PgOptions {
        url: url.clone(),
        pool_size: 4,
    })?;
    let mut tenants = Vec::new();
    let mut tenants_with_commits = Vec::new();
    for number in 1..=organizations as u64 {
        tenants.push(tenant(&store, number).await?);
        let other = tenant(&store, organizations as u64 + number).await?;
        tell_commits(&store, &other).await?;
        tenants_with_commits.push(other);
    }
    psql(
        &url,
        "create table upsert_probe (id bigint primary key, value text not null)",
    )
    .await?;
    Ok(Setup {
        server: Server::start(Command::new(env!("CARGO_BIN_EXE_periscope")).arg("serve"), &url)?,
        alone: Server::start(Command::new(env::current_exe()?).arg("--alone"), &url)?,
        url,
        tenants,
        tenants_with_commits,
        postgres_process_id: postgres_process_id()?,
        postgres,
    })
}

fn postgres_process_id() -> anyhow::Result<u32> {
    let text = fs::read_to_string(options().data_dir.join("postgres/postmaster.pid"))?;
    Ok(text.lines().next().context("an empty postmaster.pid")?.parse()?)
}

/// The commit of a pull request: its digits look drawn by lot, as those of real commits do.
pub(crate) fn sha(organization: u64, number: u64) -> CommitSha {
    let mixed = (organization << 32 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = [0; 20];
    for (byte, value) in bytes.iter_mut().zip(mixed.to_be_bytes().into_iter().cycle()) {
        *byte = value;
    }
    CommitSha::from_bytes(bytes)
}

async fn tenant(store: &PgStore, number: u64) -> anyhow::Result<Tenant> {
    let now = SystemClock.now();
    let new = NewOrganization {
        slug: OrganizationSlug::parse(&format!("org-{number}"))?,
        name: OrganizationName::parse("Acme")?,
        plan: Plan::Free,
        created_at: now,
    };
    let Inserted::New(organization) = store.organizations().insert(&new).await? else {
        bail!("the database is not empty");
    };
    let id = organization.id;
    let command = IssueApiKey {
        organization_id: id,
        name: ApiKeyName::parse("ci")?,
        scopes: Vec::new(),
        expires_at: None,
    };
    let (secret, _) = issue_api_key(store, command, &mut system_random(), now).await?;
    let command = RecordPullRequests {
        organization_id: id,
        repository: RepositoryName::parse("acme/api")?,
        pull_requests: (1..=PULL_REQUESTS)
            .map(|pull| pull_request(number, pull))
            .collect::<Result<_, _>>()?,
        origin: Origin::Sent,
    };
    record_pull_requests(store, &command, now).await?;
    Ok(Tenant {
        number,
        key: secret.expose().to_owned(),
        id,
    })
}

/// The merge commits of all pull requests, one after the other.
async fn tell_commits(store: &PgStore, tenant: &Tenant) -> anyhow::Result<()> {
    let start = Timestamp::parse("2026-01-01T00:00:00Z")?;
    let commits = (1..=PULL_REQUESTS).map(|number| {
        let parent = (number > 1).then(|| sha(tenant.number, number - 1));
        anyhow::Ok(Commit {
            sha: sha(tenant.number, number),
            parents: Some(parent.into_iter().collect()),
            committed_at: Some(start.plus(Duration::minutes(i64::try_from(number)?))),
            tagged: None,
        })
    });
    let command = RecordCommits {
        organization_id: tenant.id,
        repository: RepositoryName::parse("acme/api")?,
        commits: commits.collect::<Result<_, _>>()?,
        pushes: Vec::new(),
        origin: Origin::Sent,
    };
    record_commits(store, &command, SystemClock.now()).await?;
    Ok(())
}

fn pull_request(organization: u64, number: u64) -> anyhow::Result<PullRequest> {
    let start = Timestamp::parse("2026-01-01T00:00:00Z")?;
    Ok(PullRequest {
        number: PullRequestNumber::new(i64::try_from(number)?)?,
        source: Source::Forge,
        merge_commit: sha(organization, number),
        merged_at: start.plus(Duration::minutes(i64::try_from(number)?)),
        created_at: None,
        title: None,
        url: None,
        author: None,
        merged_by: None,
        base_branch: BranchName::clean("main"),
        head_branch: None,
        additions: None,
        deletions: None,
        changed_files: None,
    })
}

async fn psql(url: &str, sql: &str) -> anyhow::Result<()> {
    let output = tokio::process::Command::new("psql")
        .args([
            "--quiet",
            "--no-psqlrc",
            "--set=ON_ERROR_STOP=1",
            "--command",
            sql,
            url,
        ])
        .output()
        .await
        .context("cannot run psql, which comes with PostgreSQL")?;
    if output.status.success() {
        Ok(())
    } else {
        bail!("{}", String::from_utf8_lossy(&output.stderr))
    }
}

impl Setup {
    /// Stores so many deployments, linked to one pull request each, and so many pull requests, over all organizations without
    /// commits; and as many deployments of those with commits, each with its range, of one of the commits.
    pub(crate) async fn fill(&self, count: u64) -> anyhow::Result<()> {
        let ids =
            |tenants: &[Tenant]| -> Vec<_> { tenants.iter().map(|tenant| tenant.id.to_string()).collect() };
        let (ids, ids_with_commits) = (ids(&self.tenants), ids(&self.tenants_with_commits));
        let sql = format!(
            "insert into pull_requests
                (organization_id, repository_id, number, source, merge_commit_sha, merged_at, base_branch)
            select r.organization_id, r.id, 1000 + n, 'forge', decode(md5(r.id || ':' || n) || '00000000', 'hex'),
                timestamptz '2020-01-01' + n * interval '1 minute', 'main'
            from repositories r, generate_series(1, {each}) n;
            insert into deployments
                (organization_id, external_id, revision, commit_sha, environment, status, started_at, completed_at,
                service, linked_pull_requests, service_key, tier)
            select p.organization_id, 'stored-' || p.id, 1, encode(p.merge_commit_sha, 'hex'), 'production', 'success',
                p.merged_at, p.merged_at + interval '1 hour', 'api', 1, 'api',
                'production'
            from pull_requests p where p.organization_id in ({ids}) and p.number > 1000;
            insert into deployment_events
                (organization_id, deployment_id, revision, status, started_at, completed_at, commit_sha, received_at)
            select organization_id, id, 1, status, started_at, completed_at, commit_sha, completed_at
            from deployments where external_id like 'stored-%';
            insert into links (organization_id, deployment_id, pull_request_id, rule, lead_time_seconds)
            select organization_id, id, substr(external_id, 8)::bigint, 'exact', 3600
            from deployments where external_id like 'stored-%';
            insert into deployments
                (organization_id, external_id, revision, commit_sha, environment, status, started_at, completed_at,
                service, linked_pull_requests, novelty, service_key, tier)
            select k.organization_id, 'ranged-' || n, 1, encode(k.sha, 'hex'), 'production', 'success', t.at, t.at, 'api',
                0, 'redeployment', 'api', 'production'
            from generate_series(1, {each}) n
            cross join lateral (select timestamptz '2020-01-01' + n * interval '1 minute' as at) as t
            join (
                select organization_id, sha, row_number() over (partition by organization_id order by committed_at) as place
                from commits where organization_id in ({ids_with_commits})
            ) as k on k.place = 1 + n % {commits};
            insert into graph_ranges
                (organization_id, deployment_id, repository_id, is_open, service_key, environment, completed_at,
                external_id, commit_sha, superseded_at)
            select d.organization_id, d.id, r.id, false, 'api', 'production', d.completed_at, d.external_id,
                decode(d.commit_sha, 'hex'), d.completed_at + interval '1 minute'
            from deployments d
            join repositories r on r.organization_id = d.organization_id
            where d.external_id like 'ranged-%';
            analyze",
            each = count / self.tenants.len() as u64,
            ids = ids.join(", "),
            ids_with_commits = ids_with_commits.join(", "),
            commits = PULL_REQUESTS,
        );
        psql(&self.url, &sql).await
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        drop((self.server, self.alone));
        self.postgres.stop().await;
        Ok(())
    }
}
