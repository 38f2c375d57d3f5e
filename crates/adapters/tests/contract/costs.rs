//! No statement reads more rows than its answer needs, however many there are and whatever Postgres knew of their number
//! when it made the plan: while tables were empty, when they had been counted empty, or with all of them counted. Read rows
//! are what Postgres itself counts, so a plan that goes through a table or a whole index fails here, not after a year.

use crate::fixture::{SharedStore, Tenant, at, commit, deployment, pull_request, run};
use crate::instances::connect;
use periscope_adapters::postgres::testing::TestDatabase;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::id::DeploymentId;
use periscope_domain::listing::{DeploymentFilter, Order, PageLimit, PageRequest, PullRequestFilter};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::{Origin, explain_deployment, list_environments, relink};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_postgres::Client;

/// How many deployments, links, pull requests and ranges another organization has, and this one's own line.
const ROWS: i64 = 100_000;

/// How many rows an answer may read: pages of 200 with all that belongs to them, and a graph of 200 commits.
const MOST: i64 = 4_000;

/// What Postgres knows of the number of rows.
#[derive(Clone, Copy, Debug)]
enum Counted {
    Never,
    WhileEmpty,
    Now,
}

/// As many rows as there may be of organization 1, and of organization 2 in one line, in order, each containing the one
/// before it but for the last.
const FILL: &str = "
    insert into deployments (organization_id, external_id, revision, commit_sha, environment, status, started_at,
        completed_at, service, linked_pull_requests, novelty, service_key, tier)
    select o, 'old-' || n, 1, md5(n::text) || '00000000', 'production', 'success', t.at, t.at, s.name, 1, 'new',
        s.name, 'production'
    from generate_series(1, 2) as o, generate_series(1, ROWS) as n,
        lateral (select timestamptz '2023-01-01' + n * interval '1 minute' as at) as t,
        lateral (select case o when 1 then 'service-' || n % 25 else 'api' end as name) as s;
    insert into deployment_events (organization_id, deployment_id, revision, status, started_at, completed_at, commit_sha,
        received_at)
    select organization_id, id, 1, status, started_at, completed_at, commit_sha, completed_at from deployments
    where external_id like 'old-%';
    insert into pull_requests (organization_id, repository_id, number, source, merge_commit_sha, merged_at, base_branch,
        intake)
    select o, o, 100000 + n, 'clone', decode(md5(n::text) || '00000000', 'hex'),
        timestamptz '2023-01-01' + n * interval '1 minute', 'main', 100000 + n
    from generate_series(1, 2) as o, generate_series(1, ROWS) as n;
    insert into links (organization_id, deployment_id, pull_request_id, rule, lead_time_seconds, is_first)
    select d.organization_id, d.id, p.id, 'graph', 60, true
    from deployments d
    join pull_requests p on p.organization_id = d.organization_id
        and p.merge_commit_sha = decode(d.commit_sha, 'hex')
    where d.external_id like 'old-%';
    insert into graph_ranges (organization_id, deployment_id, repository_id, committed_from, committed_until, is_open,
        service_key, environment, completed_at, external_id, commit_sha, superseded_at)
    select d.organization_id, d.id, d.organization_id, d.completed_at, d.completed_at, false, d.service, 'production',
        d.completed_at, d.external_id, decode(d.commit_sha, 'hex'), d.completed_at + interval '1 minute'
    from deployments d
    where d.external_id like 'old-%';";

const TABLES: &str = "select relname::text from pg_stat_user_tables";

/// How many rows have been read, by index, and by table where they were read in its own order.
async fn read_rows(client: &Client) -> BTreeMap<String, i64> {
    let read = "
        select relname::text, seq_tup_read from pg_stat_user_tables
        union all
        select indexrelname::text, idx_tup_read from pg_stat_user_indexes";
    let rows = client.query(read, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// How many rows an action reads, and of what the most: connections count them when they end.
async fn cost(
    database: &TestDatabase,
    client: &Client,
    action: impl AsyncFnOnce(Tenant),
) -> (i64, Vec<(i64, String)>) {
    let store: SharedStore = Arc::new(database.store());
    let tenant = Tenant {
        id: store.organizations().list().await.unwrap()[1].id,
        store,
    };
    let before = read_rows(client).await;
    action(tenant).await;
    let others = "
        select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    while client.query_one(others, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::task::yield_now().await;
    }
    let after = read_rows(client).await.into_iter();
    let mut read: Vec<_> = after.map(|(of, rows)| (rows - before[&of], of)).collect();
    read.sort_unstable_by(|one, other| other.cmp(one));
    let all = read.iter().map(|(rows, _)| rows).sum();
    read.truncate(4);
    (all, read)
}

async fn filled(counted: Counted) -> (TestDatabase, Client) {
    let database = TestDatabase::create().await;
    let client = connect(&database).await;
    for row in client.query(TABLES, &[]).await.unwrap() {
        let table: String = row.get(0);
        let alone = format!("alter table {table} set (autovacuum_enabled = false)");
        client.batch_execute(&alone).await.unwrap();
    }
    if matches!(counted, Counted::WhileEmpty) {
        client.batch_execute("analyze").await.unwrap();
    }
    let store: SharedStore = Arc::new(database.store());
    for slug in ["other", "acme"] {
        let tenant = Tenant::new(&store, slug).await;
        tenant.send((1..=3).map(pull_request)).await;
        let commits = (1..=200).map(|number| commit(number, &[number - 1])).collect();
        let told = tenant.tell_of("acme/api", commits, vec![], Origin::Sent).await;
        told.unwrap();
        tenant.record(shipped("first", 1)).await;
        tenant.settle().await;
    }
    client
        .batch_execute(&FILL.replace("ROWS", &ROWS.to_string()))
        .await
        .unwrap();
    if matches!(counted, Counted::Now) {
        client.batch_execute("analyze").await.unwrap();
    }
    (database, client)
}

/// A deployment after all others.
fn shipped(id: &str, commit: u32) -> Deployment {
    let minute = 100_000 + i64::from(commit);
    Deployment {
        run: run(DeploymentStatus::Success, minute - 1, minute),
        ..deployment(id, commit)
    }
}

async fn read_everything(tenant: Tenant) {
    let (store, id) = (&tenant.store, tenant.id);
    let page = PageRequest {
        order: Order::Newest,
        after: None,
        limit: PageLimit::new(200).unwrap(),
    };
    let deployments = store.deployments();
    for service in [None, ServiceName::clean("api"), ServiceName::clean("none")] {
        let filter = DeploymentFilter {
            service,
            ..DeploymentFilter::default()
        };
        deployments.page(id, &filter, &page).await.unwrap();
    }
    let newest = deployments
        .page(id, &DeploymentFilter::default(), &page)
        .await
        .unwrap();
    let newest = newest.items[0].stored.clone();
    deployments.links(id, newest.id).await.unwrap();
    deployments.history(id, newest.id).await.unwrap();
    deployments.list(id, &[newest.id]).await.unwrap();
    deployments.list_services(id).await.unwrap();
    let (production, now) = ([newest.deployment.environment.clone()], at(200_000));
    let states = store.metric_facts().states_before(id, &production, now).await;
    assert!(!states.unwrap().is_empty());
    explain_deployment(&**store, id, newest).await.unwrap();
}

async fn holds(counted: Counted) {
    let (database, client) = filled(counted).await;
    let within = |what: &str, (cost, of): (i64, Vec<(i64, String)>), most: i64| {
        assert!(
            cost <= most,
            "{what} reads {cost} rows, counted: {counted:?}, most of {of:?}"
        );
    };
    let recorded = cost(&database, &client, async |acme| {
        acme.record(shipped("new", 7)).await;
    });
    within("recording a deployment", recorded.await, MOST);
    let again = cost(&database, &client, async |acme| {
        acme.record(shipped("new", 8)).await;
        acme.record(Deployment {
            run: run(DeploymentStatus::Failure, 100_008, 100_009),
            ..shipped("new", 8)
        })
        .await;
    });
    within("correcting a deployment", again.await, 2 * MOST);
    let merged = cost(&database, &client, async |acme| {
        acme.send([pull_request(9)]).await;
    });
    within("recording a pull request", merged.await, MOST);
    let told = cost(&database, &client, async |acme| {
        let new = vec![commit(201, &[200]), commit(202, &[201])];
        acme.tell_of("acme/api", new, vec![], Origin::Sent).await.unwrap();
    });
    within("recording commits", told.await, MOST);
    let late = cost(&database, &client, async |acme| {
        acme.record(shipped("late", 150)).await;
        acme.record(shipped("before", 149)).await;
        while relink(&*acme.store, None, 100, at(200_000)).await.unwrap() > 0 {}
    });
    within("relinking", late.await, 4 * MOST);
    let tiers = cost(&database, &client, async |acme| {
        for number in 0..9 {
            let report = Deployment {
                environment: Environment::parse("live").unwrap(),
                ..shipped(&format!("live-{number}"), 160 + number)
            };
            acme.record(report).await;
        }
        acme.give("live", Tier::Production).await;
        while relink(&*acme.store, None, 100, at(200_000)).await.unwrap() > 0 {}
        list_environments(&*acme.store, acme.id).await.unwrap();
    });
    within(
        "giving a tier to a few of many deployments",
        tiers.await,
        6 * MOST,
    );
    let idle = cost(&database, &client, async |acme| {
        relink(&*acme.store, None, 100, at(200_000)).await.unwrap();
        acme.store.relinking().count(None).await.unwrap();
        acme.store.relinking().oldest(Some(acme.id)).await.unwrap();
    });
    within("having nothing to relink", idle.await, 100);
    within(
        "reading",
        cost(&database, &client, read_everything).await,
        5 * MOST,
    );
    let listed = cost(&database, &client, async |acme| {
        let page = PageRequest {
            order: Order::Newest,
            after: None,
            limit: PageLimit::new(200).unwrap(),
        };
        let pull_requests = acme.store.pull_requests();
        let found = pull_requests
            .page(acme.id, &PullRequestFilter::default(), &page)
            .await;
        let first = found.unwrap().items[0].stored.id;
        acme.store
            .deployments()
            .list_shipped_with(acme.id, first)
            .await
            .unwrap();
        acme.store
            .deployments()
            .find_by_id(acme.id, DeploymentId::new(1))
            .await
            .unwrap();
    });
    within("reading pull requests", listed.await, MOST);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_made_before_the_tables_were_counted_hold() {
    holds(Counted::Never).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_made_when_the_tables_had_been_counted_empty_hold() {
    holds(Counted::WhileEmpty).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_made_with_all_rows_counted_hold() {
    holds(Counted::Now).await;
}
