//! Reads a local clone of a Git repository through the `git` program: it knows every kind of clone and every object
//! format, and its plumbing streams a history of any size. Output is read as it comes, so memory stays constant. Nothing
//! of a clone is executed or fetched.

mod commits;
#[cfg(test)]
mod fuzz;
mod merged;
mod ownership;
mod program;
mod stream;
mod tags;

pub use commits::Commits;
pub use merged::MergedPullRequests;
pub use ownership::Owner;
pub use tags::{SkippedTag, Tag, Tags};

use periscope_domain::commit_sha::CommitSha;
use periscope_domain::text::BranchName;
use program::{Git, complaint};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
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
    /// Another user owns the clone, and git would trust its settings.
    #[error("{} belongs to another user: pass --any-owner if you trust that user", .0.display())]
    OtherOwner(PathBuf),
    /// The clone borrows objects that may belong to another user.
    #[error("the clone borrows objects from {}, which belongs to another user", .0.display())]
    BorrowedObjects(PathBuf),
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
    git: Git,
}

/// A branch of a clone, as it was at its last fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name at the forge.
    pub name: BranchName,
    reference: String,
}

impl Clone {
    /// Opens the clone in a folder, with or without a work tree. A folder inside of a clone is none: git would read the
    /// repository around a submodule that is not there yet.
    ///
    /// # Errors
    /// [`GitError::NoGit`], [`GitError::NoClone`] when the folder is none, [`GitError::OtherOwner`] when another user
    /// owns it, [`GitError::BorrowedObjects`] when its objects lie with another owner.
    pub fn open(path: &Path, owner: Owner) -> Result<Self, GitError> {
        let git = match owner {
            Owner::Caller => {
                ownership::check_folder(path)?;
                Git::new(path)
            }
            Owner::Anybody => Git::trusting(path),
        };
        let output = git
            .command(&["rev-parse", "--show-prefix"])
            .output()
            .map_err(GitError::NoGit)?;
        let message = if output.status.success() {
            let prefix = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
            if prefix.is_empty() {
                ownership::check_borrowed_objects(&git)?;
                let clone = Self { git };
                clone.check_references()?;
                return Ok(clone);
            }
            format!("it is the folder {prefix} of the clone around it")
        } else {
            complaint(&output.stderr)
        };
        if message.contains("dubious ownership") {
            return Err(GitError::OtherOwner(path.to_owned()));
        }
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
            if let Ok(name) = self.git.ask("symbolic-ref", &["symbolic-ref", "--short", head]) {
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
            self.git
                .ask("rev-parse", &["rev-parse", "--verify", "--quiet", reference])
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
        Ok(self.git.ask("rev-list", &arguments)?.parse().unwrap_or_default())
    }

    /// The pull requests that were merged into a branch, in order of their merges.
    ///
    /// # Errors
    /// [`GitError::NoGit`] when git cannot be started.
    pub fn merged_pull_requests(&self, branch: &Branch) -> Result<MergedPullRequests, GitError> {
        let format = "--format=%H%n%ct%n%s%n%b";
        let mut log = self.git.command(&[
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
        Ok(self.git.ask("rev-list", &arguments)?.parse().unwrap_or_default())
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
            Records::start("log", &mut self.git.command(&arguments))?,
            self.rim()?,
        ))
    }

    /// Asks about every branch and tag, and about what is checked out, unless that is a branch without a commit.
    fn everything<'a>(&self, question: &[&'a str]) -> Vec<&'a str> {
        let head = self
            .git
            .ask("rev-parse", &["rev-parse", "--verify", "--quiet", "HEAD"]);
        let mut arguments = question.to_vec();
        arguments.extend(EVERYTHING);
        arguments.extend(head.is_ok().then_some("HEAD"));
        arguments
    }

    /// The commits whose parents a shallow clone does not have.
    fn rim(&self) -> Result<HashSet<CommitSha>, GitError> {
        let path = self
            .git
            .ask("rev-parse", &["rev-parse", "--git-path", "shallow"])?;
        match fs::read_to_string(self.git.path.join(path)) {
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
    pub fn tags(&self, pattern: Option<&str>) -> Result<Tags, GitError> {
        tags::read(&self.git, pattern)
    }

    /// Refuses a clone of which a branch or tag names an object that it does not have.
    fn check_references(&self) -> Result<(), GitError> {
        let arguments = [
            "for-each-ref",
            "--format=%(objecttype)",
            "refs/heads",
            "refs/remotes",
            "refs/tags",
        ];
        self.git.ask("for-each-ref", &arguments).map(drop)
    }
}
