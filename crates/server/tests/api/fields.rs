//! Every way in which a report can be refused, each with its sentence.

use crate::app::{TestApp, report, report_with};
use serde_json::{Value, json};
use std::fmt::Write;

const PATH: &str = "/api/webhooks/deployments";

/// A field, and values of it that break its rule.
fn broken_values() -> Vec<(&'static str, Vec<Value>)> {
    let texts = |max: usize| {
        vec![
            json!("x".repeat(max + 1)),
            json!("a\u{0}b"),
            json!("a\nb"),
            json!(7),
            json!(true),
        ]
    };
    let required = |max: usize| {
        [
            vec![json!(null), json!(""), json!("  "), json!([]), json!({})],
            texts(max),
        ]
        .concat()
    };
    vec![
        ("deploymentId", required(255)),
        (
            "commitSha",
            vec![
                json!(null),
                json!(""),
                json!("abcd"),
                json!("g1b2c"),
                json!("HEAD"),
                json!("a".repeat(41)),
                json!("abc12\u{0}"),
                json!(1_234_567),
            ],
        ),
        ("environment", required(100)),
        (
            "status",
            vec![
                json!(null),
                json!(""),
                json!("done"),
                json!("SUCCESS"),
                json!(1),
                json!("success\u{0}"),
            ],
        ),
        (
            "startedAt",
            vec![
                json!(null),
                json!(""),
                json!("2024-01-15"),
                json!("2024-01-15T10:30:00"),
                json!("2023-02-29T00:00:00Z"),
                json!(1_705_314_600),
                json!("1999-12-31T23:59:59Z"),
                json!("2024-01-16T12:00:00.000001Z"),
                json!("9999-12-31T23:59:59Z"),
                json!("2024-01-15T10:30:00Z\u{0}"),
            ],
        ),
        (
            "completedAt",
            vec![
                json!(null),
                json!(""),
                json!("soon"),
                json!(7),
                json!("2024-01-15T10:29:59.999999Z"),
                json!("2024-01-16T12:00:01Z"),
            ],
        ),
        (
            "organizationSlug",
            vec![json!(7), json!(["acme"]), json!(false), json!("acme\u{0}")],
        ),
        ("service", texts(255)),
        ("branch", texts(255)),
        ("triggeredBy", texts(255)),
        ("pipelineName", texts(255)),
        (
            "previousCommitSha",
            vec![json!("abcd"), json!("main"), json!("a".repeat(41)), json!(12345)],
        ),
        (
            "pipelineUrl",
            vec![
                json!("ci.example/1"),
                json!("ftp://ci.example"),
                json!("javascript:alert(1)"),
                json!("https://"),
                json!("https://ci.example/a b"),
                json!(format!("https://ci.example/{}", "a".repeat(2048))),
                json!({"href": "https://ci.example"}),
            ],
        ),
    ]
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}... ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

#[tokio::test]
async fn a_field_that_breaks_its_rule_is_refused_with_the_sentence_of_the_field() {
    let app = TestApp::start().await;
    let mut table = String::new();
    for (field, values) in broken_values() {
        for value in values {
            let answer = app
                .deploy(&report_with(&[(field, Some(value.clone()))]))
                .send()
                .await;
            assert_eq!(answer.header("content-type"), Some("application/json"));
            writeln!(table, "{field} = {}\n    {answer}", shortened(&value)).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_required_field_that_is_missing_is_named() {
    let app = TestApp::start().await;
    let mut table = String::new();
    for field in [
        "deploymentId",
        "commitSha",
        "environment",
        "status",
        "startedAt",
        "completedAt",
    ] {
        let answer = app.deploy(&report_with(&[(field, None)])).send().await;
        writeln!(table, "{answer}").unwrap();
    }
    for status in ["failure", "cancelled", "rolled_back"] {
        let body = report_with(&[("status", Some(json!(status))), ("completedAt", None)]);
        writeln!(table, "{}", app.deploy(&body).send().await).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn the_longest_allowed_values_are_accepted() {
    let app = TestApp::start().await;
    let text = "é".repeat(255);
    let body = report_with(&[
        ("deploymentId", Some(json!(text))),
        ("commitSha", Some(json!("abc12"))),
        ("environment", Some(json!("é".repeat(100)))),
        ("startedAt", Some(json!("2000-01-01T00:00:00Z"))),
        ("completedAt", Some(json!("2024-01-16T12:00:00Z"))),
        ("service", Some(json!(text))),
        ("branch", Some(json!(text))),
        ("triggeredBy", Some(json!(text))),
        ("pipelineName", Some(json!(text))),
        (
            "pipelineUrl",
            Some(json!(format!("https://ci.example/{}", "a".repeat(2029)))),
        ),
    ]);
    let answer = app.deploy(&body).send().await;
    assert_eq!(answer.status, 201, "{answer}");
}

#[tokio::test]
async fn all_broken_rules_are_told_of_in_the_order_of_the_fields() {
    let app = TestApp::start().await;
    let wrong_last_first = json!({
        "pipelineUrl": 1, "previousCommitSha": 1, "pipelineName": 1, "triggeredBy": 1, "branch": 1, "service": 1,
        "organizationSlug": 1, "completedAt": 1, "startedAt": 1, "status": "success", "environment": 1,
        "commitSha": 1, "deploymentId": 1,
    });
    let unknown_status = report_with(&[
        ("status", Some(json!("done"))),
        ("completedAt", Some(json!("soon"))),
    ]);
    let bodies = [json!({}), wrong_last_first, unknown_status];
    let mut table = String::new();
    for body in bodies {
        let answer = app.deploy(&body).send().await;
        writeln!(table, "{} {:#}", answer.status, answer.json()).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_with_what_is_wrong_where() {
    let app = TestApp::start().await;
    let valid = report().to_string();
    let mut table = String::new();
    for body in [
        String::new(),
        " ".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "\"text\"".to_owned(),
        "7".to_owned(),
        "{".to_owned(),
        "{}{}".to_owned(),
        "{'deploymentId': 'a'}".to_owned(),
        r#"{"deploymentId": "a",}"#.to_owned(),
        valid.replace("octocat", r"\ud800"),
        valid.replace("octocat", r"\q"),
        valid.replace("octocat", "a\nb"),
        valid.replace("\"octocat\"", "1e999"),
        valid.replace("\"octocat\"", "NaN"),
        "[".repeat(100_000),
        r#"{"service":"#.repeat(10_000),
    ] {
        let answer = app.post(PATH).body(body.clone()).send().await;
        let body = body.replace('\n', "\\n");
        let shown: String = body.chars().take(40).collect();
        writeln!(table, "{shown}\n    {answer}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_body_that_is_no_utf_8_is_refused() {
    let app = TestApp::start().await;
    for (body, at) in [
        (&b"{\"service\":\"\xff\"}"[..], 12),
        (b"\xfe\xff\x00{", 0),
        (b"{\"a\":1}\xc3", 7),
    ] {
        let answer = app.post(PATH).body(body).send().await;
        let error = format!("Invalid payload: the body is not UTF-8 at byte {at}");
        assert_eq!((answer.status, answer.json()), (400, json!({"error": error})));
    }
}

#[tokio::test]
async fn a_field_that_nobody_asked_for_may_hold_anything() {
    let app = TestApp::start().await;
    let nested = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    for odd in [
        nested.as_str(),
        "123456789012345678901234567890.5e10",
        r#"{"a":{"b":[{}]}}"#,
        "\"\\u0000\"",
    ] {
        let body = report()
            .to_string()
            .replacen('{', &format!("{{\"odd\":{odd},"), 1);
        let answer = app.post(PATH).body(body).send().await;
        assert!(answer.status < 300, "{answer}");
    }
}
