use crate::fixture::{SharedStore, Tenant, at, make_organization, pull_request};
use periscope_domain::delivery::{DeliveryResult, ReceivedDelivery};
use periscope_domain::github::{ConnectionNonce, GithubConnection, KnownGithubConnection};
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::{OrganizationSlug, Plan};
use periscope_domain::ports::Inserted;
use periscope_domain::text::{DeliveryId, EventName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{Origin, note_wrong_signature};
use std::sync::Arc;
use time::Duration;

fn connection(organization_id: OrganizationId, number: u8) -> GithubConnection {
    GithubConnection {
        organization_id,
        nonce: ConnectionNonce::from_bytes([number; 16]),
        created_at: at(number.into()),
    }
}

fn unheard_of(connection: GithubConnection) -> KnownGithubConnection {
    KnownGithubConnection {
        connection,
        last_delivery: None,
        last_wrong_signature_at: None,
    }
}

async fn find(store: &SharedStore, slug: &str) -> Option<KnownGithubConnection> {
    let slug = OrganizationSlug::parse(slug).unwrap();
    store.github_connections().find_by_slug(&slug).await.unwrap()
}

async fn last_wrong_signature(store: &SharedStore, slug: &str) -> Option<Timestamp> {
    find(store, slug).await.unwrap().last_wrong_signature_at
}

pub(crate) async fn a_github_connection_replaces_the_one_before(store: SharedStore) {
    let acme = make_organization(&store, "acme", Plan::Free).await;
    let globex = make_organization(&store, "globex", Plan::Free).await;
    let connections = store.github_connections();
    assert_eq!(connections.find_by_slug(&acme.slug).await.unwrap(), None);
    for number in 1..=2 {
        let connection = connection(acme.id, number);
        connections.replace(&connection).await.unwrap();
        assert_eq!(
            connections.find_by_slug(&acme.slug).await.unwrap(),
            Some(unheard_of(connection))
        );
    }
    assert_eq!(connections.find_by_slug(&globex.slug).await.unwrap(), None);
}

pub(crate) async fn a_github_connection_is_made_once(store: SharedStore) {
    let acme = make_organization(&store, "acme", Plan::Free).await;
    let attempts = (1..=8).map(|number| {
        let (store, connection) = (Arc::clone(&store), connection(acme.id, number));
        tokio::spawn(async move {
            let inserted = store.github_connections().insert(&connection).await.unwrap();
            (connection, inserted)
        })
    });
    let mut made = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        if let (connection, Inserted::New(())) = attempt.await.unwrap() {
            made.push(unheard_of(connection));
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!(find(&store, "acme").await, made.pop());
    let later = connection(acme.id, 9);
    let inserted = store.github_connections().insert(&later).await.unwrap();
    assert_eq!(inserted, Inserted::Already);
}

pub(crate) async fn it_is_known_when_a_delivery_last_had_an_effect(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let connections = store.github_connections();
    acme.send([pull_request(1)]).await;
    assert_eq!(connections.last_effect_at(acme.id).await.unwrap(), None);
    let delivery = Origin::Webhook(DeliveryId::parse("72d3162e").unwrap());
    acme.send_to("acme/api", [pull_request(2)], delivery).await;
    assert_eq!(connections.last_effect_at(acme.id).await.unwrap(), Some(at(2000)));
    assert_eq!(connections.last_effect_at(globex.id).await.unwrap(), None);
}

pub(crate) async fn the_last_delivery_of_a_connection_is_known(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let connections = store.github_connections();
    let delivery = |minute: i64, result| ReceivedDelivery {
        received_at: at(minute),
        event: (minute > 10).then(|| EventName::parse("pull_request").unwrap()),
        result,
    };
    let failed = delivery(9, DeliveryResult::Failed);
    connections.note_delivery(acme.id, &failed).await.unwrap();
    assert_eq!(find(&store, "acme").await, None, "there is no connection");
    connections.replace(&connection(acme.id, 1)).await.unwrap();
    connections.replace(&connection(globex.id, 1)).await.unwrap();
    for (minute, result) in (10..).zip(DeliveryResult::ALL) {
        let received = delivery(minute, result);
        connections.note_delivery(acme.id, &received).await.unwrap();
        connections.note_delivery(acme.id, &failed).await.unwrap();
        let known = find(&store, "acme").await.unwrap();
        assert_eq!(
            known.last_delivery,
            Some(received),
            "a later one that is noted first stays"
        );
    }
    assert_eq!(find(&store, "globex").await.unwrap().last_delivery, None);
    let replacement = connection(acme.id, 2);
    connections.replace(&replacement).await.unwrap();
    assert_eq!(find(&store, "acme").await, Some(unheard_of(replacement)));
}

pub(crate) async fn a_wrong_signature_is_noted_once_a_minute(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let connections = store.github_connections();
    connections.note_wrong_signature(acme.id, at(9)).await.unwrap();
    connections.replace(&connection(acme.id, 1)).await.unwrap();
    connections.replace(&connection(globex.id, 1)).await.unwrap();
    let slug = OrganizationSlug::parse("acme").unwrap();
    let seconds = |seconds: i64| at(10).plus(Duration::seconds(seconds));
    for (came, noted) in [(0, 0), (59, 0), (60, 60), (30, 60), (119, 60), (120, 120)] {
        connections
            .note_wrong_signature(acme.id, seconds(came))
            .await
            .unwrap();
        note_wrong_signature(&*store, &slug, seconds(came)).await.unwrap();
        assert_eq!(
            last_wrong_signature(&store, "acme").await,
            Some(seconds(noted)),
            "{came}"
        );
    }
    note_wrong_signature(&*store, &slug, at(20)).await.unwrap();
    assert_eq!(last_wrong_signature(&store, "acme").await, Some(at(20)));
    let unknown = OrganizationSlug::parse("initech").unwrap();
    note_wrong_signature(&*store, &unknown, at(20)).await.unwrap();
    assert_eq!(last_wrong_signature(&store, "globex").await, None);
    let replacement = connection(acme.id, 2);
    connections.replace(&replacement).await.unwrap();
    assert_eq!(find(&store, "acme").await, Some(unheard_of(replacement)));
}
