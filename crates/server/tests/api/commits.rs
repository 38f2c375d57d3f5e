//! Commits in bulk.

use crate::app::{TestApp, report};
use serde_json::{Value, json};
use std::fmt::Write;

const PATH: &str = "/api/commits";

pub(crate) fn sha(number: u32) -> String {
    format!("{number:08x}{number:032x}")
}

pub(crate) fn item(number: u32, parents: &[u32]) -> Value {
    let parents: Vec<String> = parents.iter().map(|parent| sha(*parent)).collect();
    json!({"sha": sha(number), "parents": parents, "committedAt": "2024-01-15T09:00:00+01:00"})
}

pub(crate) fn batch(items: &[Value]) -> Value {
    json!({"repository": "acme/api-gateway", "commits": items})
}

#[tokio::test]
async fn what_is_new_is_counted() {
    let app = TestApp::start().await;
    let send = async |items: &[Value]| app.post(PATH).json(&batch(items)).send().await.to_string();
    assert_eq!(
        send(&[item(1, &[]), item(2, &[1])]).await,
        r#"200 {"recorded":2}"#
    );
    assert_eq!(
        send(&[item(2, &[1]), item(4, &[3])]).await,
        r#"200 {"recorded":1}"#
    );
    assert_eq!(
        send(&[item(3, &[2])]).await,
        r#"200 {"recorded":1}"#,
        "known by name only"
    );
    assert_eq!(
        send(&[item(3, &[2])]).await,
        r#"200 {"recorded":0}"#,
        "the same again"
    );
}

#[tokio::test]
async fn an_invalid_batch_is_refused_with_the_place_of_what_is_wrong() {
    let app = TestApp::start().await;
    app.post(PATH).json(&batch(&[item(8, &[7])])).send().await;
    let items = |items: Value| json!({"repository": "acme/api-gateway", "commits": items});
    let with = |field: &str, value: Value| {
        let mut wrong = item(4, &[3]);
        wrong[field] = value;
        items(json!([item(1, &[]), wrong]))
    };
    let cases = [
        json!({}),
        json!({"repository": "acme/api-gateway"}),
        items(json!([])),
        items(json!({})),
        items(json!([7, null])),
        items(json!([{}])),
        items(vec![json!({}); 1001].into()),
        with("sha", json!("abc1234")),
        with("sha", json!(7)),
        with("parents", json!(null)),
        with("parents", json!("none")),
        with("parents", json!(["abc1234"])),
        with("parents", json!([7])),
        with("parents", json!(vec![sha(3); 1001])),
        with("committedAt", json!("yesterday")),
        with("committedAt", json!(1_705_312_800)),
        with("parents", json!([sha(4)])),
        items(json!([item(1, &[2]), item(2, &[3]), item(3, &[1])])),
        items(json!([item(1, &[3]), item(1, &[2])])),
        items(json!([item(1, &[]), item(8, &[6])])),
    ];
    let mut answers = String::new();
    for case in cases {
        let answer = app.post(PATH).json(&case).send().await;
        writeln!(answers, "{answer}").unwrap();
    }
    insta::assert_snapshot!(answers);
    let answer = app.post(PATH).json(&batch(&[item(1, &[])])).send().await;
    assert_eq!(
        answer.to_string(),
        r#"200 {"recorded":1}"#,
        "nothing of what was refused was recorded"
    );
}

#[tokio::test]
async fn a_deployment_of_a_tag_is_one_of_its_commit() {
    let app = TestApp::start().await;
    let pull_request = json!({"number": 2, "mergeCommitSha": sha(2), "mergedAt": "2024-01-15T09:00:00Z"});
    let merges = json!({"repository": "acme/api-gateway", "pullRequests": [pull_request]});
    app.post("/api/pull-requests").json(&merges).send().await;
    let mut told = batch(&[item(2, &[1])]);
    told["tags"] = json!([{"sha": sha(7), "commit": sha(2)}]);
    for recorded in [2, 0] {
        let answer = app.post(PATH).json(&told).send().await;
        assert_eq!(answer.json(), json!({"recorded": recorded}));
    }
    let mut report = report();
    for name in [sha(7), sha(7)[..8].to_owned()] {
        report["commitSha"] = json!(name);
        assert_eq!(app.deploy(&report).send().await.json()["linkedPRs"], 1);
    }
    for (tags, error) in [
        (json!(7), "tags must be an array of at most 1000 items"),
        (json!([7]), "tags[0] must be an object"),
        (json!([{"sha": sha(8)}]), "tags[0].commit is required"),
        (
            json!([{"sha": "abc", "commit": sha(2)}]),
            "tags[0].sha must be a 40-digit hex string",
        ),
        (
            json!([{"sha": sha(8), "commit": sha(2)}, {"sha": sha(7), "commit": sha(1)}]),
            "tags[1] contradicts what is known of 0000000700000000000000000000000000000007",
        ),
        (
            json!([{"sha": sha(8), "commit": sha(8)}]),
            "tags[0].commit must be a commit, not the object of a tag",
        ),
        (
            json!([{"sha": sha(8), "commit": sha(1)}, {"sha": sha(9), "commit": sha(8)}]),
            "tags[1].commit must be a commit, not the object of a tag",
        ),
        (
            json!([{"sha": sha(9), "commit": sha(7)}]),
            "tags[0].commit must be a commit, not the object of a tag",
        ),
    ] {
        told["tags"] = tags;
        let answer = app.post(PATH).json(&told).send().await;
        assert_eq!(answer.json()["error"], format!("Invalid payload: {error}"));
    }
}

#[tokio::test]
async fn of_a_thousand_broken_items_a_hundred_rules_are_told_and_the_rest_counted() {
    let app = TestApp::start().await;
    let answer = app.post(PATH).json(&batch(&vec![json!(7); 1000])).send().await;
    let details = answer.json()["details"].as_array().unwrap().clone();
    assert_eq!(details.len(), 101);
    assert_eq!(
        details[100],
        json!({"field": "commits", "message": "commits breaks 900 more rules"})
    );
}

#[tokio::test]
async fn a_million_parents_are_too_much_for_a_body() {
    let app = TestApp::start().await;
    let parents = vec![sha(1); 125_000];
    let item = json!({"sha": sha(2), "parents": parents, "committedAt": "2024-01-15T09:00:00Z"});
    assert_eq!(app.post(PATH).json(&batch(&[item])).send().await.status, 413);
}

#[tokio::test]
async fn commits_link_deployments_that_were_there_before() {
    let app = TestApp::start().await;
    let pull_request = json!({"number": 2, "mergeCommitSha": sha(2), "mergedAt": "2024-01-15T09:00:00Z"});
    let merges = json!({"repository": "acme/api-gateway", "pullRequests": [pull_request]});
    app.post("/api/pull-requests").json(&merges).send().await;
    let mut report = report();
    report["commitSha"] = json!(sha(3));
    report["previousCommitSha"] = json!(sha(1));
    let answer = app.deploy(&report).send().await;
    assert_eq!(answer.json()["warnings"][0]["code"], "commit_unknown");
    let commits = batch(&[item(3, &[2]), item(2, &[1]), item(1, &[])]);
    assert_eq!(app.post(PATH).json(&commits).send().await.status, 200);
    let answer = app.deploy(&report).send().await;
    assert_eq!(answer.json()["linkedPRs"], 1, "{answer}");
    assert_eq!(answer.json()["warnings"], Value::Null, "{answer}");
}
