//! What holds for every request: ids, unknown paths, failures inside.

use crate::app::{Setup, TestApp, report};
use crate::store::{Fault, Port};
use periscope_server::Timing;
use std::time::Duration;

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let app = TestApp::start().await;
    for (method, path) in [
        ("GET", "/livez"),
        ("GET", "/nowhere"),
        ("PUT", "/livez"),
        ("POST", "/api/pull-requests"),
    ] {
        let first = app.call(method, path).send().await;
        let second = app.call(method, path).send().await;
        let [first, second] = [first, second].map(|answer| answer.header("x-request-id").unwrap().to_owned());
        assert_eq!(first.len(), 36, "{first}");
        assert_ne!(first, second);
    }
}

#[tokio::test]
async fn the_caller_s_request_id_is_kept_if_it_is_sane() {
    let app = TestApp::start().await;
    let sent = |id: &str| app.call("GET", "/livez").header("X-Request-Id", id).send();
    let longest = "x".repeat(128);
    for sane in ["0192f0c1-7a2b", "gha_1.2-B", &longest] {
        assert_eq!(sent(sane).await.header("x-request-id"), Some(sane));
    }
    for bad in ["", "a b", "<script>", "é", "a,b", &"x".repeat(129)] {
        assert_eq!(sent(bad).await.header("x-request-id").unwrap().len(), 36, "{bad}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/api",
        "/api/webhooks",
        "/api/webhooks/deployments/",
        "/api/webhooks/github/",
        "/%00",
        "/é%ff",
    ] {
        let path = path.replace('é', "%c3%a9");
        let answer = app.call("GET", &path).send().await;
        assert_eq!(answer.to_string(), r#"404 {"error":"Not found"}"#, "{path}");
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has() {
    let app = TestApp::start().await;
    for (path, allowed) in [
        ("/api/webhooks/deployments", "POST"),
        ("/api/webhooks/github/acme", "POST"),
        ("/api/commits", "POST"),
        ("/api/pull-requests", "GET, HEAD, POST"),
        ("/api/deployments", "GET, HEAD"),
        ("/api/deployments/1", "DELETE, GET, HEAD"),
        ("/api/deployments/1/explain", "GET, HEAD"),
        ("/api/environments", "DELETE, GET, HEAD, PUT"),
        ("/api/organization", "GET, HEAD"),
        ("/livez", "GET, HEAD"),
        ("/readyz", "GET, HEAD"),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            if !allowed.contains(method) {
                let answer = app.call(method, path).send().await;
                assert_eq!(
                    answer.to_string(),
                    r#"405 {"error":"Method not allowed"}"#,
                    "{method} {path}"
                );
                assert_eq!(answer.header("allow"), Some(allowed));
            }
        }
    }
}

#[tokio::test]
async fn a_store_that_is_away_means_try_again() {
    let app = TestApp::start().await;
    for port in [Port::ApiKeys, Port::Deployments] {
        app.store.break_down(port, Fault::Unavailable);
        let answer = app.deploy(&report()).send().await;
        assert_eq!(
            answer.to_string(),
            r#"503 {"error":"Temporarily unavailable, send the same request again"}"#,
            "{port:?}"
        );
        assert_eq!(answer.header("retry-after"), Some("1"));
        app.store.repair();
    }
    assert_eq!(app.deploy(&report()).send().await.status, 201);
}

#[tokio::test]
async fn a_failure_inside_tells_nothing_of_the_inside() {
    let app = TestApp::start().await;
    for fault in [Fault::Internal, Fault::Corrupt, Fault::Panic] {
        app.store.break_down(Port::Deployments, fault);
        let answer = app.deploy(&report()).header("X-Request-Id", "mine").send().await;
        assert_eq!(
            answer.to_string(),
            r#"500 {"error":"Internal server error"}"#,
            "{fault:?}"
        );
        assert_eq!(answer.header("x-request-id"), Some("mine"));
    }
    app.store.repair();
    assert_eq!(app.deploy(&report()).send().await.status, 201, "it goes on");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let app = TestApp::start_with(Setup {
        timing: Timing {
            request: Duration::from_millis(100),
            ..Setup::default().timing
        },
        ..Setup::default()
    })
    .await;
    app.store.break_down(Port::Deployments, Fault::Wait);
    let answer = app.deploy(&report()).header("X-Request-Id", "mine").send().await;
    assert_eq!(
        answer.to_string(),
        r#"503 {"error":"Request took too long, send it again"}"#
    );
    assert_eq!(
        (answer.header("retry-after"), answer.header("x-request-id")),
        (Some("1"), Some("mine"))
    );
    assert_eq!(app.find_deployment("gha-12345").await, None);
}
