//! Histories whose commits are numbered: parents are distances, times are differences, and each SHA is that of the
//! history's name and the commit's number. The truth that such a file states is held against our own.

use crate::ancestry;
use crate::history::{Deployment, History, PullRequest};
use crate::project::{Commit, Project, utc};
use crate::rules::Links;
use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The `form` of these files.
pub(crate) const FORM: u64 = 2;

#[derive(Deserialize)]
pub(crate) struct NumberedHistory {
    name: String,
    /// How far back each commit's parents are.
    parents: Vec<Vec<usize>>,
    /// Seconds since the commit before.
    committed_at: Vec<i64>,
    /// Name, commit and time.
    tags: Vec<(String, usize, i64)>,
    pull_requests: Vec<NumberedPullRequest>,
    /// With the tag before as previous commit.
    links: BTreeMap<String, Vec<u64>>,
    /// Without a previous commit.
    links_new: BTreeMap<String, Vec<u64>>,
    /// The tag that delivers each pull request first.
    first: BTreeMap<u64, String>,
}

/// Number, merge commit, author, where the merge lies, and when the pull request was created.
type NumberedPullRequest = (u64, usize, u64, IgnoredAny, i64);

impl NumberedHistory {
    pub(crate) fn project(self) -> anyhow::Result<Project> {
        let commits = self.commits()?;
        let commit = |number: usize| commits.get(number).with_context(|| format!("no commit {number}"));
        let pull_requests = self.pull_requests.iter().map(|pull_request| {
            let (number, merge, author, _, created_at) = *pull_request;
            let merge = commit(merge)?;
            Ok(PullRequest {
                number,
                author: Some(format!("author-{author}")),
                base: None,
                created_at: Some(utc(created_at.max(0))?),
                merged_at: merge.committed_at.clone(),
                merge_commit_sha: merge.sha.clone(),
            })
        });
        let pull_requests = pull_requests.collect::<anyhow::Result<_>>()?;
        let mut deployments = Vec::new();
        let mut previous = None;
        for (tag, number, seconds) in &self.tags {
            let sha = &commit(*number)?.sha;
            deployments.push(Deployment {
                id: self.deployment_id(tag),
                commit: sha.clone(),
                previous: previous.replace(sha.clone()),
                completed_at: utc(*seconds)?,
            });
        }
        let project = Project {
            history: History {
                pull_requests,
                deployments,
                links: self.by_deployment(&self.links),
                name: self.name.clone(),
            },
            commits,
        };
        self.check(&project)?;
        Ok(project)
    }

    fn commits(&self) -> anyhow::Result<Vec<Commit>> {
        let mut at = 0;
        let sha = |number| sha(&self.name, number);
        let commits = self.parents.iter().zip(&self.committed_at).enumerate();
        commits
            .map(|(number, (parents, since))| {
                at += since;
                let parents = parents
                    .iter()
                    .map(|distance| number.checked_sub(*distance).map(sha));
                let parents = parents.collect::<Option<_>>();
                Ok(Commit {
                    sha: sha(number),
                    parents: parents
                        .with_context(|| format!("commit {number} has a parent before the first"))?,
                    committed_at: utc(at.max(0))?,
                })
            })
            .collect()
    }

    fn deployment_id(&self, tag: &str) -> String {
        format!("{}-{tag}", self.name)
    }

    fn by_deployment<T: FromIterator<u64>>(&self, links: &BTreeMap<String, Vec<u64>>) -> BTreeMap<String, T> {
        let links = links.iter();
        links
            .map(|(tag, numbers)| (self.deployment_id(tag), numbers.iter().copied().collect()))
            .collect()
    }

    /// Refuses a file whose truth is not ours.
    fn check(&self, project: &Project) -> anyhow::Result<()> {
        let links = ancestry::without_previous(project);
        let is_same = links == self.by_deployment(&self.links_new);
        ensure!(is_same, "{}: its links are not those of its commits", self.name);
        let mut first: Links = links.keys().map(|id| (id.clone(), BTreeSet::default())).collect();
        for (number, tag) in &self.first {
            first.entry(self.deployment_id(tag)).or_default().insert(*number);
        }
        let is_same = first == ancestry::first_deliveries(project, &links);
        ensure!(
            is_same,
            "{}: its first deliveries are not those of its commits",
            self.name
        );
        Ok(())
    }
}

fn sha(name: &str, number: usize) -> String {
    let digest = Sha1::digest(format!("{name}:{number}"));
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// ```text
    /// 0 - 1 - 3   main, v1 at 1, v3 at 3
    ///  `- 2       v2
    /// ```
    fn file() -> Value {
        json!({
            "form": 2, "name": "x", "parents": [[], [1], [2], [2]], "committed_at": [1_000, 10, -5, 20],
            "said": [], "heads": {"main": 3}, "default": "main",
            "tags": [["v1", 1, 2_000], ["v2", 2, 3_000], ["v3", 3, 4_000]],
            "pull_requests": [[7, 0, 1, 0, 900], [8, 2, 2, 2, 950], [9, 3, 1, 0, 960]],
            "links": {"v1": [], "v2": [8], "v3": [9]}, "links_new": {"v1": [], "v2": [8], "v3": [9]},
            "first": {"8": "v2", "9": "v3"},
        })
    }

    fn read(file: Value) -> anyhow::Result<Project> {
        serde_json::from_value::<NumberedHistory>(file)?.project()
    }

    #[test]
    fn numbers_become_shas_parents_and_times() {
        let project = read(file()).unwrap();
        let commits = &project.commits;
        assert_eq!(commits[0].sha, "7c8498dc6a5dc326fa7a41e99dcde5b7025ae800");
        assert_eq!(commits[2].parents, [commits[0].sha.as_str()]);
        let times: Vec<_> = commits
            .iter()
            .map(|commit| commit.committed_at.as_str())
            .collect();
        assert_eq!(
            times,
            [
                "1970-01-01T00:16:40Z",
                "1970-01-01T00:16:50Z",
                "1970-01-01T00:16:45Z",
                "1970-01-01T00:17:05Z"
            ]
        );
        let history = &project.history;
        assert_eq!(history.deployments[2].id, "x-v3");
        assert_eq!(history.deployments[2].previous.as_ref(), Some(&commits[2].sha));
        assert_eq!(history.pull_requests[1].merged_at, "1970-01-01T00:16:45Z");
        assert_eq!(history.links["x-v2"], [8]);
    }

    #[test]
    fn a_truth_that_is_not_that_of_the_commits_is_refused() {
        for (field, value) in [
            ("links_new", json!({"v1": [], "v2": [8], "v3": [7, 9]})),
            ("first", json!({"8": "v2"})),
            ("parents", json!([[], [1], [2], [4]])),
            ("tags", json!([["v1", 4, 2_000]])),
        ] {
            let mut file = file();
            file[field] = value;
            assert!(read(file).is_err(), "{field}");
        }
    }
}
