//! Who is not signed in sees nothing but the way in.

use crate::app::{Setup, TestApp};
use periscope_domain::api_key::Scope;

#[tokio::test]
async fn a_page_asks_to_sign_in_and_then_leads_back() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let answer = browser.get("/deployments?status=failure").await;
    let sign_in = "/sign-in?to=%2Fdeployments%3Fstatus%3Dfailure";
    assert_eq!((answer.status, answer.header("location")), (303, Some(sign_in)));
    let key = app.make_key(app.organization_id, &[Scope::Read]).await;
    let fields = [("key", key.as_str()), ("to", "/deployments?status=failure")];
    let answer = browser.post("/sign-in", &fields).await;
    let to = "/deployments?status=failure";
    assert_eq!((answer.status, answer.header("location")), (303, Some(to)));
    assert_eq!(browser.get("/").await.status, 200);
}

#[tokio::test]
async fn a_key_that_is_wrong_or_may_only_ingest_does_not_sign_in() {
    let app = TestApp::start().await;
    let ingest = app.make_key(app.organization_id, &[Scope::Ingest]).await;
    for key in ["", "psk_live_nothing", ingest.as_str()] {
        let mut browser = app.browser();
        let answer = browser.sign_in(key).await;
        assert_eq!(answer.status, 422, "{key}");
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(browser.get("/").await.status, 303);
    }
}

#[tokio::test]
async fn who_guesses_keys_is_told_to_wait_and_a_right_key_still_signs_in() {
    let app = TestApp::start_with(Setup {
        rate_limit: 50,
        ..Setup::default()
    })
    .await;
    let mut browser = app.browser();
    for guess in 0..10 {
        assert_eq!(browser.sign_in("psk_live_nothing").await.status, 422, "{guess}");
    }
    let refused = browser.sign_in("psk_live_nothing").await;
    assert_eq!(refused.status, 429);
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=7).contains(&wait), "{wait}");
    assert!(refused.body.contains("<h1>Too Many Requests</h1>"), "{refused}");
    let key = app.make_key(app.organization_id, &[Scope::Read]).await;
    assert_eq!(browser.sign_in(&key).await.status, 303);
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let app = TestApp::start().await;
    let key = app.make_key(app.organization_id, &[Scope::Read]).await;
    for to in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let mut browser = app.browser();
        let page = browser
            .page(&format!("/sign-in?to={}", to.replace('\\', "%5C")))
            .await;
        assert!(!page.contains("evil.example"), "{to}");
        let answer = browser.post("/sign-in", &[("key", &key), ("to", to)]).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/")),
            "{to}"
        );
    }
}

#[tokio::test]
async fn a_form_of_somebody_who_is_signed_out_leads_to_the_start() {
    let app = TestApp::start().await;
    let answer = app.browser().post("/settings/keys/1/revoke", &[]).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/sign-in"))
    );
}
