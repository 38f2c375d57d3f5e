//! A history: the merged pull requests and the deployments of one project, and which pull requests are truly in each
//! deployment. `{"name", "pull_requests": [..], "deployments": [..], "links": {deployment id: [number, ..]}}`, gzipped.
//! Its times are UTC and end in `Z`, so their texts are in order of time.

use anyhow::Context;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

#[derive(Deserialize)]
pub(crate) struct History {
    pub(crate) name: String,
    pub(crate) pull_requests: Vec<PullRequest>,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) links: BTreeMap<String, Vec<u64>>,
}

#[derive(Deserialize)]
pub(crate) struct PullRequest {
    pub(crate) number: u64,
    pub(crate) author: Option<String>,
    pub(crate) base: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) merged_at: String,
    pub(crate) merge_commit_sha: String,
}

#[derive(Deserialize)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) commit: String,
    pub(crate) previous: Option<String>,
    pub(crate) completed_at: String,
}

/// What the history goes by on the server.
pub(crate) struct Telling {
    /// The repository, and the service built from it.
    pub(crate) repository: String,
    /// What the deployments' ids begin with. In front of them it leaves their order as it is.
    pub(crate) id_prefix: String,
    /// Whether a deployment names the commit before it.
    pub(crate) with_previous: bool,
}

/// A request to send.
pub(crate) struct Message {
    pub(crate) path: &'static str,
    pub(crate) body: Value,
}

pub(crate) const DEPLOYMENTS: &str = "/api/webhooks/deployments";
const PULL_REQUESTS: &str = "/api/pull-requests";

/// Reads a history, or more of the file than that.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let reader = BufReader::new(GzDecoder::new(file));
    serde_json::from_reader(reader).with_context(|| format!("{} is no history", path.display()))
}

impl PullRequest {
    /// Pull requests in one request.
    pub(crate) fn message(pull_requests: &[&Self], telling: &Telling) -> Message {
        let items = pull_requests.iter().map(|pull_request| {
            json!({
                "number": pull_request.number,
                "mergeCommitSha": pull_request.merge_commit_sha,
                "mergedAt": pull_request.merged_at,
                "createdAt": pull_request.created_at,
                "author": pull_request.author,
                "baseBranch": pull_request.base,
            })
        });
        Message {
            path: PULL_REQUESTS,
            body: json!({ "repository": telling.repository, "pullRequests": items.collect::<Value>() }),
        }
    }
}

impl Deployment {
    pub(crate) fn report(&self, telling: &Telling, status: &str) -> Message {
        let body = json!({
            "deploymentId": format!("{}{}", telling.id_prefix, self.id),
            "commitSha": self.commit,
            "previousCommitSha": self.previous.as_ref().filter(|_| telling.with_previous),
            "environment": "production",
            "status": status,
            "startedAt": self.completed_at,
            "completedAt": self.completed_at,
            "service": telling.repository,
        });
        Message {
            path: DEPLOYMENTS,
            body,
        }
    }
}
