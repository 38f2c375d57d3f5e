//! What a browser is told that asks for what it may not have.

use crate::app::{Browser, Setup, TestApp, report};
use crate::records::link;
use periscope_domain::api_key::Scope;
use serde_json::json;

const RATE_LIMIT: [&str; 4] = [
    "retry-after",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
];

async fn limited() -> TestApp {
    TestApp::start_with(Setup {
        rate_limit: 1,
        ..Setup::default()
    })
    .await
}

#[tokio::test]
async fn a_page_that_is_asked_for_too_often_tells_when_to_come_back() {
    let app = limited().await;
    let reader = app.reader().await;
    for _ in 0..100 {
        let answer = reader.get("/settings/organization").await;
        if answer.status == 429 {
            let told = RATE_LIMIT.map(|name| answer.header(name));
            assert_eq!(told, ["1", "4", "0", "4"].map(Some));
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
            assert!(answer.body.contains("<h1>Too Many Requests</h1>"), "{answer}");
            return;
        }
    }
    panic!("never refused");
}

async fn sign_in_until_refused(mut browser: Browser, key: &str, status: u16) {
    for _ in 0..100 {
        let answer = browser.sign_in(key).await;
        if answer.status == 429 {
            assert_eq!(answer.header("set-cookie"), None);
            return;
        }
        assert_eq!(answer.status, status, "{answer}");
        assert_eq!(answer.header("ratelimit-limit"), Some("4"));
    }
    panic!("never refused");
}

#[tokio::test]
async fn who_signs_in_too_often_is_refused_whether_or_not_the_key_may_sign_in() {
    let app = limited().await;
    for (scope, status) in [(Scope::Read, 303), (Scope::Ingest, 422)] {
        let key = app.make_key(app.organization_id, &[scope]).await;
        sign_in_until_refused(app.browser(), &key, status).await;
    }
}

#[tokio::test]
async fn a_method_that_a_page_does_not_have_is_refused_with_those_that_it_has() {
    let app = TestApp::start().await;
    for (path, allowed) in [
        ("/", "GET, HEAD"),
        ("/deployments/7", "GET, HEAD"),
        ("/assets/style.css", "GET, HEAD"),
        ("/sign-in", "GET, HEAD, POST"),
        ("/sign-out", "POST"),
        ("/settings/keys/new", "GET, HEAD, POST"),
        ("/settings/repositories/aliases", "POST"),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            if !allowed.contains(method) {
                let answer = app.browser().call(method, path).send(app.address).await;
                assert_eq!(
                    (answer.status, answer.header("allow")),
                    (405, Some(allowed)),
                    "{method} {path}"
                );
                assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
                assert!(answer.body.contains("<h1>Method Not Allowed</h1>"), "{answer}");
            }
        }
    }
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_a_page_with_the_navigation_of_whoever_is_signed_in() {
    let app = TestApp::start().await;
    let reader = app.reader().await;
    for path in [
        "/nothing",
        "/deployments/7",
        "/deployments/x/y",
        "/pull-requests/x",
        "/metrics/nothing",
        "/settings",
        "/apis",
    ] {
        let answer = reader.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.header("content-security-policy").is_some(), "{path}");
        assert!(
            answer.body.contains("<h1>Page not found</h1>"),
            "{path}: {answer}"
        );
        assert_eq!(
            link(&answer.body, "Deployments").as_deref(),
            Some("/deployments"),
            "{path}"
        );
        let stranger = app.browser().get(path).await;
        let status = if [
            "/nothing",
            "/deployments/x/y",
            "/assets/style.css",
            "/settings",
            "/apis",
        ]
        .contains(&path)
        {
            404
        } else {
            303
        };
        assert_eq!(stranger.status, status, "{path}");
        assert!(!stranger.body.contains("<nav"), "{path}: {stranger}");
    }
    let answer = reader.get("/api/nothing").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, r#"{"error":"Not found"}"#)
    );
}

#[tokio::test]
async fn whatever_is_refused_keeps_the_navigation() {
    let app = TestApp::start().await;
    app.deploy(&report("first", &json!({}))).await;
    let reader = app.reader().await;
    for (path, status, sentence) in [
        ("/?timeRange=7x", 400, "timeRange"),
        ("/deployments?colour=red", 400, "colour is unknown"),
        (
            "/settings/keys",
            403,
            "This takes an API key with the admin scope",
        ),
    ] {
        let call = reader.call("GET", path).header("Accept-Encoding", "gzip");
        let answer = call.send(app.address).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.body.contains("<nav") && answer.body.contains(sentence),
            "{path}: {answer}"
        );
    }
}
