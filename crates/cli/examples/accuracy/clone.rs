//! Makes the same history from a clone: every tag is a deployment, and git itself says what lies between two.

use crate::history::{Deployment, History, PullRequest};
use crate::project::{Commit, Project, utc};
use anyhow::{Context, ensure};
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
    let log = git(
        folder,
        &[
            "-c",
            "log.showSignature=false",
            "log",
            "--branches",
            "--tags",
            "--remotes",
            "--date-order",
            "--reverse",
            "--format=%H%x00%P%x00%ct%x00%s",
        ],
    )?;
    let mut commits = Vec::new();
    let mut pull_requests = Vec::new();
    let mut seen = HashSet::new();
    for line in log.lines() {
        let (commit, subject) = commit(line).with_context(|| format!("cannot read {line:?}"))?;
        // The first commit that claims a number is its merge; a later one picks it to another branch.
        if let Some(number) = pull_request_number(subject)
            && seen.insert(number)
        {
            pull_requests.push(pull_request(number, &commit));
        }
        commits.push(commit);
    }
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

fn commit(line: &str) -> Option<(Commit, &str)> {
    let mut parts = line.splitn(4, '\0');
    let (sha, parents, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let commit = Commit {
        sha: sha.to_owned(),
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        committed_at: utc(seconds.parse().ok()?).ok()?,
    };
    Some((commit, parts.next()?))
}

/// Of `Merge pull request #7 from owner/branch`, or of a squash that ends in `(#7)`.
fn pull_request_number(subject: &str) -> Option<u64> {
    let merged = subject.strip_prefix("Merge pull request #");
    let merged = merged.and_then(|rest| rest.split(' ').next());
    let squashed = || subject.trim_end().strip_suffix(')')?.rsplit_once("(#");
    let digits = merged.or_else(|| squashed().map(|(_, digits)| digits))?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number > 0)
}

fn pull_request(number: u64, merge: &Commit) -> PullRequest {
    PullRequest {
        number,
        author: None,
        base: None,
        created_at: None,
        merged_at: merge.committed_at.clone(),
        merge_commit_sha: merge.sha.clone(),
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
    use crate::rules;
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
        clone.commit("Only here (#4)", 7);
        clone.git(&["tag", "release/1.1"], 7);
        clone.git(&["tag", "tree", "v1^{tree}"], 7);

        let project = read(&clone.0).unwrap();
        let history = &project.history;
        assert_eq!(project.commits.len(), 6);
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
        assert_eq!(links(&rules::stated(history)), [vec![1], vec![2, 3], vec![4]]);
        assert_eq!(
            links(&rules::by_proved_base(&project)),
            [vec![1], vec![2, 3], vec![4]]
        );
    }

    #[test]
    fn pull_requests_are_told_by_merges_and_squashes() {
        for (subject, number) in [
            ("Merge pull request #7 from a/b", Some(7)),
            ("Merge pull request #7", Some(7)),
            ("Title (#7)", Some(7)),
            ("Revert \"Title (#7)\" (#8)", Some(8)),
            ("Title (#7) and more", None),
            ("Title (#x)", None),
            ("Title (#+7)", None),
            ("Title (#0)", None),
            ("Merge pull request #x from a/b", None),
            ("Merge branch 'main'", None),
        ] {
            assert_eq!(pull_request_number(subject), number, "{subject}");
        }
    }
}
