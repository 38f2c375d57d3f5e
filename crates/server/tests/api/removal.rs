//! Removing a deployment: for admins of its organization alone, and out of every answer.

use crate::app::{TestApp, report};
use crate::reader::Reader;
use periscope_domain::api_key::Scope;
use periscope_domain::ports::Deployments;
use serde_json::json;

/// An application with one deployment, an admin, and the deployment's path.
async fn deployed() -> (TestApp, Reader, String) {
    let app = TestApp::start().await;
    let id = app.deploy(&report()).send().await.json()["deploymentId"].to_string();
    let admin = Reader::of(&app, app.organization_id, &[Scope::Admin, Scope::Read]).await;
    (app, admin, format!("/api/deployments/{id}"))
}

#[tokio::test]
async fn an_admin_removes_a_deployment_from_every_answer() {
    let (app, admin, path) = deployed().await;
    let successes = async || {
        let metric = "/api/metrics/deployment-frequency?timeRange=30d";
        admin.json(metric).await["current"]["statuses"]["success"].clone()
    };
    assert_eq!(successes().await, json!(1));
    let removed = admin.call("DELETE", &path).send().await;
    assert_eq!((removed.status, removed.body.as_str()), (204, ""));
    assert!(removed.header("x-request-id").is_some());
    assert_eq!(admin.get(&path).await.to_string(), r#"404 {"error":"Not found"}"#);
    let listed = admin.json("/api/deployments").await;
    assert_eq!(listed["deployments"], json!([]));
    assert_ne!(successes().await, json!(1));
    let again = admin.call("DELETE", &path).send().await;
    assert_eq!(again.to_string(), r#"404 {"error":"Not found"}"#);
    let kept = app.store.list_removed(app.organization_id, 9).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        kept[0].removed_by.as_str(),
        "ci",
        "the name of the key, never the key"
    );
}

#[tokio::test]
async fn a_removed_deployment_that_is_reported_again_is_created() {
    let (app, admin, path) = deployed().await;
    admin.call("DELETE", &path).send().await;
    let again = app.deploy(&report()).send().await;
    assert_eq!((again.status, &again.json()["action"]), (201, &json!("created")));
    let id = again.json()["deploymentId"].to_string();
    assert_ne!(path, format!("/api/deployments/{id}"));
}

#[tokio::test]
async fn only_an_admin_of_the_organization_removes_a_deployment() {
    let (app, admin, path) = deployed().await;
    let others = [Scope::Ingest, Scope::Read];
    let reader = Reader::of(&app, app.organization_id, &others).await;
    let refused = reader.call("DELETE", &path).send().await;
    assert_eq!(
        refused.to_string(),
        r#"403 {"error":"API key lacks the admin scope"}"#
    );
    let globex = app.make_organization("globex").await;
    let stranger = Reader::of(&app, globex, &[Scope::Admin]).await;
    for path in [&path, "/api/deployments/0", "/api/deployments/gha-12345"] {
        let unknown = stranger.call("DELETE", path).send().await;
        assert_eq!(unknown.to_string(), r#"404 {"error":"Not found"}"#, "{path}");
    }
    let unknown = admin.call("DELETE", &format!("{path}?force=1")).send().await;
    assert_eq!(unknown.status, 400);
    assert_eq!(admin.get(&path).await.status, 200);
}
