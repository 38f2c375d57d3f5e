//! What pages call things, whichever page it is: a service leads to its overview, a pull request has its title and its
//! repository.

use crate::app::{Browser, TestApp, report};
use crate::records::{all_between, id_of, text, told};
use serde_json::json;

/// A history that shows a service and a pull request on every page that has some.
async fn world() -> (TestApp, Browser, Vec<String>) {
    let app = TestApp::start().await;
    told(&app).await;
    let [opened, ended] = ["2024-01-15T10:50:00Z", "2024-01-15T10:55:00Z"];
    let recovered = json!({"startedAt": opened, "completedAt": ended});
    app.deploy(&report("recovered", &recovered)).await;
    let down = json!({"status": "failure", "startedAt": ended, "completedAt": "2024-01-15T11:00:00Z"});
    app.deploy(&report("down", &down)).await;
    let pull_requests = app.api("/api/pull-requests").await;
    let shipped = pull_requests["pullRequests"].as_array().unwrap().iter();
    let mut shipped = shipped
        .filter(|of| of["number"] == 4)
        .map(|of| of["id"].to_string());
    let paths = [
        "/".to_owned(),
        "/deployments".to_owned(),
        format!("/deployments/{}", id_of(&app, "second").await),
        format!("/pull-requests/{}", shipped.next().unwrap()),
        "/metrics/lead-time".to_owned(),
        "/metrics/change-failure-rate".to_owned(),
        "/metrics/mttr".to_owned(),
    ];
    let admin = app.admin().await;
    (app, admin, paths.into())
}

#[tokio::test]
async fn a_service_leads_to_its_overview_wherever_it_is_named() {
    let (_app, admin, paths) = world().await;
    for path in paths {
        let html = admin.page(&format!("{path}?timeRange=7d")).await;
        let mut named = 0;
        for end in [
            ">api</td>",
            ">api</th>",
            ">api</dd>",
            ">api</span>",
            ">api</strong>",
        ] {
            assert!(!html.contains(end), "{path}: {end} {html}");
        }
        for tag in all_between(&html, "<a ", "</a>") {
            let Some((attributes, "api")) = tag.split_once('>') else {
                continue;
            };
            named += 1;
            assert!(
                attributes.contains("href=\"/?timeRange=7d&#38;service=api\""),
                "{path}: {attributes}"
            );
        }
        assert!(named > 0, "{path}: {html}");
    }
}

#[tokio::test]
async fn a_pull_request_is_named_with_its_repository_and_never_by_a_number_alone() {
    let (_app, admin, mut paths) = world().await;
    paths.extend(["/pull-requests", "/repositories", "/pull-requests?number=99"].map(str::to_owned));
    for path in paths {
        let html = admin.page(&path).await;
        let bare = |word: &&str| {
            word.strip_prefix('#')
                .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
        };
        let told = text(&html);
        assert_eq!(told.split([' ', '(']).find(bare), None, "{path}");
    }
    let html = admin.page("/repositories").await;
    assert!(html.contains("<title>Change 4, acme/api#4: "), "{html}");
    let html = admin.page("/metrics/lead-time").await;
    assert!(
        text(&html).contains("Change 4 acme/api#4 15 Jan 2024, 04:00 second api 6 h 37 min"),
        "{html}"
    );
}
