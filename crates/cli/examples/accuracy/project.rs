//! A history with the commits that its pull requests and deployments are about.

use crate::clone;
use crate::history::{self, DEPLOYMENTS, History, Message, Telling};
use anyhow::Context;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How many commits a request tells of at most.
const BATCH: usize = 500;

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
            clone::read(path)
        } else {
            history::read(path)
        }
    }

    /// Every pull request, deployment and commit in order of time, the commits in batches: what was committed since
    /// the deployment before comes right before a deployment.
    pub(crate) fn messages(&self, telling: &Telling) -> Vec<Message> {
        let mut commits: Vec<&Commit> = self.commits.iter().collect();
        commits.sort_by_key(|commit| &commit.committed_at);
        let mut later = commits.as_slice();
        let mut messages = Vec::new();
        for message in self.history.messages(telling) {
            if message.path == DEPLOYMENTS {
                let count = later.partition_point(|commit| commit.committed_at <= message.at);
                let (earlier, rest) = later.split_at(count);
                messages.extend(batches(earlier, telling));
                later = rest;
            }
            messages.push(message);
        }
        messages.extend(batches(later, telling));
        messages
    }
}

fn batches(commits: &[&Commit], telling: &Telling) -> impl Iterator<Item = Message> {
    commits.chunks(BATCH).map(|commits| {
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
            at: commits
                .last()
                .map(|commit| commit.committed_at.clone())
                .unwrap_or_default(),
            path: "/api/commits",
            body: json!({ "repository": telling.repository, "commits": items }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_come_before_the_deployment_after_them_and_none_is_left_out() {
        let commits: Vec<_> = (0..1200).map(|n| json!([n.to_string(), [], n])).collect();
        let deployments = ["1970-01-01T00:00:10Z", "1970-01-01T00:19:00Z"]
            .map(|at| json!({ "id": at, "tag": at, "commit": "1", "previous": null, "completed_at": at }));
        let json = json!({
            "name": "x", "commits": commits, "pull_requests": [], "deployments": deployments, "links": {},
        });
        let project: Project = serde_json::from_value(json).unwrap();
        let telling = Telling {
            repository: "a/b".to_owned(),
            id_prefix: String::new(),
            with_previous: true,
        };
        let messages = project.messages(&telling);
        let sizes = messages
            .iter()
            .map(|message| message.body["commits"].as_array().map(Vec::len));
        assert_eq!(
            sizes.collect::<Vec<_>>(),
            [Some(11), None, Some(500), Some(500), Some(130), None, Some(59)]
        );
        assert_eq!(
            messages[0].body["commits"][10]["committedAt"],
            "1970-01-01T00:00:10Z"
        );
    }
}
