use crate::fixture::{SharedStore, Tenant, at};
use periscope_adapters::system::system_random;
use periscope_domain::api_key::{ApiKey, ApiKeySecret, Scope};
use periscope_domain::id::ApiKeyId;
use periscope_domain::ports::NewSession;
use periscope_domain::session::{KnownSession, Session, SessionToken};
use periscope_domain::text::ApiKeyName;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{IssueApiKey, SignInError, find_session, issue_api_key, sign_in, sign_out};

/// Minutes in a session's life.
const LIFETIME: i64 = 30 * 24 * 60;

async fn issue(tenant: &Tenant, scope: Scope, expires_at: Option<Timestamp>) -> (ApiKeySecret, ApiKey) {
    let command = IssueApiKey {
        organization_id: tenant.id,
        name: ApiKeyName::parse("dashboard").unwrap(),
        scopes: vec![scope],
        expires_at,
    };
    issue_api_key(&*tenant.store, command, &mut system_random(), at(0))
        .await
        .unwrap()
}

async fn signed_in(tenant: &Tenant, secret: &ApiKeySecret, minute: i64) -> (SessionToken, KnownSession) {
    sign_in(&*tenant.store, secret, &mut system_random(), at(minute))
        .await
        .unwrap()
}

async fn is_signed_in(store: &SharedStore, token: &SessionToken, minute: i64) -> bool {
    find_session(&**store, token, at(minute)).await.unwrap().is_some()
}

pub(crate) async fn a_session_is_found_as_it_was_made_until_it_is_ended(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    for scope in [Scope::Read, Scope::Admin] {
        let (secret, key) = issue(&acme, scope, None).await;
        let (token, made) = signed_in(&acme, &secret, 10).await;
        let (other_token, _) = signed_in(&acme, &secret, 10).await;
        assert_eq!(made.session, Session::begin(&key, at(10)));
        assert_eq!(made.api_key.organization_slug.as_str(), "acme");
        let sessions = store.sessions();
        let found = sessions.find(acme.id, &token.hash()).await.unwrap().unwrap();
        assert_eq!(found.session, made.session);
        assert_eq!(found.api_key.organization_slug, made.api_key.organization_slug);
        assert_eq!(
            found.api_key.key,
            ApiKey {
                last_used_at: Some(at(10)),
                ..key
            }
        );
        sign_out(&*store, &token).await.unwrap();
        sign_out(&*store, &token).await.unwrap();
        assert_eq!(sessions.find(acme.id, &token.hash()).await.unwrap(), None);
        assert!(is_signed_in(&store, &other_token, 11).await);
    }
}

pub(crate) async fn only_a_live_key_that_may_read_signs_in(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let (ingest, _) = issue(&acme, Scope::Ingest, None).await;
    let (expired, _) = issue(&acme, Scope::Read, Some(at(10))).await;
    let (revoked, key) = issue(&acme, Scope::Admin, None).await;
    store.api_keys().revoke(acme.id, key.id, at(9)).await.unwrap();
    let unknown = ApiKeySecret::generate(&mut system_random());
    let refusal = async |secret: &ApiKeySecret| {
        sign_in(&*store, secret, &mut system_random(), at(10))
            .await
            .unwrap_err()
    };
    for secret in [&expired, &revoked, &unknown] {
        assert!(matches!(refusal(secret).await, SignInError::UnknownKey));
    }
    assert!(matches!(refusal(&ingest).await, SignInError::MissingScope));
}

pub(crate) async fn a_session_is_gone_with_its_time_and_its_key(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let (lasting, key) = issue(&acme, Scope::Read, None).await;
    let (expiring, _) = issue(&acme, Scope::Read, Some(at(100))).await;
    let (token, _) = signed_in(&acme, &lasting, 10).await;
    let (short, _) = signed_in(&acme, &expiring, 10).await;
    for (minute, of_lasting, of_expiring) in [
        (10, true, true),
        (99, true, true),
        (100, true, false),
        (10 + LIFETIME, false, false),
    ] {
        assert_eq!(is_signed_in(&store, &token, minute).await, of_lasting, "{minute}");
        assert_eq!(
            is_signed_in(&store, &short, minute).await,
            of_expiring,
            "{minute}"
        );
    }
    store.api_keys().revoke(acme.id, key.id, at(20)).await.unwrap();
    assert!(!is_signed_in(&store, &token, 21).await);
}

pub(crate) async fn a_session_is_known_in_its_organization_alone(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let (secret, key) = issue(&acme, Scope::Read, None).await;
    let (token, _) = signed_in(&acme, &secret, 10).await;
    let sessions = store.sessions();
    assert_eq!(sessions.find(globex.id, &token.hash()).await.unwrap(), None);
    sessions.end(globex.id, &token.hash()).await.unwrap();
    assert!(is_signed_in(&store, &token, 10).await);
    for (organization_id, api_key_id) in [(globex.id, key.id), (acme.id, ApiKeyId::new(key.id.get() + 99))] {
        let strange = NewSession {
            session: Session {
                organization_id,
                api_key_id,
                ..Session::begin(&key, at(10))
            },
            hash: SessionToken::generate(organization_id, &mut system_random()).hash(),
        };
        sessions.insert(&strange).await.unwrap_err();
    }
}

pub(crate) async fn sessions_that_are_over_are_forgotten(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let (secret, _) = issue(&acme, Scope::Read, None).await;
    let (other_secret, _) = issue(&globex, Scope::Read, None).await;
    let (over, _) = signed_in(&acme, &secret, 10).await;
    let (live, _) = signed_in(&acme, &secret, 11).await;
    let (of_another, _) = signed_in(&globex, &other_secret, 10).await;
    signed_in(&acme, &secret, 10 + LIFETIME).await;
    let sessions = store.sessions();
    for (organization_id, token, is_kept) in [
        (acme.id, over, false),
        (acme.id, live, true),
        (globex.id, of_another, true),
    ] {
        let found = sessions.find(organization_id, &token.hash()).await.unwrap();
        assert_eq!(found.is_some(), is_kept);
    }
}

pub(crate) async fn the_use_of_a_session_is_one_of_its_key_once_a_minute(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let (secret, key) = issue(&acme, Scope::Read, None).await;
    let (token, _) = signed_in(&acme, &secret, 10).await;
    let half_a_minute = at(10).plus(time::Duration::seconds(30));
    for (used, noted) in [(half_a_minute, at(10)), (at(11), at(11))] {
        find_session(&*store, &token, used).await.unwrap().unwrap();
        let keys = store.api_keys().list(acme.id).await.unwrap();
        assert_eq!((keys[0].id, keys[0].last_used_at), (key.id, Some(noted)));
    }
}

pub(crate) async fn a_session_in_use_lasts_on_but_never_past_its_key(store: SharedStore) {
    const DAY: i64 = 24 * 60;
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let (secret, _) = issue(&acme, Scope::Read, None).await;
    let (expiring, _) = issue(&acme, Scope::Read, Some(at(LIFETIME + 100))).await;
    let (token, _) = signed_in(&acme, &secret, 0).await;
    let (short, _) = signed_in(&acme, &expiring, 0).await;
    let ends = async |token: &SessionToken| {
        let known = store.sessions().find(acme.id, &token.hash()).await.unwrap();
        known.unwrap().session.expires_at
    };
    for (used, end) in [
        (DAY - 1, LIFETIME),
        (DAY, LIFETIME + DAY),
        (DAY + 1, LIFETIME + DAY),
        (20 * DAY, LIFETIME + 20 * DAY),
    ] {
        let before = ends(&token).await;
        let found = find_session(&*store, &token, at(used)).await.unwrap().unwrap();
        assert_eq!(found.known.session.expires_at, at(end), "{used}");
        assert_eq!(ends(&token).await, at(end), "{used}");
        assert_eq!(found.is_prolonged, before < at(end), "{used}");
        assert!(is_signed_in(&store, &short, used).await);
        assert!(ends(&short).await <= at(LIFETIME + 100));
    }
    assert_eq!(ends(&short).await, at(LIFETIME + 100));
    let sessions = store.sessions();
    sessions.prolong(acme.id, &token.hash(), at(5)).await.unwrap();
    sessions
        .prolong(globex.id, &token.hash(), at(90 * DAY))
        .await
        .unwrap();
    assert_eq!(ends(&token).await, at(LIFETIME + 20 * DAY));
}

pub(crate) async fn a_key_has_a_hundred_sessions_at_most(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let (secret, _) = issue(&acme, Scope::Read, None).await;
    let (other, _) = issue(&acme, Scope::Read, None).await;
    let (of_other, _) = signed_in(&acme, &other, 0).await;
    let (on_the_wall, _) = signed_in(&acme, &secret, 0).await;
    let mut tokens = Vec::new();
    for minute in 1..100 {
        tokens.push(signed_in(&acme, &secret, minute).await.0);
    }
    let used = 2 * 24 * 60;
    assert!(is_signed_in(&store, &on_the_wall, used).await);
    assert!(is_signed_in(&store, &tokens[0], 101).await);
    tokens.push(signed_in(&acme, &secret, used).await.0);
    assert!(
        !is_signed_in(&store, &tokens[0], used).await,
        "out of use for longest"
    );
    for token in tokens[1..].iter().chain([&on_the_wall, &of_other]) {
        assert!(is_signed_in(&store, token, used).await);
    }
}
