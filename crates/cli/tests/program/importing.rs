//! Imports of clones that hurt: hostile settings, a hostile environment, tags that are no deployments.

use crate::program::Folder;
use periscope_adapters::postgres::testing::TestDatabase;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::sleep;

/// Runs git in a folder with its clock at a time.
fn git(folder: &Path, date: &str, arguments: &[&str]) {
    let output = Command::new("git")
        .envs([("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date)])
        .args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-C"])
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A clone of two merged pull requests.
fn clone_in(folder: &Folder) -> PathBuf {
    let clone = folder.path().join("clone");
    fs::create_dir(&clone).unwrap();
    git(&clone, "", &["init", "--quiet", "--initial-branch", "main"]);
    for (date, message) in [("1704067200 +0000", "one (#1)"), ("1704067201 +0000", "two (#2)")] {
        git(
            &clone,
            date,
            &["commit", "--quiet", "--allow-empty", "--message", message],
        );
    }
    folder.run(&["org", "create", "acme"]);
    clone
}

fn import(clone: &Path, more: &[&str]) -> Vec<String> {
    let mut arguments: Vec<String> = ["import", "git"].map(str::to_owned).to_vec();
    arguments.push(clone.display().to_string());
    arguments.extend(["--org", "acme", "--repository", "acme/api", "--output", "json"].map(str::to_owned));
    arguments.extend(more.iter().map(|each| (*each).to_owned()));
    arguments
}

fn as_arguments(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn an_import_runs_nothing_that_a_clone_names() {
    let folder = Folder::new();
    let clone = clone_in(&folder);
    let (program, mark) = (folder.path().join("program"), folder.path().join("mark"));
    fs::write(&program, format!("#!/bin/sh\n: > '{}'\n", mark.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let quoted = format!("'{}'", program.display());
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", "."),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", &quoted),
    ] {
        git(&clone, "", &["config", key, value]);
    }
    let missing = "1234567890123456789012345678901234567890";
    fs::write(clone.join(".git/refs/heads/missing"), missing).unwrap();
    for more in [&[][..], &["--dry-run"]] {
        let outcome = folder.run(&as_arguments(&import(&clone, more)));
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(missing), "{}", outcome.stderr);
        assert!(!mark.exists());
    }
}

#[test]
fn the_environment_of_an_import_changes_nothing_that_it_reads() {
    let folder = Folder::new();
    let clone = clone_in(&folder);
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join(".gitconfig"), "not a setting\n").unwrap();
    let rim = elsewhere.join("shallow");
    let head = Command::new("git")
        .arg("-C")
        .arg(&clone)
        .args(["rev-parse", "HEAD"])
        .output()
        .unwrap();
    fs::write(&rim, head.stdout).unwrap();
    let arguments = import(&clone, &["--dry-run"]);
    let mut command = folder.command(&as_arguments(&arguments));
    command
        .env("HOME", &elsewhere)
        .env("GIT_DIR", &elsewhere)
        .env("GIT_SHALLOW_FILE", &rim)
        .env("GIT_GRAFT_FILE", &rim)
        .env("GIT_OBJECT_DIRECTORY", &elsewhere)
        .env("GIT_CONFIG_PARAMETERS", "'broken")
        .env("GIT_EXEC_PATH", &elsewhere)
        .env("GIT_TRACE", elsewhere.join("trace"));
    let outcome = Folder::outcome(command);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let told: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&told["commits"], &told["pullRequests"]), (&2.into(), &2.into()));
    assert!(!elsewhere.join("trace").exists());
}

#[test]
fn a_tag_of_which_no_deployment_can_be_made_is_skipped_and_named() {
    let folder = Folder::new();
    let clone = clone_in(&folder);
    let annotate = |name: &str, date: &str| {
        git(&clone, date, &["tag", "--annotate", "--message", "x", name]);
    };
    annotate("v1", "1704067300 +0000");
    annotate("far", "@253370764800 +0000");
    annotate("old", "@1 +0000");
    let long = "x".repeat(240);
    fs::create_dir_all(clone.join(".git/refs/tags")).unwrap();
    annotate(&format!("{}/{long}", "y".repeat(60)), "1704067300 +0000");
    let arguments = import(&clone, &["--tags-as-deployments"]);
    for more in [&["--dry-run"][..], &[]] {
        let outcome = folder.run(&[&as_arguments(&arguments)[..], more].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let told: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(told["deployments"], 1);
        let skipped = told["skippedTags"].as_array().unwrap();
        let reason = |name: &str| {
            let of_name = |tag: &&serde_json::Value| tag["tag"].as_str().unwrap().contains(name);
            skipped.iter().find(of_name).unwrap()["reason"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(skipped.len(), 3);
        assert_eq!(
            reason("far"),
            "its date must lie between 2000-01-01 and 24 hours from now"
        );
        assert_eq!(
            reason("old"),
            "its date must lie between 2000-01-01 and 24 hours from now"
        );
        assert_eq!(
            reason(&long),
            "its name behind \"tag:\" must be a string of 1-255 characters"
        );
    }
}

/// Another session holds the organization for longer than a statement waits for a lock.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_outlasts_a_busy_database() {
    let folder = Folder::new();
    let clone = clone_in(&folder);
    git(&clone, "1704067300 +0000", &["tag", "v1"]);
    let database = TestDatabase::create().await;
    let run = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        command.env("DATABASE_URL", database.url());
        command
    };
    Folder::outcome(run(&["org", "create", "acme"]));
    let import = import(&clone, &["--tags-as-deployments"]);
    let mut import = run(&as_arguments(&import));
    let holding = async {
        let hold = "do $$ begin perform from organizations for update; perform pg_sleep(5); end $$";
        database.execute(hold).await;
    };
    let importing = async {
        sleep(Duration::from_millis(300)).await;
        tokio::task::spawn_blocking(move || import.output().unwrap())
            .await
            .unwrap()
    };
    let (outcome, ()) = tokio::join!(importing, holding);
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(0), "{said}");
    let told: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!((&told["recorded"], &told["links"]), (&2.into(), &1.into()));
}
