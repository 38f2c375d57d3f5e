use crate::fixture::{SharedStore, Tenant, at, make_organization, pull_request};
use periscope_domain::github::{ConnectionNonce, GithubConnection};
use periscope_domain::organization::{OrganizationSlug, Plan, Subscription};
use periscope_domain::ports::{Inserted, NewOrganization};
use periscope_domain::text::{DeliveryId, OrganizationName};
use periscope_domain::use_cases::Origin;

pub(crate) async fn an_organization_is_found_as_it_was_made(store: SharedStore) {
    for (slug, plan) in [("globex", Plan::Enterprise), ("acme", Plan::Free)] {
        let made = make_organization(&store, slug, plan).await;
        assert_eq!(made.subscription, Subscription { plan, trial: None });
        assert_eq!(made.created_at, at(0));
        let found = store.organizations().find_by_slug(&made.slug).await.unwrap();
        assert_eq!(found, Some(made));
    }
    let slugs: Vec<_> = store
        .organizations()
        .list()
        .await
        .unwrap()
        .into_iter()
        .map(|o| o.slug.to_string())
        .collect();
    assert_eq!(slugs, ["acme", "globex"]);
    let unknown = OrganizationSlug::parse("initech").unwrap();
    assert_eq!(store.organizations().find_by_slug(&unknown).await.unwrap(), None);
    store.organizations().check_health().await.unwrap();
}

pub(crate) async fn a_slug_is_taken_once(store: SharedStore) {
    let first = make_organization(&store, "acme", Plan::Free).await;
    let again = NewOrganization {
        slug: first.slug.clone(),
        name: OrganizationName::parse("Another").unwrap(),
        plan: Plan::Business,
        created_at: at(1),
    };
    assert_eq!(
        store.organizations().insert(&again).await.unwrap(),
        Inserted::Already
    );
    assert_eq!(store.organizations().list().await.unwrap(), [first]);
}

pub(crate) async fn a_github_connection_replaces_the_one_before(store: SharedStore) {
    let acme = make_organization(&store, "acme", Plan::Free).await;
    let globex = make_organization(&store, "globex", Plan::Free).await;
    let connections = store.github_connections();
    assert_eq!(connections.find_by_slug(&acme.slug).await.unwrap(), None);
    for number in 1..=2 {
        let connection = GithubConnection {
            organization_id: acme.id,
            nonce: ConnectionNonce::from_bytes([number; 16]),
            created_at: at(number.into()),
        };
        connections.replace(&connection).await.unwrap();
        assert_eq!(
            connections.find_by_slug(&acme.slug).await.unwrap(),
            Some(connection)
        );
    }
    assert_eq!(connections.find_by_slug(&globex.slug).await.unwrap(), None);
}

pub(crate) async fn it_is_known_when_a_delivery_last_had_an_effect(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let connections = store.github_connections();
    acme.send([pull_request(1)]).await;
    assert_eq!(connections.last_delivery_at(acme.id).await.unwrap(), None);
    let delivery = Origin::Webhook(DeliveryId::parse("72d3162e").unwrap());
    acme.send_to("acme/api", [pull_request(2)], delivery).await;
    assert_eq!(
        connections.last_delivery_at(acme.id).await.unwrap(),
        Some(at(2000))
    );
    assert_eq!(connections.last_delivery_at(globex.id).await.unwrap(), None);
}
