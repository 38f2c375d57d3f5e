//! Reads a local clone of a Git repository through the `git` program: it knows every kind of clone and every object
//! format, and its plumbing streams a history of any size. Output is read as it comes, so memory stays constant. Nothing
//! of a clone is executed or fetched.

mod claims;
mod found;
#[cfg(test)]
mod fuzz;
mod graph;
mod history;
mod origin;
mod ownership;
mod program;
mod references;
mod stream;
mod tags;
mod wordings;

pub use claims::Reason;
pub use found::{Found, KeptApart, Seen};
pub use history::Walk;
pub use ownership::Owner;
pub use references::{Branch, DefaultBranch};
pub use tags::{SkippedTag, Tag, Tags};
pub use wordings::Forge;

use origin::Origin;
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use program::{Git, complaint};
use references::References;
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

/// A local clone, with its branches and tags as they were when it was opened.
#[derive(Debug)]
pub struct Clone {
    git: Git,
    references: References,
}

/// What to read of a clone.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The branch whose own line counts most.
    pub default_branch: Branch,
    /// If any is named, only pull requests merged into these branches count.
    pub branches: Vec<Branch>,
    /// The repository's name at its forge, `owner/name`, where the clone does not name it.
    pub project: Option<String>,
    /// Whether numbers in doubt count too.
    pub accept_claims: bool,
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
                let references = References::read(&git)?;
                return Ok(Self { git, references });
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

    /// The branch that the forge shows first, else the one that is checked out, else the newest with a usual name.
    ///
    /// # Errors
    /// [`GitError::NoDefaultBranch`] when there is none.
    pub fn default_branch(&self) -> Result<DefaultBranch, GitError> {
        let is_ancestor = |ancestor: &CommitSha, commit: &CommitSha| {
            let [ancestor, commit] = [ancestor, commit].map(ToString::to_string);
            let arguments = ["merge-base", "--is-ancestor", &ancestor, &commit];
            self.git.ask("merge-base", &arguments).is_ok()
        };
        self.references
            .default_branch(is_ancestor)
            .ok_or(GitError::NoDefaultBranch)
    }

    /// The branch with a name, as the forge has it if that is known.
    ///
    /// # Errors
    /// [`GitError::NoBranch`] when there is none.
    pub fn branch(&self, name: &str) -> Result<Branch, GitError> {
        let found = self.references.branch(name).cloned();
        found.ok_or_else(|| GitError::NoBranch(name.to_owned()))
    }

    /// How many commits [`walk`](Self::walk) will go through.
    ///
    /// # Errors
    /// [`GitError::Failed`] when git cannot count them.
    pub fn count_commits(&self) -> Result<u64, GitError> {
        let commits = self.references.all_commits();
        if commits.is_empty() {
            return Ok(0);
        }
        let arguments = ["rev-list", "--count", "--stdin"];
        let mut records = Records::start("rev-list", &mut self.git.command(&arguments), &commits)?;
        let count = records.read()?.unwrap_or_default();
        while records.read()?.is_some() {}
        Ok(count.trim().parse().unwrap_or_default())
    }

    /// The objects of annotated tags, which stand for their commits.
    #[must_use]
    pub fn tag_objects(&self) -> &[Commit] {
        &self.references.tag_objects
    }

    /// Goes through every commit of every branch and tag at once, parents before children.
    ///
    /// # Errors
    /// [`GitError::NoGit`] when git cannot be started, [`GitError::Failed`] when it cannot tell where the history is
    /// cut off.
    pub fn walk(&self, reading: Reading) -> Result<Walk, GitError> {
        let arguments = [
            "log",
            "--topo-order",
            "--reverse",
            "-z",
            history::FORMAT,
            "--stdin",
        ];
        // Before git starts: a clone that is deepened meanwhile has a rim that is too large, never one too small.
        let rim = self.rim()?;
        let commits = self.references.all_commits();
        let records = Records::start("log", &mut self.git.command(&arguments), &commits)?;
        let origin = self
            .git
            .ask("config", &["config", "--local", "--get", "remote.origin.url"]);
        let origin = origin.ok().and_then(|url| Origin::parse(&url));
        Ok(Walk::new(records, rim, self.references.clone(), reading, origin))
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
}
