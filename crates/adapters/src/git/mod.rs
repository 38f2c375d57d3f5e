//! Reads a local clone of a Git repository through the `git` program: it knows every kind of clone and every object
//! format, and its plumbing streams a history of any size. What it says is read as it comes, so memory stays constant.

mod commits;
#[cfg(test)]
mod fuzz;
mod merged;
mod stream;

pub use commits::Commits;
pub use merged::MergedPullRequests;

use periscope_domain::commit_sha::CommitSha;
use periscope_domain::text::BranchName;
use periscope_domain::timestamp::Timestamp;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};
use stream::Records;
use thiserror::Error;

/// Why a clone could not be read.
#[derive(Debug, Error)]
pub enum GitError {
    /// There is no `git` to ask.
    #[error("cannot run the program git: install it, or put it on PATH")]
    NoGit(#[source] io::Error),
    /// The folder is no clone.
    #[error("{} is no clone of a Git repository: {message}", path.display())]
    NoClone {
        /// The folder.
        path: PathBuf,
        /// What git says.
        message: String,
    },
    /// There is no such branch.
    #[error("the clone has no branch {0}")]
    NoBranch(String),
    /// The clone does not say which branch is the main one.
    #[error("the clone has no default branch: name one")]
    NoDefaultBranch,
    /// Git failed half-way.
    #[error("git {command} failed: {message}")]
    Failed {
        /// What it was asked.
        command: &'static str,
        /// What it says.
        message: String,
    },
    /// Git was cut off.
    #[error("cannot read what git says")]
    Unreadable(#[source] io::Error),
}

/// All that a deployment may be of, beside what is checked out.
const EVERYTHING: [&str; 3] = ["--branches", "--remotes", "--tags"];

/// A local clone.
#[derive(Clone, Debug)]
pub struct Clone {
    path: PathBuf,
}

/// A branch of a clone, as it was at its last fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name at the forge.
    pub name: BranchName,
    reference: String,
}

/// A tag that stands for a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The commit that it stands for.
    pub commit: CommitSha,
    /// When the tag was made; of a light one, when its commit was.
    pub created_at: Timestamp,
}

impl Clone {
    /// Opens the clone in a folder, with or without a work tree. A folder inside of a clone is none: git would read the
    /// repository around a submodule that is not there yet.
    ///
    /// # Errors
    /// [`GitError::NoGit`], or [`GitError::NoClone`] when the folder is none.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let clone = Self {
            path: path.to_owned(),
        };
        let output = clone
            .git(&["rev-parse", "--show-prefix"])
            .output()
            .map_err(GitError::NoGit)?;
        let message = match (output.status.success(), first_line(&output.stdout)) {
            (true, prefix) if prefix.is_empty() => return Ok(clone),
            (true, prefix) => format!("it is the folder {prefix} of the clone around it"),
            (false, _) => first_line(&output.stderr),
        };
        Err(GitError::NoClone {
            path: path.to_owned(),
            message,
        })
    }

    /// The branch that the forge shows first, else the one that is checked out.
    ///
    /// # Errors
    /// [`GitError::NoDefaultBranch`] when there is neither.
    pub fn default_branch(&self) -> Result<Branch, GitError> {
        for head in ["refs/remotes/origin/HEAD", "HEAD"] {
            if let Ok(name) = self.ask("symbolic-ref", &["symbolic-ref", "--short", head]) {
                return self.branch(name.trim_start_matches("origin/"));
            }
        }
        Err(GitError::NoDefaultBranch)
    }

    /// The branch with a name, as the forge has it if that is known.
    ///
    /// # Errors
    /// [`GitError::NoBranch`] when there is none.
    pub fn branch(&self, name: &str) -> Result<Branch, GitError> {
        let missing = || GitError::NoBranch(name.to_owned());
        let references = [
            format!("refs/remotes/origin/{name}"),
            format!("refs/heads/{name}"),
        ];
        let exists = |reference: &&String| {
            self.ask("rev-parse", &["rev-parse", "--verify", "--quiet", reference])
                .is_ok()
        };
        let reference = references.iter().find(exists).ok_or_else(missing)?;
        Ok(Branch {
            name: BranchName::parse(name).map_err(|_| missing())?,
            reference: reference.clone(),
        })
    }

    /// How many commits [`merged_pull_requests`](Self::merged_pull_requests) will go through.
    ///
    /// # Errors
    /// [`GitError::Failed`] when git cannot count them.
    pub fn count_commits(&self, branch: &Branch) -> Result<u64, GitError> {
        let arguments = ["rev-list", "--count", "--first-parent", &branch.reference];
        Ok(self.ask("rev-list", &arguments)?.parse().unwrap_or_default())
    }

    /// The pull requests that were merged into a branch, in order of their merges.
    ///
    /// # Errors
    /// [`GitError::NoGit`] when git cannot be started.
    pub fn merged_pull_requests(&self, branch: &Branch) -> Result<MergedPullRequests, GitError> {
        let format = "--format=%H%n%ct%n%s%n%b";
        let mut log = self.git(&[
            "log",
            "--first-parent",
            "--reverse",
            "-z",
            format,
            &branch.reference,
        ]);
        let records = Records::start("log", &mut log)?;
        Ok(MergedPullRequests::new(records, branch.name.clone()))
    }

    /// How many commits [`commits`](Self::commits) will go through.
    ///
    /// # Errors
    /// [`GitError::Failed`] when git cannot count them.
    pub fn count_all_commits(&self) -> Result<u64, GitError> {
        let arguments = self.everything(&["rev-list", "--count"]);
        Ok(self.ask("rev-list", &arguments)?.parse().unwrap_or_default())
    }

    /// Every commit of every branch and tag, parents before children.
    ///
    /// # Errors
    /// [`GitError::NoGit`] when git cannot be started, [`GitError::Failed`] when it cannot tell where the history is
    /// cut off.
    pub fn commits(&self) -> Result<Commits, GitError> {
        let format = "--format=%H %ct %P";
        let arguments = self.everything(&["log", "--topo-order", "--reverse", "-z", format]);
        Ok(Commits::new(
            Records::start("log", &mut self.git(&arguments))?,
            self.rim()?,
        ))
    }

    /// Asks about every branch and tag, and about what is checked out, unless that is a branch without a commit.
    fn everything<'a>(&self, question: &[&'a str]) -> Vec<&'a str> {
        let head = self.ask("rev-parse", &["rev-parse", "--verify", "--quiet", "HEAD"]);
        let mut arguments = question.to_vec();
        arguments.extend(EVERYTHING);
        arguments.extend(head.is_ok().then_some("HEAD"));
        arguments
    }

    /// The commits whose parents a shallow clone does not have.
    fn rim(&self) -> Result<HashSet<CommitSha>, GitError> {
        let path = self.ask("rev-parse", &["rev-parse", "--git-path", "shallow"])?;
        match fs::read_to_string(self.path.join(path)) {
            Ok(text) => Ok(text
                .lines()
                .filter_map(|line| CommitSha::parse(line).ok())
                .collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HashSet::new()),
            Err(error) => Err(GitError::Unreadable(error)),
        }
    }

    /// The tags that fit a pattern such as `v*`, or all of them, in order of time.
    ///
    /// # Errors
    /// [`GitError::Failed`] when git cannot list them.
    pub fn tags(&self, pattern: Option<&str>) -> Result<Vec<Tag>, GitError> {
        let pattern = format!("refs/tags/{}", pattern.unwrap_or_default());
        let pattern = pattern.trim_end_matches('/');
        let format = "--format=%(refname:strip=2)%00%(objecttype) %(objectname)%00%(*objecttype) %(*objectname)%00\
                      %(creatordate:unix)";
        let list = self.ask(
            "for-each-ref",
            &["for-each-ref", "--sort=creatordate", format, pattern],
        )?;
        Ok(list.lines().filter_map(tag).collect())
    }

    /// What git answers to a question, without the line's end.
    fn ask(&self, command: &'static str, arguments: &[&str]) -> Result<String, GitError> {
        let output = self.git(arguments).output().map_err(GitError::NoGit)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        } else {
            Err(GitError::Failed {
                command,
                message: first_line(&output.stderr),
            })
        }
    }

    /// Git, told nothing by the environment that would make it read another repository or take any lock, and allowed
    /// to read a clone that somebody else owns.
    fn git(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.arg("-C")
            .arg(&self.path)
            .arg("--no-pager")
            .args(arguments)
            .stdin(Stdio::null());
        for variable in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_NAMESPACE",
            "GIT_COMMON_DIR",
        ] {
            git.env_remove(variable);
        }
        git.envs([
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("LC_ALL", "C"),
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "safe.directory"),
            ("GIT_CONFIG_VALUE_0", "*"),
            ("GIT_CONFIG_KEY_1", "log.showSignature"),
            ("GIT_CONFIG_VALUE_1", "false"),
        ]);
        git
    }
}

fn first_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Reads `name NUL object NUL peeled object NUL seconds`, each object after its type; a tag of something that is no commit
/// has no use.
fn tag(line: &str) -> Option<Tag> {
    let mut fields = line.split('\0');
    let (name, object, peeled, seconds) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let commit = [object, peeled]
        .into_iter()
        .find_map(|object| object.strip_prefix("commit "))?;
    Some(Tag {
        name: name.to_owned(),
        commit: CommitSha::parse(commit).ok()?,
        created_at: Timestamp::from_unix_seconds(seconds.parse().ok()?)?,
    })
}
