//! The folder that holds the server's data, and the locks that say who is in charge of it.
//!
//! The kernel frees a lock with its holder, however that one ends, so a lock never has to be judged stale. Of two, `lock` is
//! held by the one process in charge, and `guests` is shared by the others: a command in charge does not stop the server
//! under them.

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::leftovers::PidFile;
use super::socket::Socket;
use super::{Missing, OpenError, Owner, trust};

pub(super) const LOCK: &str = "periscope.lock";
const GUESTS: &str = "periscope.guests";
/// How long a service waits for a command to end.
const END: Duration = Duration::from_secs(5);
/// How long a command waits for the server of another to come up.
const START: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(10);

#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
}

/// Held by the process in charge.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    guests: File,
    owner: Owner,
}

/// Held by a process that uses the server of another.
#[derive(Debug)]
pub(super) struct Guest {
    #[expect(dead_code, reason = "held for its lock only")]
    guests: File,
    pub(super) socket: Socket,
}

pub(super) enum Entered {
    Owner(Lock),
    Guest(Guest),
}

impl Folder {
    /// Only an empty folder, or one that we made, is ever touched.
    pub(super) fn prepare(data_dir: &Path, missing: Missing) -> Result<Self, OpenError> {
        let without_data = |data_dir: &Path| OpenError::NoData {
            data_dir: std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned()),
        };
        if missing == Missing::Refuse && !data_dir.exists() {
            return Err(without_data(data_dir));
        }
        // Where the server cannot be handed its folder already open, its user has to walk through this one.
        let mode = if cfg!(target_os = "linux") { 0o700 } else { 0o711 };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(data_dir)
            .map_err(OpenError::folder(data_dir))?;
        let root = data_dir.canonicalize().map_err(OpenError::folder(data_dir))?;
        let entries: Vec<_> = root
            .read_dir()
            .and_then(Iterator::collect)
            .map_err(OpenError::folder(&root))?;
        if !entries.is_empty()
            && !entries
                .iter()
                .any(|entry: &std::fs::DirEntry| entry.file_name() == LOCK)
        {
            return Err(OpenError::Foreign { data_dir: root });
        }
        if missing == Missing::Refuse && entries.is_empty() {
            return Err(without_data(&root));
        }
        trust::check(&root)?;
        Ok(Self { root })
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.root.join("postgres")
    }

    pub(super) fn start_log(&self) -> PathBuf {
        self.root.join("start.log")
    }

    /// Keeps the data and the secret key beside it out of commits.
    pub(super) fn hide_from_git(&self) -> Result<(), OpenError> {
        let path = self.root.join(".gitignore");
        let made = trust::open_options().write(true).create_new(true).open(&path);
        match made.and_then(|mut file| file.write_all(b"*\n")) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(OpenError::folder(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Takes charge of the folder, or becomes the guest of who has.
    pub(super) fn enter(&self, owner: Owner) -> Result<Entered, OpenError> {
        let path = self.root.join(LOCK);
        let mut file = open(&path)?;
        let guests = open(&self.root.join(GUESTS))?;
        let started = Instant::now();
        loop {
            if take(&path, file.try_lock())? {
                sign(&mut file, owner).map_err(OpenError::folder(&path))?;
                return Ok(Entered::Owner(Lock { file, guests, owner }));
            }
            let holder = holder(&mut file);
            if owner == Owner::Command
                && let Some(socket) = self.visit(&guests)?
            {
                return Ok(Entered::Guest(Guest { guests, socket }));
            }
            let patience = match owner {
                Owner::Command => START,
                Owner::Service if holder.starts_with("service") => Duration::ZERO,
                Owner::Service => END,
            };
            if started.elapsed() > patience {
                return Err(OpenError::InUse {
                    data_dir: self.root.clone(),
                    holder: describe(&holder),
                });
            }
            std::thread::sleep(POLL);
        }
    }

    /// Where the running server is reached, once it is up; the lock is kept only then, so that a command in charge cannot
    /// begin to stop in between.
    fn visit(&self, guests: &File) -> Result<Option<Socket>, OpenError> {
        if !take(&self.root, guests.try_lock_shared())? {
            return Ok(None);
        }
        let cluster = self.cluster();
        match PidFile::read(&cluster) {
            Some(pid_file) if pid_file.ready && pid_file.is_running(&cluster) => {
                Ok(Some(Socket::of_running(&cluster, &pid_file.socket)))
            }
            _ => {
                guests.unlock().map_err(OpenError::folder(&self.root))?;
                Ok(None)
            }
        }
    }
}

impl Lock {
    /// Whether the server may be stopped: a service never waits, a command waits for its guests.
    pub(super) fn may_stop(&self) -> bool {
        self.owner == Owner::Service || self.guests.try_lock().is_ok()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a program that another thread is just starting holds a copy until it is begun.
        let _ = self.guests.unlock();
        let _ = self.file.unlock();
    }
}

fn open(path: &Path) -> Result<File, OpenError> {
    trust::open_options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(OpenError::folder(path))
}

fn take(path: &Path, tried: Result<(), std::fs::TryLockError>) -> Result<bool, OpenError> {
    match tried {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(source)) => Err(OpenError::Folder {
            path: path.to_owned(),
            source,
        }),
    }
}

fn sign(file: &mut File, owner: Owner) -> io::Result<()> {
    let kind = match owner {
        Owner::Service => "service",
        Owner::Command => "command",
    };
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{kind} {}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.rewind().and_then(|()| file.read_to_string(&mut text)) {
        Ok(_) => text,
        Err(_) => String::new(),
    }
}

fn describe(holder: &str) -> String {
    match holder.trim().split_once(' ') {
        Some(("service", pid)) => format!("another periscope service (process {pid})"),
        Some(("command", pid)) => format!("a periscope command (process {pid})"),
        _ => "another process".to_owned(),
    }
}
