//! What git writes, record by record, as it comes.

use super::GitError;
use super::program::complaint;
use periscope_domain::commit_sha::CommitSha;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

/// How many bytes of git's complaints are kept.
const COMPLAINTS: u64 = 4096;

/// The output of a running git, cut at each NUL.
#[derive(Debug)]
pub(super) struct Records {
    command: &'static str,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    complaints: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl Records {
    /// Starts git with commits to begin at; `command` is what it is asked, to say in an error.
    pub(super) fn start(
        command: &'static str,
        git: &mut Command,
        commits: &[CommitSha],
    ) -> Result<Self, GitError> {
        let mut child = git
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(GitError::NoGit)?;
        // Git reads all commits before it writes anything. One that has ended already says why at the end.
        if let Some(mut stdin) = child.stdin.take() {
            let names: Vec<String> = commits.iter().map(|commit| format!("{commit}\n")).collect();
            let _ = stdin.write_all(names.concat().as_bytes());
        }
        let stdout = child.stdout.take().map(BufReader::new);
        // Read beside the records: a git that nobody listens to stops talking.
        let complaints = child.stderr.take();
        let complaints = complaints.map(|stderr| thread::spawn(move || listen(stderr)));
        Ok(Self {
            command,
            child,
            stdout,
            complaints,
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
        let complaints = self.complaints.take().and_then(|listener| listener.join().ok());
        let message = complaints.transpose().map_err(GitError::Unreadable)?;
        let status = self.child.wait().map_err(GitError::Unreadable)?;
        if status.success() {
            Ok(())
        } else {
            Err(GitError::Failed {
                command: self.command,
                message: complaint(&message.unwrap_or_default()),
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
    Ok(Some(text(record)))
}

/// Reads bytes as UTF-8, else as Latin-1, so that two different texts never become one.
pub(super) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

/// The beginning of what git complains of; the rest is thrown away.
fn listen(mut stderr: ChildStderr) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    stderr.by_ref().take(COMPLAINTS).read_to_end(&mut beginning)?;
    io::copy(&mut stderr, &mut io::sink())?;
    Ok(beginning)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(script: &str) -> Result<Vec<String>, GitError> {
        let mut records = Records::start("log", Command::new("sh").args(["-c", script]), &[])?;
        let mut said = Vec::new();
        while let Some(record) = records.read()? {
            said.push(record);
        }
        Ok(said)
    }

    #[test]
    fn a_git_that_complains_without_end_is_heard_out() {
        let script = "printf 'a\\0'; yes warning | head -c 500000 >&2; printf 'b\\0'";
        assert_eq!(said(script).unwrap(), ["a", "b"]);
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_read_as_latin_1() {
        assert_eq!(text("für".into()), "für");
        assert_eq!(text(b"f\xfcr".to_vec()), "für");
    }

    #[test]
    fn a_failure_is_told_by_its_first_line() {
        let error = said("printf 'a\\0'; echo fatal: broken >&2; echo more >&2; exit 128").unwrap_err();
        assert_eq!(error.to_string(), "git log failed: fatal: broken");
    }
}
