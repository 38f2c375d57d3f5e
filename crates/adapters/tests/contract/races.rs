use crate::fixture::{SharedStore, Tenant, at, deployment, make_organization, pull_request, repository_name};
use periscope_domain::organization::Plan;
use periscope_domain::use_cases::{
    DeploymentAction, Origin, RecordPullRequests, RecordedPullRequests, record_pull_requests,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

pub(crate) async fn of_forty_twins_one_creates(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(1)]).await;
    let mut twins = JoinSet::new();
    for _ in 0..40 {
        let acme = acme.clone();
        twins.spawn(async move { acme.record(deployment("d", 1)).await });
    }
    let recorded = twins.join_all().await;
    let created = recorded
        .iter()
        .filter(|recorded| recorded.action == DeploymentAction::Created)
        .count();
    let ids: BTreeSet<_> = recorded.iter().map(|recorded| recorded.id).collect();
    assert_eq!((created, ids.len()), (1, 1));
    assert!(recorded.iter().all(|recorded| recorded.linked_pull_requests == 1));
    let history = store
        .deployments()
        .history(acme.id, recorded[0].id)
        .await
        .unwrap();
    assert_eq!(history.len(), 40);
}

pub(crate) async fn a_trial_starts_once_under_many_first_events(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let mut events = JoinSet::new();
    for number in 0..200 {
        let acme = acme.clone();
        events.spawn(async move { acme.record(deployment(&format!("d{number}"), 1)).await });
    }
    assert_eq!(events.join_all().await.len(), 200);
    let trial = |store: SharedStore| async move {
        store
            .organizations()
            .list()
            .await
            .unwrap()
            .remove(0)
            .subscription
            .trial
    };
    let begun = trial(Arc::clone(&store)).await.unwrap();
    assert_eq!(
        (begun.started_at, begun.ends_at),
        (at(2000), at(2000 + 14 * 24 * 60))
    );
    acme.record(deployment("later", 1)).await;
    assert_eq!(trial(Arc::clone(&store)).await, Some(begun));
    let paying = make_organization(&store, "globex", Plan::Business).await;
    let globex = Tenant {
        store: Arc::clone(&store),
        id: paying.id,
    };
    globex.record(deployment("d", 1)).await;
    let found = store
        .organizations()
        .find_by_slug(&paying.slug)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.subscription.trial, None);
}

pub(crate) async fn a_deployment_and_its_pull_request_recorded_at_once_are_linked(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    for number in 1..=60 {
        let (left, right) = (acme.clone(), acme.clone());
        let id = format!("d{number}");
        let report = deployment(&id, number);
        let recording = tokio::spawn(async move { left.record(report).await });
        let sending = tokio::spawn(async move { right.send([pull_request(number)]).await });
        recording.await.unwrap();
        sending.await.unwrap();
        acme.settle().await;
        assert_eq!(
            acme.linked(&id).await,
            [(i32::try_from(number).unwrap(), "exact")]
        );
    }
}

pub(crate) async fn batches_that_meet_record_each_pull_request_once(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let mut senders = JoinSet::new();
    for sender in 0..8 {
        let acme = acme.clone();
        senders.spawn(async move {
            // Every two neighbours share half of what they send.
            let pull_requests = (sender * 10..sender * 10 + 20)
                .rev()
                .map(|number| pull_request(number + 1));
            let command = RecordPullRequests {
                organization_id: acme.id,
                repository: repository_name("acme/api"),
                pull_requests: pull_requests.collect(),
                origin: Origin::Sent,
            };
            record_pull_requests(&*acme.store, &command, at(2000))
                .await
                .unwrap()
        });
    }
    let recorded: u64 = senders
        .join_all()
        .await
        .into_iter()
        .map(|outcome| match outcome {
            RecordedPullRequests::Recorded { recorded, updated: 0 } => recorded,
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(recorded, 90);
    assert_eq!(store.repositories().list(acme.id).await.unwrap().len(), 1);
}
