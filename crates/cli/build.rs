//! Puts the commit and its date into the version, where the source is a clone and git is there. A package builder may name
//! them in `PERISCOPE_BUILD_COMMIT` instead, as `a1b2c3d 2026-12-01`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=PERISCOPE_BUILD_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let commit = named().or_else(|| {
        // A tarball that is unpacked inside another clone has no commit of its own.
        let top = git(&["rev-parse", "--show-toplevel"])?;
        let is_ours = Path::new(&top).canonicalize().ok() == Path::new("../..").canonicalize().ok();
        is_ours
            .then(|| git(&["log", "-1", "--abbrev=9", "--format=%h %cs"]))
            .flatten()
    });
    let version = env!("CARGO_PKG_VERSION");
    match commit {
        Some(commit) => println!("cargo::rustc-env=PERISCOPE_VERSION={version} ({commit})"),
        None => println!("cargo::rustc-env=PERISCOPE_VERSION={version}"),
    }
    // What a commit writes to. A file that is not there would build the program again each time.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

fn named() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a setting of the build, not of the program"
    )]
    let commit = std::env::var("PERISCOPE_BUILD_COMMIT").ok()?;
    Some(commit.trim().to_owned()).filter(|commit| !commit.is_empty())
}

/// What git says in one line; nothing where there is no git or no clone.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}
