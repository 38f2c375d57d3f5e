//! The list of pull requests, and the page of one.

use crate::app::{TestApp, report, sha};
use crate::records::{all_between, id_of, link, rows, rows_of, text, told};
use serde_json::{Value, json};

async fn number_of(app: &TestApp, number: u32) -> i64 {
    let page = app.api(&format!("/api/pull-requests?number={number}")).await;
    page["pullRequests"][0]["id"].as_i64().unwrap()
}

#[tokio::test]
async fn the_list_tells_what_the_api_tells() {
    let app = TestApp::start().await;
    told(&app).await;
    let html = app.reader().await.page("/pull-requests").await;
    assert_eq!(
        rows(&html),
        [
            "Change 8 acme/api#8 octocat not shipped +9600 −8 1 d 8 h 4 hours ago",
            "Change 6 acme/api#6 octocat not shipped +7200 −6 1 d 6 h 6 hours ago",
            "Change 4 acme/api#4 Hubot shipped +4800 −4 1 d 4 h 8 hours ago",
            "Change 2 acme/api#2 octocat shipped +2400 −2 1 d 2 h 10 hours ago",
        ]
    );
    let page = app.api("/api/pull-requests").await;
    for (row, item) in rows(&html).iter().zip(page["pullRequests"].as_array().unwrap()) {
        let is_linked = item["linked"].as_bool().unwrap();
        assert_eq!(!row.contains("not shipped"), is_linked, "{row}");
    }
}

#[tokio::test]
async fn pull_requests_are_filtered_and_one_that_is_asked_for_is_opened() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    for (query, expected) in [
        ("linked=true", vec!["acme/api#4", "acme/api#2"]),
        ("linked=false&author=OCTOCAT", vec!["acme/api#8", "acme/api#6"]),
        (
            "author=hubot&repository=Acme/API&service=api&linked=&number=",
            vec!["acme/api#4"],
        ),
        (
            "since=2024-01-15T04:00:00Z&until=2024-01-15T08:00:00Z",
            vec!["acme/api#6", "acme/api#4"],
        ),
        (
            "environment=staging&timeRange=7d&author=hubot",
            vec!["acme/api#4"],
        ),
        ("repository=acme/none", vec![]),
    ] {
        let html = reader.page(&format!("/pull-requests?{query}")).await;
        let names: Vec<_> = rows(&html)
            .iter()
            .map(|row| row.split(' ').nth(2).unwrap().to_owned())
            .collect();
        assert_eq!(names, expected, "{query}");
    }
    let kept = reader.page("/pull-requests?environment=staging").await;
    assert!(kept.contains("<input type=\"hidden\" name=\"environment\" value=\"staging\">"));
    let opened = reader
        .get("/pull-requests?repository=acme/api&number=%236&timeZone=UTC")
        .await;
    let path = format!("/pull-requests/{}?timeZone=UTC", number_of(&app, 6).await);
    assert_eq!(
        (opened.status, opened.header("location")),
        (303, Some(path.as_str()))
    );
    let other = json!({"number": 6, "mergeCommitSha": sha(60), "mergedAt": "2024-01-15T01:00:00Z"});
    app.tell(
        "/api/pull-requests",
        &json!({"repository": "acme/web", "pullRequests": [other]}),
    )
    .await;
    assert_eq!(rows(&reader.page("/pull-requests?number=6").await).len(), 2);
    let html = reader.page("/pull-requests?number=99").await;
    assert!(
        html.contains("No pull request with the number 99 matches."),
        "{html}"
    );
    assert_eq!(link(&html, "Show all pull requests").unwrap(), "/pull-requests");
    for bad in [
        "number=0",
        "number=x",
        "linked=yes",
        "repository=api",
        "status=success",
    ] {
        assert_eq!(
            reader.get(&format!("/pull-requests?{bad}")).await.status,
            400,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn who_goes_on_to_older_pages_sees_each_pull_request_once() {
    let app = TestApp::start().await;
    let merges: Vec<Value> = (1..=120)
        .map(|number| json!({"number": number, "mergeCommitSha": sha(number), "mergedAt": "2024-01-15T01:00:00Z"}))
        .collect();
    app.tell(
        "/api/pull-requests",
        &json!({"repository": "acme/api", "pullRequests": merges}),
    )
    .await;
    let reader = app.reader().await;
    let mut seen = Vec::new();
    let mut path = "/pull-requests?linked=false".to_owned();
    loop {
        let html = reader.page(&path).await;
        seen.extend(
            rows(&html)
                .iter()
                .map(|row| row.split(' ').next().unwrap().to_owned()),
        );
        let Some(older) = link(&html, "Older") else { break };
        path = format!("/pull-requests{older}");
    }
    let expected: Vec<_> = (1..=120)
        .rev()
        .map(|number| format!("acme/api#{number}"))
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_empty_list_says_what_to_do() {
    let app = TestApp::start().await;
    let html = app.reader().await.page("/pull-requests").await;
    assert!(html.contains("No merged pull request is known yet"), "{html}");
}

#[tokio::test]
async fn a_pull_request_tells_where_it_is() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    let html = reader
        .page(&format!("/pull-requests/{}", number_of(&app, 4).await))
        .await;
    let facts: Vec<_> = all_between(&html, "<dt>", "</dd>")
        .into_iter()
        .map(text)
        .collect();
    assert_eq!(
        facts,
        [
            "Author Hubot",
            "Opened 14 Jan 2024, 00:00",
            "Merged 15 Jan 2024, 04:00",
            "Merged by –",
            "Cycle time 1 d 4 h",
            "Lead time 6 h 37 min",
            "Delivered first second",
            "Size +4800 −4 in 3 files",
            "Branch –",
            "Merge commit 0000000",
        ]
    );
    assert!(
        text(&html).contains("at 15 Jan 2024, 04:00 . One deployment shipped it."),
        "{html}"
    );
    assert_eq!(
        rows_of(&html, "id=\"where\""),
        [
            "second api 0000000 1 hour ago 6 h 37 min First delivery. The deployed commit contains its merge commit, and base 0000000 does not."
        ]
    );
    let second = id_of(&app, "second").await;
    assert!(html.contains(&format!("href=\"/deployments/{second}\"")));
    assert!(html.contains("href=\"https://forge.example/acme/api/4\" rel=\"noreferrer\""));
}

#[tokio::test]
async fn a_pull_request_tells_where_it_was_delivered_first_and_where_else_it_is() {
    let app = TestApp::start().await;
    told(&app).await;
    for number in 1..=7 {
        let completed_at = format!("2024-01-15T10:5{number}:00Z");
        let changes = json!({"commitSha": sha(4), "completedAt": completed_at});
        app.deploy(&report(&format!("v{number}"), &changes)).await;
    }
    let reader = app.reader().await;
    let id = number_of(&app, 4).await;
    let html = reader.page(&format!("/pull-requests/{id}")).await;
    let facts = all_between(&html, "<dt>", "</dd>").into_iter().map(text);
    let facts: Vec<_> = facts
        .filter(|fact| fact.starts_with("Lead time") || fact.contains(" v1") || fact.contains("first"))
        .collect();
    assert_eq!(
        facts,
        [
            "Lead time 6 h 37 min",
            "Delivered first second",
            "Also in v1 , v2 , v3 , v4 , v5 and 2 more",
        ]
    );
    let shipped_by = rows_of(&html, "id=\"where\"");
    let is_first = shipped_by.iter().map(|row| row.contains("First delivery."));
    assert_eq!(is_first.filter(|is_first| *is_first).count(), 1);
    assert!(shipped_by[0].contains("First delivery."), "{shipped_by:?}");
}

#[tokio::test]
async fn a_pull_request_that_is_nowhere_tells_why_of_each_deployment() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    let id = number_of(&app, 6).await;
    let html = reader.page(&format!("/pull-requests/{id}")).await;
    assert_eq!(
        rows_of(&html, "id=\"where\""),
        [
            "first api 0000000 3 hours ago The deployed commit does not contain the merge commit.",
            "second api 0000000 1 hour ago The deployed commit does not contain the merge commit.",
        ]
    );
    let explained = app.api(&format!("/api/pull-requests/{id}/explain")).await;
    assert_eq!(explained["notIn"].as_array().unwrap().len(), 2);
    assert!(text(&html).contains("not shipped"), "{html}");
}
