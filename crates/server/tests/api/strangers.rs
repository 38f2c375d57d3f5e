//! How much is read of whoever has not proved who they are yet.

use crate::app::{Setup, TestApp};
use crate::client::Wire;
use crate::github::{Github, merged};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use periscope_server::Timing;
use std::time::Duration;

const REFUSED: &str = r#"{"error":"Invalid webhook signature"}"#;

/// Time for a body that is not the one for which an answer waits.
fn setup() -> Setup {
    Setup {
        timing: Timing {
            body: Duration::from_secs(3),
            ..Setup::default().timing
        },
        ..Setup::default()
    }
}

/// The head of a large delivery.
fn head(signature: &str) -> String {
    format!(
        "POST /api/webhooks/github/acme HTTP/1.1\r\nHost: test\r\nX-GitHub-Event: ping\r\n\
         X-Hub-Signature-256: {signature}\r\nContent-Length: 1000000\r\n\r\n"
    )
}

fn unsigned() -> String {
    head(&format!("sha256={}", "0".repeat(64)))
}

#[tokio::test]
async fn a_body_is_not_waited_for_where_no_signature_can_be_right() {
    let app = TestApp::start_with(setup()).await;
    for signature in [
        "",
        "sha256=",
        "sha256=0",
        &format!("sha256={}", "g".repeat(64)),
        &format!("sha256={}", "0".repeat(66)),
        &format!("sha1={}", "0".repeat(64)),
    ] {
        let mut wire = Wire::open(app.address).await;
        wire.send(head(signature)).await;
        let answer = wire.read_to("}").await;
        assert!(answer.ends_with(REFUSED), "{signature}: {answer}");
    }
    let no_secret_key = TestApp::start_with(Setup {
        secret_key: None,
        ..setup()
    })
    .await;
    let mut wire = Wire::open(no_secret_key.address).await;
    wire.send(unsigned()).await;
    let answer = wire.read_to("}").await;
    assert!(answer.ends_with(REFUSED), "{answer}");
}

#[tokio::test]
async fn few_large_bodies_are_read_at_once_of_those_who_have_not_signed_and_small_ones_still_are() {
    let github = Github::connect_with(setup()).await;
    let mut waiting = FuturesUnordered::new();
    for _ in 0..33 {
        let mut wire = Wire::open(github.app.address).await;
        wire.send(unsigned()).await;
        waiting.push(async move { wire.read_to("}").await });
    }
    let answer = waiting.next().await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    let large = format!("{}{}", merged(), " ".repeat(100_000));
    let deliver = async || github.call("pull_request", "d-1", &large).send().await.status;
    assert_eq!(deliver().await, 503);
    assert_eq!(github.deliver("ping", "d-2", &merged()).await.status, 200);
    drop(waiting);
    while deliver().await == 503 {}
    assert_eq!(deliver().await, 200);
}
