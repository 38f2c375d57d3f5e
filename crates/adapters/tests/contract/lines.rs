//! Lines of deployments: what each brings, and which is the first delivery of a pull request.

use crate::bases::{numbers, shipped, two_branches};
use crate::fixture::{SharedStore, Tenant, commit, deployment, pull_request, run, sha};
use periscope_domain::deployment::Deployment;
use periscope_domain::linking::Novelty;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::Origin;

pub(crate) async fn what_is_new_was_in_no_earlier_deployment_of_the_line(store: SharedStore) {
    let acme = two_branches(&store).await;
    let first = acme.record(shipped("a", 2, 100)).await;
    assert_eq!(
        first.warnings[0].code(),
        "no_base",
        "unknown never means all of history"
    );
    acme.record(shipped("b", 4, 200)).await;
    acme.record(shipped("c", 7, 300)).await;
    acme.record(shipped("d", 5, 400)).await;
    let back = acme.record(shipped("back", 4, 500)).await;
    assert_eq!(back.warnings[0].code(), "redeployment");
    acme.record(shipped("again", 5, 600)).await;
    for (id, shipped, first, novelty) in [
        ("a", vec![2], vec![2], Novelty::New),
        ("b", vec![3, 4], vec![3, 4], Novelty::New),
        ("c", vec![6, 7], vec![6, 7], Novelty::New),
        ("d", vec![5], vec![5], Novelty::New),
        ("back", vec![4], vec![], Novelty::RollBack),
        ("again", vec![5], vec![], Novelty::Redeployment),
    ] {
        assert_eq!(numbers(&acme, id).await, shipped, "{id}");
        assert_eq!(first_deliveries(&acme, id).await, first, "{id}");
        assert_eq!(acme.find(id).await.novelty, Some(novelty), "{id}");
    }
}

/// The pull requests that a deployment is the first to deliver.
pub(crate) async fn first_deliveries(tenant: &Tenant, id: &str) -> Vec<i32> {
    let mut numbers = Vec::new();
    for link in tenant.links(id).await.into_iter().filter(|link| link.is_first) {
        let found = tenant
            .store
            .pull_requests()
            .find(tenant.id, link.pull_request_id)
            .await;
        numbers.push(found.unwrap().unwrap().pull_request.number.get());
    }
    numbers.sort_unstable();
    numbers
}

pub(crate) async fn first_deliveries_follow_what_arrives_late(store: SharedStore) {
    let acme = two_branches(&store).await;
    let eu = |deployment| Deployment {
        service: ServiceName::clean("API"),
        ..deployment
    };
    acme.record(shipped("z", 5, 500)).await;
    acme.record(eu(shipped("y", 5, 400))).await;
    assert_eq!(numbers(&acme, "z").await, [5]);
    assert_eq!(first_deliveries(&acme, "z").await, [0; 0]);
    assert_eq!(first_deliveries(&acme, "y").await, [5]);
    let failed = Deployment {
        run: run(DeploymentStatus::Failure, 390, 400),
        ..eu(deployment("y", 5))
    };
    acme.record(failed).await;
    assert_eq!(numbers(&acme, "z").await, [5]);
    assert_eq!(first_deliveries(&acme, "z").await, [5]);
    assert_eq!(acme.find("z").await.novelty, Some(Novelty::New));
}

pub(crate) async fn without_commits_links_tell_first_deliveries(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=5).map(pull_request)).await;
    acme.record(shipped("b", 3, 200)).await;
    acme.record(shipped("c", 3, 300)).await;
    assert_eq!(first_deliveries(&acme, "b").await, [3]);
    assert_eq!(first_deliveries(&acme, "c").await, [0; 0]);
    assert_eq!(acme.find("c").await.novelty, Some(Novelty::Redeployment));
    acme.record(shipped("a", 3, 100)).await;
    acme.settle().await;
    assert_eq!(first_deliveries(&acme, "a").await, [3]);
    assert_eq!(first_deliveries(&acme, "b").await, [0; 0]);
    acme.record(Deployment {
        previous_commit: Some(sha(1).into()),
        ..shipped("d", 5, 400)
    })
    .await;
    assert_eq!(numbers(&acme, "d").await, [2, 3, 4, 5]);
    assert_eq!(first_deliveries(&acme, "d").await, [2, 4, 5]);
}

pub(crate) async fn a_line_told_newest_first_is_linked_as_in_order(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=150).map(pull_request)).await;
    let commits: Vec<_> = (1..=150u32).map(|number| commit(number, &[number - 1])).collect();
    acme.tell_of("acme/api", commits, vec![], Origin::Sent)
        .await
        .unwrap();
    for number in (1..=150).rev() {
        acme.record(shipped(&format!("d{number}"), number, 1000 + i64::from(number)))
            .await;
    }
    for number in [1, 2, 50, 149, 150] {
        assert_eq!(numbers(&acme, &format!("d{number}")).await, [number]);
    }
}

pub(crate) async fn many_release_branches_are_live_at_once(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.send((100..160).map(pull_request)).await;
    let branches: Vec<_> = (100..160).map(|number| commit(number, &[2])).collect();
    acme.tell_of("acme/api", branches, vec![], Origin::Sent)
        .await
        .unwrap();
    acme.record(shipped("base", 1, 100)).await;
    for number in 100..160 {
        acme.record(shipped(
            &format!("branch-{number}"),
            number,
            100 + i64::from(number),
        ))
        .await;
    }
    acme.record(shipped("d", 3, 500)).await;
    assert_eq!(numbers(&acme, "branch-100").await, [2, 100]);
    assert_eq!(numbers(&acme, "branch-159").await, [159]);
    assert_eq!(numbers(&acme, "d").await, [3]);
}

pub(crate) async fn a_deployment_that_moves_is_live_where_it_is(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(shipped("a", 2, 100)).await;
    acme.record(shipped("b", 4, 200)).await;
    acme.record(shipped("c", 7, 300)).await;
    acme.record(shipped("d", 5, 400)).await;
    // The job that deployed b runs again, as the same deployment.
    acme.record(shipped("b", 4, 500)).await;
    for (id, shipped, novelty) in [
        ("a", vec![2], Novelty::New),
        ("c", vec![6, 7], Novelty::New),
        ("d", vec![3, 4, 5], Novelty::New),
        ("b", vec![4], Novelty::RollBack),
    ] {
        assert_eq!(numbers(&acme, id).await, shipped, "{id}");
        assert_eq!(acme.find(id).await.novelty, Some(novelty), "{id}");
    }
}
