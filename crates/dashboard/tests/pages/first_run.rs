//! What an organization sees before its first deployment, and that the page turns into the overview with it.

use crate::app::{Setup, TestApp, report};
use periscope_domain::api_key::Scope;
use periscope_domain::organization::Plan;
use serde_json::{Value, json};

#[tokio::test]
async fn it_says_how_to_report_a_deployment_to_this_address() {
    let app = TestApp::start().await;
    let html = app.reader().await.page("/").await;
    let address = format!("http://{}", app.address);
    for ci in [
        "GitHub Actions",
        "GitLab CI",
        "Jenkins",
        "Azure DevOps",
        "CircleCI",
    ] {
        assert!(html.contains(ci), "{ci}");
    }
    assert_eq!(
        html.matches(&address).count(),
        6,
        "a request and the steps for five CIs"
    );
    assert!(!html.contains("periscope.example.org"));
    assert!(html.contains("Waiting for the first event"));
    assert!(html.contains(r#"<noscript><meta http-equiv="refresh" content="10"></noscript>"#));
    assert!(html.contains("periscope key create --org acme --name ci"));
    assert!(!html.contains("/settings/"), "a reader makes no keys");
    let html = app.admin().await.page("/").await;
    assert!(html.contains(r#"href="/settings/keys/new?scope=ingest""#));
}

#[tokio::test]
async fn the_request_that_it_shows_is_accepted() {
    let app = TestApp::start().await;
    let html = app.reader().await.page("/").await;
    let body = html.split("-d &#39;").nth(1).unwrap();
    let body = body.split("&#39;").next().unwrap().replace("&#34;", "\"");
    let widest = body.lines().map(str::len).max().unwrap();
    assert!(widest <= 72, "it fits beside the other steps: {body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    app.deploy(&body).await;
}

#[tokio::test]
async fn it_turns_into_the_overview_when_the_first_deployment_comes() {
    let app = TestApp::start().await;
    let browser = app.reader().await;
    let other = app.make_organization("globex").await;
    let key_of_other = app.make_key(other, &[Scope::Read]).await;
    let mut of_other = app.browser();
    of_other.sign_in(&key_of_other).await;
    assert_eq!(browser.get("/waiting").await.status, 204);
    // Any event counts, whatever its environment and status.
    let pending = json!({"status": "pending", "environment": "test", "service": null, "completedAt": null});
    app.deploy(&report("first", &pending)).await;
    assert_eq!(browser.get("/waiting").await.status, 200);
    assert!(!browser.page("/").await.contains("Waiting for the first event"));
    assert_eq!(of_other.get("/waiting").await.status, 204);
    assert!(of_other.page("/").await.contains("Waiting for the first event"));
    let stranger = app.browser().get("/waiting").await;
    assert_eq!(stranger.status, 303);
}

#[tokio::test]
async fn the_trial_is_told_of_where_one_is_to_come() {
    for (plan, is_told) in [(Plan::Free, true), (Plan::Business, false)] {
        let app = TestApp::start_with(Setup {
            plan,
            ..Setup::default()
        })
        .await;
        let browser = app.reader().await;
        let html = browser.page("/").await;
        assert_eq!(html.contains("begins a Business trial of 14 days"), is_told);
        app.deploy(&report("first", &json!({}))).await;
        let html = browser.page("/").await;
        assert_eq!(html.contains("Business trial until 29 Jan 2024"), is_told);
    }
}
