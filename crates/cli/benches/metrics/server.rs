//! A Postgres of its own with full durability, and the built program on it.

use anyhow::{Context, bail};
use periscope_adapters::postgres::migrate;
use periscope_adapters::postgres::private::{Durability, Options, Owner, PrivatePostgres};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

/// A migrated database.
pub(crate) struct Database {
    pub(crate) url: String,
    postgres: PrivatePostgres,
}

impl Database {
    #[expect(clippy::disallowed_methods, reason = "a bench has no settings")]
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let postgres = PrivatePostgres::open(&Options {
            data_dir: env::temp_dir().join(format!("periscope-bench-{}", std::process::id())),
            programs: None,
            path: env::var_os("PATH"),
            durability: Durability::Full,
            ephemeral: true,
            owner: Owner::Service,
        })
        .await?;
        let url = postgres.url().to_owned();
        migrate::run(&url).await?;
        Ok(Self { url, postgres })
    }

    /// Runs commands of `psql` in one session and gives what they print.
    pub(crate) fn psql(&self, commands: &[&str]) -> anyhow::Result<String> {
        let mut psql = Command::new("psql");
        psql.args(["--quiet", "--no-psqlrc", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
        psql.args(commands.iter().flat_map(|command| ["--command", *command]));
        let Output {
            status,
            stdout,
            stderr,
        } = psql
            .arg(&self.url)
            .output()
            .context("cannot run psql, which comes with PostgreSQL")?;
        if !status.success() {
            bail!("{}", String::from_utf8_lossy(&stderr));
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }

    pub(crate) async fn close(self) {
        self.postgres.stop().await;
    }
}

/// A server in a process of its own.
pub(crate) struct Server {
    /// `host:port`
    pub(crate) host: String,
    process: Child,
}

impl Server {
    pub(crate) fn start(database: &Database) -> anyhow::Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_periscope"))
            .arg("serve")
            .env("DATABASE_URL", &database.url)
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
                process,
            }),
            None => bail!("the server does not say where it listens: {line:?}"),
        }
    }

    /// How much memory it has, in MB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmRSS")?;
        Ok(kilobytes.parse::<u64>()? / 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
