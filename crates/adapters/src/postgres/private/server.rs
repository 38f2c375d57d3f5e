//! The running server: a direct child of this process in a process group of its own, because Ctrl-C must not reach it before
//! the service has drained. A thread looks after it: it starts it again when it dies, and stops it when it is told to.

use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::account::Account;
use super::folder::{Folder, Lock};
use super::leftovers::{self, PidFile};
use super::programs::Programs;
use super::socket::Socket;
use super::trust;
use super::watcher::Watcher;
use super::{Missing, OpenError, Options, cluster};

const POLL: Duration = Duration::from_millis(5);
const TICK: Duration = Duration::from_millis(50);
const RETRY: Duration = Duration::from_secs(1);
/// Long enough to recover from a crash.
const START: Duration = Duration::from_mins(5);

/// Fields are dropped in this order: the watcher guards until all is removed, and the lock goes last.
#[derive(Debug)]
pub(super) struct Server {
    child: Option<Child>,
    socket: Socket,
    programs: Programs,
    account: Account,
    ephemeral: bool,
    first_start: bool,
    watcher: Watcher,
    folder: Folder,
    lock: Lock,
}

impl Server {
    /// Makes the data if there is none, and starts the server on it.
    pub(super) fn prepare(
        options: &Options,
        missing: Missing,
        folder: Folder,
        lock: Lock,
        account: Account,
    ) -> Result<Self, OpenError> {
        let data = folder.cluster();
        let major = cluster::major(&data);
        if options.ephemeral && major.is_some() {
            return Err(OpenError::Kept {
                data_dir: folder.root,
            });
        }
        if missing == Missing::Refuse && major.is_none() {
            return Err(OpenError::NoData {
                data_dir: folder.root,
            });
        }
        let programs = Programs::find(options, major)?;
        let socket = Socket::place(&data, &account)?;
        let remove = options.ephemeral.then_some(folder.root.as_path());
        let watcher = Watcher::start(&data, socket.short_folder(), remove)?;
        let ephemeral = options.ephemeral;
        let first_start = major.is_none();
        let mut server = Self {
            child: None,
            socket,
            programs,
            account,
            ephemeral,
            first_start,
            watcher,
            folder,
            lock,
        };
        if first_start {
            server.folder.hide_from_git()?;
            cluster::create(
                &server.programs,
                &server.account,
                &server.folder,
                options.durability,
            )?;
        } else {
            leftovers::clear(&data, &server.socket)?;
        }
        cluster::configure(&data, &server.account, &server.socket, options)?;
        server.start()?;
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        self.socket.url()
    }

    pub(super) fn is_first_start(&self) -> bool {
        self.first_start
    }

    pub(super) fn supervise(self) -> Result<Supervisor, OpenError> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("private-postgres".to_owned())
            .spawn(move || self.look_after(&stopped))
            .map_err(OpenError::Thread)?;
        Ok(Supervisor {
            stop,
            thread: Some(thread),
        })
    }

    fn look_after(mut self, stopped: &Receiver<()>) {
        let mut stopping = false;
        let mut pause = TICK;
        loop {
            stopping |= stopped.recv_timeout(pause).is_ok();
            if stopping && self.lock.may_stop() {
                return;
            }
            if self.is_running() {
                continue;
            }
            tracing::warn!("the private Postgres has ended by itself; starting it again");
            pause = match self.start_again() {
                Ok(()) => TICK,
                Err(error) => {
                    let error: &(dyn std::error::Error + 'static) = &error;
                    tracing::error!(error, "the private Postgres does not come back; trying again");
                    RETRY
                }
            };
        }
    }

    fn start_again(&mut self) -> Result<(), OpenError> {
        let data = self.folder.cluster();
        leftovers::clear(&data, &self.socket)?;
        // Whoever killed the server may have killed the watcher too.
        let remove = self.ephemeral.then_some(self.folder.root.as_path());
        self.watcher = Watcher::start(&data, self.socket.short_folder(), remove)?;
        self.start()
    }

    fn is_running(&mut self) -> bool {
        let running = matches!(self.child.as_mut().map(Child::try_wait), Some(Ok(None)));
        if !running {
            self.child = None;
        }
        running
    }

    fn start(&mut self) -> Result<(), OpenError> {
        let program = self.programs.path("postgres");
        let log = self.folder.start_log();
        let said = trust::open_options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&log)
            .map_err(OpenError::folder(&log))?;
        let child = cluster::command(&program, None, &self.folder.cluster(), &self.account)?
            .process_group(0)
            .stdin(Stdio::null())
            .stderr(said)
            .spawn()
            .map_err(|source| OpenError::Spawn { program, source })?;
        let pid = child.id();
        self.child = Some(child);
        self.watcher.watch(pid).map_err(OpenError::folder(&log))?;
        self.wait_until_ready(pid)
    }

    fn wait_until_ready(&mut self, pid: u32) -> Result<(), OpenError> {
        let data = self.folder.cluster();
        let started = Instant::now();
        while started.elapsed() < START {
            let state = PidFile::read(&data);
            if state.is_some_and(|state| state.ready && u32::try_from(state.pid) == Ok(pid)) {
                return Ok(());
            }
            if !self.is_running() {
                let said = std::fs::read(self.folder.start_log()).unwrap_or_default();
                let output = cluster::last_lines(&String::from_utf8_lossy(&said));
                return Err(OpenError::Failed {
                    program: "postgres",
                    output,
                });
            }
            std::thread::sleep(POLL);
        }
        self.stop();
        Err(OpenError::Slow {
            seconds: START.as_secs(),
            log: data.join("log"),
        })
    }

    /// Fast, which writes everything out; then harder, so that it ends in any case.
    fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let Ok(pid) = i32::try_from(child.id()).map(Pid::from_raw) else {
            return;
        };
        let gentle = if self.ephemeral {
            Signal::SIGQUIT
        } else {
            Signal::SIGINT
        };
        for (signal, patience) in [(gentle, 20), (Signal::SIGQUIT, 5), (Signal::SIGKILL, 5)] {
            // It is our child and not waited for, so the number is still its own.
            let _ = kill(pid, signal);
            let sent = Instant::now();
            while sent.elapsed() < Duration::from_secs(patience) {
                if !matches!(child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(POLL);
            }
            tracing::warn!(?signal, "the private Postgres does not stop");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        self.socket.clear();
        if self.ephemeral
            && let Err(error) = std::fs::remove_dir_all(&self.folder.root)
        {
            tracing::warn!(%error, "the folder of the private Postgres could not be removed");
        }
    }
}

/// The handle of the thread that looks after the server. Dropping it stops the server and waits for that.
#[derive(Debug)]
pub(super) struct Supervisor {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // A thread that has ended has stopped the server.
        let _ = self.stop.send(());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the supervisor of the private Postgres failed");
        }
    }
}
