//! A Periscope of its own: the built program on a private Postgres in a temporary folder, gone with this value.

use anyhow::{Context, bail, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdout, Command, Stdio};
use std::{env, fs};

pub(crate) struct Server {
    /// Where it listens, `host:port`.
    pub(crate) host: String,
    /// A key that may ingest and read.
    pub(crate) key: String,
    /// Where its own measurements are, `host:port`.
    pub(crate) metrics_host: String,
    pub(crate) process_id: u32,
    _process: Process,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let program = program()?;
        let folder = Folder::new()?;
        let mut child = command(&program, &folder.0)
            .args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0"])
            .args(["--metrics-listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let stdout = child.stdout.take();
        let process = Process { child, folder };
        let mut stdout = BufReader::new(stdout.context("no stdout")?);
        let [host, metrics_host] = hosts(&mut stdout)?;
        let key = key(&program, &process.folder.0)?;
        Ok(Self {
            host,
            key,
            metrics_host,
            process_id: process.child.id(),
            _process: process,
            _stdout: stdout,
        })
    }
}

/// The program that was built with this example, `target/PROFILE/periscope` beside `target/PROFILE/examples`.
fn program() -> anyhow::Result<PathBuf> {
    let example = env::current_exe()?;
    let profile = example.ancestors().nth(2).context("no folder of programs")?;
    let program = profile.join(format!("periscope{}", env::consts::EXE_SUFFIX));
    ensure!(program.is_file(), "{} is not built", program.display());
    Ok(program)
}

/// The program with the folder's database and none of the settings around.
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(env::vars_os().filter(|(name, _)| name == "PATH"))
        .env("PERISCOPE_DATA_DIR", folder.join("data"))
        .env("PERISCOPE_LOG", "warn")
        .stdin(Stdio::null());
    command
}

/// Waits until the service has said where it listens and where Prometheus may ask, in any order.
fn hosts(stdout: &mut impl BufRead) -> anyhow::Result<[String; 2]> {
    let (mut host, mut metrics_host) = (None, None);
    for line in stdout.lines() {
        let line = line?;
        let Some((words, address)) = line.trim().split_once("http://") else {
            continue;
        };
        if let Some(address) = address.strip_suffix("/metrics") {
            metrics_host = Some(address.to_owned());
        } else if words.ends_with("listens on ") {
            host = Some(address.to_owned());
        }
        if let (Some(host), Some(metrics_host)) = (&host, &metrics_host) {
            return Ok([host.clone(), metrics_host.clone()]);
        }
    }
    bail!("the service did not start");
}

/// A key of the organization that the service has made.
fn key(program: &Path, folder: &Path) -> anyhow::Result<String> {
    let mut command = command(program, folder);
    command.args(["key", "create", "--org", "local", "--name", "accuracy"]);
    command.args(["--scope", "ingest", "--scope", "read"]);
    let output = command.output()?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "no key was made: {}", message.trim());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = env::temp_dir().join(format!("periscope-accuracy-{}", process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Process {
    child: Child,
    folder: Folder,
}

impl Drop for Process {
    fn drop(&mut self) {
        // A service that is asked to stop also stops its Postgres.
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_says_where_it_listens_and_where_its_measurements_are() {
        let key = "Try it: curl http://127.0.0.1:1/api -d ...\n";
        let metrics = "Prometheus may ask http://127.0.0.1:2/metrics\n";
        let service = "Periscope listens on http://127.0.0.1:1\n";
        for lines in [[key, metrics, service], [service, key, metrics]] {
            let found = hosts(&mut lines.concat().as_bytes()).unwrap();
            assert_eq!(found, ["127.0.0.1:1", "127.0.0.1:2"]);
        }
        assert!(hosts(&mut [key, service].concat().as_bytes()).is_err());
    }
}
