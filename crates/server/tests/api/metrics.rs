//! What is measured, and how a question is asked.

use crate::app::{TestApp, report};
use crate::client::Answer;
use crate::commits::{batch, item, sha};
use periscope_domain::api_key::Scope;
use periscope_domain::metrics::Metric;
use serde_json::{Value, json};
use std::fmt::Write;

/// An application that somebody asks.
struct Asked {
    app: TestApp,
    key: String,
}

impl Asked {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let key = app.make_key(app.organization_id, &[Scope::Read], None).await;
        Self { app, key }
    }

    /// A week of work: four pull requests of two people, deployments of which one failed, and one that nobody knows the
    /// commit of.
    async fn with_a_week() -> Self {
        let asked = Self::start().await;
        let app = &asked.app;
        let commits: Vec<Value> = (1..=5).map(|number| item(number, &[number - 1])).collect();
        app.post("/api/commits").json(&batch(&commits)).send().await;
        let merges = [
            (2, "2024-01-09T09:00:00Z", "octocat", 40),
            (3, "2024-01-10T09:00:00Z", "octocat", 600),
            (4, "2024-01-12T09:00:00Z", "hubot", 10),
            (5, "2024-01-14T09:00:00Z", "octocat", 5),
        ]
        .map(|(number, merged_at, author, additions)| {
            json!({
                "number": number, "mergeCommitSha": sha(number), "mergedAt": merged_at, "title": format!("Change {number}"),
                "createdAt": "2024-01-08T09:00:00Z", "author": author, "additions": additions, "deletions": 0,
                "url": format!("https://github.com/acme/api-gateway/pull/{number}"),
            })
        });
        let merges = json!({"repository": "acme/api-gateway", "pullRequests": merges});
        app.post("/api/pull-requests").json(&merges).send().await;
        for (id, commit, status, completed_at) in [
            ("one", sha(1), "success", "2024-01-08T12:00:00Z"),
            ("two", sha(3), "success", "2024-01-10T12:00:00Z"),
            ("three", sha(4), "failure", "2024-01-12T12:00:00Z"),
            ("four", sha(4), "success", "2024-01-12T13:30:00Z"),
            ("five", "f".repeat(40), "success", "2024-01-13T12:00:00Z"),
        ] {
            let mut report = report();
            report["deploymentId"] = json!(id);
            report["commitSha"] = json!(commit);
            report["status"] = json!(status);
            report["service"] = json!("api-gateway");
            report["startedAt"] = json!("2024-01-08T11:00:00Z");
            report["completedAt"] = json!(completed_at);
            let answer = app.deploy(&report).send().await;
            assert_eq!(answer.status, 201, "{answer}");
        }
        asked
    }

    async fn ask(&self, question: &str) -> Answer {
        self.app
            .call("GET", &format!("/api/metrics/{question}"))
            .header("Authorization", format!("Bearer {}", self.key))
            .send()
            .await
    }
}

#[tokio::test]
async fn every_metric_is_answered_with_its_figures_and_what_they_rest_on() {
    let asked = Asked::with_a_week().await;
    for metric in Metric::ALL {
        let name = metric.as_str();
        let answer = asked
            .ask(&format!("{name}?timeRange=7d&timeZone=Europe/Berlin"))
            .await;
        assert_eq!(answer.status, 200, "{answer}");
        let mut json = answer.json();
        assert_eq!(json["definition"], metric.definition());
        json.as_object_mut().unwrap().remove("definition");
        insta::assert_snapshot!(format!("metric_{name}"), format!("{json:#}"));
    }
}

#[tokio::test]
async fn without_data_every_metric_says_so_and_has_no_level() {
    let asked = Asked::start().await;
    for metric in Metric::ALL {
        let answer = asked.ask(metric.as_str()).await;
        assert_eq!(answer.status, 200, "{answer}");
        let json = answer.json();
        assert_eq!(json["sampleSize"], 0, "{answer}");
        assert!(json["noData"]["code"].is_string(), "{answer}");
        assert!(!answer.body.contains("\"level\":\""), "{answer}");
    }
}

#[tokio::test]
async fn the_last_thirty_days_of_production_in_utc_are_asked_about_if_nothing_else_is_said() {
    let asked = Asked::start().await;
    let json = asked.ask("overview").await.json();
    assert_eq!(
        json["window"],
        json!({"since": "2023-12-16T12:00:00Z", "until": "2024-01-15T12:00:00Z"})
    );
    assert_eq!(json["previousWindow"]["since"], "2023-11-16T12:00:00Z");
    assert_eq!(
        (&json["environment"], &json["service"], &json["timeZone"]),
        (&json!("production"), &Value::Null, &json!("UTC"))
    );
}

#[tokio::test]
async fn a_question_may_name_its_times_environment_and_service() {
    let asked = Asked::with_a_week().await;
    for (question, deployments) in [
        ("since=2024-01-08T12:00:00Z&until=2024-01-10T12:00:00Z", json!(1)),
        (
            "since=2024-01-08T14:00:00%2B02:00&until=2024-01-10T12:00:00.000001Z",
            json!(2),
        ),
        ("since=2024-01-08&until=2024-01-10&timeZone=Asia/Tokyo", json!(1)),
        ("timeRange=7d&service=API-Gateway", json!(4)),
        ("timeRange=6d", json!(3)),
        ("timeRange=8d&environment=Production", json!(4)),
        ("timeRange=8d&environment=staging", Value::Null),
        ("timeRange=8d&service=web", Value::Null),
    ] {
        let answer = asked.ask(&format!("deployment-frequency?{question}")).await;
        assert_eq!(answer.status, 200, "{answer}");
        let current = &answer.json()["current"];
        assert_eq!(
            current.get("deployments").unwrap_or(&Value::Null),
            &deployments,
            "{question}"
        );
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_with_the_parameter_and_what_it_takes() {
    let asked = Asked::start().await;
    let mut told = String::new();
    for question in [
        "timeRange=0d",
        "timeRange=401d",
        "timeRange=1w",
        "since=2024-01-08T12:00:00Z",
        "until=2024-01-08T12:00:00Z",
        "since=2024-01-10T00:00:00Z&until=2024-01-08T00:00:00Z",
        "since=2022-01-10T00:00:00Z&until=2024-01-08T00:00:00Z",
        "since=yesterday&until=2024-01-08T00:00:00Z",
        "timeRange=7d&since=2024-01-08T00:00:00Z",
        "timeZone=Berlin",
        "environment=%00",
        "service=a%00",
        "timerange=7d",
        "timeRange=7d&timeRange=8d",
    ] {
        let answer = asked.ask(&format!("lead-time?{question}")).await;
        assert_eq!(answer.status, 400, "{question}: {answer}");
        writeln!(told, "{question}\n  {}", answer.body).unwrap();
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_list_or_series_is_also_a_table_and_documented_as_one() {
    let asked = Asked::with_a_week().await;
    let document = asked.app.call("GET", "/openapi.json").send().await.json();
    let mut told = String::new();
    for metric in Metric::ALL.map(Metric::as_str) {
        let answer = asked
            .app
            .call("GET", &format!("/api/metrics/{metric}?timeRange=7d"))
            .header("Authorization", format!("Bearer {}", asked.key))
            .header("Accept", "text/csv")
            .send()
            .await;
        let is_table = answer.header("content-type") == Some("text/csv; charset=utf-8");
        let path = format!("/api/metrics/{metric}");
        let content = &document["paths"][path.as_str()]["get"]["responses"]["200"]["content"];
        assert_eq!(content["text/csv"].is_object(), is_table, "{metric}");
        if is_table {
            writeln!(told, "{metric}\n{}", answer.body.replace("\r\n", "\n")).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn nobody_is_told_of_another_organization() {
    let mut asked = Asked::with_a_week().await;
    let globex = asked.app.make_organization("globex").await;
    asked.key = asked.app.make_key(globex, &[Scope::Read], None).await;
    for metric in Metric::ALL {
        let answer = asked.ask(&format!("{}?timeRange=90d", metric.as_str())).await;
        assert_eq!(answer.json()["sampleSize"], 0, "{answer}");
        assert!(
            !answer.body.contains("octocat") && !answer.body.contains("acme"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn asking_takes_a_key_that_may_read_and_a_metric_that_exists() {
    let mut asked = Asked::start().await;
    assert_eq!(asked.ask("velocity").await.status, 404);
    let path = "/api/metrics/overview";
    assert_eq!(asked.app.call("GET", path).send().await.status, 401);
    assert_eq!(asked.app.post(path).send().await.status, 405);
    asked.key = asked.app.key.clone();
    assert_eq!(
        asked.ask("overview").await.to_string(),
        r#"403 {"error":"API key lacks the read scope"}"#
    );
}
