//! The program as a process: started, asked how it is, signalled, killed.

use crate::logs::Logs;
use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{self, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// Below those that the system gives to outgoing connections: a port of ours must be free again after a kill.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// The secret key of every service, as long as all secrets that logs are searched for.
pub(crate) const SECRET_KEY: &str = "soak0secret0key0of0every0service0abc";

const FILES: u32 = 1024;

/// How to start a service; the same way each time.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) program: Arc<Path>,
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    pub(crate) rate_limit: u32,
    pub(crate) logs: Arc<Logs>,
}

/// A running service; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    process_id: Pid,
    start: Start,
    _stdout: BufReader<ChildStdout>,
}

/// What a process has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// In KiB.
    pub(crate) memory: u64,
    pub(crate) descriptors: u64,
}

/// The program with a database and none of the settings around.
pub(crate) fn command(program: &Path, url: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("DATABASE_URL", url)
        .env("PERISCOPE_SECRET_KEY", SECRET_KEY)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// The same with as few files as most systems start a service with; what it makes of that is its own affair.
fn limited(command: &Command) -> Command {
    let command = command.as_std();
    let settings = command.get_envs();
    let mut limited = Command::new("/bin/sh");
    limited
        .env_clear()
        .envs(settings.filter_map(|(name, value)| Some((name, value?))))
        .args(["-c", &format!("ulimit -Sn {FILES} && exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    limited
}

/// An address on this machine that nobody listens at.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let count = PORTS.end - PORTS.start;
    // Runs beside this one, whose process ids are near, begin far away: a port is free while nobody is to listen there.
    let first = u16::try_from(process::id().wrapping_mul(101) % u32::from(count))?;
    for _ in 0..count {
        let number = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (first + number % count) % count;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port is free")
}

impl Service {
    pub(crate) async fn start(start: &Start) -> anyhow::Result<Self> {
        let mut child = limited(&command(&start.program, &start.url))
            .args(["serve", "--listen", &start.address.to_string()])
            .args(["--rate-limit", &start.rate_limit.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", start.program.display()))?;
        let id = child.id().context("it has ended already")?;
        start.logs.follow(child.stderr.take().context("no stderr")?);
        let mut stdout = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut line = String::new();
        timeout(Duration::from_mins(1), stdout.read_line(&mut line)).await??;
        ensure!(line.contains("listens on"), "the service did not start: {line:?}");
        Ok(Self {
            child,
            process_id: Pid::from_raw(i32::try_from(id)?),
            start: start.clone(),
            _stdout: stdout,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.start.address
    }

    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        // Not waited for yet, so the number is still its own.
        Ok(kill(self.process_id, signal)?)
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Kills it and starts it again at the same address. It is given some tries, as a supervisor would: the database
    /// may be away too.
    pub(crate) async fn crash(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::SIGKILL)?;
        self.ended().await?;
        for _ in 0..100 {
            match Self::start(&self.start).await {
                Ok(again) => {
                    *self = again;
                    return Ok(());
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        bail!("the service does not start again");
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let process = format!("/proc/{}", self.process_id);
        let status = fs::read_to_string(format!("{process}/status"))?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|value| value.split_whitespace().next());
        Ok(Usage {
            memory: memory.context("no VmRSS")?.parse()?,
            descriptors: fs::read_dir(format!("{process}/fd"))?.count() as u64,
        })
    }
}
