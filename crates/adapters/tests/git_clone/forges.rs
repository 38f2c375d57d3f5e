//! Histories as forges make them: what counts, what is kept apart, and what is said of the rest.

use crate::repository::Repository;
use crate::{reading, walked};
use periscope_adapters::git::{Clone, Forge, Found, Owner, Reason};
use std::fs;
use std::process::Command;

/// A history under construction, a commit an hour.
struct Story {
    repository: Repository,
    hour: u64,
}

impl Story {
    fn new() -> Self {
        let story = Self {
            repository: Repository::new(),
            hour: 0,
        };
        story.repository.commit("start", 0);
        story
    }

    fn git(&mut self, arguments: &[&str]) {
        self.hour += 1;
        self.repository.git(arguments, self.hour);
    }

    fn commit(&mut self, message: &str) -> &mut Self {
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self
    }

    fn checkout(&mut self, arguments: &[&str]) -> &mut Self {
        self.git(&[&["checkout", "--quiet"], arguments].concat());
        self
    }

    /// Merges a branch of one commit with a message.
    fn merge(&mut self, message: &str) -> &mut Self {
        let branch = format!("side-{}", self.hour);
        self.checkout(&["-b", &branch]).commit("work").checkout(&["-"]);
        self.merge_branch(&branch, message)
    }

    fn merge_branch(&mut self, branch: &str, message: &str) -> &mut Self {
        self.git(&["merge", "--quiet", "--no-ff", "--message", message, branch]);
        self
    }

    fn found(&self) -> Found {
        self.found_on(None)
    }

    fn found_on(&self, branch: Option<&str>) -> Found {
        let clone = Clone::open(&self.repository.0, Owner::Caller).unwrap();
        walked(&clone, reading(&clone, branch)).pull_requests()
    }

    /// The numbers that count, each with the subject of its merge.
    fn merged(&self) -> Vec<(i32, String)> {
        self.subjects(&self.found())
    }

    fn subjects(&self, found: &Found) -> Vec<(i32, String)> {
        let told = found.pull_requests.iter().map(|pull_request| {
            let commit = pull_request.merge_commit.to_string();
            let subject = self.repository.ask(&["log", "-1", "--format=%s", &commit]);
            (pull_request.number.get(), subject.trim().to_owned())
        });
        told.collect()
    }

    fn numbers(&self) -> Vec<i32> {
        self.merged().into_iter().map(|(number, _)| number).collect()
    }
}

#[test]
fn merges_of_every_forge_are_found() {
    for (message, number, forge) in [
        ("Merge pull request #3 from a/b\n\nFix", 3, Forge::GitHub),
        (
            "Merge pull request 'Fix' (#5) from x/a into main",
            5,
            Forge::Gitea,
        ),
        (
            "Merge branch 'a' into 'main'\n\nFix\n\nSee merge request g/p!4",
            4,
            Forge::GitLab,
        ),
        ("Merged in x/b (pull request #7)", 7, Forge::Bitbucket),
        (
            "Pull request #8: Fix\n\nMerge in K/s from a to main",
            8,
            Forge::Bitbucket,
        ),
        ("Merged PR 6: Fix", 6, Forge::Azure),
    ] {
        let mut story = Story::new();
        story.merge(message);
        let found = story.found();
        let numbers: Vec<_> = found.pull_requests.iter().map(|each| each.number.get()).collect();
        assert_eq!(numbers, [number], "{message}");
        assert_eq!(found.seen.forge, Some(forge), "{message}");
    }
}

#[test]
fn a_batch_and_a_rollup_bring_each_of_their_pull_requests() {
    let mut story = Story::new();
    story.merge("Merge #2 #3\n\n2: One r=a\n\n3: Two r=a");
    story.checkout(&["-b", "rollup"]);
    story
        .merge("Rollup merge of #4 - a:b, r=c")
        .merge("Rollup merge of #5 - a:b, r=c");
    story.checkout(&["main"]);
    story.merge_branch(
        "rollup",
        "Auto merge of #6 - a:rollup, r=a\n\nRollup of 2 pull requests",
    );
    assert_eq!(story.numbers(), [2, 3, 4, 5, 6]);
}

#[test]
fn a_hard_fork_counts_its_own_numbers() {
    let mut story = Story::new();
    story.merge("Merge pull request #1 from upstream/a\n\nTheirs");
    story.merge("Merge pull request #1 from acme/a\n\nOurs");
    story.merge("Merge pull request #2 from acme/b\n\nOurs too");
    let expected = [
        (1, "Merge pull request #1 from acme/a"),
        (2, "Merge pull request #2 from acme/b"),
    ];
    assert_eq!(
        story.merged(),
        expected.map(|(number, subject)| (number, subject.to_owned()))
    );
}

#[test]
fn a_foxtrot_leaves_the_own_line_whole() {
    let mut story = Story::new();
    story
        .commit("one (#1)")
        .checkout(&["-b", "local"])
        .commit("local work");
    story.checkout(&["main"]).commit("two (#2)");
    story.checkout(&["local"]);
    story.merge_branch("main", "Merge branch 'main' of github.com:acme/api");
    story.git(&["branch", "--force", "main", "local"]);
    story.checkout(&["main"]).commit("three (#3)");
    assert_eq!(story.numbers(), [1, 2, 3]);
}

#[test]
fn git_flow_and_stacked_merges_are_found_after_their_branches_are_gone() {
    let mut story = Story::new();
    story.checkout(&["-b", "develop"]);
    story.merge("Merge pull request #1 from a/one");
    story.checkout(&["-b", "stack"]).commit("work");
    story.merge("Merge pull request #3 from a/three");
    story.checkout(&["develop"]);
    story.merge_branch("stack", "Merge pull request #2 from a/stack");
    story.checkout(&["main"]);
    story.merge_branch("develop", "Merge branch 'develop'");
    story.git(&["branch", "--delete", "--force", "develop", "stack"]);
    assert_eq!(story.numbers(), [1, 3, 2]);
    let found = story.found();
    assert_eq!(
        (found.seen.unread_merges, found.seen.examples),
        (1, vec!["Merge branch 'develop'".to_owned()])
    );
}

#[test]
fn release_branches_are_read_without_being_named_and_can_be_named() {
    let mut story = Story::new();
    story.commit("one (#1)").checkout(&["-b", "release"]);
    story.merge("Merge pull request #2 from a/hotfix");
    story.checkout(&["main"]).commit("three (#3)");
    assert_eq!(story.numbers(), [1, 2, 3]);
    let found = story.found();
    let bases: Vec<_> = found
        .pull_requests
        .iter()
        .map(|each| each.base_branch.clone().unwrap().to_string())
        .collect();
    assert_eq!(bases, ["main", "release", "main"]);
    let named = story.found_on(Some("release"));
    assert_eq!(story.subjects(&named).len(), 2);
    assert_eq!(named.seen.apart.get(&Reason::OtherBranch), Some(&1));
}

#[test]
fn a_pick_never_becomes_the_merge_whatever_the_order_of_branches() {
    for release in ["a-release", "z-release"] {
        let mut story = Story::new();
        story
            .commit("one (#80)")
            .checkout(&["-b", release])
            .checkout(&["main"]);
        story.commit("fix (#81)");
        story.checkout(&[release]);
        story.git(&["cherry-pick", "--allow-empty", "main"]);
        story.checkout(&["main"]);
        let original = story.repository.ask(&["rev-parse", "main"]);
        let found = story.found();
        let merge = found
            .pull_requests
            .iter()
            .find(|each| each.number.get() == 81)
            .unwrap();
        assert_eq!(merge.merge_commit.to_string(), original.trim(), "{release}");
        assert_eq!(found.seen.apart.get(&Reason::Second), Some(&1));
    }
}

#[test]
fn a_number_of_a_tracker_is_kept_apart_and_said() {
    let mut story = Story::new();
    for number in [3, 5] {
        story.commit(&format!("change (#{number})"));
    }
    story.commit("Use io_prio (#579449)");
    for number in [8, 9, 12] {
        story.commit(&format!("change (#{number})"));
    }
    assert_eq!(story.numbers(), [3, 5, 8, 9, 12]);
    let [apart] = story.found().apart.try_into().unwrap();
    assert_eq!(
        (apart.number.get(), apart.reason),
        (579_449, Reason::OutOfSequence)
    );
}

#[test]
fn what_was_force_pushed_away_gives_way_to_what_replaced_it() {
    let mut story = Story::new();
    story.commit("first try (#1)");
    story.git(&["tag", "before"]);
    story.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    story.commit("second try (#1)");
    assert_eq!(story.merged(), [(1, "second try (#1)".to_owned())]);
}

#[test]
fn what_the_messages_do_not_tell_is_said() {
    let mut story = Story::new();
    story.commit("one (#1)").commit("pushed directly");
    story.merge("Merge my work").merge("Merge branch 'x'");
    let seen = story.found().seen;
    assert_eq!((seen.commits, seen.merges, seen.unread_merges), (5, 1, 2));
    assert_eq!(seen.examples, ["Merge branch 'x'", "Merge my work"]);
}

#[test]
fn refs_of_pull_requests_prove_their_numbers() {
    let mut story = Story::new();
    story
        .commit("one (#1)")
        .commit("an issue (#2)")
        .commit("three (#3)");
    for number in [1, 3] {
        story.git(&["update-ref", &format!("refs/pull/{number}/head"), "HEAD"]);
    }
    assert_eq!(story.numbers(), [1, 3]);
    assert_eq!(story.found().apart[0].reason, Reason::NoSuchRef);
}

#[test]
fn names_and_tags_that_are_no_utf_8_are_read() {
    let mut story = Story::new();
    story.commit("one (#1)");
    let head = story.repository.ask(&["rev-parse", "HEAD"]);
    let script = format!(
        "printf 'create refs/tags/caf\\351 {}\\n' | git update-ref --stdin",
        head.trim()
    );
    let made = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&story.repository.0)
        .status();
    assert!(made.unwrap().success());
    let clone = Clone::open(&story.repository.0, Owner::Caller).unwrap();
    assert_eq!(clone.tags(None).unwrap().tags[0].name, "café");
}

#[test]
fn a_shallow_clone_that_is_deepened_while_it_is_read_makes_no_false_root() {
    let mut story = Story::new();
    story.commit("one (#1)").commit("two (#2)").commit("three (#3)");
    let shallow = Repository::new();
    let url = format!("file://{}", story.repository.0.display());
    shallow.git(&["fetch", "--quiet", "--depth", "2", &url, "main:copy"], 0);
    shallow.git(&["checkout", "--quiet", "copy"], 0);
    let clone = Clone::open(&shallow.0, Owner::Caller).unwrap();
    let walk = clone.walk(reading(&clone, None)).unwrap();
    shallow.git(&["fetch", "--quiet", "--unshallow", &url, "main"], 0);
    let commits: Vec<_> = walk.map(Result::unwrap).collect();
    assert!(
        commits
            .iter()
            .all(|commit| commit.parents.as_ref().is_none_or(|parents| !parents.is_empty()))
    );
}

#[test]
fn a_tag_without_a_date_has_that_of_its_commit() {
    let mut story = Story::new();
    story.commit("one (#1)");
    let head = story.repository.ask(&["rev-parse", "HEAD"]);
    let tag = format!("object {}\ntype commit\ntag v1\n\nno tagger\n", head.trim());
    let path = story.repository.0.join("tag");
    fs::write(&path, tag).unwrap();
    let path = path.to_str().unwrap();
    let made = story
        .repository
        .ask(&["hash-object", "-t", "tag", "-w", "--literally", path]);
    story.git(&["update-ref", "refs/tags/v1", made.trim()]);
    let clone = Clone::open(&story.repository.0, Owner::Caller).unwrap();
    let tags = clone.tags(None).unwrap().tags;
    assert_eq!(tags[0].created_at.to_string(), "2024-01-01T01:00:00Z");
    assert_eq!(tags[0].commit.to_string(), head.trim());
}
