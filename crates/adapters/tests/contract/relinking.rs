use crate::deployments::decision;
use crate::fixture::{SharedStore, Tenant, at, deployment, deployment_after, pull_request, sha};
use periscope_domain::linking::Linking;
use periscope_domain::ports::{Applied, RelinkRequest, RelinkingDecision};
use periscope_domain::pull_request::PullRequest;
use periscope_domain::text::BranchName;

pub(crate) async fn a_pull_request_that_comes_late_is_linked(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    assert_eq!(acme.record(deployment("d", 1)).await.linked_pull_requests, 0);
    acme.send([pull_request(1)]).await;
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(1, "exact")]);
    assert_eq!(acme.find("d").await.deployment, deployment("d", 1));
}

pub(crate) async fn a_pull_request_that_falls_into_a_range_is_linked(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([1, 9].map(pull_request)).await;
    acme.record(deployment_after("d", 1, 9)).await;
    let branch = BranchName::clean("v1");
    acme.send([
        pull_request(5),
        PullRequest {
            base_branch: branch,
            ..pull_request(6)
        },
        pull_request(10),
    ])
    .await;
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(5, "merge_time"), (9, "exact")]);
}

pub(crate) async fn a_pull_request_that_moves_takes_its_links_along(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([1, 2].map(pull_request)).await;
    for (id, commit) in [("one", 1), ("two", 2), ("three", 3)] {
        acme.record(deployment(id, commit)).await;
    }
    acme.send([PullRequest {
        merge_commit: sha(3),
        ..pull_request(1)
    }])
    .await;
    acme.settle().await;
    for (id, linked) in [
        ("one", vec![]),
        ("two", vec![(2, "exact")]),
        ("three", vec![(1, "exact")]),
    ] {
        assert_eq!(acme.linked(id).await, linked, "{id}");
    }
}

/// A deployment that the worker is asked to look at: its pull request came while nobody looked.
async fn asked(tenant: &Tenant) {
    let unlinked = decision(tenant, &deployment("d", 1)).await;
    tenant.send([pull_request(1)]).await;
    let applied = tenant.store.deployments().apply(&[unlinked]).await.unwrap();
    assert!(matches!(applied[0], Applied::Done(_)));
}

async fn claim(tenant: &Tenant, now: i64) -> Vec<RelinkRequest> {
    tenant
        .store
        .relinking()
        .claim(Some(tenant.id), 10, at(now), at(now + 3))
        .await
        .unwrap()
}

pub(crate) async fn a_deployment_decided_on_an_old_epoch_is_left_for_the_worker(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    asked(&acme).await;
    assert_eq!(store.relinking().count(Some(acme.id)).await.unwrap(), 1);
    assert_eq!(acme.links("d").await, []);
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(1, "exact")]);
}

pub(crate) async fn it_is_known_since_when_the_oldest_request_waits(store: SharedStore) {
    let [acme, other] = [
        Tenant::new(&store, "acme").await,
        Tenant::new(&store, "other").await,
    ];
    let oldest = async |organization| store.relinking().oldest(organization).await.unwrap();
    assert_eq!(oldest(None).await, None);
    asked(&acme).await;
    let asked_at = oldest(None).await;
    assert!(asked_at.is_some());
    assert_eq!(oldest(Some(acme.id)).await, asked_at);
    assert_eq!(oldest(Some(other.id)).await, None);
    acme.settle().await;
    assert_eq!(oldest(None).await, None);
}

pub(crate) async fn a_request_is_taken_by_one_at_a_time_and_again_when_its_lease_ends(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    asked(&acme).await;
    assert_eq!(claim(&globex, 0).await, []);
    let first = claim(&acme, 0).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].external_id, deployment("d", 1).external_id);
    assert_eq!(claim(&acme, 2).await, []);
    assert_eq!(claim(&acme, 3).await, first);
    assert_eq!(store.relinking().count(None).await.unwrap(), 1);
}

pub(crate) async fn a_request_that_is_made_again_while_it_is_looked_at_is_not_lost(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    asked(&acme).await;
    let request = claim(&acme, 0).await.remove(0);
    let looked = decision(&acme, &deployment("d", 1)).await;
    // Another merge of the same commit becomes known; whoever told of it looks again at once.
    acme.send([PullRequest {
        merge_commit: sha(1),
        ..pull_request(2)
    }])
    .await;
    assert_eq!(acme.linked("d").await, [(1, "exact"), (2, "exact")]);
    let late = RelinkingDecision {
        request,
        version: looked.version,
        linking: looked.linking.unwrap(),
    };
    assert_eq!(
        store
            .relinking()
            .apply(std::slice::from_ref(&late))
            .await
            .unwrap(),
        [Applied::Stale]
    );
    // One who saw the deployment as it is, but not the latest pull requests, does not settle the request.
    let version = decision(&acme, &deployment("d", 1)).await.version;
    let api = acme.repository("acme/api").await;
    store
        .repositories()
        .set_monitored(acme.id, api.id, false, at(1))
        .await
        .unwrap();
    let request = claim(&acme, 10).await.remove(0);
    let blind = RelinkingDecision {
        request,
        version,
        linking: Linking::default(),
    };
    assert_eq!(
        store.relinking().apply(&[blind]).await.unwrap(),
        [Applied::Done(())]
    );
    assert_eq!(store.relinking().count(None).await.unwrap(), 1);
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(1, "exact"), (2, "exact")]);
}
