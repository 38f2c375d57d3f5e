//! Transactions lock their rows in one order, so that none deadlocks, and read again what another one wrote while they
//! waited.

use crate::fixture::{SharedStore, Tenant, at, deployment};
use crate::instances::{connect, store};
use crate::relinking::{asked_for, claim, look};
use periscope_adapters::postgres::testing::TestDatabase;
use periscope_domain::environment::Tier;
use periscope_domain::environment_tiers::{EnvironmentPattern, EnvironmentTiers};
use periscope_domain::ports::{Applied, Placement, RelinkingDecision, TiersDecision};
use tokio_postgres::Client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_to_relink_are_settled_and_freed_in_the_order_in_which_they_are_made() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let store = store(&database);
    let (maker, observer) = (connect(&database).await, connect(&database).await);
    for stale in [0, 1] {
        let decisions = two_decisions(&store, stale).await;
        let [first, second] = [0, 1].map(|place: usize| decisions[place].request.deployment_id);
        maker
            .batch_execute(&format!("begin; {}", lock(first.get(), "")))
            .await
            .unwrap();
        let relinker = SharedStore::clone(&store);
        let applying = tokio::spawn(async move { relinker.relinking().apply(&decisions, at(0)).await });
        until_somebody_waits(&observer).await;
        // What is locked already could not wait for it.
        maker.batch_execute(&lock(second.get(), "nowait")).await.unwrap();
        maker.batch_execute("commit").await.unwrap();
        applying.await.unwrap().unwrap();
    }
}

/// Decisions on two requests, in order of their deployments, of which one is stale.
async fn two_decisions(store: &SharedStore, stale: usize) -> Vec<RelinkingDecision> {
    let acme = asked_for(store, &format!("acme-{stale}"), 2, 0).await;
    let mut decisions = Vec::new();
    for request in claim(&acme, 10).await {
        decisions.push(look(store, request).await);
    }
    decisions.sort_by_key(|decision| decision.request.deployment_id);
    decisions[stale].version.deployment_revision = None;
    decisions
}

fn lock(deployment_id: i64, how: &str) -> String {
    format!("select from relink_requests where deployment_id = {deployment_id} for update {how}")
}

async fn until_somebody_waits(observer: &Client) {
    const WAITING: &str =
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while observer.query(WAITING, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_written_while_a_deployment_leaves_production_go_with_it() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let store = store(&database);
    let (writer, observer) = (connect(&database).await, connect(&database).await);
    let acme = Tenant::new(&store, "acme").await;
    acme.record(deployment("d", 1)).await;
    let environments = store.environments();
    let before = environments.context(acme.id).await.unwrap().unwrap();
    let decision = TiersDecision {
        organization_id: acme.id,
        after: EnvironmentTiers::new([(EnvironmentPattern::parse("production").unwrap(), Tier::Preview)]),
        before,
        decided_at: at(2000),
    };
    assert_eq!(environments.apply(&decision).await.unwrap(), Applied::Done(()));
    let relinking = store.relinking();
    let mut requests = relinking
        .claim_placements(None, 1, at(2001), at(2002))
        .await
        .unwrap();
    let placement = Placement {
        request: requests.remove(0),
        tier: Tier::Preview,
        keys: Vec::new(),
    };
    let write = "begin; select from deployments where external_id = 'd' for no key update;
        insert into links (organization_id, deployment_id, pull_request_id, rule, lead_time_seconds)
        select organization_id, id, 7, 'exact', 1 from deployments where external_id = 'd'";
    writer.batch_execute(write).await.unwrap();
    let worker = SharedStore::clone(&store);
    let placing = tokio::spawn(async move { worker.relinking().place(&[placement], 9, at(2001)).await });
    until_somebody_waits(&observer).await;
    writer.batch_execute("commit").await.unwrap();
    placing.await.unwrap().unwrap();
    assert_eq!(acme.links("d").await, []);
    assert_eq!(acme.find("d").await.deployment.environment.tier(), Tier::Preview);
}
