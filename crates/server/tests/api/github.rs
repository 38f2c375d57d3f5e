//! Webhooks of GitHub: who signed them, and what they do.

use crate::app::{SECRET_KEY, Setup, TestApp, report};
use crate::client::{Answer, Call};
use hmac::{Hmac, KeyInit, Mac};
use periscope_domain::github::SecretKey;
use periscope_domain::ports::{Clock, PullRequestQuery, Store};
use periscope_domain::pull_request::{PullRequest, PullRequestNumber};
use periscope_domain::repository::RepositoryName;
use periscope_domain::use_cases::connect_github;
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt::Write;

const PATH: &str = "/api/webhooks/github/acme";
const REFUSED: &str = r#"401 {"error":"Invalid webhook signature"}"#;

pub(crate) fn merged() -> Value {
    json!({
        "action": "closed",
        "number": 7,
        "pull_request": {
            "number": 7,
            "merged": true,
            "merge_commit_sha": "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2",
            "merged_at": "2024-01-15T09:00:00Z",
            "created_at": "2024-01-14T09:00:00Z",
            "title": "Fix the fix",
            "html_url": "https://github.com/acme/api-gateway/pull/7",
            "user": {"login": "octocat", "type": "User"},
            "merged_by": {"login": "hubot"},
            "base": {"ref": "main", "repo": {"id": 1}},
            "head": {"ref": "fix", "repo": null},
            "additions": 1,
            "deletions": 2,
            "changed_files": 3,
            "labels": [],
        },
        "repository": {"full_name": "acme/api-gateway", "private": true},
        "sender": {"login": "octocat"},
    })
}

/// The signature of a body under a secret.
pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize()
        .into_bytes()
        .iter()
        .fold("sha256=".to_owned(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

pub(crate) struct Github {
    pub(crate) app: TestApp,
    secret: String,
}

impl Github {
    pub(crate) async fn connect() -> Self {
        Self::connect_with(Setup::default()).await
    }

    pub(crate) async fn connect_with(setup: Setup) -> Self {
        let app = TestApp::start_with(setup).await;
        let key = SecretKey::parse(SECRET_KEY).unwrap();
        let mut random = app.random();
        let secret = connect_github(
            &app.store,
            app.organization_id,
            &key,
            &mut random,
            app.clock.now(),
        )
        .await;
        let secret = secret.unwrap().expose().to_owned();
        Self { app, secret }
    }

    pub(crate) fn sign(&self, body: &str) -> String {
        sign(&self.secret, body.as_bytes())
    }

    pub(crate) fn call(&self, event: &str, delivery: &str, body: &str) -> Call {
        self.call_bytes(event, delivery, body.as_bytes())
    }

    pub(crate) fn call_bytes(&self, event: &str, delivery: &str, body: &[u8]) -> Call {
        self.app
            .call("POST", PATH)
            .header("Content-Type", "application/json")
            .header("X-GitHub-Event", event)
            .header("X-GitHub-Delivery", delivery)
            .header("X-Hub-Signature-256", sign(&self.secret, body))
            .body(body.to_vec())
    }

    pub(crate) async fn deliver(&self, event: &str, delivery: &str, body: &Value) -> Answer {
        self.call(event, delivery, &body.to_string()).send().await
    }

    async fn pull_request(&self, number: i64) -> Option<PullRequest> {
        let query = PullRequestQuery {
            organization_id: self.app.organization_id,
            repository: RepositoryName::parse("acme/api-gateway").unwrap(),
            numbers: vec![PullRequestNumber::new(number).unwrap()],
            delivery: None,
        };
        let context = self
            .app
            .store
            .pull_requests()
            .context(&query)
            .await
            .unwrap()
            .unwrap();
        context
            .stored
            .into_iter()
            .next()
            .map(|stored| stored.pull_request)
    }
}

#[tokio::test]
async fn a_merged_pull_request_is_recorded_as_told() {
    let github = Github::connect().await;
    github.app.deploy(&report()).send().await;
    let answer = github.deliver("pull_request", "d-1", &merged()).await;
    assert_eq!(answer.to_string(), r#"200 {"action":"recorded"}"#);
    insta::assert_debug_snapshot!(github.pull_request(7).await.unwrap());
    let answer = github.app.deploy(&report()).send().await;
    assert_eq!(
        answer.json()["linkedPRs"],
        1,
        "and linked to what was deployed before"
    );
}

#[tokio::test]
async fn a_delivery_has_one_effect() {
    let github = Github::connect().await;
    assert_eq!(
        github.deliver("pull_request", "d-1", &merged()).await.json()["action"],
        "recorded"
    );
    let mut changed = merged();
    changed["pull_request"]["title"] = json!("Another title");
    let answer = github.deliver("pull_request", "d-1", &changed).await;
    assert_eq!(answer.to_string(), r#"200 {"action":"ignored"}"#);
    assert_eq!(
        github.pull_request(7).await.unwrap().title.unwrap().as_str(),
        "Fix the fix"
    );
    assert_eq!(
        github.deliver("pull_request", "d-2", &changed).await.json()["action"],
        "recorded"
    );
    assert_eq!(
        github.pull_request(7).await.unwrap().title.unwrap().as_str(),
        "Another title"
    );
}

#[tokio::test]
async fn a_ping_is_answered_and_what_is_not_understood_is_ignored() {
    let github = Github::connect().await;
    let ping = github
        .deliver("ping", "d-1", &json!({"zen": "Keep it logically awesome."}))
        .await;
    assert_eq!(ping.to_string(), r#"200 {"action":"pong"}"#);
    let mut unmerged = merged();
    unmerged["pull_request"]["merged"] = json!(false);
    let mut opened = merged();
    opened["action"] = json!("opened");
    let events = [
        ("push", json!({"ref": "refs/heads/main"})),
        ("star", json!({"action": "created"})),
        ("a_new_event", json!([])),
        ("pull_request", unmerged),
        ("pull_request", opened),
        ("pull_request", json!({"action": "closed"})),
        ("pull_request", json!({"action": null, "pull_request": null})),
    ];
    for (event, body) in events {
        let answer = github.deliver(event, "d-2", &body).await;
        assert_eq!(
            answer.to_string(),
            r#"200 {"action":"ignored"}"#,
            "{event} {body}"
        );
    }
    let call = github.call("", "d-3", "{}").without("X-GitHub-Event");
    assert_eq!(call.send().await.to_string(), r#"200 {"action":"ignored"}"#);
    assert_eq!(github.pull_request(7).await, None);
}

#[tokio::test]
async fn a_repository_that_is_not_monitored_is_ignored() {
    let github = Github::connect().await;
    github.deliver("pull_request", "d-1", &merged()).await;
    let id = github.app.organization_id;
    let repositories = github.app.store.repositories();
    let repository = repositories.list(id).await.unwrap().pop().unwrap();
    repositories
        .set_monitored(id, repository.id, false, github.app.clock.now())
        .await
        .unwrap();
    let mut next = merged();
    next["pull_request"]["number"] = json!(8);
    let answer = github.deliver("pull_request", "d-2", &next).await;
    assert_eq!(answer.to_string(), r#"200 {"action":"ignored"}"#);
    assert_eq!(github.pull_request(8).await, None);
}

#[tokio::test]
async fn whoever_cannot_sign_learns_nothing() {
    let github = Github::connect().await;
    let body = merged().to_string();
    let good = || github.call("pull_request", "d-1", &body);
    let signature = github.sign(&body);
    let other = if signature.ends_with('0') { '1' } else { '0' };
    let bad_signatures = [
        "",
        "sha256=",
        &signature[7..],
        &signature.replace("sha256", "sha1"),
        &signature[..signature.len() - 1],
        &format!("{signature}0"),
        &format!("{}{other}", &signature[..signature.len() - 1]),
        &github.sign("another body"),
    ];
    for bad in bad_signatures {
        assert_eq!(
            good().header("X-Hub-Signature-256", bad).send().await.to_string(),
            REFUSED,
            "{bad}"
        );
    }
    assert_eq!(
        good().without("X-Hub-Signature-256").send().await.to_string(),
        REFUSED
    );
    assert_eq!(
        good().body(format!("{body} ")).send().await.to_string(),
        REFUSED,
        "one more byte"
    );
    github.app.make_organization("unconnected").await;
    for slug in ["unconnected", "unknown", "Acme", "%ff", "a%20b"] {
        let call = github.app.call("POST", &format!("/api/webhooks/github/{slug}"));
        let answer = call
            .header("X-Hub-Signature-256", &signature)
            .body(body.clone())
            .send()
            .await;
        assert_eq!(answer.to_string(), REFUSED, "{slug}");
    }
    assert_eq!(github.pull_request(7).await, None);
    assert_eq!(good().send().await.status, 200);
}

#[tokio::test]
async fn nothing_is_parsed_before_the_signature_is_checked() {
    let github = Github::connect().await;
    let call = github
        .call("pull_request", "d-1", "{")
        .header("X-Hub-Signature-256", github.sign("}"));
    assert_eq!(call.send().await.to_string(), REFUSED);
    assert_eq!(github.call("pull_request", "d-1", "{").send().await.status, 400);
}

#[tokio::test]
async fn without_a_secret_key_no_webhook_is_accepted() {
    let app = TestApp::start_with(Setup {
        secret_key: None,
        ..Setup::default()
    })
    .await;
    let call = app
        .call("POST", PATH)
        .header("X-Hub-Signature-256", format!("sha256={}", "0".repeat(64)));
    assert_eq!(
        call.header("X-GitHub-Event", "ping").send().await.to_string(),
        REFUSED
    );
}

#[tokio::test]
async fn a_form_is_read_like_json() {
    let github = Github::connect().await;
    let payload: String = form_urlencoded::byte_serialize(merged().to_string().as_bytes()).collect();
    let form = |event: &str, body: &str| {
        github
            .call(event, "d-1", body)
            .header("Content-Type", "application/x-www-form-urlencoded")
    };
    let answer = form("pull_request", &format!("payload={payload}")).send().await;
    assert_eq!(answer.to_string(), r#"200 {"action":"recorded"}"#);
    assert_eq!(
        github.pull_request(7).await.unwrap().title.unwrap().as_str(),
        "Fix the fix"
    );
    let push = json!({
        "ref": "refs/heads/main",
        "before": "0".repeat(40),
        "after": "b".repeat(40),
        "commits": [{"id": "b".repeat(40), "timestamp": "2024-01-15T09:00:00+01:00", "message": "1 + 1 & 100%"}],
        "repository": {"full_name": "acme/api-gateway"},
    });
    for (event, body, action) in [
        ("ping", json!({"zen": "a+b"}), "pong"),
        ("push", push, "recorded"),
    ] {
        let payload: String = form_urlencoded::byte_serialize(body.to_string().as_bytes()).collect();
        let call = github.call(event, event, &format!("payload={payload}"));
        let call = call.header("Content-Type", "application/x-www-form-urlencoded");
        assert_eq!(
            call.send().await.to_string(),
            format!(r#"200 {{"action":"{action}"}}"#)
        );
    }
    let answer = form("pull_request", "other=1").send().await;
    assert_eq!(
        answer.to_string(),
        r#"400 {"error":"Invalid payload: payload is required"}"#
    );
}

#[tokio::test]
async fn a_merge_without_its_number_commit_time_or_repository_is_refused() {
    let github = Github::connect().await;
    let mut table = String::new();
    for (pointer, value) in [
        ("/pull_request/number", json!(0)),
        ("/pull_request/number", json!("7")),
        ("/pull_request/merge_commit_sha", json!(null)),
        ("/pull_request/merge_commit_sha", json!("abc")),
        ("/pull_request/merged_at", json!(null)),
        ("/pull_request/merged_at", json!("2034-01-15T09:00:00Z")),
        ("/repository/full_name", json!("api")),
        ("/repository", json!(null)),
        ("/repository", json!(7)),
        ("/pull_request/merged", json!("yes")),
    ] {
        let mut body = merged();
        *body.pointer_mut(pointer).unwrap() = value.clone();
        let answer = github.deliver("pull_request", "d-1", &body).await;
        writeln!(table, "{pointer} = {value}\n    {answer}").unwrap();
    }
    let call = github
        .call("pull_request", "", &merged().to_string())
        .without("X-GitHub-Delivery");
    writeln!(table, "no delivery\n    {}", call.send().await).unwrap();
    let call = github
        .call("pull_request", "d-1", &merged().to_string())
        .header("Content-Type", "text/plain");
    writeln!(table, "text/plain\n    {}", call.send().await).unwrap();
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn what_github_lets_people_type_is_taken_as_far_as_it_makes_sense() {
    let github = Github::connect().await;
    let mut odd = merged();
    let pull_request = &mut odd["pull_request"];
    pull_request["title"] = json!(format!(" \u{0}{}", "x".repeat(3000)));
    pull_request["html_url"] = json!("javascript:alert(1)");
    pull_request["user"] = json!(null);
    pull_request["merged_by"] = json!({"login": "a\u{0}b"});
    pull_request["created_at"] = json!("1970-01-01T00:00:00Z");
    pull_request["additions"] = json!(-1);
    pull_request["deletions"] = json!("two");
    pull_request["head"] = json!({});
    assert_eq!(github.deliver("pull_request", "d-1", &odd).await.status, 200);
    let stored = github.pull_request(7).await.unwrap();
    assert_eq!(stored.title.unwrap().as_str().len(), 1022);
    assert_eq!(stored.merged_by.unwrap().as_str(), "a b");
    assert_eq!((stored.url, stored.author, stored.created_at), (None, None, None));
    assert_eq!(
        (stored.additions, stored.deletions, stored.head_branch),
        (None, None, None)
    );
}
