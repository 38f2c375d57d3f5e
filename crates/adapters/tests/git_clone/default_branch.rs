//! Which branch is read: what a clone says of it may be old or missing.

use crate::repository::Repository;
use periscope_adapters::git::{Clone, Owner};

fn default_branch(repository: &Repository) -> (String, Option<String>) {
    let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
    let found = clone.default_branch().unwrap();
    let newer = found.newer.map(|name| name.to_string());
    (found.branch.name.to_string(), newer)
}

/// A clone of a repository whose branch is then renamed.
fn renamed(prune: bool) -> (Repository, Repository) {
    let upstream = Repository::new();
    upstream.commit("start (#1)", 0);
    upstream.git(&["branch", "--move", "main", "master"], 0);
    let clone = Repository::new();
    let url = upstream.0.to_str().unwrap();
    clone.git(&["remote", "add", "origin", url], 0);
    clone.git(&["fetch", "--quiet", "origin"], 0);
    clone.git(&["remote", "set-head", "origin", "master"], 0);
    clone.git(&["checkout", "--quiet", "-b", "topic", "origin/master"], 0);
    upstream.git(&["branch", "--move", "master", "main"], 1);
    upstream.commit("next (#2)", 1);
    clone.git(
        &[
            "fetch",
            "--quiet",
            if prune { "--prune" } else { "--no-prune" },
            "origin",
        ],
        1,
    );
    (upstream, clone)
}

#[test]
fn a_branch_that_was_renamed_upstream_is_found_under_its_new_name() {
    let (_upstream, clone) = renamed(false);
    assert_eq!(default_branch(&clone), ("main".to_owned(), None));
    let (_upstream, clone) = renamed(true);
    clone.git(&["checkout", "--quiet", "--detach"], 1);
    assert_eq!(default_branch(&clone), ("main".to_owned(), None));
}

#[test]
fn a_newer_branch_with_a_usual_name_is_told() {
    let repository = Repository::new();
    repository.commit("start (#1)", 0);
    repository.git(&["branch", "stable"], 0);
    repository.commit("next (#2)", 1);
    repository.git(&["checkout", "--quiet", "stable"], 1);
    let expected = ("stable".to_owned(), Some("main".to_owned()));
    assert_eq!(default_branch(&repository), expected);
}

#[test]
fn a_tag_and_a_branch_of_one_name_are_not_mixed_up() {
    let repository = Repository::new();
    repository.commit("start (#1)", 0);
    repository.git(&["tag", "main"], 0);
    repository.commit("next (#2)", 1);
    assert_eq!(default_branch(&repository), ("main".to_owned(), None));
    assert_eq!(crate::numbers(&repository.0, None), [1, 2]);
    assert_eq!(crate::numbers(&repository.0, Some("main")), [1, 2]);
}

#[test]
fn a_linked_work_tree_is_read_like_its_clone() {
    let repository = Repository::new();
    repository.commit("start (#1)", 0);
    let tree = repository.0.join("tree");
    repository.git(
        &["worktree", "add", "--quiet", "-b", "side", tree.to_str().unwrap()],
        0,
    );
    assert_eq!(crate::numbers(&tree, Some("main")), [1]);
}
