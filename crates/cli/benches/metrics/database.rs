//! A Postgres of its own with full durability.

use crate::server::options;
use anyhow::{Context, bail};
use periscope_adapters::postgres::migrate;
use periscope_adapters::postgres::private::PrivatePostgres;
use std::process::{Command, Output};

/// A migrated database.
pub(crate) struct Database {
    pub(crate) url: String,
    postgres: PrivatePostgres,
}

impl Database {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let postgres = PrivatePostgres::open(&options()).await?;
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
