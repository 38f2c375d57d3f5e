//! Lists of deployments and pull requests: filters, pages, and everything that they refuse.

use crate::app::{TestApp, report_with};
use crate::explain::deployed;
use crate::reader::Reader;
use crate::store::{Fault, Port};
use periscope_domain::api_key::Scope;
use serde_json::{Value, json};

/// Deployments `d-0` to `d-5`, one a minute, of two services in two environments; the last one runs.
async fn six() -> (TestApp, Reader) {
    let app = TestApp::start().await;
    for number in 0..6 {
        let is_even = number % 2 == 0;
        let report = report_with(&[
            ("deploymentId", Some(json!(format!("d-{number}")))),
            ("service", Some(json!(if is_even { "Api" } else { "web" }))),
            (
                "environment",
                Some(json!(if number < 3 { "production" } else { "staging" })),
            ),
            (
                "status",
                Some(json!(
                    [
                        "success",
                        "failure",
                        "cancelled",
                        "success",
                        "rolled_back",
                        "in_progress"
                    ][number]
                )),
            ),
            ("startedAt", Some(json!(format!("2024-01-15T10:0{number}:00Z")))),
            ("completedAt", Some(json!(format!("2024-01-15T10:0{number}:00Z")))),
        ]);
        assert_eq!(app.deploy(&report).send().await.status, 201);
    }
    let reader = Reader::new(&app).await;
    (app, reader)
}

fn names(page: &Value) -> Vec<&str> {
    let deployments = page["deployments"].as_array().unwrap();
    deployments
        .iter()
        .map(|deployment| deployment["deploymentId"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_page_of_deployments_has_every_field() {
    let (_app, reader) = deployed().await;
    let page = reader.json("/api/deployments?limit=1").await;
    let cursor = page["nextCursor"].as_str().unwrap();
    insta::assert_snapshot!(format!("{page:#}").replace(cursor, "<cursor>"));
}

#[tokio::test]
async fn a_page_of_pull_requests_has_every_field() {
    let (_app, reader) = deployed().await;
    let page = reader.json("/api/pull-requests").await;
    insta::assert_snapshot!(format!("{page:#}"));
}

#[tokio::test]
async fn an_empty_list_is_a_page_without_items() {
    let app = TestApp::start().await;
    let reader = Reader::new(&app).await;
    for (path, list) in [
        ("/api/deployments", "deployments"),
        ("/api/pull-requests", "pullRequests"),
    ] {
        let page = reader.json(path).await;
        assert_eq!(page, json!({list: [], "nextCursor": null}));
    }
}

#[tokio::test]
async fn deployments_are_filtered_by_what_is_asked_for() {
    let (_app, reader) = six().await;
    for (query, expected) in [
        ("", vec!["d-5", "d-4", "d-3", "d-2", "d-1", "d-0"]),
        ("?sort=oldest", vec!["d-0", "d-1", "d-2", "d-3", "d-4", "d-5"]),
        ("?environment=Production", vec!["d-2", "d-1", "d-0"]),
        ("?service=API", vec!["d-4", "d-2", "d-0"]),
        ("?status=failure", vec!["d-1"]),
        (
            "?status=failure,success&status=cancelled",
            vec!["d-3", "d-2", "d-1", "d-0"],
        ),
        (
            "?since=2024-01-15T10:01:00Z&until=2024-01-15T10:03:00Z",
            vec!["d-2", "d-1"],
        ),
        ("?since=2024-01-15T12:04:00%2B02:00", vec!["d-5", "d-4"]),
        (
            "?since=2024-01-15&until=2024-01-16&service=web&status=in_progress",
            vec!["d-5"],
        ),
        ("?since=2024-01-16", vec![]),
        ("?environment=staging&service=web&status=in_progress", vec!["d-5"]),
        ("?service=none", vec![]),
    ] {
        let page = reader.json(&format!("/api/deployments{query}")).await;
        assert_eq!(names(&page), expected, "{query}");
        assert_eq!(page["nextCursor"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn pull_requests_are_filtered_by_what_is_asked_for() {
    let (_app, reader) = deployed().await;
    for (query, expected) in [
        ("", vec![4, 2]),
        ("?sort=oldest", vec![2, 4]),
        ("?linked=true", vec![2]),
        ("?linked=false", vec![4]),
        ("?repository=ACME/api-gateway&service=api-gateway", vec![4, 2]),
        ("?repository=acme/none", vec![]),
        ("?number=2", vec![2]),
        ("?number=4&repository=acme/api-gateway&linked=false", vec![4]),
        ("?number=4&linked=true", vec![]),
        ("?number=3", vec![]),
        ("?service=none", vec![]),
        ("?author=octocat", vec![]),
        ("?until=2024-01-15T09:00:00Z", vec![]),
        ("?since=2024-01-15T09:00:00Z", vec![4, 2]),
    ] {
        let page = reader.json(&format!("/api/pull-requests{query}")).await;
        let numbers = page["pullRequests"].as_array().unwrap().iter();
        let numbers: Vec<_> = numbers.map(|item| item["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, expected, "{query}");
    }
}

#[tokio::test]
async fn the_cursor_of_a_page_leads_to_the_next_one_while_others_arrive() {
    let (app, reader) = six().await;
    let mut seen = Vec::new();
    let mut path = "/api/deployments?limit=2&environment=staging".to_owned();
    loop {
        let answer = reader.get(&path).await;
        let page = answer.json();
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let new = report_with(&[
            ("deploymentId", Some(json!(format!("new-{}", seen.len())))),
            ("environment", Some(json!("staging"))),
        ]);
        app.deploy(&new).send().await;
        let Some(cursor) = page["nextCursor"].as_str() else {
            assert_eq!(answer.header("link"), None);
            break;
        };
        path = format!("/api/deployments?environment=staging&limit=2&cursor={cursor}");
        let expected = format!("<?environment=staging&limit=2&cursor={cursor}>; rel=\"next\"");
        assert_eq!(answer.header("link"), Some(expected.as_str()));
    }
    assert_eq!(seen, ["d-5", "d-4", "d-3"]);
}

#[tokio::test]
async fn a_cursor_counts_only_where_it_was_given() {
    let (app, reader) = six().await;
    let page = reader.json("/api/deployments?limit=2&service=api").await;
    let cursor = page["nextCursor"].as_str().unwrap();
    let globex = app.make_organization("globex").await;
    let stranger = Reader::of(&app, globex, &[Scope::Read]).await;
    let refused =
        "400 {\"error\":\"Invalid query: cursor must be one that this list gave, with the same filters\"}";
    for (reader, query) in [
        (&stranger, format!("service=api&cursor={cursor}")),
        (&reader, format!("cursor={cursor}")),
        (&reader, format!("service=web&cursor={cursor}")),
        (&reader, format!("service=api&status=success&cursor={cursor}")),
        (&reader, format!("service=api&sort=oldest&cursor={cursor}")),
        (&reader, "service=api&cursor=2".to_owned()),
        (&reader, format!("service=api&cursor=A{cursor}")),
    ] {
        let answer = reader.get(&format!("/api/deployments?{query}")).await;
        assert_eq!(answer.to_string(), refused, "{query}");
    }
    for query in ["limit=1&", "sort=newest&", "environment=&"] {
        let answer = reader
            .get(&format!("/api/deployments?{query}service=api&cursor={cursor}"))
            .await;
        assert_eq!(names(&answer.json())[0], "d-0", "{query}");
    }
}

#[tokio::test]
async fn whatever_breaks_a_rule_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let reader = Reader::new(&app).await;
    let mut told = Vec::new();
    for path in [
        "/api/deployments?enviroment=production",
        "/api/deployments?repository=acme/api",
        "/api/deployments?environment=a%00b",
        "/api/deployments?environment=a&environment=b",
        "/api/deployments?service=a%0Ab",
        "/api/deployments?status=done",
        "/api/deployments?status=success,",
        "/api/deployments?since=2024-02-30",
        "/api/deployments?since=2024-01-15T10:00:00",
        "/api/deployments?until=2024-01-15T10:00:00%20Europe/Paris",
        "/api/deployments?since=2024-01-15T10:00:00Z&until=2024-01-15T09:00:00Z",
        "/api/deployments?sort=up",
        "/api/deployments?limit=0",
        "/api/deployments?limit=201",
        "/api/deployments?limit=ten",
        "/api/deployments?limit=%2B1",
        "/api/deployments?limit=+1",
        "/api/deployments?limit=01",
        "/api/deployments?cursor=next",
        "/api/deployments?limit=0&status=done&sort=up&since=now&page=2&page=3",
        "/api/pull-requests?status=success",
        "/api/pull-requests?repository=api",
        "/api/pull-requests?author=a%00",
        "/api/pull-requests?linked=yes",
        "/api/pull-requests?number=0",
        "/api/pull-requests?number=%2B4",
        "/api/pull-requests?number=04",
        "/api/pull-requests?until=now&limit=-1",
    ] {
        let answer = reader.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.is_refusal(), "{path}: {answer}");
        told.push(format!("{path}\n{:#}\n", answer.json()));
    }
    insta::assert_snapshot!(told.concat());
}

#[tokio::test]
async fn a_store_that_is_away_means_try_again() {
    let (app, reader) = six().await;
    app.store.break_down(Port::Deployments, Fault::Unavailable);
    let answer = reader.get("/api/deployments").await;
    assert_eq!(
        answer.to_string(),
        r#"503 {"error":"Temporarily unavailable, send the same request again"}"#
    );
    assert_eq!(
        (answer.header("etag"), answer.header("retry-after")),
        (None, Some("1"))
    );
}
