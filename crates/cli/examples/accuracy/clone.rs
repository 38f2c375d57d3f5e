//! Makes the same history from a clone: every tag is a deployment, the pull requests are those that an import finds, and
//! git itself says what lies between two.

use crate::history::{Deployment, History, PullRequest};
use crate::project::{Commit, Project, utc};
use anyhow::{Context, ensure};
use periscope_adapters::git::{Clone, Owner, Reading};
use periscope_domain::commit_graph;
use periscope_domain::pull_request;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::process::Command;

pub(crate) fn read(folder: &Path) -> anyhow::Result<Project> {
    let shallow = git(folder, &["rev-parse", "--is-shallow-repository"])?;
    ensure!(
        shallow.trim() == "false",
        "{} is a shallow clone",
        folder.display()
    );
    let clone = Clone::open(folder, Owner::Anybody)?;
    let mut walk = clone.walk(Reading {
        default_branch: clone.default_branch()?.branch,
        branches: Vec::new(),
        project: None,
        accept_claims: false,
    })?;
    let commits = walk.by_ref().map(|read| Ok(commit(&read?)));
    let commits = commits.collect::<anyhow::Result<Vec<_>>>()?;
    let found = walk.pull_requests().pull_requests;
    let pull_requests: Vec<_> = found.iter().map(pull_request).collect();
    let name = name(folder)?;
    let deployments = deployments(folder, &name)?;
    let links = links(folder, &pull_requests, &deployments)?;
    Ok(Project {
        commits,
        history: History {
            name,
            pull_requests,
            deployments,
            links,
        },
    })
}

fn commit(commit: &commit_graph::Commit) -> Commit {
    let parents = commit.parents.iter().flatten();
    Commit {
        sha: commit.sha.to_string(),
        parents: parents.map(ToString::to_string).collect(),
        committed_at: commit
            .committed_at
            .map(|time| time.to_string())
            .unwrap_or_default(),
    }
}

fn pull_request(found: &pull_request::PullRequest) -> PullRequest {
    PullRequest {
        number: u64::from(found.number.get().unsigned_abs()),
        author: None,
        base: None,
        created_at: None,
        merged_at: found.merged_at.to_string(),
        merge_commit_sha: found.merge_commit.to_string(),
    }
}

/// The folder's name, as part of a repository's.
fn name(folder: &Path) -> anyhow::Result<String> {
    let folder = folder.canonicalize()?;
    let name = folder.file_name().context("the clone's folder has no name")?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name = name.to_string_lossy();
    Ok(name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect())
}

/// Every tag of a commit, in order of time.
fn deployments(folder: &Path, name: &str) -> anyhow::Result<Vec<Deployment>> {
    let format =
        "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(creatordate:unix) %(refname)";
    let tags = git(folder, &["for-each-ref", format, "refs/tags"])?;
    let mut deployments = Vec::new();
    for line in tags.lines() {
        if let Some(deployment) = deployment(line, name)? {
            deployments.push(deployment);
        }
    }
    deployments.sort_by(|a, b| (&a.completed_at, &a.id).cmp(&(&b.completed_at, &b.id)));
    let mut previous = None;
    for deployment in &mut deployments {
        deployment.previous = previous.replace(deployment.commit.clone());
    }
    Ok(deployments)
}

/// `None` where the tag is of something other than a commit.
fn deployment(line: &str, name: &str) -> anyhow::Result<Option<Deployment>> {
    let parts: Vec<_> = line.splitn(6, ' ').collect();
    let [kind, object, tagged_kind, tagged, seconds, tag] = parts.as_slice() else {
        anyhow::bail!("cannot read {line:?}");
    };
    let commit = match (*kind, *tagged_kind) {
        ("commit", _) => object,
        ("tag", "commit") => tagged,
        _ => return Ok(None),
    };
    let seconds = seconds.parse().with_context(|| format!("{tag} has no time"))?;
    Ok(Some(Deployment {
        id: format!("{name}-{}", tag.trim_start_matches("refs/tags/")),
        commit: (*commit).to_owned(),
        previous: None,
        completed_at: utc(seconds)?,
    }))
}

fn links(
    folder: &Path,
    pull_requests: &[PullRequest],
    deployments: &[Deployment],
) -> anyhow::Result<BTreeMap<String, Vec<u64>>> {
    let mut merged_as: HashMap<&str, Vec<u64>> = HashMap::new();
    for pull_request in pull_requests {
        let merged = merged_as.entry(&pull_request.merge_commit_sha).or_default();
        merged.push(pull_request.number);
    }
    let mut links = BTreeMap::new();
    for deployment in deployments {
        let mut commits = HashSet::from([deployment.commit.clone()]);
        if let Some(previous) = &deployment.previous {
            let range = format!("{previous}..{}", deployment.commit);
            commits.extend(git(folder, &["rev-list", &range])?.lines().map(str::to_owned));
        }
        let numbers = commits.iter().filter_map(|commit| merged_as.get(commit.as_str()));
        links.insert(deployment.id.clone(), numbers.flatten().copied().collect());
    }
    Ok(links)
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.context("cannot run git")?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "git in {}: {}",
        folder.display(),
        message.trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ancestry, rules};
    use std::{env, fs, process};

    struct Clone(std::path::PathBuf);

    impl Clone {
        fn new(name: &str) -> Self {
            let folder = env::temp_dir().join(format!("periscope-accuracy-{name}-{}", process::id()));
            fs::create_dir(&folder).unwrap();
            let clone = Self(folder);
            clone.git(&["init", "--quiet", "--initial-branch=main"], 0);
            clone
        }

        fn git(&self, arguments: &[&str], minute: u32) {
            let date = format!("2024-01-01T00:{minute:02}:00Z");
            let mut command = Command::new("git");
            command
                .arg("-C")
                .arg(&self.0)
                .args(["-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false"]);
            for (who, value) in [("NAME", "a"), ("EMAIL", "a@example.org"), ("DATE", &date)] {
                command.env(format!("GIT_AUTHOR_{who}"), value);
                command.env(format!("GIT_COMMITTER_{who}"), value);
            }
            assert!(command.args(arguments).status().unwrap().success());
        }

        fn commit(&self, subject: &str, minute: u32) {
            self.git(
                &["commit", "--quiet", "--allow-empty", "--message", subject],
                minute,
            );
        }
    }

    impl Drop for Clone {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_clone_tells_commits_pull_requests_tags_and_what_lies_between() {
        let clone = Clone::new("clone");
        clone.commit("Begin (#1)", 1);
        clone.git(&["tag", "v1"], 1);
        clone.git(&["checkout", "--quiet", "-b", "fix"], 1);
        clone.commit("Fix", 2);
        clone.git(&["checkout", "--quiet", "main"], 2);
        clone.commit("Add\ttabs (#2)", 3);
        let merge = "Merge pull request #3 from a/fix";
        clone.git(&["merge", "--quiet", "--no-ff", "--message", merge, "fix"], 4);
        clone.git(&["tag", "--annotate", "--message", "two", "v2"], 5);
        clone.git(&["checkout", "--quiet", "-b", "release", "v1"], 5);
        clone.commit("Add\ttabs (#2)", 6);
        clone.git(&["checkout", "--quiet", "-b", "only-here"], 6);
        clone.commit("Only here", 6);
        clone.git(&["checkout", "--quiet", "release"], 6);
        let merge = "Merge pull request #4 from a/only-here";
        clone.git(
            &["merge", "--quiet", "--no-ff", "--message", merge, "only-here"],
            7,
        );
        clone.git(&["tag", "release/1.1"], 7);
        clone.git(&["tag", "tree", "v1^{tree}"], 7);
        clone.git(&["checkout", "--quiet", "main"], 7);

        let project = read(&clone.0).unwrap();
        let history = &project.history;
        assert_eq!(project.commits.len(), 7);
        assert_eq!(
            project.commits.iter().map(|commit| commit.parents.len()).max(),
            Some(2)
        );
        let numbers = history
            .pull_requests
            .iter()
            .map(|each| (each.number, each.merged_at.as_str()));
        assert_eq!(
            numbers.collect::<Vec<_>>(),
            [
                (1, "2024-01-01T00:01:00Z"),
                (2, "2024-01-01T00:03:00Z"),
                (3, "2024-01-01T00:04:00Z"),
                (4, "2024-01-01T00:07:00Z")
            ]
        );
        let [first, second, third] = history.deployments.as_slice() else {
            panic!("three tags are of commits");
        };
        assert_eq!(second.completed_at, "2024-01-01T00:05:00Z");
        assert_eq!(second.previous.as_ref(), Some(&first.commit));
        assert_eq!(third.id, format!("{}-release/1.1", history.name));
        let links = |links: &rules::Links| {
            let ids = history.deployments.iter().map(|deployment| &deployment.id);
            ids.map(|id| links[id].iter().copied().collect())
                .collect::<Vec<Vec<u64>>>()
        };
        assert_eq!(
            links(&ancestry::with_previous(history)),
            [vec![1], vec![2, 3], vec![4]]
        );
        assert_eq!(
            links(&ancestry::without_previous(&project)),
            [vec![1], vec![2, 3], vec![4]]
        );
    }
}
