//! How much, in what form and how slowly a client may send.

use crate::app::{Setup, TestApp, report};
use crate::client::Wire;
use periscope_server::Timing;
use std::fmt::Write;
use std::time::Duration;

const PATH: &str = "/api/webhooks/deployments";

async fn start_with(change: impl FnOnce(&mut Timing)) -> TestApp {
    let mut setup = Setup::default();
    change(&mut setup.timing);
    TestApp::start_with(setup).await
}

#[tokio::test]
async fn a_body_must_be_declared_to_be_json() {
    let app = TestApp::start().await;
    let mut table = String::new();
    for declared in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "application/*",
        "",
    ] {
        let answer = app
            .deploy(&report())
            .header("Content-Type", declared)
            .send()
            .await;
        let refusal = if answer.status < 300 {
            String::new()
        } else {
            answer.to_string()
        };
        writeln!(table, "{declared:?} {refusal}").unwrap();
    }
    let answer = app.deploy(&report()).without("Content-Type").send().await;
    writeln!(table, "none {answer}").unwrap();
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let app = TestApp::start().await;
    for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
        let answer = app
            .deploy(&report())
            .header("Content-Encoding", encoding)
            .send()
            .await;
        assert_eq!(
            answer.to_string(),
            r#"415 {"error":"Content-Encoding must be identity"}"#,
            "{encoding}"
        );
    }
    let answer = app
        .deploy(&report())
        .header("Content-Encoding", "Identity")
        .send()
        .await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read_and_one_byte_more_is_not() {
    let app = TestApp::start().await;
    let padded = |size: usize| {
        let body = report().to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    let limit = 256 * 1024;
    assert_eq!(app.post(PATH).body(padded(limit)).send().await.status, 201);
    let answer = app.post(PATH).body(padded(limit + 1)).send().await;
    assert_eq!(
        answer.to_string(),
        r#"413 {"error":"Body must not be larger than 256 KiB"}"#
    );
    let answer = app
        .post("/api/pull-requests")
        .body("x".repeat(5 * 1024 * 1024 + 1))
        .send()
        .await;
    assert_eq!(
        answer.to_string(),
        r#"413 {"error":"Body must not be larger than 5120 KiB"}"#
    );
}

#[tokio::test]
async fn a_chunked_body_has_the_same_limit() {
    let app = TestApp::start().await;
    let mut wire = Wire::open(app.address).await;
    wire.send(app.head("Transfer-Encoding: chunked")).await;
    wire.send(format!("{:x}\r\n{}\r\n", 300_000, "x".repeat(300_000)))
        .await;
    let answer = wire.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.ends_with(r#"{"error":"Body must not be larger than 256 KiB"}"#),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_in_many_small_chunks_is_read_whole() {
    let app = TestApp::start().await;
    let mut wire = Wire::open(app.address).await;
    wire.send(app.head("Transfer-Encoding: chunked\r\nConnection: close"))
        .await;
    for byte in report().to_string().bytes() {
        wire.send([b"1\r\n", &[byte][..], b"\r\n"].concat()).await;
    }
    wire.send("0\r\n\r\n").await;
    let answer = wire.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_and_its_connection_closed() {
    let app = start_with(|timing| timing.body = Duration::from_millis(100)).await;
    for (framing, begun) in [
        ("Content-Length: 300", "{"),
        ("Transfer-Encoding: chunked", "1\r\n{\r\n"),
    ] {
        let mut wire = Wire::open(app.address).await;
        wire.send(app.head(framing)).await;
        wire.send(begun).await;
        let answer = wire.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(
            answer.ends_with(r#"{"error":"Body did not arrive within 0.1 s"}"#),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_chunked_body_that_nobody_waits_for_does_not_keep_its_connection_open() {
    let app = TestApp::start().await;
    let mut wire = Wire::open(app.address).await;
    let unauthenticated = app.head("Transfer-Encoding: chunked").replace("Bearer", "Basic");
    wire.send(unauthenticated).await;
    wire.send("1\r\n{\r\n").await;
    let answer = wire.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn a_head_that_stalls_is_refused() {
    let app = start_with(|timing| timing.head = Duration::from_millis(100)).await;
    let mut wire = Wire::open(app.address).await;
    wire.send("POST /api/webhooks/deployments HTTP/1.1\r\nHost: te")
        .await;
    let answer = wire.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}
