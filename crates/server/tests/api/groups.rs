//! Reports that come while others are being recorded, and are recorded together.

use crate::app::{Setup, TestApp, report_with};
use crate::client::{Answer, Wire};
use crate::store::{Fault, Moment, Port};
use actix_web::web::{Data, ServiceConfig, get};
use periscope_domain::api_key::Scope;
use periscope_domain::ports::Store;
use periscope_server::{Groups, State, Timing};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet, yield_now};

/// Long enough for a report to come to its store, however busy the machine.
const DEADLINE: Duration = Duration::from_secs(2);

const WAITING: &str = "/waiting";

/// A page that tells how many reports wait.
fn pages(config: &mut ServiceConfig) {
    let waiting = async |state: Data<State>| state.waiting_events().to_string();
    config.route(WAITING, get().to(waiting));
}

/// An application that records one group at a time.
async fn start(timing: Timing) -> TestApp {
    let groups = Groups { size: 8, at_once: 1 };
    let setup = Setup {
        timing,
        groups,
        pages,
        ..Setup::default()
    };
    TestApp::start_with(setup).await
}

fn named(id: &str) -> Value {
    report_with(&[("deploymentId", Some(json!(id)))])
}

/// Sends a report that the store holds until it is released.
async fn hold(app: &TestApp) -> JoinHandle<Answer> {
    app.store.break_down(Port::Deployments, Fault::Wait);
    let held = tokio::spawn(app.deploy(&named("held")).send());
    app.store.until_waiting().await;
    held
}

fn let_go(app: &TestApp) {
    app.store.repair();
    app.store.release();
}

/// Completes once so many reports have gathered behind one that is held.
async fn until_gathered(app: &TestApp, count: usize) {
    while app.call("GET", WAITING).send().await.body != count.to_string() {
        yield_now().await;
    }
}

/// Sends reports and lets them gather in their order behind one that is held.
async fn send(app: &TestApp, ids: &[&str]) -> JoinSet<Answer> {
    let mut sent = JoinSet::new();
    for (before, id) in ids.iter().enumerate() {
        sent.spawn(app.deploy(&named(id)).send());
        until_gathered(app, before + 1).await;
    }
    sent
}

/// Sends reports while one is held, and gives all their answers.
async fn gather(app: &TestApp, ids: &[&str]) -> Vec<Answer> {
    let held = hold(app).await;
    let sent = send(app, ids).await;
    let_go(app);
    assert_eq!(held.await.unwrap().status, 201);
    sent.join_all().await
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test]
async fn reports_that_come_meanwhile_are_recorded_together_and_twins_one_after_the_other() {
    let app = start(Setup::default().timing).await;
    let ids = ["a", "b", "c", "d", "e", "f", "a", "g", "h", "i", "j", "held"];
    let answers = gather(&app, &ids).await;
    assert_eq!((count(&answers, 201), count(&answers, 200)), (10, 2));
    let groups = app.store.groups();
    assert!(groups.iter().any(|group| group.len() > 1), "{groups:?}");
    for group in &groups {
        assert!(group.len() <= 8, "{group:?}");
        assert_eq!(
            group.iter().collect::<BTreeSet<_>>().len(),
            group.len(),
            "{group:?}"
        );
    }
}

#[tokio::test]
async fn whoever_fails_its_group_fails_alone() {
    for (fault, status) in [
        (Fault::Internal, 500),
        (Fault::Corrupt, 500),
        (Fault::Panic, 500),
        (Fault::Unavailable, 503),
    ] {
        let app = start(Setup::default().timing).await;
        app.store.break_down_on("bad", Moment::Asked, fault);
        let answers = gather(&app, &["a", "b", "bad", "c", "d"]).await;
        assert_eq!(
            (count(&answers, 201), count(&answers, status)),
            (4, 1),
            "{fault:?}"
        );
        assert_eq!(app.find_deployment("bad").await, None);
        assert_eq!(app.deploy(&named("later")).send().await.status, 201);
    }
}

/// How many events of each deployment are kept.
async fn events(app: &TestApp, ids: &[&str]) -> Vec<usize> {
    let mut counts = Vec::new();
    for id in ids {
        let stored = app.find_deployment(id).await.unwrap();
        let history = app.store.deployments().history(app.organization_id, stored.id);
        counts.push(history.await.unwrap().len());
    }
    counts
}

#[tokio::test]
async fn what_is_recorded_of_a_group_that_fails_in_part_is_recorded_once() {
    for fault in [Fault::Internal, Fault::Unavailable] {
        let app = start(Setup::default().timing).await;
        app.store.break_down_on("bad", Moment::Written, fault);
        let ids = ["a", "b", "bad", "c"];
        let answers = gather(&app, &ids).await;
        assert_eq!(count(&answers, 201), 4, "{fault:?}");
        assert_eq!(events(&app, &ids).await, [1; 4], "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_recorded_before_a_group_fails_is_recorded_once() {
    let mut app = start(Setup::default().timing).await;
    let held = hold(&app).await;
    app.organization_id = app.make_organization("globex").await;
    app.key = app.make_key(app.organization_id, &[Scope::Ingest], None).await;
    app.store
        .break_down_on("bad", Moment::AskedAgain, Fault::Unavailable);
    // Both would begin the trial, so the second is looked at again.
    let sent = send(&app, &["first", "bad"]).await;
    let_go(&app);
    assert_eq!(held.await.unwrap().status, 201);
    assert_eq!(count(&sent.join_all().await, 201), 2);
    assert_eq!(events(&app, &["first", "bad"]).await, [1, 1]);
}

#[tokio::test]
async fn without_its_store_everyone_is_told_to_come_again() {
    let app = start(Setup::default().timing).await;
    let held = hold(&app).await;
    let sent = send(&app, &["a", "b", "c", "d"]).await;
    app.store.break_down(Port::Deployments, Fault::Unavailable);
    app.store.release();
    assert_eq!(held.await.unwrap().status, 201);
    for answer in sent.join_all().await {
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    }
    app.store.repair();
    assert_eq!(app.deploy(&named("a")).send().await.status, 201);
}

#[tokio::test]
async fn clients_that_go_away_take_nobody_along() {
    let app = start(Setup::default().timing).await;
    let held = hold(&app).await;
    let mut gone = Vec::new();
    let mut sent = JoinSet::new();
    for number in 0..6 {
        let body = named(&format!("gone-{number}")).to_string();
        let mut wire = Wire::open(app.address).await;
        wire.send(app.head(&format!("Content-Length: {}", body.len())))
            .await;
        wire.send(body).await;
        gone.push(wire);
        sent.spawn(app.deploy(&named(&format!("stays-{number}"))).send());
    }
    until_gathered(&app, 12).await;
    gone.into_iter().for_each(Wire::reset);
    held.abort();
    let_go(&app);
    let answers = sent.join_all().await;
    assert_eq!(count(&answers, 201), 6);
    // Whoever went away can send the same again.
    for number in 0..6 {
        let answer = app.deploy(&named(&format!("gone-{number}"))).send().await;
        assert!(answer.status < 300, "{answer}");
    }
}

#[tokio::test]
async fn what_has_gathered_when_it_is_stopped_is_recorded() {
    let mut app = start(Setup::default().timing).await;
    let held = hold(&app).await;
    let sent = send(&app, &["a", "b", "c", "d"]).await;
    app.stop();
    while tokio::net::TcpStream::connect(app.address).await.is_ok() {
        yield_now().await;
    }
    let_go(&app);
    assert_eq!(held.await.unwrap().status, 201);
    assert_eq!(count(&sent.join_all().await, 201), 4);
    app.until_stopped().await;
    assert!(app.find_deployment("d").await.is_some());
}

#[tokio::test]
async fn a_report_that_is_given_up_before_its_turn_is_not_recorded() {
    let app = start(Timing {
        request: DEADLINE,
        ..Setup::default().timing
    })
    .await;
    let held = hold(&app).await;
    let waiting = app.deploy(&named("waits")).send().await;
    assert_eq!(
        waiting.to_string(),
        r#"503 {"error":"Request took too long, send it again"}"#
    );
    assert_eq!(held.await.unwrap().status, 503);
    let_go(&app);
    assert_eq!(app.deploy(&named("later")).send().await.status, 201);
    assert_eq!(app.find_deployment("waits").await, None);
    assert!(
        app.find_deployment("held").await.is_some(),
        "it was being recorded"
    );
}
