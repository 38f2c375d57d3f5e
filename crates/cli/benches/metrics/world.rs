//! A large organization and nine others beside it, made by SQL: three years of pull requests, each deployed an hour after
//! its merge by one of 20 services. Seven of ten deployments go to production; those that succeed ship three pull requests.

use crate::database::Database;
use periscope_adapters::postgres::{PgOptions, PgStore};
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::api_key::Scope;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::Clock;
use periscope_domain::text::ApiKeyName;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{IssueApiKey, issue_api_key, sign_in};
use time::Duration;

/// The large organization.
pub(crate) const LARGE: i64 = 1;

/// How many services deploy, each of a repository of its name.
pub(crate) const SERVICES: u64 = 20;

const YEARS: Duration = Duration::days(3 * 365);

/// Makes the organizations and their repositories.
const ORGANIZATIONS: &str = "
    insert into organizations (slug, name, plan, created_at)
    select 'org-' || n, 'Acme', 'business', timestamptz '2020-01-01' from generate_series(1, 10) n order by n;
    insert into repositories (organization_id, full_name, full_name_key, bare_name_key, monitored, created_at)
    select o.id, r.owner || r.name, r.owner || r.name, r.name, true, o.created_at
    from organizations o, (select 'acme/' as owner, 'service-' || n as name from generate_series(0, 19) n) r";

/// The digits of the merge commit of pull request `number`.
pub(crate) fn sha(number: u64) -> String {
    format!("{:08x}{number:032x}", number * 2_654_435_761 % (1 << 32))
}

/// Fills some of the organizations.
fn filling(organizations: &str, count: u64, now: Timestamp) -> String {
    let start = now.plus(-YEARS);
    let apart = YEARS.whole_seconds().unsigned_abs() * 1_000_000 / count;
    format!(
        "insert into pull_requests
            (organization_id, repository_id, number, source, merge_commit_sha, merged_at, base_branch, created_at,
            title, author, additions, deletions, changed_files)
        select r.organization_id, r.id, n, 'forge',
            decode(lpad(to_hex(n * 2654435761 % 4294967296), 8, '0') || lpad(to_hex(n), 32, '0'), 'hex'),
            m.merged_at, 'main', m.merged_at - n * 7919 % 300000 * interval '1 second', 'Change ' || n,
            'author-' || n * 31 % 200, n * 17 % 700, n * 13 % 300, n % 20
        from generate_series(1, {count}::bigint) n
        cross join lateral (select timestamptz '{start}' + n * {apart} * interval '1 microsecond' as merged_at) m
        join repositories r on r.organization_id {organizations} and r.full_name = 'acme/service-' || n % 20;
        insert into deployments
            (organization_id, external_id, revision, commit_sha, environment, status, started_at, completed_at, service,
            branch, triggered_by, pipeline_name, linked_pull_requests, service_key, tier)
        select p.organization_id, 'stored-' || p.number, 1, encode(p.merge_commit_sha, 'hex'), k.environment, k.status,
            p.merged_at + interval '50 minutes', p.merged_at + interval '1 hour', 'service-' || p.number % 20, 'main',
            p.author, 'Production Deploy',
            case when k.environment = 'production' and k.status = 'success' then 3 else 0 end,
            'service-' || p.number % 20, k.environment
        from pull_requests p
        cross join lateral (
            select
                case when p.number % 10 < 7 then 'production' else 'staging' end as environment,
                case p.number * 11 % 100
                    when 0 then 'rolled_back' when 1 then 'cancelled'
                    when 2 then 'failure' when 3 then 'failure' when 4 then 'failure' else 'success'
                end as status
        ) k
        where p.organization_id {organizations}
        order by p.organization_id, p.merged_at;
        insert into links (organization_id, deployment_id, pull_request_id, rule, lead_time_seconds, is_first)
        select d.organization_id, d.id, f.id + greatest(s.number - k * 20, 1) - 1, 'graph', 3600 + k * 1900, k < 2
        from deployments d
        join (select organization_id, min(id) as id from pull_requests group by organization_id) f
            on f.organization_id = d.organization_id
        cross join lateral (select substr(d.external_id, 8)::bigint as number) s
        cross join generate_series(0, 2) k
        where d.organization_id {organizations} and d.linked_pull_requests > 0
        on conflict do nothing"
    )
}

/// What lets in to the large organization.
pub(crate) struct Keys {
    pub(crate) key: String,
    /// What a browser holds that has signed in with it.
    pub(crate) session: String,
}

/// Makes all of it.
pub(crate) async fn make(database: &Database, large: u64, others: u64) -> anyhow::Result<Keys> {
    let now = SystemClock.now();
    database.psql(&[
        ORGANIZATIONS,
        &filling(&format!("= {LARGE}"), large, now),
        &filling(&format!("> {LARGE}"), others, now),
        "vacuum analyze pull_requests, deployments, links",
    ])?;
    let store = PgStore::connect(&PgOptions {
        url: database.url.clone(),
        pool_size: 1,
    })?;
    let command = IssueApiKey {
        organization_id: OrganizationId::new(LARGE),
        name: ApiKeyName::parse("bench")?,
        scopes: vec![Scope::Ingest, Scope::Read],
        expires_at: None,
    };
    let (secret, _) = issue_api_key(&store, command, &mut system_random(), now).await?;
    let (session, _) = sign_in(&store, &secret, &mut system_random(), now).await?;
    Ok(Keys {
        key: secret.expose().to_owned(),
        session: session.expose().to_owned(),
    })
}
