//! Merged pull requests in bulk.

use crate::app::{TestApp, report};
use periscope_domain::id::PullRequestId;
use periscope_domain::ports::{PullRequestQuery, Store};
use periscope_domain::pull_request::PullRequestNumber;
use periscope_domain::repository::RepositoryName;
use serde_json::{Value, json};
use std::fmt::Write;

const PATH: &str = "/api/pull-requests";
const SHA: &str = "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2";

fn item(number: i64) -> Value {
    json!({"number": number, "mergeCommitSha": SHA, "mergedAt": "2024-01-15T09:00:00Z"})
}

fn full_item(number: i64) -> Value {
    json!({
        "number": number,
        "mergeCommitSha": SHA.to_uppercase(),
        "mergedAt": "2024-01-15T09:00:00Z",
        "createdAt": "2024-01-14T09:00:00Z",
        "title": "Fix the fix",
        "url": "https://github.com/acme/api/pull/7",
        "author": "octocat",
        "mergedBy": "hubot",
        "baseBranch": "main",
        "headBranch": "fix",
        "additions": 1,
        "deletions": 2,
        "changedFiles": 3,
    })
}

fn batch(items: &[Value]) -> Value {
    json!({"repository": "acme/api", "pullRequests": items})
}

#[tokio::test]
async fn what_is_new_and_what_has_changed_is_counted() {
    let app = TestApp::start().await;
    let send = async |items: &[Value]| app.post(PATH).json(&batch(items)).send().await.to_string();
    assert_eq!(
        send(&[item(1), item(2)]).await,
        r#"200 {"recorded":2,"updated":0}"#
    );
    assert_eq!(
        send(&[item(1), item(2)]).await,
        r#"200 {"recorded":0,"updated":0}"#,
        "the same again"
    );
    assert_eq!(
        send(&[full_item(1), item(2), item(3)]).await,
        r#"200 {"recorded":1,"updated":1}"#
    );
}

#[tokio::test]
async fn a_pull_request_with_every_field_is_recorded_as_sent() {
    let app = TestApp::start().await;
    app.post(PATH).json(&batch(&[full_item(7)])).send().await;
    let query = PullRequestQuery {
        organization_id: app.organization_id,
        repository: RepositoryName::parse("acme/api").unwrap(),
        numbers: vec![PullRequestNumber::new(7).unwrap()],
        delivery: None,
    };
    let context = app.store.pull_requests().context(&query).await.unwrap().unwrap();
    let stored = context.stored.into_iter().next().unwrap();
    assert!(stored.id > PullRequestId::new(0));
    insta::assert_debug_snapshot!(stored.pull_request);
}

#[tokio::test]
async fn what_is_empty_or_null_is_absent() {
    let app = TestApp::start().await;
    let optional = [
        "createdAt",
        "title",
        "url",
        "author",
        "mergedBy",
        "baseBranch",
        "headBranch",
    ];
    let counts = ["additions", "deletions", "changedFiles"];
    for unset in [json!(null), json!(""), json!(" ")] {
        let mut item = item(7);
        for field in optional.into_iter().chain(counts) {
            item[field] = unset.clone();
        }
        let answer = app.post(PATH).json(&batch(&[item])).send().await;
        assert_eq!(answer.status, 200, "{answer}");
    }
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
    let app = TestApp::start().await;
    let send = async |item: Value| app.post(PATH).json(&batch(&[item])).send().await.to_string();
    let mut fractional = full_item(1);
    for (field, value) in [
        ("number", 1.0),
        ("additions", 1.0),
        ("deletions", 2.0),
        ("changedFiles", 3.0),
    ] {
        fractional[field] = json!(value);
    }
    assert_eq!(send(fractional).await, r#"200 {"recorded":1,"updated":0}"#);
    assert_eq!(
        send(full_item(1)).await,
        r#"200 {"recorded":0,"updated":0}"#,
        "the same"
    );
}

#[tokio::test]
async fn a_batch_links_deployments_that_were_there_before() {
    let app = TestApp::start().await;
    app.deploy(&report()).send().await;
    let batch = json!({"repository": "acme/api-gateway", "pullRequests": [item(7)]});
    assert_eq!(app.post(PATH).json(&batch).send().await.status, 200);
    assert_eq!(app.deploy(&report()).send().await.json()["linkedPRs"], 1);
}

#[tokio::test]
async fn an_invalid_batch_is_refused_with_the_place_of_what_is_wrong() {
    let app = TestApp::start().await;
    let items = |items: Value| json!({"repository": "acme/api", "pullRequests": items});
    let with = |field: &str, value: Value| {
        let mut wrong = item(4);
        wrong[field] = value;
        items(json!([item(1), item(2), item(3), wrong]))
    };
    let mut cases = vec![
        json!({}),
        json!({"pullRequests": [item(1)]}),
        json!({"repository": "api", "pullRequests": [item(1)]}),
        json!({"repository": 7, "pullRequests": [item(1)]}),
        json!({"repository": "acme/api"}),
        items(json!(null)),
        items(json!([])),
        items(json!({})),
        items(json!("all")),
        items(json!([item(1), 7, null, [], "x"])),
        items(json!([{}])),
        items(json!([item(1), {"number": 1, "mergedAt": "2024-01-15T09:00:00Z"}])),
        with("mergeCommitSha", json!("abc1234")),
        with("mergeCommitSha", json!(7)),
        with("mergedAt", json!("yesterday")),
        with("mergedAt", json!("1999-12-31T00:00:00Z")),
        with("createdAt", json!("2024-01-17T00:00:00Z")),
        with("title", json!("x".repeat(1025))),
        with("title", json!("a\u{0}b")),
        with("url", json!("ftp://x/y")),
    ];
    for number in [
        json!(0),
        json!(-1),
        json!(1.5),
        json!("7"),
        json!(2_147_483_648_u32),
        json!(u64::MAX),
        json!(null),
    ] {
        cases.push(with("number", number));
    }
    for field in ["author", "mergedBy", "baseBranch", "headBranch"] {
        cases.push(with(field, json!("x".repeat(256))));
    }
    for field in ["additions", "deletions", "changedFiles"] {
        cases.push(with(field, json!(-1)));
        cases.push(with(field, json!("many")));
    }
    let mut table = String::new();
    for case in cases {
        let answer = app.post(PATH).json(&case).send().await;
        assert!(answer.is_refusal(), "{answer}");
        writeln!(table, "{answer}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn of_a_thousand_broken_items_a_hundred_rules_are_told_and_the_rest_counted() {
    let app = TestApp::start().await;
    let answer = app.post(PATH).json(&batch(&vec![json!({}); 1000])).send().await;
    assert!(answer.status == 400 && answer.is_refusal(), "{answer}");
    let details = answer.json()["details"].as_array().unwrap().clone();
    assert_eq!(details.len(), 101);
    assert_eq!(details[99]["field"], "pullRequests[33].number");
    assert_eq!(
        details[100],
        json!({"field": "pullRequests", "message": "pullRequests breaks 2900 more rules"})
    );
}

#[tokio::test]
async fn one_invalid_item_keeps_the_whole_batch_out() {
    let app = TestApp::start().await;
    assert_eq!(
        app.post(PATH)
            .json(&batch(&[item(1), item(0)]))
            .send()
            .await
            .status,
        400
    );
    let answer = app.post(PATH).json(&batch(&[item(1)])).send().await;
    assert_eq!(answer.to_string(), r#"200 {"recorded":1,"updated":0}"#);
}

#[tokio::test]
async fn a_thousand_at_once_are_recorded_and_one_more_is_too_many() {
    let app = TestApp::start().await;
    let items: Vec<_> = (1..=1001).map(item).collect();
    let answer = app.post(PATH).json(&batch(&items)).send().await;
    assert_eq!(
        answer.to_string(),
        r#"400 {"error":"Invalid payload: pullRequests must be an array of 1-1000 items"}"#
    );
    let answer = app.post(PATH).json(&batch(&items[..1000])).send().await;
    assert_eq!(answer.to_string(), r#"200 {"recorded":1000,"updated":0}"#);
}

#[tokio::test]
async fn a_million_empty_items_are_too_many() {
    let app = TestApp::start().await;
    let body = format!(
        r#"{{"repository":"a/b","pullRequests":[{}{{}}]}}"#,
        "{},".repeat(1_000_000)
    );
    assert_eq!(app.post(PATH).body(body).send().await.status, 400);
}
