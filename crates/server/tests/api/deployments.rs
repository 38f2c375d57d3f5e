//! What the deployment webhook records and answers.

use crate::app::{TestApp, report, report_with};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::Store;
use serde_json::{Value, json};

#[tokio::test]
async fn the_first_report_is_created_and_the_second_updates_it() {
    let app = TestApp::start().await;
    let first = app.deploy(&report()).send().await;
    assert_eq!(first.status, 201, "{first}");
    let id = first.json()["deploymentId"].as_i64().unwrap();
    assert_eq!(
        first.json(),
        json!({
            "action": "created",
            "deploymentId": id,
            "linkedPRs": 0,
            "warnings": first.json()["warnings"],
        })
    );
    let second = app.deploy(&report()).send().await;
    assert_eq!(second.status, 200, "{second}");
    assert_eq!(
        (&second.json()["action"], &second.json()["deploymentId"]),
        (&json!("updated"), &json!(id))
    );
}

#[tokio::test]
async fn an_answer_without_warnings_has_no_such_field() {
    let app = TestApp::start().await;
    let answer = app
        .deploy(&report_with(&[("environment", Some(json!("staging")))]))
        .send()
        .await;
    let id = answer.json()["deploymentId"].clone();
    assert_eq!(
        answer.json(),
        json!({"action": "created", "deploymentId": id, "linkedPRs": 0})
    );
}

#[tokio::test]
async fn a_warning_has_a_code_and_a_message() {
    let app = TestApp::start().await;
    app.deploy(&report()).send().await;
    let late = report_with(&[("status", Some(json!("in_progress")))]);
    let answer = app.deploy(&late).send().await;
    assert_eq!(answer.status, 200);
    insta::assert_snapshot!(answer.json()["warnings"]);
}

#[tokio::test]
async fn a_report_with_every_field_is_recorded_as_sent() {
    let app = TestApp::start().await;
    let body = report_with(&[
        ("commitSha", Some(json!(" A1B2C3D "))),
        ("environment", Some(json!("Production"))),
        (
            "previousCommitSha",
            Some(json!("0000000000000000000000000000000000000001")),
        ),
        ("organizationSlug", Some(json!(" acme "))),
        ("startedAt", Some(json!("2024-01-15T12:30:00+02:00"))),
        ("unknown", Some(json!({"ignored": [1, 2, 3]}))),
    ]);
    assert_eq!(app.deploy(&body).send().await.status, 201);
    let stored = app.find_deployment("gha-12345").await.unwrap();
    insta::assert_debug_snapshot!(stored.deployment);
}

#[tokio::test]
async fn what_an_unset_variable_leaves_behind_is_absent() {
    let app = TestApp::start().await;
    let optional = [
        "organizationSlug",
        "service",
        "branch",
        "triggeredBy",
        "pipelineName",
        "previousCommitSha",
        "pipelineUrl",
    ];
    for (id, unset) in [("a", json!("")), ("b", json!(null)), ("c", json!(" \t"))] {
        let mut body = report_with(&[("deploymentId", Some(json!(id)))]);
        for field in optional {
            body[field] = unset.clone();
        }
        let answer = app.deploy(&body).send().await;
        assert_eq!(answer.status, 201, "{answer}");
        let stored = app.find_deployment(id).await.unwrap().deployment;
        assert_eq!(
            (
                stored.service,
                stored.branch,
                stored.triggered_by,
                stored.pipeline_name
            ),
            (None, None, None, None)
        );
        assert_eq!((stored.previous_commit, stored.pipeline_url), (None, None));
    }
}

#[tokio::test]
async fn a_previous_commit_of_zeros_is_absent() {
    let app = TestApp::start().await;
    for zeros in ["0".repeat(40), "00000".to_owned()] {
        let body = report_with(&[("previousCommitSha", Some(json!(zeros)))]);
        assert!(app.deploy(&body).send().await.status < 300);
        let stored = app.find_deployment("gha-12345").await.unwrap().deployment;
        assert_eq!(stored.previous_commit, None::<CommitReference>);
    }
}

#[tokio::test]
async fn a_completion_time_does_not_count_unless_the_status_is_terminal() {
    let app = TestApp::start().await;
    for status in ["pending", "in_progress"] {
        for completed_at in [
            json!("2024-01-15T10:35:00Z"),
            json!("soon"),
            json!(7),
            json!(null),
        ] {
            let body = report_with(&[
                ("deploymentId", Some(json!(format!("{status} {completed_at}")))),
                ("status", Some(json!(status))),
                ("completedAt", Some(completed_at)),
            ]);
            let answer = app.deploy(&body).send().await;
            assert_eq!(answer.status, 201, "{answer}");
        }
    }
}

#[tokio::test]
async fn of_a_field_that_comes_twice_the_last_value_counts() {
    let app = TestApp::start().await;
    let twice = report()
        .to_string()
        .replacen('{', r#"{"commitSha":7,"environment":"staging","#, 1);
    assert_eq!(
        app.post("/api/webhooks/deployments")
            .body(twice)
            .send()
            .await
            .status,
        201
    );
    let stored = app.find_deployment("gha-12345").await.unwrap().deployment;
    assert_eq!(stored.environment.as_str(), "production");
}

#[tokio::test]
async fn escaped_texts_are_read() {
    let app = TestApp::start().await;
    let body = report()
        .to_string()
        .replace("octocat", r"Zo\u00eb \ud83d\ude80")
        .replace("branch", r"br\u0061nch");
    assert_eq!(
        app.post("/api/webhooks/deployments")
            .body(body)
            .send()
            .await
            .status,
        201
    );
    let stored = app.find_deployment("gha-12345").await.unwrap().deployment;
    assert_eq!(stored.triggered_by.unwrap().as_str(), "Zoë 🚀");
    assert_eq!(stored.branch.unwrap().as_str(), "main");
}

#[tokio::test]
async fn the_organization_may_be_named_if_it_is_the_key_s() {
    let app = TestApp::start().await;
    app.make_organization("other").await;
    let named = |slug: Value| report_with(&[("organizationSlug", Some(slug))]);
    assert_eq!(app.deploy(&named(json!("acme"))).send().await.status, 201);
    for slug in ["other", "nobody", "Acme"] {
        let answer = app.deploy(&named(json!(slug))).send().await;
        assert_eq!(
            answer.to_string(),
            r#"403 {"error":"Organization slug does not match API key"}"#,
            "{slug:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_report_leaves_no_trace() {
    let app = TestApp::start().await;
    let other = report_with(&[("organizationSlug", Some(json!("other")))]);
    assert_eq!(app.deploy(&other).send().await.status, 403);
    let invalid = report_with(&[("commitSha", Some(json!("nope")))]);
    assert_eq!(app.deploy(&invalid).send().await.status, 400);
    assert_eq!(app.find_deployment("gha-12345").await, None);
    let slug = OrganizationSlug::parse("acme").unwrap();
    let organization = app
        .store
        .organizations()
        .find_by_slug(&slug)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(organization.subscription.trial, None);
}

#[tokio::test]
async fn of_many_twins_at_once_one_creates() {
    let app = TestApp::start().await;
    let body = report();
    let answers = futures_util::future::join_all((0..40).map(|_| app.deploy(&body).send())).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(answers.iter().all(|answer| answer.status < 300));
    assert_eq!(created, 1);
}
