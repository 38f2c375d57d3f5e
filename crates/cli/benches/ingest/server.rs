//! Where a private Postgres with full durability is made, and a server in a process of its own.

use anyhow::{Context, bail};
use periscope_adapters::postgres::private::{Durability, Options, Owner};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

#[expect(clippy::disallowed_methods, reason = "a bench has no settings")]
pub(crate) fn options() -> Options {
    Options {
        data_dir: env::temp_dir().join(format!("periscope-bench-{}", std::process::id())),
        programs: None,
        path: env::var_os("PATH"),
        durability: Durability::Full,
        ephemeral: true,
        owner: Owner::Service,
    }
}

/// A server, which ends with this value.
pub(crate) struct Server {
    /// `host:port`
    pub(crate) host: String,
    pub(crate) process_id: u32,
    process: Child,
}

impl Server {
    /// Starts a program that says on its first line where it listens.
    pub(crate) fn start(command: &mut Command, url: &str) -> anyhow::Result<Self> {
        let mut process = command
            .env("DATABASE_URL", url)
            .env("PERISCOPE_LISTEN", "127.0.0.1:0")
            .env("PERISCOPE_RATE_LIMIT", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no stdout")?).read_line(&mut line)?;
        match line.trim().rsplit_once("http://") {
            Some((_, host)) => Ok(Self {
                host: host.to_owned(),
                process_id: process.id(),
                process,
            }),
            None => bail!("the server does not say where it listens: {line:?}"),
        }
    }

    /// How much memory it has, as `/proc` calls it, in MB.
    pub(crate) fn memory(&self, which: &str) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process_id))?;
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
        let kilobytes = value.and_then(|value| value.split_whitespace().next());
        Ok(kilobytes.context("not told")?.parse::<u64>()? / 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
