//! What Prometheus is told. What is measured is of the whole process, which other tests may share: counts only grow.

use crate::app::{Setup, TestApp, report, report_with};
use crate::client::{Answer, Call};
use crate::store::{Fault, Port};
use periscope_server::Exporter;
use serde_json::json;

async fn measured() -> TestApp {
    let exporter = Exporter::install().unwrap();
    TestApp::start_with(Setup {
        metrics: Some(("127.0.0.1:0".parse().unwrap(), exporter)),
        ..Setup::default()
    })
    .await
}

async fn scrape(app: &TestApp) -> Answer {
    let answer = Call::new(app.metrics_address.unwrap(), "GET", "/metrics")
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    answer
}

/// The value of a series; 0 if there is none.
fn value(scraped: &Answer, series: &str) -> f64 {
    let line = scraped
        .body
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

fn requests(route: &str, method: &str, status: &str) -> String {
    format!(
        r#"periscope_http_request_duration_seconds_count{{route="{route}",method="{method}",status="{status}"}}"#
    )
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_class_of_status() {
    let app = measured().await;
    let webhook = "/api/webhooks/deployments";
    let series = [
        requests(webhook, "POST", "2xx"),
        requests(webhook, "POST", "4xx"),
        requests(webhook, "GET", "4xx"),
        requests("/api/deployments/{id}", "GET", "4xx"),
        requests("/livez", "HEAD", "2xx"),
        requests("/livez", "other", "4xx"),
        requests("unmatched", "GET", "4xx"),
    ];
    let before = scrape(&app).await;
    app.deploy(&report()).send().await;
    app.post(webhook).body("{").send().await;
    app.call("GET", webhook).send().await;
    app.call("GET", "/api/deployments/secret-7").send().await;
    app.call("HEAD", "/livez").send().await;
    app.call("BREW", "/livez").send().await;
    app.call("GET", "/secret-path").send().await;
    let after = scrape(&app).await;
    for series in series {
        assert!(
            value(&after, &series) > value(&before, &series),
            "{series}\n{}",
            after.body
        );
    }
    assert!(
        !after.body.contains("secret") && !after.body.contains("BREW"),
        "{}",
        after.body
    );
    let bucket = r#"periscope_http_request_duration_seconds_bucket{route="/livez",method="HEAD",status="2xx",le="15"}"#;
    assert!(value(&after, bucket) > 0.0, "{}", after.body);
}

#[tokio::test]
async fn a_request_that_takes_too_long_or_panics_is_counted_for_its_route() {
    let app = measured().await;
    let series = requests("/api/webhooks/deployments", "POST", "5xx");
    let before = value(&scrape(&app).await, &series);
    app.store.break_down(Port::ApiKeys, Fault::Panic);
    app.deploy(&report()).send().await;
    assert!(value(&scrape(&app).await, &series) > before);
}

#[tokio::test]
async fn deployment_events_are_counted_by_what_became_of_them() {
    let app = measured().await;
    let recorded = |outcome: &str| format!(r#"periscope_deployment_events_total{{outcome="{outcome}"}}"#);
    let refused = |reason: &str| format!(r#"periscope_deployment_events_refused_total{{reason="{reason}"}}"#);
    let series = [
        recorded("created"),
        recorded("updated"),
        recorded("stale_event_ignored"),
        refused("unauthorized"),
        refused("invalid"),
        refused("unavailable"),
    ];
    let before = scrape(&app).await;
    app.deploy(&report()).send().await;
    app.deploy(&report()).send().await;
    let late = report_with(&[("status", Some(json!("pending"))), ("completedAt", None)]);
    app.deploy(&late).send().await;
    app.deploy(&report()).without("Authorization").send().await;
    app.deploy(&json!({})).send().await;
    app.store.break_down(Port::Deployments, Fault::Unavailable);
    app.deploy(&report()).send().await;
    let after = scrape(&app).await;
    for series in series {
        assert!(
            value(&after, &series) > value(&before, &series),
            "{series}\n{}",
            after.body
        );
    }
    let groups = "periscope_deployment_group_size_count";
    assert!(value(&after, groups) > value(&before, groups));
}

#[tokio::test]
async fn what_is_true_now_is_looked_at_when_it_is_asked() {
    let app = measured().await;
    let scraped = scrape(&app).await;
    for gauge in [
        "periscope_deployment_events_waiting",
        "periscope_relink_queue_length",
        "periscope_relink_queue_oldest_seconds",
    ] {
        assert!(
            scraped.body.contains(&format!("\n{gauge} 0\n")),
            "{}",
            scraped.body
        );
    }
    let version = env!("CARGO_PKG_VERSION");
    let built = format!("\nperiscope_build_info{{version=\"{version}\"}} 1\n");
    assert!(scraped.body.contains(&built), "{}", scraped.body);
}

#[tokio::test]
async fn the_port_of_prometheus_answers_nothing_else_and_the_other_port_no_metrics() {
    let app = measured().await;
    assert_eq!(app.call("GET", "/metrics").send().await.status, 404);
    for path in ["/", "/livez", "/api/deployments"] {
        let answer = Call::new(app.metrics_address.unwrap(), "GET", path).send().await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(
        TestApp::start().await.metrics_address,
        None,
        "nor anything unless it is asked for"
    );
}
