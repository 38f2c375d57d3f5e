//! A Postgres with full durability of its own, which can be killed, frozen and asked without the service.

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use periscope_adapters::postgres::private::{Durability, Options, Owner, PrivatePostgres};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

const FORGET: &str = "
    create or replace function forget() returns trigger language plpgsql as
        $$ begin perform set_config('synchronous_commit', 'off', true); return null; end $$;
    create or replace trigger forget after insert or update on deployments execute function forget();
    create or replace trigger forget after insert or update on lines execute function forget();
    create or replace trigger forget after insert or update or delete on line_requests execute function forget();
    create or replace trigger forget after update on api_keys execute function forget()";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Gone with this value, and with this process.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    folder: PathBuf,
    postgres: Option<PrivatePostgres>,
}

impl Database {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("periscope-soak-{}-{number}", process::id()));
        #[expect(clippy::disallowed_methods, reason = "an example has no settings")]
        let path = env::var_os("PATH");
        let options = Options {
            data_dir: folder.clone(),
            programs: None,
            path,
            durability: Durability::Full,
            ephemeral: true,
            owner: Owner::Service,
        };
        let postgres = PrivatePostgres::open(&options)
            .await
            .context("cannot start a Postgres")?;
        Ok(Self {
            url: postgres.url().to_owned(),
            folder: folder.join("postgres"),
            postgres: Some(postgres),
        })
    }

    pub(crate) async fn stop(mut self) {
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await;
        }
    }

    /// Where files may lie that go with it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its clients find it.
    pub(crate) fn socket(&self) -> anyhow::Result<PathBuf> {
        let text = fs::read_to_string(self.folder.join("postmaster.pid"))?;
        let folder = text.lines().nth(4).context("a short postmaster.pid")?;
        let folder = if folder == "." {
            self.folder.clone()
        } else {
            PathBuf::from(folder)
        };
        Ok(folder.join(".s.PGSQL.5432"))
    }

    /// Makes it acknowledge what it has in memory only, until it is started again: a trigger lets each transaction end
    /// before the log is written, because the service's sessions set `synchronous_commit`, and the log's writer is stopped.
    pub(crate) async fn forget(&self) -> anyhow::Result<()> {
        self.query(FORGET).await?;
        let is_writer = |id: &Pid| {
            let title = fs::read_to_string(format!("/proc/{id}/cmdline"));
            title.is_ok_and(|title| title.contains("walwriter"))
        };
        let writer = self.processes()?.into_iter().find(is_writer);
        Ok(kill(
            writer.context("no process writes the log")?,
            Signal::SIGSTOP,
        )?)
    }

    fn postmaster(&self) -> anyhow::Result<Pid> {
        let text = fs::read_to_string(self.folder.join("postmaster.pid"))?;
        let first = text.lines().next().context("an empty postmaster.pid")?;
        Ok(Pid::from_raw(first.parse()?))
    }

    /// The postmaster and its children, each by its number.
    fn processes(&self) -> anyhow::Result<Vec<Pid>> {
        let postmaster = self.postmaster()?;
        let mut all = vec![postmaster];
        for entry in fs::read_dir("/proc")? {
            let id = entry?.file_name().to_str().and_then(|name| name.parse().ok());
            // Others come and go meanwhile.
            let Some((id, Ok(stat))) = id.map(|id: i32| (id, fs::read_to_string(format!("/proc/{id}/stat"))))
            else {
                continue;
            };
            // The name before the closing bracket may contain anything.
            let parent = stat
                .rsplit_once(')')
                .and_then(|(_, fields)| fields.split_whitespace().nth(1));
            if parent.and_then(|parent| parent.parse().ok()) == Some(postmaster.as_raw()) {
                all.push(Pid::from_raw(id));
            }
        }
        Ok(all)
    }

    /// Sends a signal to the postmaster and all its children.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        for id in self.processes()? {
            // A child may have ended meanwhile.
            let _ = kill(id, signal);
        }
        Ok(())
    }

    /// Kills it, with no chance to write anything, and waits until it has been started again.
    pub(crate) async fn crash(&self) -> anyhow::Result<()> {
        let killed = self.postmaster()?;
        self.signal(Signal::SIGKILL)?;
        let begun = Instant::now();
        loop {
            ensure!(
                begun.elapsed() < Duration::from_mins(2),
                "Postgres did not come back"
            );
            let is_new = self.postmaster().is_ok_and(|id| id != killed);
            if is_new && self.query("select 1").await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A program that came with the server.
    pub(crate) fn program(&self, name: &str) -> anyhow::Result<Command> {
        let server = fs::read_link(format!("/proc/{}/exe", self.postmaster()?))?;
        let beside = server.with_file_name(name);
        let mut command = Command::new(if beside.is_file() { beside } else { name.into() });
        command.stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    pub(crate) fn psql(&self, url: &str) -> anyhow::Result<Command> {
        let mut command = self.program("psql")?;
        command.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ]);
        command.arg(url);
        Ok(command)
    }

    /// What some SQL gives, a row a line and its columns separated by `|`.
    pub(crate) async fn query(&self, sql: &str) -> anyhow::Result<String> {
        self.query_at(&self.url, sql).await
    }

    pub(crate) async fn query_at(&self, url: &str, sql: &str) -> anyhow::Result<String> {
        output(self.psql(url)?.args(["--command", sql])).await
    }

    /// The same server's other database.
    pub(crate) fn url_of(&self, database: &str) -> anyhow::Result<String> {
        let (server, _) = self.url.rsplit_once('/').context("a URL without a database")?;
        Ok(format!("{server}/{database}"))
    }
}

/// What a program says, if it ends well.
pub(crate) async fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().await?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let program = command.as_std().get_program().display();
    bail!("{program} failed: {}", said.trim())
}
