//! What a request leaves in the log.

use crate::app::{Setup, TestApp, report};
use crate::client::Wire;
use crate::store::{Fault, Port};
use actix_web::http::StatusCode;
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, OnceLock};
use std::{fmt, io};

/// Everything that is logged in this process, which other tests may share.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn get() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            tracing_subscriber::fmt()
                .json()
                .with_writer(move || writer.clone())
                .init();
            log
        })
    }

    /// The lines of one request.
    fn of(&self, request_id: &str) -> Vec<Value> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines
            .filter(|line| line["span"]["request.id"] == request_id)
            .collect()
    }
}

#[tokio::test]
async fn a_request_leaves_one_line_without_anything_secret() {
    let log = Log::get();
    let app = TestApp::start().await;
    let path = "/api/webhooks/deployments?key=secret";
    let id = "logged-once";
    let call = app.deploy(&report()).header("X-Request-Id", id);
    call.send().await;
    let call = app
        .post(path)
        .json(&report())
        .header("X-Request-Id", "with-a-query");
    call.send().await;
    let [line] = &log.of(id)[..] else {
        panic!("{:?}", log.of(id))
    };
    assert_eq!(
        (&line["level"], &line["fields"]["message"]),
        (&json!("INFO"), &json!("answered with 201"))
    );
    assert_eq!(line["fields"]["status"], 201);
    assert!(line["fields"]["duration_ms"].is_number());
    assert_eq!(
        line["span"],
        json!({
            "name": "request",
            "request.id": id,
            "method": "POST",
            "path": "/api/webhooks/deployments",
            "organization.id": app.organization_id.get(),
        })
    );
    for line in log.of("with-a-query") {
        let line = line.to_string();
        assert!(
            !line.contains("secret") && !line.contains(&app.key) && !line.contains("octocat"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_failure_is_logged_once_with_its_cause() {
    let log = Log::get();
    let app = TestApp::start().await;
    for (fault, level, cause) in [
        (
            Fault::Internal,
            "ERROR",
            "the store failed: a secret table is missing",
        ),
        (
            Fault::Corrupt,
            "ERROR",
            "secret_deployments.status of 7 is corrupt: unreadable",
        ),
        (Fault::Panic, "ERROR", "the request handler panicked"),
        (
            Fault::Unavailable,
            "WARN",
            "the store is unavailable: the secret host is down",
        ),
    ] {
        app.store.break_down(Port::Deployments, fault);
        let id = format!("failed-{level}-{}", cause.len());
        app.deploy(&report()).header("X-Request-Id", &id).send().await;
        let [line] = &log.of(&id)[..] else {
            panic!("{:?}", log.of(&id))
        };
        assert_eq!(line["level"], level);
        assert!(
            line["fields"]["error"].as_str().unwrap().ends_with(cause),
            "{line}"
        );
    }
}

/// A failure that only the pages know.
#[derive(Debug)]
struct PageFailure(StatusCode);

impl fmt::Display for PageFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the page has no template")
    }
}

impl ResponseError for PageFailure {
    fn status_code(&self) -> StatusCode {
        self.0
    }
}

fn failing_pages(app: &mut ServiceConfig) {
    let fail = async |status: Path<u16>| {
        let status = StatusCode::from_u16(status.into_inner()).unwrap();
        Err::<HttpResponse, _>(PageFailure(status))
    };
    app.route("/failing/{status}", web::get().to(fail));
}

#[tokio::test]
async fn a_page_that_fails_is_logged_like_anything_else() {
    let log = Log::get();
    let app = TestApp::start_with(Setup {
        pages: failing_pages,
        ..Setup::default()
    })
    .await;
    let cause = json!("the page has no template");
    for (status, level, cause) in [
        (500, "ERROR", &cause),
        (503, "WARN", &cause),
        (422, "INFO", &Value::Null),
    ] {
        let id = format!("failing-{status}");
        let call = app.call("GET", &format!("/failing/{status}"));
        call.header("X-Request-Id", &id).send().await;
        let [line] = &log.of(&id)[..] else {
            panic!("{:?}", log.of(&id))
        };
        assert_eq!((&line["level"], &line["fields"]["error"]), (&json!(level), cause));
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_line() {
    let log = Log::get();
    let app = TestApp::start().await;
    app.store.break_down(Port::Deployments, Fault::Wait);
    let body = report().to_string();
    let mut wire = Wire::open(app.address).await;
    let head = app.head(&format!("X-Request-Id: gone\r\nContent-Length: {}", body.len()));
    wire.send(head + &body).await;
    app.store.until_waiting().await;
    wire.reset();
    while log.of("gone").is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.of("gone")[0]["fields"]["message"], "ended without an answer");
}
