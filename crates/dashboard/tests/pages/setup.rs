//! The steps of the setup: before the first deployment in place of the overview, and at their own address for good.

use crate::app::{Setup, TestApp, report, sha};
use crate::records::{all_between, link, text, told};
use periscope_domain::api_key::Scope;
use periscope_domain::organization::Plan;
use serde_json::{Value, json};

#[tokio::test]
async fn it_says_how_to_report_a_deployment_to_this_address() {
    let app = TestApp::start().await;
    let html = app.reader().await.page("/").await;
    let address = format!("http://{}", app.address);
    for ci in [
        "GitHub Actions",
        "GitLab CI",
        "Jenkins",
        "Azure DevOps",
        "CircleCI",
        "Any shell",
    ] {
        assert!(html.contains(ci), "{ci}");
    }
    assert_eq!(
        html.matches(&address).count(),
        7,
        "a request, the steps for five CIs and a script"
    );
    assert!(!html.contains("periscope.example.org"));
    assert!(html.contains("Waiting for the first event"));
    assert!(html.contains(r#"<noscript><meta http-equiv="refresh" content="10"></noscript>"#));
    assert!(html.contains("periscope key create --org acme --name ci"));
    assert!(!html.contains("href=\"/settings"), "a reader makes no keys");
    let html = app.admin().await.page("/").await;
    assert!(html.contains(r#"href="/settings/keys/new?scope=ingest""#));
}

#[tokio::test]
async fn the_request_that_it_shows_is_accepted() {
    let app = TestApp::start().await;
    let html = app.reader().await.page("/").await;
    let body = html.split("-d &#39;").nth(1).unwrap();
    let body = body.split("&#39;").next().unwrap().replace("&#34;", "\"");
    let widest = body.lines().map(str::len).max().unwrap();
    assert!(widest <= 72, "it fits beside the other steps: {body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    app.deploy(&body).await;
}

#[tokio::test]
async fn it_turns_into_the_overview_when_the_first_deployment_comes() {
    let app = TestApp::start().await;
    let browser = app.reader().await;
    let other = app.make_organization("globex").await;
    let key_of_other = app.make_key(other, &[Scope::Read]).await;
    let mut of_other = app.browser();
    of_other.sign_in(&key_of_other).await;
    assert_eq!(browser.get("/waiting").await.status, 204);
    // Any event counts, whatever its environment and status.
    let pending = json!({"status": "pending", "environment": "test", "service": null, "completedAt": null});
    app.deploy(&report("first", &pending)).await;
    assert_eq!(browser.get("/waiting").await.status, 200);
    assert!(!browser.page("/").await.contains("Waiting for the first event"));
    assert_eq!(of_other.get("/waiting").await.status, 204);
    assert!(of_other.page("/").await.contains("Waiting for the first event"));
    let stranger = app.browser().get("/waiting").await;
    assert_eq!(stranger.status, 303);
}

#[tokio::test]
async fn the_trial_is_told_of_where_one_is_to_come_and_on_no_page_after() {
    for (plan, is_told) in [(Plan::Free, true), (Plan::Business, false)] {
        let app = TestApp::start_with(Setup {
            plan,
            ..Setup::default()
        })
        .await;
        let browser = app.reader().await;
        let html = browser.page("/").await;
        let sentence = "begins a Business trial of 14 days, and nothing is locked when that ends";
        assert_eq!(html.contains(sentence), is_told);
        app.deploy(&report("first", &json!({}))).await;
        for path in ["/", "/deployments", "/setup"] {
            let html = browser.page(path).await;
            assert!(!html.contains("trial"), "{path}: {html}");
        }
    }
}

/// Each step by its name, and whether it is ticked.
fn steps(html: &str) -> Vec<(String, bool)> {
    let steps = all_between(html, "<li class=\"card stack", "</div>");
    let read = steps.into_iter().map(|step| {
        let (_, step) = step.split_once("<h2>").unwrap();
        let (name, state) = step.split_once("</h2>").unwrap();
        (name.to_owned(), text(state).ends_with("done"))
    });
    read.collect()
}

const STEPS: [&str; 4] = [
    "Report a deployment",
    "Say which environments are production",
    "Send commits and pull requests",
    "Name the repository of each service",
];

#[tokio::test]
async fn what_is_done_is_ticked_and_the_first_open_step_is_linked_from_whatever_has_no_data() {
    let app = TestApp::start().await;
    let reader = app.reader().await;
    let pages = ["/", "/metrics/lead-time", "/repositories", "/pull-requests"];
    for (done, next) in [
        ([false; 4], 0),
        ([true, false, false, false], 1),
        ([true, true, false, false], 2),
        ([true, true, true, false], 3),
    ] {
        let html = reader.page("/setup").await;
        let expected = STEPS.map(str::to_owned).into_iter().zip(done);
        assert_eq!(steps(&html), expected.collect::<Vec<_>>());
        let paths = ["deployments", "environments", "pull-requests", "services"];
        let [name, path] = [STEPS[next], &*format!("/setup#{}", paths[next])];
        assert!(
            html.contains(&format!("id=\"{}\"", path.replace("/setup#", ""))),
            "{html}"
        );
        for page in pages {
            // The first run stands in the place of the overview, and pull requests that there are need no step.
            let is_exempt = (page == "/" && next == 0) || (page == "/pull-requests" && next == 3);
            let html = reader.page(page).await;
            let to = link(&html, &format!("Next: {name}"));
            assert_eq!(to.as_deref(), Some(path).filter(|_| !is_exempt), "{page} {name}");
        }
        if next == 0 {
            let elsewhere = json!({"service": "checkout", "environment": "live"});
            app.deploy(&report("first", &elsewhere)).await;
        } else if next == 1 {
            assert!(!reader.page("/setup").await.contains("Make production"));
            let mut admin = app.admin().await;
            assert!(admin.page("/setup").await.contains("Make production"));
            let fields = [("environment", "live"), ("tier", "production")];
            let answer = admin.submit("/setup", "/settings/environments", &fields).await;
            assert_eq!(answer.status, 303);
        } else {
            let merge = json!({"number": 7, "mergeCommitSha": sha(7), "mergedAt": "2023-11-15T01:00:00Z"});
            let batch = json!({"repository": "acme/api", "pullRequests": [merge]});
            app.tell("/api/pull-requests", &batch).await;
        }
    }
}

#[tokio::test]
async fn a_setup_that_is_done_stays_and_nothing_leads_to_it_but_the_foot_of_a_page() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    let html = reader.page("/setup").await;
    assert_eq!(steps(&html), STEPS.map(|name| (name.to_owned(), true)));
    assert!(
        html.contains("GitHub Actions") && !html.contains("Waiting for"),
        "{html}"
    );
    let html = reader.page("/").await;
    assert!(!html.contains("Next:"), "{html}");
    assert_eq!(link(&html, "Setup").as_deref(), Some("/setup"));
}

#[tokio::test]
async fn a_service_without_a_repository_is_a_link_away_from_one() {
    let app = TestApp::start().await;
    told(&app).await;
    app.deploy(&report("odd", &json!({"service": "web & more"})))
        .await;
    let html = app.reader().await.page("/setup").await;
    assert_eq!(
        link(&html, "web &#38; more").as_deref(),
        Some("/?service=web+%26+more")
    );
    assert!(!html.contains("/settings/repositories") && html.contains("periscope repository alias"));
    let admin = app.admin().await;
    let html = admin.page("/setup").await;
    let to = "/settings/repositories?service=web+%26+more";
    assert!(html.contains(&format!("href=\"{to}#alias\"")), "{html}");
    let html = admin.page(to).await;
    assert!(
        html.contains("name=\"service\" value=\"web &#38; more\""),
        "{html}"
    );
}
