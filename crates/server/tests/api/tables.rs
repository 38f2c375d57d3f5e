//! Lists as tables of comma-separated values.

use crate::app::report_with;
use crate::client::Answer;
use crate::explain::deployed;
use crate::reader::Reader;
use serde_json::{Value, json};

async fn table(reader: &Reader, path: &str) -> Answer {
    let answer = reader.call("GET", path).header("Accept", "text/csv").send().await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    answer
}

#[tokio::test]
async fn every_list_is_a_table_with_the_names_of_its_json() {
    let (_app, reader) = deployed().await;
    for (path, list) in [
        ("/api/deployments", "deployments"),
        ("/api/pull-requests", "pullRequests"),
        ("/api/repositories", "repositories"),
        ("/api/services", "services"),
    ] {
        let page = reader.json(path).await;
        let rows = page[list].as_array().unwrap();
        let table = table(&reader, path).await.body;
        let lines: Vec<_> = table.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), rows.len() + 1, "{path}");
        let mut columns: Vec<_> = lines[0].split(',').collect();
        columns.sort_unstable();
        let fields: Vec<_> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(columns, fields, "{path}");
    }
}

#[tokio::test]
async fn a_table_of_deployments_is_quoted_harmless_and_linked_to_the_next() {
    let (app, reader) = deployed().await;
    for (id, branch) in [("=cmd|' /C calc'!A0", "@evil"), ("a, \"b\"", "+1")] {
        let report = report_with(&[
            ("deploymentId", Some(json!(id))),
            ("branch", Some(json!(branch))),
            ("pipelineName", Some(json!("-2+3"))),
        ]);
        assert_eq!(app.deploy(&report).send().await.status, 201);
    }
    let answer = table(&reader, "/api/deployments?limit=3").await;
    let link = answer.header("link").unwrap().to_owned();
    insta::assert_snapshot!(answer.body.replace("\r\n", "\n"));
    let next = link
        .strip_prefix("<?")
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    let next = table(&reader, &format!("/api/deployments?{next}")).await;
    assert_eq!(next.body.lines().count(), 2);
    assert_eq!(next.header("link"), None);
}

#[tokio::test]
async fn a_table_has_a_tag_of_its_own_and_its_refusals_are_json() {
    let (_app, reader) = deployed().await;
    let json = reader.get("/api/deployments").await;
    let csv = table(&reader, "/api/deployments").await;
    assert_ne!(csv.header("etag"), json.header("etag"));
    let refused = reader
        .call("GET", "/api/deployments?limit=0")
        .header("Accept", "text/csv")
        .send()
        .await;
    assert!(refused.is_refusal(), "{refused}");
    assert_eq!(refused.json()["details"], Value::Null);
}
