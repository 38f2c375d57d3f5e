//! What git writes, record by record, as it comes.

use super::{GitError, first_line};
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The output of a running git, cut at each NUL.
#[derive(Debug)]
pub(super) struct Records {
    command: &'static str,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Records {
    /// Starts git; `command` is what it is asked, to say in an error.
    pub(super) fn start(command: &'static str, git: &mut Command) -> Result<Self, GitError> {
        let mut child = git
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(GitError::NoGit)?;
        let stdout = child.stdout.take().map(BufReader::new);
        Ok(Self {
            command,
            child,
            stdout,
        })
    }

    /// The next record; `None` at the end.
    pub(super) fn read(&mut self) -> Result<Option<String>, GitError> {
        let Some(stdout) = &mut self.stdout else {
            return Ok(None);
        };
        let record = next(stdout).map_err(GitError::Unreadable)?;
        if record.is_none() {
            self.stdout = None;
            self.end()?;
        }
        Ok(record)
    }

    /// A history that git could not read to its end must not pass for a short one.
    fn end(&mut self) -> Result<(), GitError> {
        let mut message = Vec::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_end(&mut message).map_err(GitError::Unreadable)?;
        }
        let status = self.child.wait().map_err(GitError::Unreadable)?;
        if status.success() {
            Ok(())
        } else {
            Err(GitError::Failed {
                command: self.command,
                message: first_line(&message),
            })
        }
    }
}

/// What comes before the next NUL, or before the end; `None` at the end.
pub(super) fn next(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut record = Vec::new();
    from.read_until(0, &mut record)?;
    if record.is_empty() {
        return Ok(None);
    }
    if record.last() == Some(&0) {
        record.pop();
    }
    Ok(Some(String::from_utf8_lossy(&record).into_owned()))
}

impl Drop for Records {
    fn drop(&mut self) {
        // Whoever stops half-way does not want the rest.
        if self.stdout.is_some() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
