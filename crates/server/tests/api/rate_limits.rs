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
        ["1", "4", "0", "4"]
    );
    let other = app.make_key(app.organization_id, &[Scope::Ingest], None).await;
    let answer = app
        .deploy(&report())
        .header("Authorization", format!("Bearer {other}"))
        .send()
        .await;
    assert_eq!(answer.status, 200, "another key is not affected");
}

fn rate_limit(answer: &Answer) -> Option<[u32; 3]> {
    let names = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    let [limit, remaining, reset] = names.map(|name| Some(answer.header(name)?.parse().unwrap()));
    Some([limit?, remaining?, reset?])
}

#[tokio::test]
async fn every_answer_to_a_key_tells_what_is_left_to_it() {
    let app = limited(10).await;
    let key = app.make_key(app.organization_id, &[Scope::Read], None).await;
    let fresh = Some([40, 39, 1]);
    assert_eq!(rate_limit(&app.deploy(&report()).send().await), fresh);
    let read = |path| {
        app.call("GET", path)
            .header("Authorization", format!("Bearer {key}"))
    };
    assert_eq!(rate_limit(&read("/api/services").send().await), fresh);
    for (status, call) in [
        (200, read("/api/deployments").header("Accept", "text/csv")),
        (304, read("/api/deployments").header("If-None-Match", "*")),
        (400, read("/api/deployments?limit=many")),
        (404, read("/api/deployments/77")),
        (
            403,
            app.deploy(&report())
                .header("Authorization", format!("Bearer {key}")),
        ),
        (400, app.post("/api/commits").body("{")),
        (415, app.post("/api/commits").header("Content-Type", "text/plain")),
        (
            413,
            app.post("/api/webhooks/deployments").body(" ".repeat(300 * 1024)),
        ),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{answer}");
        let [limit, remaining, reset] = rate_limit(&answer).unwrap_or_else(|| panic!("none on {answer}"));
        assert_eq!(limit, 40, "{answer}");
        assert!(remaining < 40 && (1..=4).contains(&reset), "{answer}");
    }
    for path in ["/livez", "/api/nowhere", "/openapi.json"] {
        assert_eq!(
            rate_limit(&read(path).send().await),
            None,
            "{path} asks for no key"
        );
    }
    let guess = app.deploy(&report()).header("Authorization", "Bearer wrong");
    assert_eq!(rate_limit(&guess.send().await), None);
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
        let answer = app.deploy(&report()).send().await;
        assert!(answer.status < 300 && rate_limit(&answer).is_none(), "{answer}");
    }
}
