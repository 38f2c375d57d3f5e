//! Who may send.

use crate::app::{Setup, TestApp, report};
use crate::store::{Fault, Port};
use periscope_domain::api_key::{ApiKeySecret, Scope};
use periscope_domain::ports::{ApiKeys, Clock};
use periscope_server::Timing;
use std::time::Duration;
use tokio::time::{sleep, timeout};

const REFUSED: &str = r#"401 {"error":"Invalid or missing API key"}"#;

#[tokio::test]
async fn whatever_is_wrong_with_a_key_the_answer_is_the_same() {
    let app = TestApp::start().await;
    let key = &app.key;
    let unknown = ApiKeySecret::generate(&mut app.random());
    let mistyped = format!("{}x", &key[..key.len() - 1]);
    let expired = app
        .make_key(app.organization_id, &[Scope::Ingest], Some(app.clock.now()))
        .await;
    let revoked = app.make_key(app.organization_id, &[Scope::Ingest], None).await;
    let newest = app.store.list(app.organization_id).await.unwrap().pop().unwrap();
    app.store
        .revoke(app.organization_id, newest.id, app.clock.now())
        .await
        .unwrap();
    let values = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer psk_live_".to_owned(),
        format!("Basic {key}"),
        format!("Token {key}"),
        key.clone(),
        format!("Bearer{key}"),
        format!("Bearer \"{key}\""),
        format!("Bearer {key} {key}"),
        format!("Bearer {mistyped}"),
        format!("Bearer {}", unknown.expose()),
        format!("Bearer {expired}"),
        format!("Bearer {revoked}"),
        format!("Bearer {}", "x".repeat(4000)),
        "Bearer é".to_owned(),
    ];
    for value in values {
        let answer = app.deploy(&report()).header("Authorization", &value).send().await;
        assert_eq!(answer.to_string(), REFUSED, "{value}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let answer = app.deploy(&report()).without("Authorization").send().await;
    assert_eq!(answer.to_string(), REFUSED);
}

#[tokio::test]
async fn the_scheme_may_be_in_any_letter_case() {
    let app = TestApp::start().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "] {
        let answer = app
            .deploy(&report())
            .header("Authorization", format!("{scheme} {}", app.key))
            .send()
            .await;
        assert!(answer.status < 300, "{answer}");
    }
}

#[tokio::test]
async fn a_key_needs_the_ingest_scope() {
    let app = TestApp::start().await;
    for scopes in [&[Scope::Read][..], &[Scope::Admin], &[Scope::Read, Scope::Admin]] {
        let key = app.make_key(app.organization_id, scopes, None).await;
        for path in ["/api/webhooks/deployments", "/api/pull-requests"] {
            let answer = app
                .post(path)
                .header("Authorization", format!("Bearer {key}"))
                .body("no json")
                .send()
                .await;
            assert_eq!(
                answer.to_string(),
                r#"403 {"error":"API key lacks the ingest scope"}"#
            );
        }
    }
}

#[tokio::test]
async fn who_is_refused_is_refused_before_anything_else_is_looked_at() {
    let app = TestApp::start().await;
    let reader = app.make_key(app.organization_id, &[Scope::Read], None).await;
    let wrong = |call: crate::client::Call| {
        call.header("Content-Type", "text/plain")
            .body("x".repeat(300_000))
    };
    let path = "/api/webhooks/deployments";
    let statuses = [
        wrong(app.post(path)).without("Authorization").send().await.status,
        wrong(app.post(path))
            .header("Authorization", format!("Bearer {reader}"))
            .send()
            .await
            .status,
        wrong(app.post(path)).send().await.status,
        wrong(app.post(path))
            .header("Content-Type", "application/json")
            .send()
            .await
            .status,
        app.post(path).body("no json").send().await.status,
    ];
    assert_eq!(statuses, [401, 403, 415, 413, 400]);
}

#[tokio::test]
async fn a_key_that_expires_stops_working_at_once() {
    let app = TestApp::start().await;
    let end = app.clock.now().plus(time::Duration::seconds(1));
    let key = app
        .make_key(app.organization_id, &[Scope::Ingest], Some(end))
        .await;
    let send = async || {
        app.deploy(&report())
            .header("Authorization", format!("Bearer {key}"))
            .send()
            .await
            .status
    };
    assert_eq!(send().await, 201);
    app.clock.advance(time::Duration::seconds(1));
    assert_eq!(send().await, 401, "though it is remembered");
}

#[tokio::test]
async fn a_revoked_key_stops_working_once_it_is_forgotten() {
    let app = TestApp::start_with(Setup {
        timing: Timing {
            key: Duration::from_millis(50),
            ..Setup::default().timing
        },
        ..Setup::default()
    })
    .await;
    assert_eq!(app.deploy(&report()).send().await.status, 201);
    let key = app.store.list(app.organization_id).await.unwrap().pop().unwrap();
    app.store
        .revoke(app.organization_id, key.id, app.clock.now())
        .await
        .unwrap();
    while app.deploy(&report()).send().await.status != 401 {}
}

#[tokio::test]
async fn a_key_is_forgotten_in_time_however_long_it_took_to_look_it_up() {
    let app = TestApp::start_with(Setup {
        timing: Timing {
            key: Duration::from_secs(2),
            ..Setup::default().timing
        },
        ..Setup::default()
    })
    .await;
    app.store.break_down(Port::ApiKeys, Fault::Wait);
    let body = report();
    let slow = async {
        app.store.until_waiting().await;
        let key = app.store.list(app.organization_id).await.unwrap().pop().unwrap();
        let revoked = app.store.revoke(app.organization_id, key.id, app.clock.now());
        revoked.await.unwrap();
        sleep(Duration::from_secs(2)).await;
        app.store.repair();
        app.store.release();
    };
    tokio::join!(app.deploy(&body).send(), slow);
    assert_eq!(app.deploy(&body).send().await.status, 401);
}

#[tokio::test]
async fn nobody_waits_until_somebody_else_has_noted_the_use_of_a_key() {
    let app = TestApp::start().await;
    app.store.break_down(Port::KeyUses, Fault::Wait);
    let body = report();
    let others = async {
        app.store.until_waiting().await;
        let answer = timeout(Duration::from_secs(5), app.deploy(&body).send()).await;
        app.store.release();
        answer.unwrap()
    };
    let (first, other) = tokio::join!(app.deploy(&body).send(), others);
    assert!(first.status < 300 && other.status < 300, "{first} {other}");
}

#[tokio::test]
async fn a_key_that_was_unknown_a_moment_ago_works_as_soon_as_it_is_made() {
    let app = TestApp::start().await;
    // The key that the next call of `make_key` will make.
    let twin = TestApp::start().await;
    let key = twin.make_key(twin.organization_id, &[Scope::Ingest], None).await;
    let send = async || {
        app.deploy(&report())
            .header("Authorization", format!("Bearer {key}"))
            .send()
            .await
            .status
    };
    assert_eq!(send().await, 401);
    assert_eq!(
        app.make_key(app.organization_id, &[Scope::Ingest], None).await,
        key
    );
    assert_eq!(send().await, 201);
}

#[tokio::test]
async fn a_known_key_is_not_looked_up_again() {
    let app = TestApp::start().await;
    assert_eq!(app.deploy(&report()).send().await.status, 201);
    app.store.break_down(Port::ApiKeys, Fault::Unavailable);
    assert_eq!(app.deploy(&report()).send().await.status, 200);
}

#[tokio::test]
async fn requests_that_miss_the_same_key_at_once_ask_once() {
    let app = TestApp::start().await;
    app.store.break_down(Port::ApiKeys, Fault::Wait);
    let body = report();
    let requests = futures_util::future::join_all((0..8).map(|_| app.deploy(&body).send()));
    let one_release = async {
        app.store.until_waiting().await;
        app.store.release();
    };
    // Were there a second question, it would wait for ever.
    let (answers, ()) = tokio::join!(requests, one_release);
    assert!(answers.iter().all(|answer| answer.status < 300));
}

#[tokio::test]
async fn the_last_use_of_a_key_is_noted() {
    let app = TestApp::start().await;
    app.deploy(&report()).send().await;
    let key = app.store.list(app.organization_id).await.unwrap().pop().unwrap();
    assert_eq!(key.last_used_at, Some(app.clock.now()));
}
