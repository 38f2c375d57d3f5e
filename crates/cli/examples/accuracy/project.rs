//! A history with the commits that its pull requests and deployments are about.

use crate::clone;
use crate::history::{self, History, Message, PullRequest, Telling};
use crate::numbered::{self, NumberedHistory};
use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How many commits a request tells of at most.
const COMMITS: usize = 500;
/// How many pull requests a request tells of at most.
const PULL_REQUESTS: usize = 20;

#[derive(Deserialize)]
pub(crate) struct Project {
    pub(crate) commits: Vec<Commit>,
    #[serde(flatten)]
    pub(crate) history: History,
}

/// `[sha, [parent, ..], seconds since 1970]`
#[derive(Deserialize)]
#[serde(try_from = "(String, Vec<String>, i64)")]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) parents: Vec<String>,
    pub(crate) committed_at: String,
}

impl TryFrom<(String, Vec<String>, i64)> for Commit {
    type Error = anyhow::Error;

    fn try_from((sha, parents, seconds): (String, Vec<String>, i64)) -> anyhow::Result<Self> {
        Ok(Self {
            sha,
            parents,
            committed_at: utc(seconds)?,
        })
    }
}

/// The text of a time.
pub(crate) fn utc(seconds: i64) -> anyhow::Result<String> {
    let time = OffsetDateTime::from_unix_timestamp(seconds);
    let text = time.ok().and_then(|time| time.format(&Rfc3339).ok());
    text.with_context(|| format!("{seconds} is no time"))
}

impl Project {
    /// Reads a gzipped JSON file, or a folder with a clone.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            return clone::read(path);
        }
        let file: Value = history::read(path)?;
        let project = if file.get("form") == Some(&numbered::FORM.into()) {
            serde_json::from_value::<NumberedHistory>(file).map(NumberedHistory::project)
        } else {
            serde_json::from_value(file).map(Ok)
        };
        project.with_context(|| format!("{} is no history", path.display()))?
    }

    /// Every deployment in order of time, and right before each the commits and pull requests since the one before.
    pub(crate) fn messages(&self, telling: &Telling) -> Vec<Message> {
        let mut commits: Vec<&Commit> = self.commits.iter().collect();
        commits.sort_by_key(|commit| &commit.committed_at);
        let mut pull_requests: Vec<&PullRequest> = self.history.pull_requests.iter().collect();
        pull_requests.sort_by_key(|pull_request| &pull_request.merged_at);
        let (mut commits, mut pull_requests) = (commits.as_slice(), pull_requests.as_slice());
        let mut deployments: Vec<_> = self.history.deployments.iter().collect();
        deployments.sort_by_key(|deployment| &deployment.completed_at);
        let mut messages = Vec::new();
        for deployment in deployments {
            let at = &deployment.completed_at;
            let (earlier, later) = split(commits, |commit| commit.committed_at <= *at);
            messages.extend(commit_messages(earlier, telling));
            commits = later;
            let (earlier, later) = split(pull_requests, |pull_request| pull_request.merged_at <= *at);
            messages.extend(pull_request_messages(earlier, telling));
            pull_requests = later;
            messages.push(deployment.report(telling, "success"));
        }
        messages.extend(commit_messages(commits, telling));
        messages.extend(pull_request_messages(pull_requests, telling));
        messages
    }
}

fn split<'a, T>(items: &'a [&'a T], is_earlier: impl Fn(&T) -> bool) -> (&'a [&'a T], &'a [&'a T]) {
    items.split_at(items.partition_point(|item| is_earlier(item)))
}

fn pull_request_messages(pull_requests: &[&PullRequest], telling: &Telling) -> impl Iterator<Item = Message> {
    let requests = pull_requests.chunks(PULL_REQUESTS);
    requests.map(|pull_requests| PullRequest::message(pull_requests, telling))
}

fn commit_messages(commits: &[&Commit], telling: &Telling) -> impl Iterator<Item = Message> {
    commits.chunks(COMMITS).map(|commits| {
        let items: Vec<_> = commits
            .iter()
            .map(|commit| {
                json!({
                    "sha": commit.sha,
                    "parents": commit.parents,
                    "committedAt": commit.committed_at,
                })
            })
            .collect();
        Message {
            path: "/api/commits",
            body: json!({ "repository": telling.repository, "commits": items }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_and_pull_requests_come_before_the_deployment_after_them_and_none_is_left_out() {
        let commits: Vec<_> = (0..1200).map(|n| json!([n.to_string(), [], n])).collect();
        let deployments = ["1970-01-01T00:00:10Z", "1970-01-01T00:19:00Z"]
            .map(|at| json!({ "id": at, "tag": at, "commit": "1", "previous": null, "completed_at": at }));
        let pull_requests = (0..50).map(|n| {
            let merged_at = format!("1970-01-01T00:00:{n:02}Z");
            json!({ "number": n + 1, "merged_at": merged_at, "merge_commit_sha": n.to_string() })
        });
        let json = json!({
            "name": "x", "commits": commits, "pull_requests": pull_requests.collect::<Value>(), "deployments": deployments, "links": {},
        });
        let project: Project = serde_json::from_value(json).unwrap();
        let telling = Telling {
            repository: "a/b".to_owned(),
            id_prefix: String::new(),
            with_previous: true,
        };
        let messages = project.messages(&telling);
        let size = |message: &Message, field: &str| message.body[field].as_array().map(Vec::len);
        let sizes: Vec<_> = messages
            .iter()
            .map(|message| (size(message, "commits"), size(message, "pullRequests")))
            .collect();
        assert_eq!(
            sizes,
            [
                (Some(11), None),
                (None, Some(11)),
                (None, None),
                (Some(500), None),
                (Some(500), None),
                (Some(130), None),
                (None, Some(20)),
                (None, Some(19)),
                (None, None),
                (Some(59), None)
            ]
        );
        assert_eq!(
            messages[0].body["commits"][10]["committedAt"],
            "1970-01-01T00:00:10Z"
        );
    }
}
