//! Pushes that GitHub tells of: what they prove, and what they do not.

use crate::app::report;
use crate::commits::sha;
use crate::github::Github;
use serde_json::{Value, json};

fn push(before: u32, after: u32, commits: &[u32]) -> Value {
    let commits: Vec<Value> = commits
        .iter()
        .map(|number| json!({"id": sha(*number), "timestamp": "2024-01-15T09:00:00+01:00", "distinct": true}))
        .collect();
    json!({
        "ref": "refs/heads/main",
        "before": sha(before),
        "after": sha(after),
        "created": false,
        "deleted": false,
        "forced": false,
        "commits": commits,
        "head_commit": {"id": sha(after)},
        "repository": {"full_name": "acme/api-gateway"},
    })
}

/// Tells of a pull request that was merged as commit 2, then of a push, and gives how many of a deployment of commit 3
/// after commit 1 are linked.
async fn linked_after(told: &[Value]) -> Value {
    let github = Github::connect().await;
    let merge = json!({"number": 2, "mergeCommitSha": sha(2), "mergedAt": "2024-01-15T09:00:00Z"});
    let merges = json!({"repository": "acme/api-gateway", "pullRequests": [merge]});
    github.app.post("/api/pull-requests").json(&merges).send().await;
    for (number, push) in told.iter().enumerate() {
        let answer = github.deliver("push", &format!("d-{number}"), push).await;
        assert_eq!(answer.status, 200, "{answer}");
    }
    let mut report = report();
    report["commitSha"] = json!(sha(3));
    report["previousCommitSha"] = json!(sha(1));
    github.app.deploy(&report).send().await.json()["linkedPRs"].clone()
}

#[tokio::test]
async fn pushes_tell_what_lies_between_two_commits() {
    assert_eq!(linked_after(&[push(1, 3, &[2, 3])]).await, 1);
    assert_eq!(linked_after(&[push(1, 2, &[2]), push(2, 3, &[3])]).await, 1);
    assert_eq!(linked_after(&[push(2, 3, &[3]), push(1, 2, &[2])]).await, 1);
}

#[tokio::test]
async fn a_push_that_is_forced_or_cut_off_or_makes_a_branch_proves_nothing() {
    let with = |field: &str, value: Value| {
        let mut push = push(1, 3, &[2, 3]);
        push[field] = value;
        push
    };
    let all: Vec<u32> = (2..2049).chain([3]).collect();
    let twenty: Vec<u32> = [2, 3].into_iter().chain(101..119).collect();
    let mut cut_at_20 = push(1, 3, &twenty);
    cut_at_20["size"] = json!(21);
    for told in [
        with("forced", json!(true)),
        with("forced", json!(null)),
        with("before", json!("0".repeat(40))),
        with("ref", json!("refs/tags/v1")),
        with("size", json!(3)),
        with("distinct_size", json!(3)),
        with("total_commits", json!(2000)),
        cut_at_20,
        push(1, 3, &[]),
        push(1, 3, &[2]),
        push(1, 3, &all),
        push(1, 3, &[all.clone(), all.clone()].concat()),
    ] {
        assert_eq!(linked_after(std::slice::from_ref(&told)).await, 0, "{told}");
    }
    for whole in [
        // Only a list of GitHub's events is cut at 20, and it comes with the number of commits.
        push(1, 3, &twenty),
        with("distinct_size", json!(1)),
        with("size", json!(2)),
        with("total_commits", json!(2)),
        with("size", json!("3")),
    ] {
        assert_eq!(linked_after(std::slice::from_ref(&whole)).await, 1, "{whole}");
    }
}

/// The push of a tag: of its object, and of the commit that it stands for.
fn tag_push(object: u32, commit: u32) -> Value {
    let mut tag = push(1, object, &[]);
    tag["ref"] = json!("refs/tags/v1");
    tag["before"] = json!("0".repeat(40));
    tag["head_commit"] = json!({"id": sha(commit), "timestamp": "2024-01-15T09:00:00+01:00"});
    tag
}

#[tokio::test]
async fn the_push_of_an_annotated_tag_tells_which_commit_it_stands_for() {
    for (told, linked) in [
        (vec![tag_push(3, 2)], 1),
        (vec![push(1, 2, &[2]), tag_push(3, 2)], 1),
        (vec![tag_push(3, 2), push(1, 2, &[2])], 1),
        (vec![tag_push(3, 3)], 0),
        (vec![tag_push(4, 2)], 0),
    ] {
        assert_eq!(linked_after(&told).await, linked, "{told:?}");
    }
    let github = Github::connect().await;
    let without_commit = |head: Value| {
        let mut tag = tag_push(3, 2);
        tag["head_commit"] = head;
        tag
    };
    let mut gone = without_commit(json!(null));
    gone["after"] = json!("0".repeat(40));
    for (delivery, told, answer) in [
        ("d-1", without_commit(json!(null)), r#"200 {"action":"ignored"}"#),
        ("d-2", gone, r#"200 {"action":"ignored"}"#),
        ("d-3", tag_push(3, 3), r#"200 {"action":"ignored"}"#),
        ("d-4", tag_push(3, 2), r#"200 {"action":"recorded"}"#),
        ("d-4", tag_push(3, 2), r#"200 {"action":"ignored"}"#),
        (
            "d-5",
            without_commit(json!({"id": "abc"})),
            r#"200 {"action":"ignored"}"#,
        ),
    ] {
        assert_eq!(
            github.deliver("push", delivery, &told).await.to_string(),
            answer,
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_branch_that_is_deleted_is_ignored() {
    let github = Github::connect().await;
    let mut deleted = push(1, 3, &[]);
    deleted["after"] = json!("0".repeat(40));
    deleted["deleted"] = json!(true);
    let answer = github.deliver("push", "d-1", &deleted).await;
    assert_eq!(answer.to_string(), r#"200 {"action":"ignored"}"#);
}

#[tokio::test]
async fn a_push_has_one_effect() {
    let github = Github::connect().await;
    for action in ["recorded", "ignored"] {
        let answer = github.deliver("push", "d-1", &push(1, 3, &[2, 3])).await;
        assert_eq!(answer.json()["action"], action);
    }
}

#[tokio::test]
async fn a_push_without_what_it_must_tell_is_refused() {
    let github = Github::connect().await;
    for (field, error) in [
        ("before", "Invalid payload: before is required"),
        ("after", "Invalid payload: after is required"),
        ("repository", "Invalid payload: repository.full_name is required"),
    ] {
        let mut wrong = push(1, 3, &[2, 3]);
        wrong.as_object_mut().unwrap().remove(field);
        let answer = github.deliver("push", "d-1", &wrong).await;
        assert_eq!(
            (answer.status, answer.json()["error"].clone()),
            (400, json!(error))
        );
    }
    let mut wrong = push(1, 3, &[2, 3]);
    wrong["commits"][1]["id"] = json!("abc");
    let answer = github.deliver("push", "d-1", &wrong).await;
    assert_eq!(
        answer.json()["error"],
        "Invalid payload: commits[1].id must be a 40-digit hex string"
    );
}
