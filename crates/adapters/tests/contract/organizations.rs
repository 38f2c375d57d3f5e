use crate::fixture::{SharedStore, at, make_organization};
use periscope_domain::organization::{OrganizationSlug, Plan, Subscription};
use periscope_domain::ports::{Inserted, NewOrganization};
use periscope_domain::text::OrganizationName;

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
