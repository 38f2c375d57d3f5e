//! What a browser is told that asks for what it may not have.

use crate::app::{Browser, Setup, TestApp};
use periscope_domain::api_key::Scope;

async fn limited() -> TestApp {
    TestApp::start_with(Setup {
        rate_limit: 1,
        ..Setup::default()
    })
    .await
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
