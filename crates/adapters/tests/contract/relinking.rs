use crate::deployments::decision;
use crate::fixture::{SharedStore, Tenant, apply, at, deployment, deployment_after, pull_request, run, sha};
use periscope_domain::deployment::Deployment;
use periscope_domain::linking::{Linking, link};
use periscope_domain::ports::{Applied, DeploymentQuery, RelinkRequest, RelinkingDecision};
use periscope_domain::pull_request::PullRequest;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::BranchName;
use periscope_domain::use_cases::relink;

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
    let applied = apply(&tenant.store, &[unlinked]).await;
    assert!(matches!(applied[0], Applied::Done(_)));
}

pub(crate) async fn claim(tenant: &Tenant, now: i64) -> Vec<RelinkRequest> {
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
    assert_eq!(
        store.relinking().count(Some(acme.id)).await.unwrap(),
        2,
        "a request, and a base if commits have been told of"
    );
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
    assert_eq!(store.relinking().count(None).await.unwrap(), 2);
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
            .apply(std::slice::from_ref(&late), at(0))
            .await
            .unwrap(),
        [Applied::Stale]
    );
    // One who saw the deployment as it is, but not the latest pull requests, does not settle the request.
    let api = acme.repository("acme/api").await;
    let touch = async |monitored| {
        let repositories = acme.store.repositories();
        let touched = repositories.set_monitored(acme.id, api.id, monitored, at(1));
        touched.await.unwrap();
    };
    touch(false).await;
    let request = claim(&acme, 10).await.remove(0);
    let version = decision(&acme, &deployment("d", 1)).await.version;
    touch(true).await;
    let blind = RelinkingDecision {
        request,
        version,
        linking: Linking::default(),
    };
    assert_eq!(
        store.relinking().apply(&[blind], at(10)).await.unwrap(),
        [Applied::Done(())]
    );
    assert_eq!(store.relinking().count(None).await.unwrap(), 1);
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(1, "exact"), (2, "exact")]);
}

/// What the worker makes of a request.
pub(crate) async fn look(store: &SharedStore, request: RelinkRequest) -> RelinkingDecision {
    let query = DeploymentQuery {
        organization_id: request.organization_id,
        external_id: request.external_id.clone(),
        linking: true,
        commit: None,
        previous_commit: None,
        service: None,
        shipped_at: None,
    };
    let mut contexts = store.deployments().contexts(&[query]).await.unwrap();
    let context = contexts.remove(0).unwrap();
    RelinkingDecision {
        request,
        version: context.version,
        linking: link(&context.stored.unwrap().deployment, &context.surroundings),
    }
}

/// A round of the worker, and what happens while it looks.
async fn round(store: &SharedStore, limit: u32, now: i64, meanwhile: impl AsyncFnOnce()) {
    let relinking = store.relinking();
    let requests = relinking.claim(None, limit, at(now), at(now + 3)).await.unwrap();
    let mut decisions = Vec::new();
    for request in requests {
        decisions.push(look(store, request).await);
    }
    meanwhile().await;
    relinking.apply(&decisions, at(now)).await.unwrap();
}

/// An organization with deployments of commit 1 that the worker is asked to look at, as one of them is in [`asked`].
pub(crate) async fn asked_for(store: &SharedStore, slug: &str, deployments: u32, asked_at: i64) -> Tenant {
    let tenant = Tenant::new(store, slug).await;
    tenant.record(deployment("begins the trial", 1000)).await;
    let mut unlinked = Vec::new();
    for number in 0..deployments {
        let mut one = decision(&tenant, &deployment(&format!("d{number}"), 1)).await;
        one.event.received_at = at(asked_at);
        unlinked.push(one);
    }
    tenant.send([pull_request(1)]).await;
    apply(store, &unlinked).await;
    spread(&tenant).await;
    assert_eq!(waiting(&tenant).await, deployments.into());
    tenant
}

/// Looks around for those whose base has changed, so that only requests wait.
async fn spread(tenant: &Tenant) {
    let relinking = tenant.store.relinking();
    relinking.spread(Some(tenant.id), 100, at(0)).await.unwrap();
}

async fn waiting(tenant: &Tenant) -> u64 {
    tenant.store.relinking().count(Some(tenant.id)).await.unwrap()
}

async fn are_linked(tenant: &Tenant, deployments: u32) -> bool {
    for number in 0..deployments {
        if tenant.linked(&format!("d{number}")).await != [(1, "exact")] {
            return false;
        }
    }
    true
}

pub(crate) async fn requests_are_settled_while_an_import_goes_on(store: SharedStore) {
    let acme = asked_for(&store, "acme", 15, 0).await;
    for number in 0..2 {
        round(&store, 10, number, async || {
            acme.send([pull_request(2000 + u32::try_from(number).unwrap())])
                .await;
        })
        .await;
    }
    assert_eq!(waiting(&acme).await, 0);
    assert!(are_linked(&acme, 15).await);
}

pub(crate) async fn each_organization_that_waits_has_its_share_of_a_round(store: SharedStore) {
    let acme = asked_for(&store, "acme", 15, 0).await;
    let globex = asked_for(&store, "globex", 7, 1).await;
    for (number, of_acme, of_globex) in [(0, 5, 5), (1, 5, 2), (2, 5, 0)] {
        let claimed = store
            .relinking()
            .claim(None, 10, at(number), at(100))
            .await
            .unwrap();
        let of = |tenant: &Tenant| {
            let requests = claimed.iter();
            requests
                .filter(|request| request.organization_id == tenant.id)
                .count()
        };
        assert_eq!((of(&acme), of(&globex)), (of_acme, of_globex), "{number}");
    }
    let claimed = store
        .relinking()
        .claim(Some(acme.id), 10, at(100), at(101))
        .await
        .unwrap();
    assert_eq!(claimed.len(), 10, "alone it has all of it");
}

pub(crate) async fn deployments_that_are_touched_all_the_time_let_others_have_their_turn(store: SharedStore) {
    let acme = asked_for(&store, "acme", 15, 0).await;
    let globex = asked_for(&store, "globex", 5, 1).await;
    let api = acme.repository("acme/api").await;
    for number in 0..4 {
        round(&store, 10, 10 + number, async || {
            let touched = acme.store.repositories();
            touched
                .set_monitored(acme.id, api.id, number % 2 == 1, at(10 + number))
                .await
                .unwrap();
        })
        .await;
    }
    assert_eq!((waiting(&acme).await, waiting(&globex).await), (15, 0));
    assert!(are_linked(&acme, 15).await && are_linked(&globex, 5).await);
    acme.settle().await;
    assert!(are_linked(&acme, 15).await);
}

/// While the worker looks at a deployment of commit 9, pull request 5 becomes known, which falls into the range that it
/// has just found and into none that was known before.
async fn falls_into_a_new_range(acme: &Tenant, rule: &'static str) {
    spread(acme).await;
    round(&acme.store, 10, 10, async || {
        acme.send([pull_request(5)]).await;
    })
    .await;
    assert_eq!(waiting(acme).await, 1);
    round(&acme.store, 10, 11, async || {
        acme.send([pull_request(2000)]).await;
    })
    .await;
    assert_eq!(waiting(acme).await, 0, "the second look finds no new range");
    assert_eq!(acme.linked("d").await, [(5, rule), (9, "exact")]);
}

pub(crate) async fn what_falls_into_a_span_that_is_just_being_found_is_linked(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(9)]).await;
    let late = decision(&acme, &deployment_after("d", 1, 9)).await;
    acme.send([pull_request(1)]).await;
    apply(&store, &[late]).await;
    falls_into_a_new_range(&acme, "merge_time").await;
}

pub(crate) async fn what_falls_into_a_graph_range_that_is_just_being_found_is_linked(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(9)]).await;
    let late = decision(&acme, &deployment_after("d", 1, 9)).await;
    acme.tell(&[(1, &[]), (5, &[1]), (9, &[5])]).await;
    apply(&store, &[late]).await;
    falls_into_a_new_range(&acme, "graph").await;
}

pub(crate) async fn a_request_that_was_settled_and_made_again_is_not_settled_by_who_took_it_before(
    store: SharedStore,
) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([1, 3, 5].map(pull_request)).await;
    acme.tell(&[(1, &[]), (3, &[1]), (5, &[3])]).await;
    acme.record(deployment("z", 5)).await;
    acme.settle().await;
    let api = acme.repository("acme/api").await;
    store
        .repositories()
        .set_monitored(acme.id, api.id, false, at(0))
        .await
        .unwrap();
    // The lease of one taker ends, another one settles the request, and the first one goes on.
    let first = claim(&acme, 0).await.remove(0);
    assert_eq!(relink(&*store, Some(acme.id), 10, at(3)).await.unwrap(), 1);
    assert_eq!(waiting(&acme).await, 0);
    let late = look(&store, first).await;
    let base = Deployment {
        run: run(DeploymentStatus::Success, 90, 100),
        ..deployment("a", 1)
    };
    let base = decision(&acme, &base).await;
    let applied = apply(&store, &[base]).await;
    let [Applied::Done(base)] = applied.as_slice() else {
        panic!("{applied:?}");
    };
    let relinking = store.relinking();
    assert_eq!(
        relinking.spread_from(&[(acme.id, *base)], at(4)).await.unwrap(),
        1
    );
    assert_eq!(
        relinking.apply(&[late], at(0)).await.unwrap(),
        [Applied::Done(())]
    );
    assert_eq!(waiting(&acme).await, 1);
    acme.settle().await;
    assert_eq!(acme.linked("z").await, [(3, "graph"), (5, "exact")]);
}
