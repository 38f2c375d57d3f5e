//! Repositories that are made up, and how the service is told of them.

use crate::http::Connection;
use crate::server::Server;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::fs;
use std::time::Instant;

/// A running service.
pub(crate) struct World {
    pub(crate) host: String,
    pub(crate) key: String,
    process_id: u32,
}

/// A commit of a repository: its digits look drawn by lot, as those of real commits do.
pub(crate) fn sha(repository: &str, number: u32) -> String {
    let salt = repository.bytes().fold(0_u64, |salt, byte| {
        salt.wrapping_mul(31).wrapping_add(byte.into())
    });
    let mixed = (salt << 32 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}{mixed:016x}{number:08x}")
}

/// Minutes after the start of 2020.
pub(crate) fn at(minutes: i64) -> String {
    let time = time::macros::datetime!(2020-01-01 0:00 UTC) + time::Duration::minutes(minutes);
    time.format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}

impl World {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            host: server.host.clone(),
            key: server.key.clone(),
            process_id: server.process_id,
        }
    }

    pub(crate) fn connect(&self) -> anyhow::Result<Connection> {
        Ok(Connection::open(&self.host)?)
    }

    /// Sends, and gives the answer and how many milliseconds it took.
    pub(crate) fn post(
        &self,
        connection: &mut Connection,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<(Value, f64)> {
        let body = serde_json::to_vec(body)?;
        let begun = Instant::now();
        let answer = connection.request("POST", path, &self.key, &body)?;
        let time = begun.elapsed().as_secs_f64() * 1000.0;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(
            matches!(answer.status, 200 | 201),
            "{path} was answered with {}: {text}",
            answer.status
        );
        Ok((serde_json::from_str(&text)?, time))
    }

    pub(crate) fn get(&self, connection: &mut Connection, path: &str) -> anyhow::Result<Value> {
        let answer = connection.request("GET", path, &self.key, b"")?;
        ensure!(answer.status == 200, "{path} was answered with {}", answer.status);
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Tells of commits 1 to `count`, a minute each. Every tenth merges the one before it and the one ten before it.
    pub(crate) fn tell_commits(&self, repository: &str, count: u32) -> anyhow::Result<()> {
        let mut connection = self.connect()?;
        let numbers: Vec<u32> = (1..=count).collect();
        for batch in numbers.chunks(1000) {
            let commits: Vec<Value> = batch
                .iter()
                .map(|number| {
                    let mut parents: Vec<String> = number.checked_sub(1).filter(|parent| *parent > 0).into_iter().map(|parent| sha(repository, parent)).collect();
                    if number % 10 == 0 && *number > 10 {
                        parents.push(sha(repository, number - 10));
                    }
                    json!({"sha": sha(repository, *number), "parents": parents, "committedAt": at((*number).into())})
                })
                .collect();
            self.post(
                &mut connection,
                "/api/commits",
                &json!({"repository": repository, "commits": commits}),
            )?;
        }
        Ok(())
    }

    /// Tells of the pull requests that were merged as the commits with these numbers.
    pub(crate) fn tell_merges(&self, repository: &str, numbers: &[u32]) -> anyhow::Result<()> {
        let mut connection = self.connect()?;
        for batch in numbers.chunks(1000) {
            let merges: Vec<Value> = batch
                .iter()
                .map(|number| {
                    json!({"number": number, "mergeCommitSha": sha(repository, *number), "mergedAt": at((*number).into())})
                })
                .collect();
            self.post(
                &mut connection,
                "/api/pull-requests",
                &json!({"repository": repository, "pullRequests": merges}),
            )?;
        }
        Ok(())
    }

    /// How much memory the server has, in MB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process_id))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmRSS")?;
        Ok(kilobytes.parse::<u64>()? / 1024)
    }
}

/// A successful production deployment of a commit.
pub(crate) fn report(
    id: &str,
    repository: &str,
    commit: u32,
    previous: Option<u32>,
    completed: i64,
) -> Value {
    json!({
        "deploymentId": id,
        "commitSha": sha(repository, commit),
        "previousCommitSha": previous.map(|previous| sha(repository, previous)),
        "environment": "production",
        "status": "success",
        "startedAt": at(completed - 5),
        "completedAt": at(completed),
        "service": repository,
    })
}
