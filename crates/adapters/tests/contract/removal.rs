//! What is left of a removed deployment: its record, and nothing in lists, links and figures.

use crate::fixture::{SharedStore, Tenant, at, deployment, pull_request, repository_name, run};
use crate::metric_facts::ask;
use periscope_adapters::postgres::testing::TestDatabase;
use periscope_domain::deployment::{Deployment, StoredDeployment};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::ports::{DeploymentRemoval, Removed, RemovedDeployment};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::{ExternalDeploymentId, Remover};
use periscope_domain::use_cases::{
    DeploymentAction, Origin, RecordDeployment, RecordPullRequests, RemoveDeployment, RemoveDeploymentError,
    record_deployments, record_pull_requests, remove_deployment, remove_organization,
};
use std::sync::Arc;
use tokio::task::JoinSet;

fn shipped(id: &str, commit: u32, minute: i64) -> Deployment {
    Deployment {
        run: run(DeploymentStatus::Success, minute - 10, minute),
        ..deployment(id, commit)
    }
}

pub(crate) fn removal(organization_id: OrganizationId, stored: &StoredDeployment) -> DeploymentRemoval {
    DeploymentRemoval {
        organization_id,
        id: stored.id,
        revision: stored.revision,
        line_change: None,
        removed_at: at(2500),
        removed_by: Remover::parse("ci").unwrap(),
    }
}

async fn remove(tenant: &Tenant, id: DeploymentId) -> Result<(), RemoveDeploymentError> {
    let command = RemoveDeployment {
        organization_id: tenant.id,
        id,
        removed_by: Remover::parse("ci").unwrap(),
    };
    remove_deployment(&*tenant.store, &command, at(2500))
        .await
        .map(drop)
}

/// Five commits in a row, each the merge of a pull request, deployed after the first, the third and the fifth.
async fn three_in_a_line(store: &SharedStore) -> Tenant {
    let acme = Tenant::new(store, "acme").await;
    acme.send((1..=5).map(pull_request)).await;
    acme.tell(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3]), (5, &[4])])
        .await;
    for (id, commit, minute) in [("a", 1, 100), ("b", 3, 200), ("c", 5, 300)] {
        acme.record(shipped(id, commit, minute)).await;
    }
    acme.settle().await;
    acme
}

async fn numbers(tenant: &Tenant, id: &str) -> Vec<i32> {
    tenant.settle().await;
    let linked = tenant.linked(id).await;
    linked.into_iter().map(|(number, _)| number).collect()
}

async fn is_found(tenant: &Tenant, id: &str) -> bool {
    let id = ExternalDeploymentId::parse(id).unwrap();
    let found = tenant.store.deployments().find(tenant.id, &id).await;
    found.unwrap().is_some()
}

pub(crate) async fn a_deployment_removed_from_the_middle_of_a_line_hands_its_pull_requests_on(
    store: SharedStore,
) {
    let acme = three_in_a_line(&store).await;
    assert_eq!(numbers(&acme, "b").await, [2, 3]);
    assert_eq!(numbers(&acme, "c").await, [4, 5]);
    let removed = acme.find("b").await.id;
    remove(&acme, removed).await.unwrap();
    assert_eq!(numbers(&acme, "a").await, [1]);
    assert_eq!(numbers(&acme, "c").await, [2, 3, 4, 5]);
    assert!(acme.links("c").await.iter().all(|link| link.is_first));
    assert!(!is_found(&acme, "b").await);
    let deployments = store.deployments();
    assert_eq!(deployments.find_by_id(acme.id, removed).await.unwrap(), None);
    assert_eq!(deployments.history(acme.id, removed).await.unwrap(), []);
    assert_eq!(deployments.links(acme.id, removed).await.unwrap(), []);
}

pub(crate) async fn the_last_of_a_line_that_is_removed_makes_the_one_before_it_the_base(store: SharedStore) {
    let acme = three_in_a_line(&store).await;
    remove(&acme, acme.find("c").await.id).await.unwrap();
    acme.record(shipped("d", 5, 400)).await;
    assert_eq!(numbers(&acme, "d").await, [4, 5]);
    remove(&acme, acme.find("b").await.id).await.unwrap();
    assert_eq!(numbers(&acme, "d").await, [2, 3, 4, 5]);
    remove(&acme, acme.find("a").await.id).await.unwrap();
    assert_eq!(
        numbers(&acme, "d").await,
        [5],
        "without an earlier one the exact link alone is left"
    );
}

pub(crate) async fn a_removed_deployment_is_created_again_with_another_number(store: SharedStore) {
    let acme = three_in_a_line(&store).await;
    let before = acme.find("b").await.id;
    remove(&acme, before).await.unwrap();
    assert!(matches!(
        remove(&acme, before).await,
        Err(RemoveDeploymentError::NotFound(id)) if id == before
    ));
    let again = acme.record(shipped("b", 3, 200)).await;
    assert_eq!(again.action, DeploymentAction::Created);
    assert_ne!(again.id, before);
    assert_eq!(numbers(&acme, "b").await, [2, 3]);
    assert_eq!(numbers(&acme, "c").await, [4, 5]);
    let history = store.deployments().history(acme.id, again.id).await;
    assert_eq!(history.unwrap().len(), 1);
}

pub(crate) async fn who_removed_a_deployment_and_when_stays(store: SharedStore) {
    let acme = three_in_a_line(&store).await;
    let removed = |id: DeploymentId, external_id: &str| RemovedDeployment {
        id,
        external_id: ExternalDeploymentId::parse(external_id).unwrap(),
        removed_at: at(2500),
        removed_by: Remover::parse("ci").unwrap(),
    };
    let [a, b] = [acme.find("a").await.id, acme.find("b").await.id];
    remove(&acme, a).await.unwrap();
    remove(&acme, b).await.unwrap();
    let deployments = store.deployments();
    let listed = |most| deployments.list_removed(acme.id, most);
    assert_eq!(
        listed(10).await.unwrap(),
        [removed(b, "b"), removed(a, "a")],
        "the latest first"
    );
    assert_eq!(listed(1).await.unwrap().len(), 1);
}

pub(crate) async fn a_deployment_of_another_organization_is_not_removed(store: SharedStore) {
    let acme = three_in_a_line(&store).await;
    let globex = Tenant::new(&store, "globex").await;
    let id = acme.find("b").await.id;
    assert!(matches!(
        remove(&globex, id).await,
        Err(RemoveDeploymentError::NotFound(_))
    ));
    assert_eq!(numbers(&acme, "b").await, [2, 3]);
    remove(&acme, id).await.unwrap();
    assert_eq!(store.deployments().list_removed(globex.id, 10).await.unwrap(), []);
}

pub(crate) async fn a_deployment_removed_while_it_is_reported_is_gone_or_new(store: SharedStore) {
    let acme = three_in_a_line(&store).await;
    for round in 0..20 {
        let id = acme.find("b").await.id;
        let mut tasks = JoinSet::new();
        for minute in [200, 201] {
            let acme = acme.clone();
            tasks.spawn(async move {
                acme.record(shipped("b", 3, minute)).await;
            });
        }
        let other = acme.clone();
        tasks.spawn(async move { remove(&other, id).await.unwrap() });
        tasks.join_all().await;
        if !is_found(&acme, "b").await {
            assert_eq!(numbers(&acme, "c").await, [2, 3, 4, 5], "{round}");
            acme.record(shipped("b", 3, 200)).await;
        }
        assert_ne!(acme.find("b").await.id, id, "{round}");
        assert_eq!(numbers(&acme, "b").await, [2, 3], "{round}");
        assert_eq!(numbers(&acme, "c").await, [4, 5], "{round}");
    }
}

pub(crate) async fn facts_forget_a_removed_deployment(store: SharedStore) {
    let acme = three_in_a_line(&store).await;
    let failed = Deployment {
        run: run(DeploymentStatus::Failure, 390, 400),
        ..deployment("failed", 5)
    };
    let failed = acme.record(failed).await.id;
    let ids = || async {
        let (deployments, _) = ask(&*store, &acme, at(0)).await;
        deployments.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(ids().await.len(), 4);
    assert!(ids().await.contains(&failed));
    remove(&acme, failed).await.unwrap();
    assert_eq!(ids().await.len(), 3);
    assert!(!ids().await.contains(&failed));
}

/// What each of two instances keeps in memory forgets what either removes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_instance_forgets_what_another_removes() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let stores: [SharedStore; 2] = [Arc::new(database.store()), Arc::new(database.store())];
    let acme = three_in_a_line(&stores[0]).await;
    let counts = || async {
        let mut counts = Vec::new();
        for store in &stores {
            counts.push(ask(&**store, &acme, at(0)).await.0.len());
        }
        counts
    };
    assert_eq!(counts().await, [3, 3]);
    remove(&acme, acme.find("b").await.id).await.unwrap();
    assert_eq!(counts().await, [2, 2]);
    acme.record(shipped("b", 3, 200)).await;
    assert_eq!(counts().await, [3, 3]);
}

pub(crate) async fn an_organization_is_removed_with_all_of_it_and_nothing_of_another(store: SharedStore) {
    let acme = three_in_a_line(&store).await;
    remove(&acme, acme.find("a").await.id).await.unwrap();
    let globex = Tenant::new(&store, "globex").await;
    globex.send([pull_request(1)]).await;
    globex.record(deployment("d", 1)).await;
    globex.settle().await;
    // One batch, as if it had been interrupted then.
    let begun = store.organizations().remove_some(acme.id, 1).await;
    assert_ne!(begun.unwrap(), Removed::All);
    remove_organization(&*store, acme.id).await.unwrap();
    let organizations = store.organizations().list().await.unwrap();
    let slugs: Vec<_> = organizations.iter().map(|found| found.slug.as_str()).collect();
    assert_eq!(slugs, ["globex"]);
    assert_eq!(store.relinking().count(Some(acme.id)).await.unwrap(), 0);
    assert!(!is_found(&acme, "b").await);
    assert_eq!(store.repositories().list(acme.id).await.unwrap(), []);
    assert_eq!(remove_organization(&*store, acme.id).await.unwrap(), 0);
    assert_eq!(numbers(&globex, "d").await, [1]);
    let again = Tenant::new(&store, "acme").await;
    assert_ne!(again.id, acme.id);
    assert!(!is_found(&again, "b").await);
}

/// Reports and imports that arrive while an organization is removed leave no row behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_keeps_a_row_of_a_removed_organization() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let store: SharedStore = Arc::new(database.store());
    let acme = three_in_a_line(&store).await;
    let mut senders = JoinSet::new();
    for number in 0..40 {
        let sender = acme.clone();
        senders.spawn(async move {
            let report = RecordDeployment {
                organization_id: sender.id,
                report: deployment(&format!("late-{number}"), 5),
            };
            let _ = record_deployments(&*sender.store, &[report], at(2000)).await;
            let merged = RecordPullRequests {
                organization_id: sender.id,
                repository: repository_name("acme/api"),
                pull_requests: vec![pull_request(10 + number)],
                origin: Origin::Sent,
            };
            let _ = record_pull_requests(&*sender.store, &merged, at(2000)).await;
        });
    }
    remove_organization(&*store, acme.id).await.unwrap();
    senders.join_all().await;
    let client = crate::instances::connect(&database).await;
    let sql = "select table_name::text from information_schema.columns
        where table_schema = 'public' and column_name = 'organization_id'";
    let tables = client.query(sql, &[]).await.unwrap();
    assert!(tables.len() > 18);
    for table in tables {
        let table: String = table.get(0);
        let sql = format!("select count(*) from {table} where organization_id = $1");
        let left: i64 = client.query_one(&sql, &[&acme.id.get()]).await.unwrap().get(0);
        assert_eq!(left, 0, "{table}");
    }
}
