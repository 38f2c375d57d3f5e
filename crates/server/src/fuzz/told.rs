//! What was read, told again in the words of its sender.

use periscope_domain::commit_graph::Commit;
use periscope_domain::deployment::Deployment;
use periscope_domain::pull_request::{ChangeCount, PullRequest};
use periscope_domain::text::{Actor, BranchName, PipelineName, ServiceName, Title};
use periscope_domain::use_cases::{RecordCommits, RecordPullRequests};
use periscope_domain::web_url::WebUrl;
use serde_json::{Value, json};

pub(super) fn deployment(deployment: &Deployment) -> Value {
    json!({
        "deploymentId": deployment.external_id.as_str(),
        "commitSha": deployment.commit.to_string(),
        "environment": deployment.environment.as_str(),
        "status": deployment.run.status().as_str(),
        "startedAt": deployment.run.started_at().to_string(),
        "completedAt": deployment.run.completed_at().map(|time| time.to_string()),
        "service": deployment.service.as_ref().map(ServiceName::as_str),
        "branch": deployment.branch.as_ref().map(BranchName::as_str),
        "triggeredBy": deployment.triggered_by.as_ref().map(Actor::as_str),
        "pipelineName": deployment.pipeline_name.as_ref().map(PipelineName::as_str),
        "previousCommitSha": deployment.previous_commit.as_ref().map(ToString::to_string),
        "pipelineUrl": deployment.pipeline_url.as_ref().map(WebUrl::as_str),
    })
}

pub(super) fn merges(command: &RecordPullRequests) -> Value {
    let item = |merged: &PullRequest| {
        json!({
            "number": merged.number.get(),
            "mergeCommitSha": merged.merge_commit.to_string(),
            "mergedAt": merged.merged_at.to_string(),
            "createdAt": merged.created_at.map(|time| time.to_string()),
            "title": merged.title.as_ref().map(Title::as_str),
            "url": merged.url.as_ref().map(WebUrl::as_str),
            "author": merged.author.as_ref().map(Actor::as_str),
            "mergedBy": merged.merged_by.as_ref().map(Actor::as_str),
            "baseBranch": merged.base_branch.as_ref().map(BranchName::as_str),
            "headBranch": merged.head_branch.as_ref().map(BranchName::as_str),
            "additions": merged.additions.map(ChangeCount::get),
            "deletions": merged.deletions.map(ChangeCount::get),
            "changedFiles": merged.changed_files.map(ChangeCount::get),
        })
    };
    let items: Vec<Value> = command.pull_requests.iter().map(item).collect();
    json!({"repository": command.repository.as_str(), "pullRequests": items})
}

pub(super) fn commits(command: &RecordCommits) -> Value {
    let item = |commit: &Commit| {
        let parents = commit.parents.iter().flatten().map(ToString::to_string);
        json!({
            "sha": commit.sha.to_string(),
            "parents": parents.collect::<Vec<_>>(),
            "committedAt": commit.committed_at.map(|time| time.to_string()),
        })
    };
    let items: Vec<Value> = command.commits.iter().map(item).collect();
    json!({"repository": command.repository.as_str(), "commits": items})
}

pub(super) fn merged(command: &RecordPullRequests) -> Value {
    let told = merges(command);
    let item = &told["pullRequests"][0];
    json!({
        "action": "closed",
        "pull_request": {
            "number": item["number"],
            "merged": true,
            "merge_commit_sha": item["mergeCommitSha"],
            "merged_at": item["mergedAt"],
            "created_at": item["createdAt"],
            "title": item["title"],
            "html_url": item["url"],
            "user": {"login": item["author"]},
            "merged_by": {"login": item["mergedBy"]},
            "base": {"ref": item["baseBranch"]},
            "head": {"ref": item["headBranch"]},
            "additions": item["additions"],
            "deletions": item["deletions"],
            "changed_files": item["changedFiles"],
        },
        "repository": {"full_name": told["repository"]},
    })
}

pub(super) fn pushed(command: &RecordCommits) -> Value {
    let item = |commit: &Commit| json!({"id": commit.sha.to_string(), "timestamp": commit.committed_at.map(|time| time.to_string())});
    let items: Vec<Value> = command.commits.iter().map(item).collect();
    json!({
        "ref": "refs/heads/main",
        "before": "0000000000000000000000000000000000000000",
        "after": items.last().map(|item| item["id"].clone()),
        "commits": items,
        "repository": {"full_name": command.repository.as_str()},
    })
}
