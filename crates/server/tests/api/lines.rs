//! Clients that keep a connection and do not use it.

use crate::app::{Setup, TestApp};
use crate::client::Wire;
use periscope_server::Timing;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{sleep, timeout};

async fn start_with(change: impl FnOnce(&mut Timing)) -> TestApp {
    let mut setup = Setup::default();
    change(&mut setup.timing);
    TestApp::start_with(setup).await
}

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: test\r\n\r\n";
const BUNDLE: &str = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: test\r\n\r\n";

#[tokio::test]
async fn a_later_head_that_stalls_ends_its_connection() {
    let app = start_with(|timing| {
        timing.head = Duration::from_millis(500);
        timing.keep_alive = Duration::from_secs(2);
    })
    .await;
    let mut wire = Wire::open(app.address).await;
    wire.send(LIVEZ).await;
    wire.read_to("}").await;
    wire.send("G").await;
    let ended = timeout(Duration::from_secs(10), wire.read_to_end()).await;
    assert_eq!(ended.unwrap(), "");
}

#[tokio::test]
async fn a_connection_that_is_used_is_kept_for_longer_than_an_idle_one() {
    let app = start_with(|timing| {
        timing.head = Duration::from_millis(500);
        timing.keep_alive = Duration::from_secs(2);
    })
    .await;
    let mut wire = Wire::open(app.address).await;
    for _ in 0..6 {
        wire.send(LIVEZ).await;
        wire.read_to("}").await;
        sleep(Duration::from_millis(700)).await;
    }
}

#[tokio::test]
async fn an_answer_that_arrives_in_pieces_is_whole() {
    let app = TestApp::start().await;
    let whole = app.call("GET", "/docs/swagger-ui-bundle.js").send().await;
    let length: usize = whole.header("content-length").unwrap().parse().unwrap();
    assert!(length > 1_000_000 && whole.bytes.len() == length);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    let mut app = start_with(|timing| timing.unread = Duration::from_secs(1)).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut client = socket.connect(app.address).await.unwrap();
    // More than what the system takes on the way.
    client.write_all(BUNDLE.repeat(16).as_bytes()).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    // It would wait for a connection that has not ended.
    app.stop();
    timeout(Duration::from_secs(10), app.until_stopped())
        .await
        .unwrap();
    let mut read = Vec::new();
    assert!(client.read_to_end(&mut read).await.is_err(), "{}", read.len());
}
