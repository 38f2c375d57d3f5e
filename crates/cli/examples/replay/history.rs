//! A history: the merged pull requests and the deployments of one project, and which pull requests are truly in each
//! deployment. `{"name", "pull_requests": [..], "deployments": [..], "links": {deployment id: [number, ..]}}`, gzipped.

use anyhow::Context;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

#[derive(Deserialize)]
pub(crate) struct History {
    pub(crate) name: String,
    pull_requests: Vec<PullRequest>,
    deployments: Vec<Deployment>,
    links: BTreeMap<String, Vec<u64>>,
}

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
    author: String,
    base: String,
    created_at: String,
    merged_at: String,
    merge_commit_sha: String,
}

#[derive(Deserialize)]
struct Deployment {
    id: String,
    commit: String,
    previous: Option<String>,
    completed_at: String,
}

/// A request to send.
pub(crate) struct Message {
    pub(crate) path: &'static str,
    pub(crate) body: Value,
}

pub(crate) const DEPLOYMENTS: &str = "/api/webhooks/deployments";
const PULL_REQUESTS: &str = "/api/pull-requests";

impl History {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let reader = BufReader::new(GzDecoder::new(file));
        serde_json::from_reader(reader).with_context(|| format!("{} is no history", path.display()))
    }

    /// Every pull request and every deployment, a request each, in order of time.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let repository = self.repository();
        let pull_requests = self.pull_requests.iter().map(|pull_request| {
            let item = json!({
                "number": pull_request.number,
                "mergeCommitSha": pull_request.merge_commit_sha,
                "mergedAt": pull_request.merged_at,
                "createdAt": pull_request.created_at,
                "author": pull_request.author,
                "baseBranch": pull_request.base,
            });
            let body = json!({ "repository": repository, "pullRequests": [item] });
            (
                &pull_request.merged_at,
                Message {
                    path: PULL_REQUESTS,
                    body,
                },
            )
        });
        let deployments = self.deployments.iter().map(|deployment| {
            let body = self.report(deployment, "success");
            (
                &deployment.completed_at,
                Message {
                    path: DEPLOYMENTS,
                    body,
                },
            )
        });
        let mut messages: Vec<_> = pull_requests.chain(deployments).collect();
        messages.sort_by_key(|(time, _)| *time);
        messages.into_iter().map(|(_, message)| message).collect()
    }

    /// For each deployment a report that comes too late to change anything: its answer tells how many pull requests
    /// are linked.
    pub(crate) fn questions(&self) -> Vec<Message> {
        let question = |deployment| Message {
            path: DEPLOYMENTS,
            body: self.report(deployment, "pending"),
        };
        self.deployments.iter().map(question).collect()
    }

    /// How many links the commit graph proves.
    pub(crate) fn true_links(&self) -> usize {
        self.links.values().map(Vec::len).sum()
    }

    fn repository(&self) -> String {
        format!("replayed/{}", self.name)
    }

    fn report(&self, deployment: &Deployment, status: &str) -> Value {
        json!({
            "deploymentId": deployment.id,
            "commitSha": deployment.commit,
            "previousCommitSha": deployment.previous,
            "environment": "production",
            "status": status,
            "startedAt": deployment.completed_at,
            "completedAt": deployment.completed_at,
            "service": self.repository(),
        })
    }
}
