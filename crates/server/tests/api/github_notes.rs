//! What is noted of GitHub's deliveries, for whoever connects it.

use crate::github::{Github, merged};
use crate::store::{Fault, Port};
use periscope_domain::github::KnownGithubConnection;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::timestamp::Timestamp;
use serde_json::json;
use std::time::Duration;
use tokio::time::{sleep, timeout};

impl Github {
    async fn known(&self) -> KnownGithubConnection {
        let slug = OrganizationSlug::parse("acme").unwrap();
        let connections = self.app.store.github_connections();
        connections.find_by_slug(&slug).await.unwrap().unwrap()
    }

    /// Event and result of the last delivery, which came now.
    async fn last(&self) -> (Option<String>, &'static str) {
        let last = self.known().await.last_delivery.unwrap();
        assert_eq!(last.received_at, self.app.clock.now());
        (last.event.map(|event| event.to_string()), last.result.as_str())
    }

    /// Completes once a wrong signature of that time is noted, which is after the answer.
    async fn until_noted(&self, at: Timestamp) {
        let noted = async {
            while self.known().await.last_wrong_signature_at != Some(at) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(30), noted).await.unwrap();
    }

    fn advance(&self, seconds: i64) -> Timestamp {
        self.app.clock.advance(time::Duration::seconds(seconds));
        self.app.clock.now()
    }
}

#[tokio::test]
async fn the_last_delivery_is_noted_with_what_became_of_it() {
    let github = Github::connect().await;
    assert_eq!(github.known().await.last_delivery, None);
    let mut unmerged = merged();
    unmerged["action"] = json!("opened");
    let mut unreadable = merged();
    unreadable["pull_request"]["number"] = json!("seven");
    let long = "x".repeat(200);
    for (event, delivery, body, status, result) in [
        ("ping", "d-1", json!({}), 200, "pong"),
        ("star", "d-2", json!({}), 200, "event_not_recorded"),
        (&long, "d-2", json!({}), 200, "event_not_recorded"),
        ("pull_request", "d-3", unmerged, 200, "nothing_merged"),
        ("pull_request", "d-4", unreadable, 400, "invalid_payload"),
        ("pull_request", "d-5", merged(), 200, "recorded"),
        ("pull_request", "d-5", merged(), 200, "delivery_repeated"),
        (
            "push",
            "d-6",
            json!({"ref": "refs/tags/v1"}),
            200,
            "nothing_pushed",
        ),
    ] {
        github.advance(1);
        let answer = github.deliver(event, delivery, &body).await;
        assert_eq!(answer.status, status, "{event} {answer}");
        let event: String = event.chars().take(50).collect();
        assert_eq!(github.last().await, (Some(event), result));
    }
    let form = github
        .call("push", "d-7", "{}")
        .header("Content-Type", "text/plain");
    assert_eq!(form.send().await.status, 415);
    assert_eq!(
        github.last().await,
        (Some("push".to_owned()), "unsupported_content_type")
    );
    let nameless = github.call("", "d-8", "{}").without("X-GitHub-Event");
    assert_eq!(nameless.send().await.status, 200);
    assert_eq!(github.last().await, (None, "event_not_recorded"));
    assert_eq!(github.known().await.last_wrong_signature_at, None);
}

#[tokio::test]
async fn a_repository_that_is_not_monitored_is_told_of() {
    let github = Github::connect().await;
    github.deliver("pull_request", "d-1", &merged()).await;
    let id = github.app.organization_id;
    let repositories = github.app.store.repositories();
    let repository = repositories.list(id).await.unwrap().pop().unwrap();
    repositories
        .set_monitored(id, repository.id, false, github.app.clock.now())
        .await
        .unwrap();
    github.deliver("pull_request", "d-2", &merged()).await;
    assert_eq!(
        github.last().await,
        (Some("pull_request".to_owned()), "repository_not_monitored")
    );
}

#[tokio::test]
async fn a_wrong_or_missing_signature_is_noted_once_a_minute() {
    let github = Github::connect().await;
    let wrong = || {
        github
            .call("ping", "d-1", "{}")
            .header("X-Hub-Signature-256", github.sign("}"))
    };
    let missing = || github.call("ping", "d-1", "{}").without("X-Hub-Signature-256");
    let first = github.app.clock.now();
    assert_eq!(wrong().send().await.status, 401);
    github.until_noted(first).await;
    github.advance(59);
    assert_eq!(wrong().send().await.status, 401);
    assert_eq!(missing().send().await.status, 401);
    assert_eq!(github.known().await.last_wrong_signature_at, Some(first));
    let next = github.advance(1);
    assert_eq!(missing().send().await.status, 401);
    github.until_noted(next).await;
    assert_eq!(github.known().await.last_delivery, None);
}

#[tokio::test]
async fn an_answer_does_not_depend_on_what_is_noted() {
    let github = Github::connect().await;
    github
        .app
        .store
        .break_down(Port::DeliveryNotes, Fault::Unavailable);
    let answer = github.deliver("pull_request", "d-1", &merged()).await;
    assert_eq!(answer.to_string(), r#"200 {"action":"recorded"}"#);
    github.app.store.break_down(Port::DeliveryNotes, Fault::Wait);
    let answer = github.deliver("pull_request", "d-2", &merged()).await;
    assert_eq!(answer.to_string(), r#"200 {"action":"recorded"}"#);
    let wrong = github.call("ping", "d-3", "{}").header("X-Hub-Signature-256", "");
    assert_eq!(wrong.send().await.status, 401);
}
