//! Who is not signed in sees nothing but the way in.

use crate::app::TestApp;
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
