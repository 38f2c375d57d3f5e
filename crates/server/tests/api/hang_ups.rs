//! Clients that go away.

use crate::app::{TestApp, report};
use crate::client::Wire;
use crate::store::{Fault, Port};

fn request(app: &TestApp, length: usize, body: &str) -> String {
    format!("{}{body}", app.head(&format!("Content-Length: {length}")))
}

#[tokio::test]
async fn half_a_body_is_not_recorded() {
    let app = TestApp::start().await;
    let body = report().to_string();
    for sent in [0, 1, body.len() - 1] {
        let mut wire = Wire::open(app.address).await;
        wire.send(request(&app, body.len(), &body[..sent])).await;
        drop(wire);
    }
    // Whole JSON, but shorter than announced.
    let mut wire = Wire::open(app.address).await;
    wire.send(request(&app, body.len() + 1, &body)).await;
    drop(wire);
    assert_eq!(app.deploy(&report()).send().await.status, 201);
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_is_recorded_can_send_the_same_again() {
    let app = TestApp::start().await;
    app.store.break_down(Port::Deployments, Fault::Wait);
    let body = report().to_string();
    for round in 0..20 {
        let mut wire = Wire::open(app.address).await;
        wire.send(request(&app, body.len(), &body)).await;
        app.store.until_waiting().await;
        if round % 2 == 0 {
            wire.reset();
        } else {
            drop(wire);
        }
        app.store.release();
    }
    app.store.repair();
    let answer = app.deploy(&report()).send().await;
    assert!(answer.status < 300, "{answer}");
    assert!(app.find_deployment("gha-12345").await.is_some());
}
