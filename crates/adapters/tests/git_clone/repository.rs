//! Repositories that tests make.

use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A repository that is removed with this value.
pub(crate) struct Repository(pub(crate) PathBuf);

impl Repository {
    pub(crate) fn new() -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("periscope git {} {number}", process::id()));
        fs::create_dir_all(&path).unwrap();
        let repository = Self(path);
        repository.git(&["init", "--quiet", "--initial-branch", "main"], 0);
        repository
    }

    /// Runs git with its clock at so many hours after the start of 2024.
    pub(crate) fn git(&self, arguments: &[&str], hour: u64) {
        let date = format!("{} +0000", 1_704_067_200 + hour * 3600);
        let status = Command::new("git")
            .arg("-C")
            .arg(&self.0)
            .args([
                "-c",
                "user.name=A",
                "-c",
                "user.email=a@example.org",
                "-c",
                "commit.gpgSign=false",
            ])
            .args(arguments)
            .envs([
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .output()
            .unwrap();
        assert!(
            status.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&status.stderr)
        );
    }

    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.0)
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn commit(&self, message: &str, hour: u64) {
        self.git(
            &["commit", "--quiet", "--allow-empty", "--message", message],
            hour,
        );
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
