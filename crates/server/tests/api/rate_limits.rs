//! How often a key may be used, and an address may fail.

use crate::app::{Setup, TestApp, report};
use crate::client::Answer;
use periscope_domain::api_key::Scope;

async fn limited(per_second: u32) -> TestApp {
    TestApp::start_with(Setup {
        rate_limit: per_second,
        ..Setup::default()
    })
    .await
}

/// Repeats a request until it is refused for its rate.
async fn until_refused(mut send: impl AsyncFnMut() -> Answer) -> (usize, Answer) {
    for count in 0.. {
        let answer = send().await;
        if answer.status == 429 {
            return (count, answer);
        }
    }
    unreachable!()
}

#[tokio::test]
async fn a_key_that_is_used_too_often_is_told_when_to_come_back() {
    let app = limited(1).await;
    let (count, answer) = until_refused(async || app.deploy(&report()).send().await).await;
    assert!(count >= 4, "{count}");
    assert_eq!(answer.body, r#"{"error":"Too many requests"}"#);
    let headers = [
        "retry-after",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
    ];
    assert_eq!(
        headers.map(|name| answer.header(name).unwrap()),
        ["1", "4", "0", "1"]
    );
    let other = app.make_key(app.organization_id, &[Scope::Ingest], None).await;
    let answer = app
        .deploy(&report())
        .header("Authorization", format!("Bearer {other}"))
        .send()
        .await;
    assert_eq!(answer.status, 200, "another key is not affected");
}

#[tokio::test]
async fn an_address_that_fails_too_often_gets_no_more_answers_but_a_valid_key_still_works() {
    let app = limited(50).await;
    let fail = async || app.deploy(&report()).without("Authorization").send().await;
    let (count, answer) = until_refused(fail).await;
    assert!(count >= 10, "{count}");
    assert!(answer.is_refusal(), "{answer}");
    assert_eq!(answer.header("ratelimit-limit"), Some("10"));
    assert_eq!(app.deploy(&report()).send().await.status, 201);
    let unsigned = app.post("/api/webhooks/github/acme").send().await;
    assert_eq!(unsigned.status, 401, "another credential is counted on its own");
}

#[tokio::test]
async fn an_address_that_cannot_sign_is_stopped_as_well() {
    let app = limited(50).await;
    let (count, _) = until_refused(async || app.post("/api/webhooks/github/acme").send().await).await;
    assert!(count >= 10, "{count}");
}

#[tokio::test]
async fn zero_switches_both_limits_off() {
    let app = limited(0).await;
    for _ in 0..50 {
        assert_eq!(
            app.deploy(&report()).without("Authorization").send().await.status,
            401
        );
        assert!(app.deploy(&report()).send().await.status < 300);
    }
}
