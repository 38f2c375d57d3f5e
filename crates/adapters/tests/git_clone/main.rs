//! Real repositories, made by the git program in a folder of their own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod default_branch;
mod forges;
mod hostile;
mod repository;

use periscope_adapters::git::{Clone, GitError, Owner, Reading, Tag, Walk};
use periscope_domain::commit_graph::{Commit, CommitGraph};
use periscope_domain::commit_sha::CommitSha;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use repository::Repository;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Two pull requests, one merged and one squashed, the first of which contains what looks like a third.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit("start", 0);
    repository.git(&["checkout", "--quiet", "-b", "fix"], 1);
    repository.commit("work (#90)", 1);
    repository.git(&["checkout", "--quiet", "main"], 2);
    let message = "Merge pull request #7 from octocat/fix\n\nMake it green";
    repository.git(&["merge", "--quiet", "--no-ff", "--message", message, "fix"], 2);
    repository.git(&["tag", "v1"], 3);
    repository.commit("Squashed (#8)\n\nwith a body", 4);
    repository.git(&["tag", "--annotate", "--message", "second", "v2"], 5);
    repository
}

fn tags(clone: &Clone, pattern: Option<&str>) -> Vec<Tag> {
    clone.tags(pattern).unwrap().tags
}

/// What to read of a clone: its default branch, or another one alone.
pub(crate) fn reading(clone: &Clone, branch: Option<&str>) -> Reading {
    Reading {
        default_branch: clone.default_branch().unwrap().branch,
        branches: branch
            .map(|name| clone.branch(name).unwrap())
            .into_iter()
            .collect(),
        project: None,
        accept_claims: false,
    }
}

/// A walk that has come to its end.
pub(crate) fn walked(clone: &Clone, reading: Reading) -> Walk {
    let mut walk = clone.walk(reading).unwrap();
    walk.by_ref().map(Result::unwrap).for_each(drop);
    walk
}

fn numbers(path: &Path, branch: Option<&str>) -> Vec<i32> {
    let clone = Clone::open(path, Owner::Caller).unwrap();
    let found = walked(&clone, reading(&clone, branch)).pull_requests();
    found
        .pull_requests
        .iter()
        .map(|pull_request| pull_request.number.get())
        .collect()
}

#[test]
fn merged_pull_requests_come_in_order_of_their_merges() {
    let repository = repository();
    assert_eq!(numbers(&repository.0, None), [7, 8]);
    assert_eq!(numbers(&repository.0, Some("fix")), [90]);
}

#[test]
fn a_pull_request_is_told_with_its_merge() {
    let repository = repository();
    let url = "https://user:secret@github.com/acme/api.git";
    repository.git(&["remote", "add", "origin", url], 5);
    let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
    let found = walked(&clone, reading(&clone, None)).pull_requests();
    let first = found.pull_requests.into_iter().next().unwrap();
    assert_eq!(first.title.unwrap().as_str(), "Make it green");
    assert_eq!(first.head_branch.unwrap().as_str(), "fix");
    assert_eq!(first.base_branch.unwrap().as_str(), "main");
    assert_eq!(first.created_at.unwrap().to_string(), "2024-01-01T01:00:00Z");
    assert_eq!(first.merged_at.to_string(), "2024-01-01T02:00:00Z");
    assert_eq!(first.author.unwrap().as_str(), "A");
    assert_eq!(first.url.unwrap().as_str(), "https://github.com/acme/api/pull/7");
    assert_eq!(first.merge_commit, tags(&clone, Some("v1"))[0].commit);
}

#[test]
fn tags_stand_for_commits_in_order_of_time() {
    let repository = repository();
    let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
    let all = tags(&clone, None);
    let told: Vec<_> = all
        .iter()
        .map(|tag| (tag.name.as_str(), tag.created_at.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            ("v1", "2024-01-01T02:00:00Z".to_owned()),
            ("v2", "2024-01-01T05:00:00Z".to_owned())
        ]
    );
    assert_ne!(all[0].commit, all[1].commit);
    assert_eq!(tags(&clone, Some("v2")), all[1..]);
    assert_eq!(tags(&clone, Some("x*")), []);
}

#[test]
fn a_tag_of_something_that_is_no_commit_is_left_out() {
    let repository = repository();
    let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
    let before = tags(&clone, None);
    repository.git(&["tag", "light-tree", "HEAD^{tree}"], 6);
    repository.git(
        &["tag", "--annotate", "--message", "a tree", "tree", "HEAD^{tree}"],
        6,
    );
    assert_eq!(tags(&clone, None), before);
    let skipped = clone.tags(None).unwrap().skipped;
    let names: Vec<_> = skipped.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["light-tree", "tree"]);
}

#[test]
fn a_bare_clone_and_a_work_tree_of_it_are_read_alike() {
    let repository = repository();
    let bare = Repository::new();
    let source = repository.0.to_str().unwrap();
    bare.git(&["clone", "--quiet", "--bare", source, "bare"], 0);
    bare.git(&["clone", "--quiet", source, "full"], 0);
    assert_eq!(numbers(&bare.0.join("bare"), None), [7, 8]);
    assert_eq!(numbers(&bare.0.join("full"), None), [7, 8]);
}

#[test]
fn what_is_no_clone_is_refused_with_a_sentence() {
    let folder = Repository::new();
    fs::remove_dir_all(folder.0.join(".git")).unwrap();
    for path in [folder.0.clone(), folder.0.join("nowhere")] {
        assert!(matches!(
            Clone::open(&path, Owner::Caller),
            Err(GitError::NoClone { .. })
        ));
    }
    let repository = repository();
    let inside = repository.0.join("vendor/lib");
    fs::create_dir_all(&inside).unwrap();
    let Err(GitError::NoClone { message, .. }) = Clone::open(&inside, Owner::Caller) else {
        panic!("it was taken for the clone around it")
    };
    assert_eq!(message, "it is the folder vendor/lib/ of the clone around it");
    let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
    assert!(matches!(clone.branch("nowhere"), Err(GitError::NoBranch(name)) if name == "nowhere"));
    assert!(matches!(clone.branch("--output=x"), Err(GitError::NoBranch(_))));
}

#[test]
fn a_history_that_breaks_off_is_an_error() {
    let repository = repository();
    let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
    let first = tags(&clone, Some("v1"))[0].commit.to_string();
    fs::remove_file(
        repository
            .0
            .join(".git/objects")
            .join(&first[..2])
            .join(&first[2..]),
    )
    .unwrap();
    let outcome: Result<Vec<_>, _> = clone.walk(reading(&clone, None)).unwrap().collect();
    match outcome {
        Err(GitError::Failed {
            command: "log",
            message,
        }) => assert!(!message.is_empty()),
        other => panic!("{other:?}"),
    }
}

fn commits(clone: &Clone) -> Vec<Commit> {
    let walk = clone.walk(reading(clone, None));
    walk.unwrap().map(Result::unwrap).collect()
}

/// The numbers of hours at which commits were made, with those of their parents; `None` where the clone does not have
/// them.
fn history(path: &Path) -> Vec<(i64, Option<Vec<i64>>)> {
    let clone = Clone::open(path, Owner::Caller).unwrap();
    let commits = commits(&clone);
    assert_eq!(clone.count_commits().unwrap(), commits.len() as u64);
    let hour = |sha: &CommitSha| {
        let commit = commits.iter().find(|commit| commit.sha == *sha);
        commit.map_or(-1, |commit| {
            (commit.committed_at.unwrap().microseconds() / 1_000_000 - 1_704_067_200) / 3600
        })
    };
    let parents = |commit: &Commit| {
        commit
            .parents
            .as_ref()
            .map(|parents| parents.iter().map(hour).collect())
    };
    commits
        .iter()
        .map(|commit| (hour(&commit.sha), parents(commit)))
        .collect()
}

#[test]
fn commits_come_with_their_parents_and_after_them() {
    let repository = repository();
    repository.git(&["checkout", "--quiet", "--detach"], 6);
    repository.commit("a tag on no branch", 6);
    repository.git(&["tag", "v3"], 6);
    repository.git(&["checkout", "--quiet", "main"], 6);
    let some = |parents: &[i64]| Some(parents.to_vec());
    assert_eq!(
        history(&repository.0),
        [
            (0, some(&[])),
            (1, some(&[0])),
            (2, some(&[0, 1])),
            (4, some(&[2])),
            (6, some(&[4])),
        ]
    );
}

#[test]
fn a_clone_that_has_checked_out_nothing_has_its_commits_all_the_same() {
    let repository = repository();
    let commits = history(&repository.0);
    repository.git(&["symbolic-ref", "HEAD", "refs/heads/unborn"], 0);
    assert!(!commits.is_empty());
    assert_eq!(history(&repository.0), commits);
}

#[test]
fn the_rim_of_a_shallow_clone_is_no_root() {
    let repository = repository();
    let shallow = Repository::new();
    let url = format!("file://{}", repository.0.display());
    shallow.git(&["fetch", "--quiet", "--depth", "2", &url, "main:copy"], 0);
    shallow.git(&["checkout", "--quiet", "copy"], 0);
    assert_eq!(history(&shallow.0), [(2, None), (4, Some(vec![2]))]);
}

#[test]
fn the_object_of_an_annotated_tag_stands_for_its_commit() {
    let repository = repository();
    repository.git(
        &[
            "tag",
            "--annotate",
            "--message",
            "no commit",
            "tree",
            "HEAD^{tree}",
        ],
        6,
    );
    let [object, commit] = ["refs/tags/v2", "refs/tags/v2^{commit}"]
        .map(|name| CommitSha::parse(&repository.ask(&["rev-parse", name])).unwrap());
    let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
    assert_eq!(clone.tag_objects(), [Commit::tag(object, commit)]);
}

/// A history of forks and merges, a commit an hour.
fn forks_and_merges(random: &mut StdRng) -> Repository {
    let repository = Repository::new();
    repository.commit("start", 0);
    for hour in 1..25_u64 {
        let from = format!(
            "commit-{}",
            random.random_range(0..hour).max(hour.saturating_sub(6))
        );
        repository.git(&["tag", "--force", &format!("commit-{}", hour - 1)], hour);
        repository.git(&["checkout", "--quiet", "--detach", &from], hour);
        let other = format!(
            "commit-{}",
            random.random_range(0..hour).max(hour.saturating_sub(6))
        );
        if random.random_ratio(1, 2) && other != from {
            repository.git(
                &[
                    "merge",
                    "--quiet",
                    "--no-ff",
                    "--strategy",
                    "ours",
                    "--message",
                    "both",
                    &other,
                ],
                hour,
            );
        }
        repository.commit("more", hour);
    }
    repository
}

#[test]
fn the_graph_says_what_git_says() {
    for seed in 0..4 {
        let repository = forks_and_merges(&mut StdRng::seed_from_u64(seed));
        let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
        let commits: Vec<Commit> = commits(&clone);
        let mut graph = CommitGraph::new();
        for piece in commits.rchunks(5) {
            graph.extend(piece, &[]);
        }
        for base in commits.iter().step_by(3) {
            for head in commits.iter().step_by(2) {
                let [base, head] = [base, head].map(|commit| graph.find(&commit.sha).unwrap());
                let between = graph.commits_between(base, head);
                let range = format!("{}..{}", graph.sha(base), graph.sha(head));
                let expected: BTreeSet<String> = repository
                    .ask(&["rev-list", &range])
                    .lines()
                    .map(str::to_owned)
                    .collect();
                let found = between.commits.unwrap();
                let found: BTreeSet<String> = found.iter().map(|node| graph.sha(*node).to_string()).collect();
                assert_eq!(found, expected, "seed {seed}: {range}");
                let merge_base = repository.ask(&[
                    "merge-base",
                    "--all",
                    &graph.sha(base).to_string(),
                    &graph.sha(head).to_string(),
                ]);
                let is_ancestor = merge_base.lines().any(|line| line == graph.sha(base).to_string());
                assert_eq!(
                    between.base_is_ancestor,
                    Some(is_ancestor),
                    "seed {seed}: {range}"
                );
            }
        }
    }
}
