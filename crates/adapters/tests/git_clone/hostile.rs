//! Clones whose settings name programs to run. Each program leaves a mark; reading the clone leaves none.

use crate::repository::Repository;
use crate::{reading, walked};
use periscope_adapters::git::{Clone, GitError, Owner};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

const MISSING: &str = "1234567890123456789012345678901234567890";

/// A clone with a program that leaves a mark.
struct Trap {
    repository: Repository,
    program: PathBuf,
    mark: PathBuf,
}

impl Trap {
    fn new() -> Self {
        let repository = Repository::new();
        repository.commit("start (#1)", 0);
        repository.git(&["tag", "v1"], 0);
        let (program, mark) = (repository.0.join("program"), repository.0.join("mark"));
        // Settings that take a command are split at spaces, so the program has a plain name on the way.
        let script = format!("#!/bin/sh\n: > '{}'\n", mark.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            repository,
            program,
            mark,
        }
    }

    fn set(&self, key: &str, value: &str) {
        let quoted = format!("'{}'", self.program.display());
        self.repository
            .git(&["config", key, &value.replace("PROGRAM", &quoted)], 0);
    }

    fn promise(&self, url: &str) {
        self.set("core.repositoryFormatVersion", "1");
        self.set("extensions.partialClone", "origin");
        self.set("remote.origin.url", url);
        self.set("remote.origin.promisor", "true");
    }

    fn reference(&self, name: &str) {
        let path = self.repository.0.join(".git").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{MISSING}\n")).unwrap();
    }

    /// Reads all that an import reads.
    fn read(&self, owner: Owner) -> Result<(), GitError> {
        let clone = Clone::open(&self.repository.0, owner)?;
        clone.count_commits()?;
        clone
            .walk(reading(&clone, None))?
            .collect::<Result<Vec<_>, _>>()?;
        clone.tags(None)?;
        Ok(())
    }
}

#[test]
fn a_missing_object_is_named_and_never_fetched() {
    for (url, settings) in [
        (".", &[("remote.origin.uploadpack", "PROGRAM")][..]),
        ("ssh://example.org/a", &[("core.sshCommand", "PROGRAM")]),
        ("git://example.org/a", &[("core.gitProxy", "PROGRAM")]),
        ("ext::PROGRAM", &[("protocol.ext.allow", "always")]),
        ("ext::PROGRAM", &[("protocol.allow", "always")]),
    ] {
        for reference in [
            "refs/heads/missing",
            "refs/tags/missing",
            "refs/remotes/origin/missing",
        ] {
            let trap = Trap::new();
            let program = trap.program.display().to_string().replace(' ', "% ");
            trap.promise(&url.replace("PROGRAM", &program));
            for (key, value) in settings {
                trap.set(key, value);
            }
            trap.reference(reference);
            let error = trap.read(Owner::Caller).unwrap_err().to_string();
            assert!(error.contains(MISSING), "{url} {reference}: {error}");
            assert!(!trap.mark.exists(), "{url} {reference} ran the program");
        }
    }
}

#[test]
fn a_missing_parent_is_named_and_never_fetched() {
    let trap = Trap::new();
    trap.promise(".");
    trap.set("remote.origin.uploadpack", "PROGRAM");
    let first = trap.repository.ask(&["rev-parse", "HEAD"]).trim().to_owned();
    trap.repository.commit("second", 1);
    let object = Path::new(&first[..2]).join(&first[2..]);
    fs::remove_file(trap.repository.0.join(".git/objects").join(object)).unwrap();
    fs::remove_file(trap.repository.0.join(".git/refs/tags/v1")).unwrap();
    let error = trap.read(Owner::Caller).unwrap_err().to_string();
    assert!(error.contains(&first), "{error}");
    assert!(!trap.mark.exists());
}

#[test]
fn no_setting_of_a_clone_runs_a_program() {
    let trap = Trap::new();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.askPass",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "pager.log",
        "pager.for-each-ref",
        "gpg.program",
        "diff.external",
        "diff.trap.command",
        "diff.trap.textconv",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "credential.helper",
        "alias.log",
        "alias.rev-parse",
        "trailer.sign.command",
    ] {
        trap.set(
            key,
            if key.starts_with("alias") {
                "!PROGRAM"
            } else {
                "PROGRAM"
            },
        );
    }
    trap.set("log.showSignature", "true");
    trap.set("core.hooksPath", "hooks");
    let hooks = trap.repository.0.join("hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "post-index-change",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ] {
        symlink(&trap.program, hooks.join(hook)).unwrap();
    }
    let info = trap.repository.0.join(".git/info");
    fs::create_dir_all(&info).unwrap();
    fs::write(info.join("attributes"), "* diff=trap filter=trap\n").unwrap();
    fs::write(
        trap.repository.0.join(".gitattributes"),
        "* diff=trap filter=trap\n",
    )
    .unwrap();
    let _ = fs::remove_file(&trap.mark);
    trap.read(Owner::Caller).unwrap();
    assert!(!trap.mark.exists());
}

#[test]
fn replacements_and_grafts_of_a_clone_change_no_history() {
    let trap = Trap::new();
    let repository = &trap.repository;
    repository.commit("second", 1);
    repository.commit("third", 2);
    let commits = || -> Vec<_> {
        let clone = Clone::open(&repository.0, Owner::Caller).unwrap();
        clone
            .walk(reading(&clone, None))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let before = commits();
    let [first, _, third] = ["HEAD~2", "HEAD~1", "HEAD"].map(|name| repository.ask(&["rev-parse", name]));
    repository.git(&["replace", "--graft", third.trim(), first.trim()], 3);
    let info = repository.0.join(".git/info");
    fs::create_dir_all(&info).unwrap();
    fs::write(
        info.join("grafts"),
        format!("{} {}\n", third.trim(), first.trim()),
    )
    .unwrap();
    assert_eq!(before.len(), 3);
    assert_eq!(commits(), before);
}

#[test]
fn a_clone_of_another_user_is_read_on_request_only() {
    let trap = Trap::new();
    let is_given_away = chown(&trap.repository.0, Some(65534), None).is_ok();
    // Without the right to give a folder away, there is one of another user at the root.
    let foreign = if is_given_away {
        trap.repository.0.as_path()
    } else {
        Path::new("/")
    };
    let error = Clone::open(foreign, Owner::Caller).unwrap_err();
    assert!(matches!(&error, GitError::OtherOwner(_)), "{error}");
    assert!(error.to_string().contains("--any-owner"), "{error}");
    trap.read(Owner::Anybody).unwrap();
}

#[test]
fn borrowed_objects_count_only_if_they_are_of_the_same_owner() {
    let lender = Trap::new();
    let borrower = Repository::new();
    let url = lender.repository.0.to_str().unwrap();
    borrower.git(&["clone", "--quiet", "--bare", "--shared", url, "shared"], 0);
    let shared = borrower.0.join("shared");
    Clone::open(&shared, Owner::Caller).unwrap();
    let alternates = shared.join("objects/info/alternates");
    let lent = fs::read_to_string(&alternates).unwrap();
    fs::write(&alternates, format!("{:?}\n", lent.trim())).unwrap();
    let error = Clone::open(&shared, Owner::Caller).unwrap_err();
    assert!(matches!(error, GitError::BorrowedObjects(_)), "{error}");
    fs::write(&alternates, &lent).unwrap();
    if chown(lent.trim(), Some(65534), None).is_ok() {
        let error = Clone::open(&shared, Owner::Anybody).unwrap_err();
        assert!(matches!(error, GitError::BorrowedObjects(_)), "{error}");
    }
}

#[test]
fn titles_do_not_depend_on_the_encoding_that_a_clone_sets() {
    let trap = Trap::new();
    trap.set("i18n.logOutputEncoding", "ISO-8859-1");
    trap.repository.commit("Größe — 変更 (#2)", 1);
    let clone = Clone::open(&trap.repository.0, Owner::Caller).unwrap();
    let found = walked(&clone, reading(&clone, None)).pull_requests();
    let last = found.pull_requests.into_iter().next_back().unwrap();
    assert_eq!(last.title.unwrap().as_str(), "Größe — 変更");
}
