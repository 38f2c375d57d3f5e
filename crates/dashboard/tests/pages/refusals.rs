//! What a browser is told that asks for what it may not have.

use crate::app::{Browser, Setup, TestApp};
use periscope_domain::api_key::Scope;

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
