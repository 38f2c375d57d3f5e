//! Alive, ready, and on the way out.

use crate::app::{Setup, TestApp, report};
use crate::client::Wire;
use crate::store::{Fault, Port};
use periscope_server::Timing;
use std::time::Duration;

#[tokio::test]
async fn a_running_application_is_alive_and_ready() {
    let app = TestApp::start().await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(
            app.call("GET", path).send().await.to_string(),
            r#"200 {"status":"ok"}"#
        );
        assert_eq!(app.call("HEAD", path).send().await.to_string(), "200 ");
    }
}

#[tokio::test]
async fn without_its_store_it_is_alive_but_not_ready() {
    let app = TestApp::start().await;
    app.store.break_down(Port::Organizations, Fault::Unavailable);
    assert_eq!(app.call("GET", "/livez").send().await.status, 200);
    let answer = app.call("GET", "/readyz").send().await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    app.store.repair();
    assert_eq!(app.call("GET", "/readyz").send().await.status, 200);
}

#[tokio::test]
async fn it_says_that_it_will_stop_before_it_does() {
    let mut app = TestApp::start_with(Setup {
        timing: Timing {
            notice: Duration::from_mins(10),
            ..Setup::default().timing
        },
        ..Setup::default()
    })
    .await;
    app.stop();
    let mut answer = app.call("GET", "/readyz").send().await;
    while answer.status == 200 {
        answer = app.call("GET", "/readyz").send().await;
    }
    assert_eq!(answer.to_string(), r#"503 {"error":"Shutting down"}"#);
    assert_eq!(app.call("GET", "/livez").send().await.status, 200);
    assert_eq!(
        app.deploy(&report()).send().await.status,
        201,
        "and works until then"
    );
}

#[tokio::test]
async fn what_runs_when_it_is_stopped_is_finished() {
    let mut app = TestApp::start().await;
    app.store.break_down(Port::Deployments, Fault::Wait);
    let request = tokio::spawn(app.deploy(&report()).send());
    app.store.until_waiting().await;
    app.stop();
    until_refusing_connections(&app).await;
    app.store.repair();
    app.store.release();
    assert_eq!(request.await.unwrap().status, 201);
    app.until_stopped().await;
    assert!(app.find_deployment("gha-12345").await.is_some());
}

#[tokio::test]
async fn a_connection_that_is_idle_does_not_keep_it_from_stopping() {
    let mut app = TestApp::start().await;
    let mut wire = Wire::open(app.address).await;
    wire.send("GET /livez HTTP/1.1\r\nHost: test\r\n\r\n").await;
    wire.read_to(r#"{"status":"ok"}"#).await;
    app.stop();
    assert_eq!(wire.read_to_end().await, "");
    app.until_stopped().await;
}

async fn until_refusing_connections(app: &TestApp) {
    while tokio::net::TcpStream::connect(app.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
