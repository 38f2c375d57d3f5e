//! Runs the `git` program so that a clone can neither execute nor fetch anything. The clone's own settings are hostile
//! input: a promisor remote, an ssh command, a signature checker or a text converter names a program to run. Git gets an
//! empty environment, no settings of system or user, no protocol, and an override for each setting that runs a program.

use super::GitError;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Settings that win over those of the clone.
const SETTINGS: [(&str, &str); 12] = [
    ("protocol.allow", "never"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", "none"),
    ("core.alternateRefsCommand", "false"),
    ("core.attributesFile", "/dev/null"),
    ("log.showSignature", "false"),
    ("log.mailmap", "false"),
    ("gpg.program", "false"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("color.ui", "false"),
];

/// The whole environment of git beside `PATH` and the settings. `GIT_NO_LAZY_FETCH` exists since git 2.45; before, no
/// protocol is allowed, so the fetch fails before it starts a program.
const ENVIRONMENT: [(&str, &str); 12] = [
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_GRAFT_FILE", "/dev/null"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// The git program in one folder.
#[derive(Clone, Debug)]
pub(super) struct Git {
    pub(super) path: PathBuf,
    /// Folders that git reads although another user owns them.
    trusted: Vec<PathBuf>,
}

impl Git {
    /// Git in a folder of the caller.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            trusted: Vec::new(),
        }
    }

    /// Git in a folder of any user; no other folder of that user is trusted.
    pub(super) fn trusting(path: &Path) -> Self {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self {
            path: path.to_owned(),
            trusted: vec![real.join(".git"), real],
        }
    }

    /// The command that runs git with arguments.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.arg("-C")
            .arg(&self.path)
            .arg("--no-pager")
            .args(arguments)
            .stdin(Stdio::null())
            .env_clear()
            .envs(env::vars_os().filter(|(name, _)| name == "PATH"))
            .envs(ENVIRONMENT);
        let settings = SETTINGS.iter().map(|(key, value)| (*key, Path::new(value)));
        let trusted = self.trusted.iter().map(|path| ("safe.directory", path.as_path()));
        let mut count = 0;
        for (key, value) in settings.chain(trusted) {
            git.env(format!("GIT_CONFIG_KEY_{count}"), key);
            git.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        git.env("GIT_CONFIG_COUNT", count.to_string());
        git
    }

    /// What git answers to a question, without the end of its last line.
    pub(super) fn ask(&self, question: &'static str, arguments: &[&str]) -> Result<String, GitError> {
        let output = self.command(arguments).output().map_err(GitError::NoGit)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        } else {
            Err(GitError::Failed {
                command: question,
                message: complaint(&output.stderr),
            })
        }
    }
}

/// The line of git's complaints that says most: the one that names an object, else the first that is no warning.
pub(super) fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let is_object = |word: &str| word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names_object = |line: &&str| {
        line.split(|letter: char| !letter.is_ascii_alphanumeric())
            .any(is_object)
    };
    let is_warning = |line: &&str| line.starts_with("warning:");
    text.lines()
        .find(names_object)
        .or_else(|| text.lines().find(|line| !is_warning(line)))
        .or_else(|| text.lines().next())
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_that_names_an_object_is_the_one_that_is_kept() {
        let sha = "0123456789012345678901234567890123456789";
        for (stderr, expected) in [
            ("fatal: broken\nmore\n".to_owned(), "fatal: broken".to_owned()),
            (
                format!("warning: lazy fetching disabled\nfatal: missing object {sha} for refs/heads/x\n"),
                format!("fatal: missing object {sha} for refs/heads/x"),
            ),
            (
                format!("fatal: bad\nerror: Could not read '{sha}'\n"),
                format!("error: Could not read '{sha}'"),
            ),
            (
                "warning: a\nfatal: bad object bad\n".to_owned(),
                "fatal: bad object bad".to_owned(),
            ),
            ("warning: a\n".to_owned(), "warning: a".to_owned()),
            (String::new(), String::new()),
        ] {
            assert_eq!(complaint(stderr.as_bytes()), expected, "{stderr}");
        }
    }

    #[test]
    fn git_gets_nothing_of_our_environment_but_the_path() {
        let command = Git::new(Path::new("/")).command(&["log"]);
        let names: Vec<_> = command
            .get_envs()
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect();
        let is_known = |name: &String| name == "PATH" || name == "LC_ALL" || name.starts_with("GIT_");
        assert!(names.iter().all(is_known), "{names:?}");
        assert!(!names.contains(&"GIT_SHALLOW_FILE".to_owned()));
    }
}
