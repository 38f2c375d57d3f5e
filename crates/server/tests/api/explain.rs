//! Why a pull request is where it is.

use crate::app::{TestApp, report};
use crate::commits::{batch, item, sha};
use crate::reader::Reader;
use periscope_domain::api_key::Scope;
use serde_json::{Value, json};

/// Commits 1 to 5 in a row, pull requests 2 and 4 merged as two of them, and a deployment of 1 and then of 3.
pub(crate) async fn deployed() -> (TestApp, Reader) {
    let app = TestApp::start().await;
    let commits: Vec<Value> = (1..=5).map(|number| item(number, &[number - 1])).collect();
    app.post("/api/commits").json(&batch(&commits)).send().await;
    let merges = [2, 4].map(|number| {
        json!({"number": number, "mergeCommitSha": sha(number), "mergedAt": "2024-01-15T09:00:00Z", "title": "Fix"})
    });
    let merges = json!({"repository": "acme/api-gateway", "pullRequests": merges});
    app.post("/api/pull-requests").json(&merges).send().await;
    for (id, commit, completed_at) in [("first", 1, "10:00"), ("second", 3, "11:00")] {
        let answer = app.deploy(&deployment(id, commit, completed_at)).send().await;
        assert_eq!(answer.status, 201, "{answer}");
    }
    let reader = Reader::new(&app).await;
    (app, reader)
}

pub(crate) fn deployment(id: &str, commit: u32, completed_at: &str) -> Value {
    let mut report = report();
    report["deploymentId"] = json!(id);
    report["commitSha"] = json!(sha(commit));
    report["startedAt"] = json!("2024-01-15T09:30:00Z");
    report["completedAt"] = json!(format!("2024-01-15T{completed_at}:00Z"));
    report.as_object_mut().unwrap().remove("previousCommitSha");
    report
}

pub(crate) async fn id_of(app: &TestApp, deployment: &str) -> i64 {
    app.find_deployment(deployment).await.unwrap().id.get()
}

#[tokio::test]
async fn a_deployment_tells_how_its_links_were_found() {
    let (app, reader) = deployed().await;
    let path = format!("/api/deployments/{}/explain", id_of(&app, "second").await);
    let answer = reader.get(&path).await;
    assert_eq!(answer.status, 200, "{answer}");
    insta::assert_snapshot!(format!("{:#}", answer.json()));
}

#[tokio::test]
async fn a_pull_request_tells_which_deployments_shipped_it_or_why_none_did() {
    let (app, reader) = deployed().await;
    let path = format!("/api/deployments/{}/explain", id_of(&app, "second").await);
    let linked = reader.get(&path).await.json()["links"][0]["pullRequest"]["id"]
        .as_i64()
        .unwrap();
    let shipped = reader.get(&format!("/api/pull-requests/{linked}/explain")).await;
    let missing = reader
        .get(&format!("/api/pull-requests/{}/explain", linked + 1))
        .await;
    insta::assert_snapshot!(format!("{:#}\n{:#}", shipped.json(), missing.json()));
}

#[tokio::test]
async fn what_is_another_organizations_or_nobodys_is_not_found() {
    let (app, _) = deployed().await;
    let globex = app.make_organization("globex").await;
    let stranger = Reader::of(&app, globex, &[Scope::Read]).await;
    let id = id_of(&app, "second").await;
    for path in [
        format!("/api/deployments/{id}/explain"),
        "/api/deployments/999999/explain".to_owned(),
        "/api/deployments/second/explain".to_owned(),
        "/api/deployments/99999999999999999999/explain".to_owned(),
        "/api/pull-requests/1/explain".to_owned(),
        "/api/pull-requests/x/explain".to_owned(),
    ] {
        let answer = stranger.get(&path).await;
        assert_eq!(answer.to_string(), r#"404 {"error":"Not found"}"#, "{path}");
    }
}

#[tokio::test]
async fn reading_takes_a_key_that_may_read() {
    let (app, _) = deployed().await;
    let path = format!("/api/deployments/{}/explain", id_of(&app, "second").await);
    let answer = app.call("GET", &path).send().await;
    assert_eq!(
        answer.to_string(),
        r#"401 {"error":"Invalid or missing API key"}"#
    );
    let ingest = Reader::of(&app, app.organization_id, &[Scope::Ingest]).await;
    let answer = ingest.get(&path).await;
    assert_eq!(
        answer.to_string(),
        r#"403 {"error":"API key lacks the read scope"}"#
    );
    assert_eq!(app.post(&path).send().await.status, 405);
}
