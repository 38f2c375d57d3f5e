//! What a server that was killed, or whose process in charge was killed, leaves behind: processes that still have the data
//! open, and a pid file whose number may meanwhile be another process's.
//!
//! The pid file goes only once no process has the data open. Postgres' own check is not enough: it takes a zombie, or
//! whoever got the number, for a running server and refuses to start.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::OpenError;
use super::socket::Socket;

const PID_FILE: &str = "postmaster.pid";
const POLL: Duration = Duration::from_millis(5);
const FAST: Duration = Duration::from_secs(20);
const IMMEDIATE: Duration = Duration::from_secs(25);

/// What a server says of itself.
#[derive(Debug)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) socket: String,
    pub(super) ready: bool,
}

impl PidFile {
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(cluster.join(PID_FILE)).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok()?,
            socket: (*lines.get(4)?).to_owned(),
            ready: lines.get(7).is_some_and(|status| *status == "ready"),
        })
    }

    pub(super) fn is_running(&self, cluster: &Path) -> bool {
        processes(cluster).contains(&self.pid)
    }
}

/// Ends whatever still runs on the data and removes its traces.
pub(super) fn clear(cluster: &Path, ours: &Socket) -> Result<(), OpenError> {
    let pid_file = PidFile::read(cluster);
    let started = Instant::now();
    let mut sent = None;
    loop {
        let alive = processes(cluster);
        if alive.is_empty() {
            break;
        }
        // Without its parent, a server process only has to go.
        let parent = pid_file
            .as_ref()
            .map(|file| file.pid)
            .filter(|pid| alive.contains(pid));
        let signal = match started.elapsed() {
            elapsed if elapsed > IMMEDIATE => Signal::SIGKILL,
            elapsed if elapsed < FAST && parent.is_some() => Signal::SIGINT,
            _ => Signal::SIGQUIT,
        };
        if sent != Some(signal) {
            tracing::warn!(?signal, "stopping a private Postgres that was left over");
            for pid in parent
                .filter(|_| signal == Signal::SIGINT)
                .map_or(alive, |pid| vec![pid])
            {
                // It may have ended meanwhile.
                let _ = kill(Pid::from_raw(pid), signal);
            }
            sent = Some(signal);
        }
        std::thread::sleep(POLL);
    }
    if let Some(pid_file) = pid_file {
        let left = Socket::of_running(cluster, &pid_file.socket);
        if left.folder == ours.folder {
            left.clear_files();
        } else {
            left.clear();
        }
    }
    let path = cluster.join(PID_FILE);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(OpenError::folder(&path)(error)),
        _ => Ok(()),
    }
}

/// The living server processes on this data. Theirs is the data folder as working folder; a zombie has none.
fn processes(cluster: &Path) -> Vec<i32> {
    let Ok(data) = cluster.metadata() else {
        return Vec::new();
    };
    if !Path::new("/proc/self/cwd").exists() {
        return without_proc(cluster);
    }
    let works_here = |pid: i32| {
        let process = Path::new("/proc").join(pid.to_string());
        process
            .join("cwd")
            .metadata()
            .is_ok_and(|cwd| cwd.dev() == data.dev() && cwd.ino() == data.ino())
            && std::fs::read_to_string(process.join("comm")).is_ok_and(|name| name.starts_with("postgres"))
    };
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| works_here(*pid))
        .collect()
}

/// Elsewhere only the parent can be told; that none of its children is left, Postgres checks itself by its shared memory.
fn without_proc(cluster: &Path) -> Vec<i32> {
    let Some(pid_file) = PidFile::read(cluster) else {
        return Vec::new();
    };
    let listed = Command::new("ps")
        .args(["-o", "stat=,command=", "-p", &pid_file.pid.to_string()])
        .stdin(Stdio::null())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    match listed {
        Ok(line) if line.contains("postgres") && !line.trim_start().starts_with('Z') => vec![pid_file.pid],
        _ => Vec::new(),
    }
}
