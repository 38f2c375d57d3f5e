//! The overview of much: many services, many days.

use crate::app::{TestApp, report};
use crate::records::{all_between, link, rows_of, text, told};
use periscope_domain::ports::Clock;
use serde_json::json;
use time::Duration;

/// 300 services of which something was deployed once, `s-7` twice and `s-250` three times; all but `s-7` failed.
async fn many_services() -> TestApp {
    let app = TestApp::start().await;
    let again = [7, 250, 250];
    for (place, service) in (0..300).chain(again).enumerate() {
        let changes = json!({
            "service": format!("s-{service}"),
            "status": if service == 7 { "success" } else { "failure" },
        });
        app.deploy(&report(&format!("d-{place}"), &changes)).await;
    }
    app
}

#[tokio::test]
async fn of_many_services_those_deployed_most_are_shown_and_all_are_a_link_away() {
    let app = many_services().await;
    let reader = app.reader().await;
    let html = reader.page("/?timeRange=7d").await;
    let shown = rows_of(&html, "id=\"services\"");
    assert_eq!(shown.len(), 20);
    assert!(shown[0].starts_with("s-250 0 3 100 % too few"), "{shown:?}");
    assert!(shown[1].starts_with("s-7 2 0 0 %"), "{shown:?}");
    assert!(shown[2].starts_with("s-0 "), "{shown:?}");
    let all = link(&html, "280 more").unwrap();
    assert_eq!(all, "/metrics/change-failure-rate?timeRange=7d#services");
    let mut path = all.replace("#services", "");
    let mut listed = Vec::new();
    loop {
        let html = reader.page(&path).await;
        let rows = rows_of(&html, "id=\"services\"");
        assert!(rows.len() <= 100);
        listed.extend(rows);
        assert_eq!(
            rows_of(&html, "id=\"failures\"").len(),
            20,
            "short lists stay whole"
        );
        let Some(next) = link(&html, "The next") else {
            break;
        };
        assert!(next.ends_with("#services"), "{next}");
        path = next.replace("#services", "");
    }
    assert_eq!(listed.len(), 300);
    assert_eq!(reader.get("/metrics/lead-time?part=+1").await.status, 400);
}

#[tokio::test]
async fn a_deployment_in_progress_for_more_than_a_day_is_shown_until_its_end_is_reported() {
    let app = TestApp::start().await;
    let running = json!({"status": "in_progress", "completedAt": null});
    app.deploy(&report("gha-1", &running)).await;
    let told = "1 deployment in progress for more than a day";
    assert!(!text(&app.reader().await.page("/").await).contains(told));
    app.clock.advance(Duration::days(1));
    let reader = app.reader().await;
    let html = text(&reader.page("/").await);
    assert!(
        html.contains(told) && html.contains("gha-1 of api began"),
        "{html}"
    );
    assert!(!text(&reader.page("/?environment=staging").await).contains(told));
    app.deploy(&report("gha-1", &json!({}))).await;
    assert!(!text(&reader.page("/").await).contains(told));
}

#[tokio::test]
async fn of_many_risks_the_worst_are_shown_and_the_rest_counted() {
    let app = many_services().await;
    let html = app.reader().await.page("/").await;
    let shown = all_between(&html, "<span class=\"severity", "</span>").len();
    let all = app.api("/api/metrics/risk-signals").await;
    let all = all["signals"].as_array().unwrap().len();
    assert!(shown == 20 && all > 280, "{shown} {all}");
    let more = format!(
        "{} more. Programs read all of them from /api/metrics/risk-signals .",
        all - 20
    );
    assert!(text(&html).contains(&more), "{more}");
}

#[tokio::test]
async fn an_overview_of_400_days_has_a_bar_for_each_week_and_is_small() {
    let app = TestApp::start().await;
    for day in 0..400 {
        let at = |minutes| {
            let ago = Duration::days(day) + Duration::minutes(minutes);
            app.clock.now().plus(-ago).to_string()
        };
        let status = if day % 4 == 0 { "failure" } else { "success" };
        let changes = json!({"status": status, "startedAt": at(20), "completedAt": at(10)});
        app.deploy(&report(&format!("d-{day}"), &changes)).await;
    }
    let reader = app.reader().await;
    for (range, title, bars) in [
        ("120d", "Deployments per day", 121),
        ("121d", "Deployments per week", 19),
        ("400d", "Deployments per week", 59),
    ] {
        let html = reader.page(&format!("/?timeRange={range}")).await;
        assert!(html.len() < 40_000, "{range}: {}", html.len());
        assert!(html.contains(&format!(">{title}</h2>")), "{range}");
        let metric = reader
            .page(&format!("/metrics/deployment-frequency?timeRange={range}"))
            .await;
        assert!(metric.contains(&format!("<h2>{title}</h2>")), "{range}");
        let places = all_between(&html, "<g class=\"chart-places\"", "</svg>")[0];
        assert_eq!(places.matches("<title>").count(), bars, "{range}");
    }
}

#[tokio::test]
async fn an_outage_of_days_that_are_over_is_not_told_as_if_it_lasted() {
    let app = TestApp::start().await;
    let ago = |days| app.clock.now().plus(-Duration::days(days)).to_string();
    for (id, status, days) in [
        ("before", "success", 5),
        ("bad", "failure", 3),
        ("good", "success", 1),
    ] {
        let changes = json!({"status": status, "startedAt": ago(days), "completedAt": ago(days)});
        app.deploy(&report(id, &changes)).await;
    }
    let reader = app.reader().await;
    let window = format!("since={}&until={}", ago(4), ago(2));
    let html = reader.page(&format!("/?{window}")).await;
    assert!(!html.contains("class=\"alarm\""), "{html}");
    let told = text(&html);
    assert!(told.contains("1 open outage at the end of these days"), "{told}");
    assert!(told.contains("had not recovered by then"), "{told}");
    let metric = reader.page(&format!("/metrics/mttr?{window}")).await;
    assert!(
        metric.contains("Outages open at the end of these days"),
        "{metric}"
    );
    let today = reader.page("/").await;
    assert!(!today.contains("id=\"outages\""), "{today}");
    app.deploy(&report("worse", &json!({"status": "failure"}))).await;
    let today = reader.page("/").await;
    assert!(
        today.contains("class=\"alarm\"") && text(&today).contains("has not recovered"),
        "{today}"
    );
}

#[tokio::test]
async fn what_was_deployed_without_a_service_is_found_by_its_environment() {
    let app = TestApp::start().await;
    for environment in ["production", "staging"] {
        let changes = json!({"service": null, "environment": environment});
        app.deploy(&report(environment, &changes)).await;
    }
    let html = app.reader().await.page("/").await;
    assert!(html.contains("<option value=\"staging\""), "{html}");
    assert!(
        rows_of(&html, "id=\"services\"")[0].starts_with("Without a service"),
        "{html}"
    );
    assert_eq!(link(&html, "Without a service"), None);
}

#[tokio::test]
async fn a_count_leads_to_a_list_of_the_same_days() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    for (page, range) in [("/repositories", "30d"), ("/repositories?timeRange=90d", "90d")] {
        let html = reader.page(page).await;
        let to = link(&html, "octocat").unwrap();
        assert!(to.contains(&format!("timeRange={range}")), "{to}");
    }
}

#[tokio::test]
async fn below_five_deployments_the_figure_stands_alone_and_says_so() {
    let app = TestApp::start().await;
    let reader = app.reader().await;
    for number in 1..=5 {
        app.deploy(&report(&format!("d-{number}"), &json!({}))).await;
        let too_few = number < 5;
        for path in [
            "/",
            "/metrics/deployment-frequency",
            "/metrics/change-failure-rate",
        ] {
            let html = reader.page(path).await;
            assert_eq!(html.contains("<span class=\"level"), !too_few, "{path} {number}");
            let sentence = "Fewer than 5 deployments are too few for a level.";
            assert_eq!(text(&html).contains(sentence), too_few, "{path} {number}");
        }
        let current = &app.api("/api/metrics/deployment-frequency").await["current"];
        assert_eq!(current["level"].is_null(), too_few, "{number}");
    }
    let rates = reader.page("/metrics/change-failure-rate").await;
    assert!(
        rows_of(&rates, "id=\"services\"")[0].ends_with("elite"),
        "{rates}"
    );
}

#[tokio::test]
async fn a_change_beyond_999_percent_says_from_what_to_what() {
    let app = TestApp::start().await;
    let ago = |days| app.clock.now().plus(-Duration::days(days)).to_string();
    let before = json!({"startedAt": ago(10), "completedAt": ago(10)});
    app.deploy(&report("before", &before)).await;
    for number in 0..11 {
        app.deploy(&report(&format!("d-{number}"), &json!({}))).await;
    }
    let told = text(&app.reader().await.page("/?timeRange=7d").await);
    assert!(told.contains("\u{2191} from 0.14 to 1.57 better"), "{told}");
    assert!(!told.contains("0.14 before"), "{told}");
}
