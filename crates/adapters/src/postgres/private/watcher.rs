//! Stops the server when we are killed. No signal tells a child of its parent's death on every system, and where one does it
//! takes unsafe code; the end of a pipe does tell it, everywhere.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::OpenError;

const SHELL: &str = "/bin/sh";

#[derive(Debug)]
pub(super) struct Watcher {
    child: Child,
}

impl Watcher {
    pub(super) fn start(
        cluster: &Path,
        socket: Option<&Path>,
        remove: Option<&Path>,
    ) -> Result<Self, OpenError> {
        let nothing = Path::new("");
        let child = Command::new(SHELL)
            .args(["-c", include_str!("watcher.sh"), "periscope-watcher"])
            .args([cluster, socket.unwrap_or(nothing), remove.unwrap_or(nothing)])
            .env_clear()
            .env("PATH", OsStr::new("/usr/bin:/bin:/run/current-system/sw/bin"))
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| OpenError::Spawn {
                program: SHELL.into(),
                source,
            })?;
        Ok(Self { child })
    }

    /// Says which process is the server from now on.
    pub(super) fn watch(&mut self, pid: u32) -> std::io::Result<()> {
        match &mut self.child.stdin {
            Some(pipe) => writeln!(pipe, "{pid}"),
            None => Ok(()),
        }
    }
}

impl Drop for Watcher {
    /// Whoever drops it has stopped the server.
    fn drop(&mut self) {
        if self.child.kill().and_then(|()| self.child.wait()).is_err() {
            tracing::warn!("the watcher of the private Postgres could not be ended");
        }
    }
}
