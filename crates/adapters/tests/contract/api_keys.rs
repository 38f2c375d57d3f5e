use crate::fixture::{SharedStore, Tenant, at};
use periscope_adapters::system::system_random;
use periscope_domain::api_key::{ApiKey, ApiKeySecret, Scope};
use periscope_domain::text::ApiKeyName;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};

async fn issue(tenant: &Tenant, expires_at: Option<Timestamp>) -> (ApiKeySecret, ApiKey) {
    let command = IssueApiKey {
        organization_id: tenant.id,
        name: ApiKeyName::parse("ci").unwrap(),
        scopes: vec![Scope::Read, Scope::Ingest],
        expires_at,
    };
    issue_api_key(&*tenant.store, command, &mut system_random(), at(5))
        .await
        .unwrap()
}

pub(crate) async fn a_key_is_found_by_its_hash_as_it_was_made(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    for expires_at in [None, Some(at(100))] {
        let (secret, key) = issue(&acme, expires_at).await;
        assert_eq!(
            (key.expires_at, key.last_used_at, key.revoked_at),
            (expires_at, None, None)
        );
        let known = store
            .api_keys()
            .find_by_hash(&secret.hash())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((known.key, known.organization_slug.as_str()), (key, "acme"));
    }
    let other = ApiKeySecret::generate(&mut system_random());
    assert_eq!(store.api_keys().find_by_hash(&other.hash()).await.unwrap(), None);
    assert_eq!(store.api_keys().list(acme.id).await.unwrap().len(), 2);
}

pub(crate) async fn a_revoked_key_keeps_the_time_of_its_first_revocation(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let (secret, key) = issue(&acme, None).await;
    for minute in [20, 30] {
        let revoked = store
            .api_keys()
            .revoke(acme.id, key.id, at(minute))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(revoked.revoked_at, Some(at(20)));
    }
    let known = store
        .api_keys()
        .find_by_hash(&secret.hash())
        .await
        .unwrap()
        .unwrap();
    assert!(!known.key.is_live(at(20)));
}

pub(crate) async fn a_key_of_another_organization_can_neither_be_listed_nor_revoked(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let (_, key) = issue(&acme, None).await;
    assert_eq!(store.api_keys().list(globex.id).await.unwrap(), []);
    assert_eq!(
        store.api_keys().revoke(globex.id, key.id, at(20)).await.unwrap(),
        None
    );
    store.api_keys().touch(globex.id, key.id, at(20)).await.unwrap();
    assert_eq!(store.api_keys().list(acme.id).await.unwrap(), [key]);
}

pub(crate) async fn the_latest_use_of_a_key_is_kept(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let (_, key) = issue(&acme, None).await;
    for (used, last) in [(20, 20), (19, 20), (21, 21)] {
        store.api_keys().touch(acme.id, key.id, at(used)).await.unwrap();
        assert_eq!(
            store.api_keys().list(acme.id).await.unwrap()[0].last_used_at,
            Some(at(last))
        );
    }
}
