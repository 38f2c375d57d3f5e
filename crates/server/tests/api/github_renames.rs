//! GitHub's event `repository`, and the number by which its other events tell a repository.

use crate::github::{Github, merged};
use periscope_domain::ports::Store;
use serde_json::{Value, json};

fn event(action: &str, from: &Value, to: &str) -> Value {
    json!({"action": action, "changes": from, "repository": {"id": 1_296_269_000_000_i64, "full_name": to}})
}

fn name_before(name: &str) -> Value {
    json!({"repository": {"name": {"from": name}}})
}

impl Github {
    async fn names(&self) -> Vec<String> {
        let repositories = self.app.store.repositories();
        let all = repositories.list(self.app.organization_id).await.unwrap();
        all.iter().map(|repository| repository.name.to_string()).collect()
    }

    async fn action(&self, event: &str, id: &str, body: &Value) -> Value {
        let answer = self.deliver(event, id, body).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()["action"].clone()
    }
}

#[tokio::test]
async fn a_repository_that_is_renamed_or_transferred_stays_the_same() {
    let github = Github::connect().await;
    let mut merge = merged();
    assert_eq!(github.action("pull_request", "d-1", &merge).await, "recorded");
    let owner = |kind: &str| json!({"owner": {"from": {kind: {"login": "acme"}}}});
    for (id, event, action, name) in [
        (
            "d-2",
            event("renamed", &name_before("api-gateway"), "acme/edge"),
            "recorded",
            "acme/edge",
        ),
        (
            "d-3",
            event("renamed", &name_before("api-gateway"), "acme/edge"),
            "ignored",
            "acme/edge",
        ),
        (
            "d-4",
            event("transferred", &owner("user"), "labs/edge"),
            "recorded",
            "labs/edge",
        ),
        (
            "d-5",
            event("transferred", &owner("organization"), "labs/edge"),
            "ignored",
            "labs/edge",
        ),
        (
            "d-6",
            event("archived", &json!({}), "labs/edge"),
            "ignored",
            "labs/edge",
        ),
        (
            "d-7",
            event("renamed", &json!(7), "labs/other"),
            "ignored",
            "labs/edge",
        ),
    ] {
        assert_eq!(github.action("repository", id, &event).await, action, "{id}");
        assert_eq!(github.names().await, [name], "{id}");
    }
    // A delivery under the old name that comes late goes to the same repository.
    merge["pull_request"]["number"] = json!(8);
    assert_eq!(github.action("pull_request", "d-8", &merge).await, "recorded");
    assert_eq!(github.names().await, ["labs/edge"]);
    let listed = github.app.store.repositories();
    let listed = listed.list(github.app.organization_id).await.unwrap();
    let former: Vec<_> = listed[0].former_names.iter().map(ToString::to_string).collect();
    assert_eq!(former, ["acme/api-gateway", "acme/edge"]);
    for broken in [
        json!({"action": "renamed", "repository": {"full_name": "edge"}}),
        json!({"action": "renamed"}),
    ] {
        assert_eq!(github.deliver("repository", "d-9", &broken).await.status, 400);
    }
}

#[tokio::test]
async fn without_the_event_a_repository_is_known_by_its_number() {
    let github = Github::connect().await;
    let mut merge = merged();
    merge["repository"]["id"] = json!(42);
    assert_eq!(github.action("pull_request", "d-1", &merge).await, "recorded");
    merge["pull_request"]["number"] = json!(8);
    merge["repository"]["full_name"] = json!("acme/edge");
    assert_eq!(github.action("pull_request", "d-2", &merge).await, "recorded");
    assert_eq!(github.names().await, ["acme/edge"]);
    merge["pull_request"]["number"] = json!(9);
    merge["repository"]["full_name"] = json!("acme/api-gateway");
    assert_eq!(github.action("pull_request", "d-3", &merge).await, "recorded");
    assert_eq!(github.names().await, ["acme/edge"], "a delivery may be old");
    let page = "/api/pull-requests?repository=acme/edge";
    let reader = crate::reader::Reader::new(&github.app).await;
    let listed = reader.json(page).await["pullRequests"].as_array().unwrap().len();
    assert_eq!(listed, 3);
}

#[tokio::test]
async fn a_name_that_another_repository_has_is_not_taken_from_it() {
    let github = Github::connect().await;
    for (id, name) in [("d-1", "acme/api-gateway"), ("d-2", "acme/edge")] {
        let mut merge = merged();
        merge["repository"]["full_name"] = json!(name);
        github.deliver("pull_request", id, &merge).await;
    }
    let event = event("renamed", &name_before("api-gateway"), "acme/edge");
    assert_eq!(github.action("repository", "d-3", &event).await, "ignored");
    assert_eq!(github.names().await, ["acme/api-gateway", "acme/edge"]);
}
