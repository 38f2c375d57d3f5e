//! What metrics are computed from is kept in the memory of each instance. Several of them on one Postgres, and whoever
//! else writes to it, must not make any of them miss a change.

use crate::fixture::{SharedStore, Tenant, at, deployment, pull_request};
use crate::metric_facts::{Known, any_pull_request, any_report, ask, told};
use periscope_adapters::postgres::testing::TestDatabase;
use periscope_domain::text::ExternalDeploymentId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

pub(crate) async fn connect(database: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn store(database: &TestDatabase) -> SharedStore {
    Arc::new(database.store())
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What is written twice by several writers, with what has been confirmed to them.
#[derive(Default)]
struct Writing {
    names: Mutex<BTreeSet<String>>,
    numbers: Mutex<BTreeSet<u32>>,
    is_over: AtomicBool,
}

impl Writing {
    async fn write(&self, tenant: &Tenant, seed: u64) {
        let random = &mut StdRng::seed_from_u64(seed);
        for step in 0..40 {
            let mut report = any_report(random);
            tenant.record(report.clone()).await;
            self.names
                .lock()
                .unwrap()
                .insert(report.external_id.as_str().to_owned());
            // One of its own, which nobody changes.
            let own = format!("writer-{seed}-{step}");
            report.external_id = ExternalDeploymentId::parse(&own).unwrap();
            report.run = deployment("d", 1).run;
            tenant.record(report).await;
            self.names.lock().unwrap().insert(own);
            if random.random_ratio(1, 3) {
                let (number, pull_request) = any_pull_request(random);
                tenant.send([pull_request]).await;
                self.numbers.lock().unwrap().insert(number);
            }
        }
    }

    /// Asks again and again: what had been confirmed before is in every answer.
    async fn read(&self, tenant: &Tenant) {
        while !self.is_over.load(Ordering::Relaxed) {
            let names = self.names.lock().unwrap().clone();
            let confirmed = names.iter().filter(|name| name.starts_with("writer")).count();
            let (deployments, _) = ask(&*tenant.store, tenant, at(1000)).await;
            let shown = deployments
                .iter()
                .filter(|(_, completed)| completed.completed_at == at(1000))
                .count();
            assert!(shown >= confirmed, "{shown} of {confirmed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_write_and_read_at_once_know_what_is_stored() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let acme = Tenant::new(&store(&database), "acme").await;
    acme.send([pull_request(1)]).await;
    let instances = [store(&database), store(&database)].map(|store| Tenant { store, id: acme.id });
    let writing = Arc::new(Writing::default());
    let mut readers = JoinSet::new();
    let mut writers = JoinSet::new();
    for (seed, instance) in (0..4).zip(instances.iter().cycle().cloned()) {
        let (shared, reader) = (Arc::clone(&writing), instance.clone());
        readers.spawn(async move { shared.read(&reader).await });
        let shared = Arc::clone(&writing);
        writers.spawn(async move { shared.write(&instance, seed).await });
    }
    writers.join_all().await;
    writing.is_over.store(true, Ordering::Relaxed);
    readers.join_all().await;
    acme.settle().await;
    let (names, mut numbers) = (
        writing.names.lock().unwrap().clone(),
        writing.numbers.lock().unwrap().clone(),
    );
    numbers.insert(1);
    let expected = told(&acme, &names, &numbers, at(0)).await;
    assert!(expected.0.len() > 160);
    for instance in [&instances[0], &instances[1], &acme] {
        assert_eq!(ask(&*instance.store, instance, at(0)).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_takes_long_is_not_missed() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let acme = Tenant::new(&store(&database), "acme").await;
    let numbers = BTreeSet::from([1]);
    acme.send([pull_request(1)]).await;
    acme.record(deployment("one", 1)).await;
    acme.record(deployment("two", 1)).await;
    let mut slow = connect(&database).await;
    let mut slower = connect(&database).await;
    let change = |name| {
        format!(
            "update deployments set completed_at = completed_at + interval '1 day',
                changed_in = pg_current_xact_id()::text::bigint
            where external_id = '{name}'"
        )
    };
    let slower = slower.transaction().await.unwrap();
    slower.batch_execute(&change("one")).await.unwrap();
    // The first question finds one of them running, the next ones both.
    let expected = told(&acme, &names(&["one", "two"]), &numbers, at(0)).await;
    assert_eq!(ask(&*acme.store, &acme, at(0)).await, expected);
    let slow = slow.transaction().await.unwrap();
    slow.batch_execute(&change("two")).await.unwrap();
    for name in ["three", "four"] {
        acme.record(deployment(name, 1)).await;
        assert_eq!(
            ask(&*acme.store, &acme, at(0)).await.0.len(),
            2 + usize::from(name == "three") + 2 * usize::from(name == "four")
        );
    }
    let all = names(&["one", "two", "three", "four"]);
    for transaction in [slow, slower] {
        transaction.commit().await.unwrap();
        let expected = told(&acme, &all, &numbers, at(0)).await;
        assert_eq!(ask(&*acme.store, &acme, at(0)).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_of_transactions_of_another_server_do_no_harm() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let acme = Tenant::new(&store(&database), "acme").await;
    acme.send([pull_request(1)]).await;
    acme.record(deployment("one", 1)).await;
    acme.record(deployment("two", 1)).await;
    database
        .execute("update deployments set changed_in = 9000000000000 + id")
        .await;
    let (all, numbers) = (names(&["one", "two"]), BTreeSet::from([1]));
    for _ in 0..2 {
        let expected = told(&acme, &all, &numbers, at(0)).await;
        assert_eq!(ask(&*acme.store, &acme, at(0)).await, expected);
    }
    acme.record(deployment("two", 2)).await;
    let expected = told(&acme, &all, &numbers, at(0)).await;
    assert_eq!(ask(&*acme.store, &acme, at(0)).await, expected);
}

/// 45,000 deployments in one transaction, seven at a time, and as many pull requests in batches of a thousand.
const MUCH: &str = "
    insert into pull_requests
        (organization_id, repository_id, number, source, merge_commit_sha, merged_at, base_branch, intake)
    select r.organization_id, r.id, 100 + n, 'forge', decode(md5(n::text) || '00000000', 'hex'),
        timestamptz '2024-02-01' + n / 7 * interval '1 minute', 'main', 1000 + n / 1000
    from repositories r, generate_series(1, 45000) n;
    update organizations set linking_epoch = linking_epoch + 46;
    insert into intakes (organization_id, repository_id, epoch, number, size)
    select r.organization_id, r.id, o.linking_epoch - 45 + n, 1000 + n, 1000
    from repositories r join organizations o on o.id = r.organization_id, generate_series(0, 45) n;
    insert into deployments
        (organization_id, external_id, revision, commit_sha, environment, status, started_at, completed_at,
        linked_pull_requests, service_key, tier)
    select p.organization_id, 'much-' || p.id, 1, encode(p.merge_commit_sha, 'hex'), 'production', 'success',
        p.merged_at, p.merged_at, 1, '', 'production'
    from pull_requests p where p.number > 100;
    insert into links (organization_id, deployment_id, pull_request_id, rule, lead_time_seconds)
    select organization_id, id, substr(external_id, 6)::bigint, 'exact', id
    from deployments where external_id like 'much-%'";

/// Changes every deployment and moves it in time, in one transaction.
const MOVE: &str = "
    update deployments set completed_at = started_at + id % 100 * interval '1 hour',
        changed_in = pg_current_xact_id()::text::bigint
    where external_id like 'much-%'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_page_is_known_whole() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let acme = Tenant::new(&store(&database), "acme").await;
    acme.send([pull_request(1)]).await;
    ask(&*acme.store, &acme, at(0)).await;
    let mut last: Option<Known> = None;
    for sql in [MUCH, MOVE] {
        database.execute(sql).await;
        let caught_up = ask(&*acme.store, &acme, at(0)).await;
        let (deployments, merges) = &caught_up;
        assert_eq!((deployments.len(), merges.len()), (45_000, 45_001));
        assert!(deployments.iter().all(|(id, completed)| {
            completed.links.len() == 1 && completed.links[0].lead_time.seconds() == id.get()
        }));
        // Loaded piece by piece, it is the same.
        let fresh = store(&database);
        for days in [70, 20, 0] {
            ask(&*fresh, &acme, at(days * 24 * 60)).await;
        }
        assert!(ask(&*fresh, &acme, at(0)).await == caught_up);
        assert!(last.as_ref() != Some(&caught_up));
        last = Some(caught_up);
    }
}
