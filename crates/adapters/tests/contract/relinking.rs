use crate::deployments::decision;
use crate::fixture::{SharedStore, Tenant, apply, at, deployment, deployment_after, pull_request, sha};
use periscope_domain::id::DeploymentId;
use periscope_domain::linking::link;
use periscope_domain::ports::{
    Applied, DeploymentQuery, PullRequestDecision, RelinkReason, RelinkRequest, RelinkingDecision,
    TargetRepository,
};
use periscope_domain::pull_request::PullRequest;
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
    // The repository is known: a new one would make the decision stale.
    tenant.send([pull_request(2)]).await;
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
    assert_eq!(waiting(&acme).await, 1);
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
    assert_eq!(waiting(&acme).await, 1);
}

/// An organization with a deployment of commit 5 after 1, whose pull requests of commits from 2 to 4 come late.
async fn with_a_range(store: &SharedStore) -> Tenant {
    let acme = Tenant::new(store, "acme").await;
    acme.send([1, 5].map(pull_request)).await;
    acme.tell(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3]), (5, &[4])])
        .await;
    acme.record(deployment_after("d", 1, 5)).await;
    acme.settle().await;
    acme
}

/// Records that a pull request was merged as the commit of its number, and leaves all that follows to the worker.
async fn merge_late(tenant: &Tenant, number: u32) {
    let touched = merge(tenant, pull_request(number)).await;
    assert_eq!(touched, Applied::Done(1));
}

/// Records a pull request, and leaves all that follows to the worker.
async fn merge(tenant: &Tenant, pull_request: PullRequest) -> Applied<u64> {
    let late = PullRequestDecision {
        organization_id: tenant.id,
        repository: TargetRepository::Known(tenant.repository("acme/api").await),
        new: vec![pull_request],
        changed: Vec::new(),
        delivery: None,
        now: at(0),
    };
    tenant.store.pull_requests().apply(&late).await.unwrap()
}

pub(crate) async fn a_request_that_is_made_again_while_it_is_looked_at_is_not_lost(store: SharedStore) {
    let acme = with_a_range(&store).await;
    merge_late(&acme, 2).await;
    let request = claim(&acme, 0).await.remove(0);
    let looked = look(&store, request).await;
    // Another merge becomes known.
    merge_late(&acme, 3).await;
    let relinking = store.relinking();
    assert_eq!(
        relinking.apply(&[looked], at(10)).await.unwrap(),
        [Applied::Done(())]
    );
    assert_eq!(acme.linked("d").await, [(2, "graph"), (5, "exact")]);
    assert_eq!(waiting(&acme).await, 1);
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(2, "graph"), (3, "graph"), (5, "exact")]);
}

pub(crate) async fn a_decision_on_a_deployment_that_has_changed_settles_nothing(store: SharedStore) {
    let acme = with_a_range(&store).await;
    merge_late(&acme, 2).await;
    let request = claim(&acme, 0).await.remove(0);
    let looked = look(&store, request).await;
    acme.record(deployment_after("d", 1, 4)).await;
    let relinking = store.relinking();
    assert_eq!(
        relinking.apply(&[looked], at(10)).await.unwrap(),
        [Applied::Stale]
    );
    assert_eq!(waiting(&acme).await, 1);
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(2, "graph")]);
}

pub(crate) async fn a_line_that_is_requested_again_while_it_is_looked_at_is_not_lost(store: SharedStore) {
    let acme = with_a_range(&store).await;
    let relinking = store.relinking();
    let repositories = store.repositories();
    let api = acme.repository("acme/api").await;
    let touch = async |monitored| {
        repositories
            .set_monitored(acme.id, api.id, monitored, at(1))
            .await
            .unwrap();
    };
    let claim = async |now| {
        relinking
            .claim_lines(Some(acme.id), 10, at(now), at(now + 3))
            .await
            .unwrap()
    };
    touch(false).await;
    let line = claim(0).await.remove(0);
    assert_eq!(claim(2).await, [], "it is taken");
    assert_eq!(
        claim(3).await,
        std::slice::from_ref(&line),
        "until its lease ends"
    );
    let request = |generation| RelinkRequest {
        organization_id: acme.id,
        deployment_id: DeploymentId::new(0),
        external_id: deployment("d", 5).external_id,
        reason: RelinkReason::Line(generation),
    };
    let mut looked = look(&store, request(line.generation)).await;
    looked.request.deployment_id = acme.find("d").await.id;
    touch(true).await;
    assert_eq!(relinking.apply(&[looked], at(3)).await.unwrap(), [Applied::Stale]);
    relinking.advance_lines(&[(line, None)], at(3)).await.unwrap();
    let again = claim(3).await.remove(0);
    let mut looked = look(&store, request(again.generation)).await;
    looked.request.deployment_id = acme.find("d").await.id;
    assert_eq!(
        relinking.apply(&[looked], at(3)).await.unwrap(),
        [Applied::Done(())]
    );
    relinking.advance_lines(&[(again, None)], at(3)).await.unwrap();
    assert_eq!(claim(9).await, []);
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
        environment: None,
        shipped_at: None,
        earlier: true,
    };
    let mut contexts = store.deployments().contexts(&[query]).await.unwrap();
    let context = contexts.remove(0).unwrap();
    RelinkingDecision {
        request,
        version: context.version,
        is_as_before: false,
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
    // The repository is known: a new one would make the decisions stale.
    tenant.send([pull_request(2)]).await;
    tenant.record(deployment("begins the trial", 1000)).await;
    let mut unlinked = Vec::new();
    for number in 0..deployments {
        let mut one = decision(&tenant, &deployment(&format!("d{number}"), 1)).await;
        one.event.received_at = at(asked_at);
        unlinked.push(one);
    }
    tenant.send([pull_request(1)]).await;
    apply(store, &unlinked).await;
    assert_eq!(waiting(&tenant).await, deployments.into());
    tenant
}

/// How many requests wait when all lines are done.
async fn waiting(tenant: &Tenant) -> u64 {
    let relinking = tenant.store.relinking();
    let lines = relinking
        .claim_lines(Some(tenant.id), 10, at(0), at(1))
        .await
        .unwrap();
    let done: Vec<_> = lines.into_iter().map(|line| (line, None)).collect();
    relinking.advance_lines(&done, at(0)).await.unwrap();
    relinking.count(Some(tenant.id)).await.unwrap()
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
    let acme = with_a_range(&store).await;
    for number in 0..14 {
        acme.record(deployment_after(&format!("d{number}"), 1, 5)).await;
    }
    acme.settle().await;
    merge_all(&acme, 2).await;
    let globex = asked_for(&store, "globex", 5, 1).await;
    for number in 0..4 {
        round(&store, 10, 10 + number, async || {
            merge_all(&acme, 100 + number).await;
        })
        .await;
    }
    assert_eq!(waiting(&globex).await, 0);
    assert!(are_linked(&globex, 5).await);
    acme.settle().await;
    assert_eq!(acme.linked("d13").await.len(), 6);
}

/// Merges a pull request that falls into the range of every deployment of [`with_a_range`].
async fn merge_all(tenant: &Tenant, number: i64) {
    let late = PullRequest {
        merge_commit: sha(3),
        ..pull_request(number.try_into().unwrap())
    };
    assert_eq!(merge(tenant, late).await, Applied::Done(15));
}

/// While the worker looks at a deployment of commit 9, pull request 5 becomes known, which falls into the range that it
/// has just found and into none that was known before.
async fn falls_into_a_new_range(acme: &Tenant, rule: &'static str) {
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
    let acme = with_a_range(&store).await;
    merge_late(&acme, 2).await;
    // The lease of one taker ends, another one settles the request, and the first one goes on.
    let first = claim(&acme, 0).await.remove(0);
    relink(&*store, Some(acme.id), 10, at(3)).await.unwrap();
    assert_eq!(waiting(&acme).await, 0);
    let late = look(&store, first).await;
    merge_late(&acme, 3).await;
    let relinking = store.relinking();
    assert_eq!(
        relinking.apply(&[late], at(0)).await.unwrap(),
        [Applied::Done(())]
    );
    assert_eq!(waiting(&acme).await, 1);
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(2, "graph"), (3, "graph"), (5, "exact")]);
}
