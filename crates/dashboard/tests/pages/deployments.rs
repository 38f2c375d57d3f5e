//! The list of deployments, and the page of one.

use crate::app::{TestApp, report, sha};
use crate::records::{all_between, id_of, link, rows, rows_of, text, told};
use periscope_domain::api_key::Scope;
use serde_json::{Value, json};

#[tokio::test]
async fn the_list_tells_what_the_api_tells() {
    let app = TestApp::start().await;
    told(&app).await;
    let html = app.reader().await.page("/deployments").await;
    assert_eq!(
        rows(&html),
        [
            "in progress running Production Deploy ↗ api production 0000000 octocat 0 – 1 hour ago",
            "success staged Production Deploy – staging 0000000 octocat 0 15 min 1 hour ago",
            "failure failed Production Deploy ↗ api production 0000000 octocat 0 10 min 1 hour ago",
            "success second Production Deploy ↗ api production 0000000 octocat 2 7 min 5 s 1 hour ago",
            "success first Production Deploy ↗ api production 0000000 octocat 0 1 min 3 hours ago",
        ]
    );
    let page = app.api("/api/deployments").await;
    let listed = page["deployments"].as_array().unwrap();
    for (row, deployment) in rows(&html).iter().zip(listed) {
        assert!(
            row.contains(deployment["deploymentId"].as_str().unwrap()),
            "{row}"
        );
        assert!(row.contains(&format!(" {} ", deployment["linkedPRs"])), "{row}");
    }
    let sha = sha(5);
    assert!(
        html.contains(&format!("<code title=\"{sha}\">{}</code>", &sha[..7])),
        "{html}"
    );
    assert!(
        html.contains(
            "<time datetime=\"2024-01-15T10:37:05Z\" title=\"15 Jan 2024, 10:37\">1 hour ago</time>"
        )
    );
    assert!(html.contains("href=\"https://ci.example/runs/12345\" rel=\"noreferrer\""));
}

#[tokio::test]
async fn deployments_are_filtered_and_the_filters_stay() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    for (query, expected) in [
        ("status=failure", vec!["failed"]),
        ("status=failure,in_progress", vec!["running", "failed"]),
        ("status=failure&status=in_progress", vec!["running", "failed"]),
        ("status=&environment=Staging&service=", vec!["staged"]),
        ("service=API&status=success", vec!["second", "first"]),
        (
            "since=2024-01-15T10:37:05Z&until=2024-01-15T10:45:00Z",
            vec!["failed", "second"],
        ),
        (
            "timeRange=7d&timeZone=Europe/Berlin&status=success",
            vec!["staged", "second", "first"],
        ),
    ] {
        let html = reader.page(&format!("/deployments?{query}")).await;
        let names: Vec<_> = rows(&html).iter().map(|row| name(row)).collect();
        assert_eq!(names, expected, "{query}");
    }
    let html = reader.page("/deployments?status=failure,in_progress").await;
    assert!(
        html.contains("<option value=\"failure,in_progress\" selected>failure or in progress</option>"),
        "{html}"
    );
    let refused = reader.get("/deployments?status=done").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("status must be one of"), "{refused}");
    assert_eq!(reader.get("/deployments?colour=red").await.status, 400);
}

fn name(row: &str) -> &'static str {
    let names = ["first", "second", "failed", "running", "staged"];
    names.into_iter().find(|name| row.contains(name)).unwrap()
}

#[tokio::test]
async fn who_goes_on_to_older_pages_sees_each_deployment_once_and_comes_back() {
    let app = TestApp::start().await;
    for number in 0..125 {
        let time = format!("2024-01-14T{:02}:{:02}:00Z", number / 60, number % 60);
        let changes = json!({"startedAt": time, "completedAt": time, "environment": "test"});
        app.deploy(&report(&format!("d-{number:03}"), &changes)).await;
    }
    let reader = app.reader().await;
    let names = |html: &str| -> Vec<String> {
        let rows = rows(html).into_iter();
        rows.map(|row| row.split(' ').nth(1).unwrap().to_owned())
            .collect()
    };
    let expected: Vec<_> = (0..125).rev().map(|number| format!("d-{number:03}")).collect();
    let mut seen = Vec::new();
    let mut html = reader.page("/deployments?environment=test").await;
    loop {
        seen.extend(names(&html));
        let Some(older) = link(&html, "Older") else { break };
        assert!(older.contains("environment=test"), "{older}");
        html = reader.page(&format!("/deployments{older}")).await;
    }
    assert_eq!(seen, expected);
    let newer = link(&html, "Newer").unwrap();
    let html = reader.page(&format!("/deployments{newer}")).await;
    assert_eq!(names(&html), expected[50..100]);
    let newer = link(&html, "Newer").unwrap();
    let back = reader.get(&format!("/deployments{newer}")).await;
    assert_eq!(
        (back.status, back.header("location")),
        (303, Some("/deployments?environment=test"))
    );
    let oldest = link(&html, "Oldest").unwrap();
    let html = reader.page(&format!("/deployments{oldest}")).await;
    assert_eq!(names(&html), expected[75..]);
    assert_eq!(link(&html, "Older"), None);
}

#[tokio::test]
async fn an_empty_list_says_what_to_do() {
    let app = TestApp::start().await;
    let reader = app.reader().await;
    let html = reader.page("/deployments").await;
    assert!(html.contains("No deployment has been reported yet"), "{html}");
    assert!(html.contains("href=\"/docs\""));
    assert!(!html.contains("/settings"), "a reader has none");
    let admin = app.visitor(&[Scope::Admin]).await;
    assert!(admin.page("/deployments").await.contains("/settings"));
    told(&app).await;
    let html = reader
        .page("/deployments?service=none&timeZone=Europe/Berlin")
        .await;
    assert!(html.contains("No deployment matches."), "{html}");
    let all = link(&html, "Show all deployments").unwrap();
    assert_eq!(all, "/deployments?timeZone=Europe%2FBerlin");
}

#[tokio::test]
async fn a_deployment_tells_what_it_ships_how_that_is_known_and_what_it_does_not_ship() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    let id = id_of(&app, "second").await;
    let html = reader
        .page(&format!("/deployments/{id}?timeZone=Europe/Berlin"))
        .await;
    let facts: Vec<_> = all_between(&html, "<dt>", "</dd>")
        .into_iter()
        .map(text)
        .collect();
    assert_eq!(
        facts,
        [
            "Service api",
            "Environment production",
            "Commit 0000000 on main",
            "Previous commit not sent",
            "Started 15 Jan 2024, 11:30",
            "Completed 15 Jan 2024, 11:37",
            "Took 7 min 5 s",
            "Triggered by octocat",
            "Pipeline Production Deploy ↗",
        ]
    );
    assert_eq!(
        rows_of(&html, "aria-labelledby=\"ships\"><thead")
            .into_iter()
            .chain(rows_of(&html, "id=\"ships\""))
            .collect::<Vec<_>>(),
        [
            "Change 4 acme/api#4 Hubot 8 hours ago 6 h 37 min The deployed commit contains its merge commit, and base 0000000 does not.",
            "Change 2 acme/api#2 octocat 10 hours ago 8 h 37 min The deployed commit contains its merge commit, and base 0000000 does not.",
        ]
    );
    let explained = app.api(&format!("/api/deployments/{id}/explain")).await;
    for linked in explained["links"].as_array().unwrap() {
        let seconds = linked["leadTimeSeconds"].as_i64().unwrap();
        let told = format!("{} h {} min", seconds / 3600, seconds % 3600 / 60);
        assert!(text(&html).contains(&told), "{told}");
    }
    assert_eq!(
        rows_of(&html, "id=\"not-in\""),
        [
            "Change 8 acme/api#8 octocat 4 hours ago The deployed commit does not contain the merge commit.",
            "Change 6 acme/api#6 octocat 6 hours ago The deployed commit does not contain the merge commit.",
        ]
    );
    let steps = all_between(&html, "<ol class=\"steps\">", "</ol>")[0];
    let steps: Vec<_> = all_between(steps, "<li>", "</li>")
        .into_iter()
        .map(text)
        .collect();
    assert_eq!(steps.len(), explained["steps"].as_array().unwrap().len());
    assert_eq!(
        steps[0],
        "Service api is the name of acme/api and of no other repository."
    );
    assert!(text(&html).contains("History success"), "{html}");
    assert!(html.contains(&format!(
        "/pull-requests/{}?timeZone",
        explained["links"][0]["pullRequest"]["id"]
    )));
}

#[tokio::test]
async fn a_deployment_that_ships_nothing_says_so_and_warnings_are_seen() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    let failed = id_of(&app, "failed").await;
    let html = text(&reader.page(&format!("/deployments/{failed}")).await);
    assert!(html.contains("Pull requests it ships 0 None."), "{html}");
    assert!(html.contains("It is failure in production; only a success in production ships pull requests."));
    assert!(!html.contains("Merged before"));
    let running = id_of(&app, "running").await;
    let running = reader.page(&format!("/deployments/{running}")).await;
    assert!(
        running.contains("data-refresh") && text(&running).contains("Completed not yet"),
        "{running}"
    );
    let changes = json!({"service": "nothing", "commitSha": "abcdef1"});
    let unknown = app.deploy(&report("unknown", &changes)).await;
    let html = text(&reader.page(&format!("/deployments/{unknown}")).await);
    assert!(
        html.contains("Warning: Service nothing names no repository"),
        "{html}"
    );
    assert!(
        html.contains("Nobody has told of the deployed commit where it was looked for, or it fits several."),
        "{html}"
    );
}

#[tokio::test]
async fn a_deployment_that_brings_nothing_new_says_what_it_repeats() {
    let app = TestApp::start().await;
    told(&app).await;
    for (id, commit, minute) in [("again", 5, 50), ("back", 4, 55)] {
        let completed_at = format!("2024-01-15T10:{minute}:00Z");
        app.deploy(&report(
            id,
            &json!({"commitSha": sha(commit), "completedAt": completed_at}),
        ))
        .await;
    }
    let reader = app.reader().await;
    let listed = rows(
        &reader
            .page("/deployments?status=success&environment=production")
            .await,
    );
    for (row, told) in listed.iter().zip([
        "octocat 1 roll-back ",
        "octocat 0 redeployment ",
        "octocat 2 7 min",
    ]) {
        assert!(row.contains(told), "{row}");
    }
    let page = async |name: &str| {
        let id = id_of(&app, name).await;
        reader.page(&format!("/deployments/{id}")).await
    };
    let again = page("again").await;
    assert!(
        again.contains("<p class=\"notice\">Redeployment of second: nothing new.</p>"),
        "{again}"
    );
    let back = text(&page("back").await);
    assert!(back.contains("a roll-back to what again brought"), "{back}");
    assert!(back.contains("An earlier deployment delivered it."), "{back}");
    assert!(!back.contains("Warning:"), "{back}");
    let second = text(&page("second").await);
    assert!(
        !second.contains("nothing new") && !second.contains("An earlier deployment"),
        "{second}"
    );
}

#[tokio::test]
async fn what_is_nobodys_or_another_organizations_is_not_found() {
    let app = TestApp::start().await;
    told(&app).await;
    let id = id_of(&app, "second").await;
    let globex = app.make_organization("globex").await;
    let key = app.make_key(globex, &[Scope::Read]).await;
    let mut stranger = app.browser();
    stranger.sign_in(&key).await;
    let reader = app.reader().await;
    for (browser, path) in [
        (&stranger, format!("/deployments/{id}")),
        (&stranger, "/pull-requests/3".to_owned()),
        (&reader, "/deployments/999999".to_owned()),
        (&reader, "/deployments/second".to_owned()),
        (&reader, "/deployments/99999999999999999999".to_owned()),
        (&reader, format!("/deployments/+{id}")),
        (&reader, format!("/deployments/0{id}")),
        (&reader, "/pull-requests/x".to_owned()),
        (&reader, "/pull-requests/+3".to_owned()),
        (&reader, "/pull-requests/999999".to_owned()),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            answer.body.contains("<h1>Page not found</h1>"),
            "{path}: {answer}"
        );
    }
    for path in ["/deployments", "/pull-requests"] {
        assert_eq!(rows(&stranger.page(path).await), Vec::<String>::new());
        let answer = app.browser().get(path).await;
        assert_eq!(answer.status, 303, "{path}");
    }
}

#[tokio::test]
async fn names_from_outside_are_text_and_nothing_else() {
    let app = TestApp::start().await;
    let evil = "<script>alert('x')</script>\"&";
    let service = "s".repeat(255);
    let changes = json!({
        "service": service, "environment": evil, "branch": evil, "triggeredBy": evil, "pipelineName": evil,
        "pipelineUrl": "https://ci.example/?a='&b", "status": "success",
    });
    let id = app.deploy(&report(evil, &changes)).await;
    let changes = json!({"service": evil, "commitSha": "abcdef1", "triggeredBy": evil});
    let shipped = app.deploy(&report("shipped", &changes)).await;
    let merge = json!({
        "number": 1, "mergeCommitSha": sha(1), "mergedAt": "2024-01-15T01:00:00Z", "title": evil, "author": evil,
        "mergedBy": evil, "baseBranch": evil, "headBranch": evil,
    });
    app.tell(
        "/api/pull-requests",
        &json!({"repository": "acme/api", "pullRequests": [merge]}),
    )
    .await;
    let pull_request = app.api("/api/pull-requests").await["pullRequests"][0]["id"].clone();
    let reader = app.reader().await;
    for path in [
        "/deployments".to_owned(),
        format!("/deployments/{id}"),
        format!("/deployments/{shipped}"),
        "/pull-requests".to_owned(),
        "/pull-requests?author=%3Cscript%3E%22".to_owned(),
        format!("/pull-requests/{pull_request}"),
    ] {
        let html = reader.page(&path).await;
        assert!(
            !html.contains("<script>") && html.matches("<script").count() == 1,
            "{path}: {html}"
        );
        assert!(!html.contains("=\"\">"), "{path}: {html}");
        assert!(
            path.contains("author") || html.contains("script&#62;") || html.contains("script&gt;"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn many_pull_requests_are_shown_in_parts() {
    let app = TestApp::start().await;
    let merges: Vec<Value> = (1..=250)
        .map(|number| json!({"number": number, "mergeCommitSha": sha(7), "mergedAt": "2024-01-15T01:00:00Z"}))
        .collect();
    app.tell(
        "/api/pull-requests",
        &json!({"repository": "acme/api", "pullRequests": merges}),
    )
    .await;
    let id = app.deploy(&report("many", &json!({"commitSha": sha(7)}))).await;
    let reader = app.reader().await;
    let mut seen = 0;
    let mut path = format!("/deployments/{id}");
    for range in ["1–100 of 250", "101–200 of 250", "201–250 of 250"] {
        let html = reader.page(&path).await;
        assert!(html.contains(range), "{range}: {html}");
        assert!(html.contains("<span class=\"count\">250</span>"), "{html}");
        seen += rows(&html).len();
        if let Some(next) = link(&html, "The next") {
            path = next.split('#').next().unwrap().to_owned();
        }
    }
    assert_eq!(seen, 250);
    assert_eq!(reader.get(&format!("/deployments/{id}?part=0")).await.status, 400);
}

#[tokio::test]
async fn an_admin_removes_a_deployment_after_being_asked() {
    let app = TestApp::start().await;
    told(&app).await;
    let path = format!("/deployments/{}", id_of(&app, "second").await);
    let remove = format!("{path}/remove");
    let link = format!("<a href=\"{remove}\">");
    let mut reader = app.reader().await;
    assert!(!reader.page(&path).await.contains(&link));
    assert_eq!(reader.get(&remove).await.status, 403);
    let token = reader.csrf_token(&path).await;
    let refused = reader.post(&remove, &[("csrfToken", &token)]).await;
    assert_eq!(refused.status, 403);
    let mut admin = app.admin().await;
    assert!(admin.page(&path).await.contains(&link));
    let question = admin.page(&remove).await;
    assert!(question.contains("Remove the deployment second?"), "{question}");
    let answer = admin.submit(&remove, &remove, &[]).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/deployments"))
    );
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(admin.get(&remove).await.status, 404);
    assert!(
        !rows(&admin.page("/deployments").await)
            .iter()
            .any(|row| row.contains("second"))
    );
}
