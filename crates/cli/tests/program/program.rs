//! Starts the binary, and speaks with what it starts.

use crate::secrecy::{assert_nothing_secret, remember_given, remember_shown};
use periscope_adapters::postgres::private::{Durability, Options, Owner, PrivatePostgres};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::{env, fs};
use tokio::runtime::Runtime;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A folder for one private Postgres, removed with this value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// One with an empty database, as `serve` or `import` has made it.
    pub(crate) fn new() -> Self {
        let folder = Self::without_database();
        let options = Options {
            data_dir: folder.0.join("data"),
            programs: None,
            path: Some(path().into()),
            durability: Durability::Full,
            ephemeral: false,
            owner: Owner::Command,
        };
        // A test may run on a runtime already, which cannot wait for another.
        let made = thread::spawn(move || {
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async { PrivatePostgres::open(&options).await.unwrap().stop().await });
        });
        made.join().unwrap();
        folder
    }

    pub(crate) fn without_database() -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("periscope program {} {number}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The binary with the arguments, and nothing of this test's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_periscope"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", path())
            .env("PERISCOPE_DATA_DIR", self.0.join("data"))
            .env("PERISCOPE_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Self::outcome(self.command(arguments))
    }

    /// The same, with a command that has been given settings of its own.
    pub(crate) fn outcome(mut command: Command) -> Outcome {
        let output = command.output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        remember_given(&command);
        remember_shown(&stdout);
        assert_nothing_secret(&stderr);
        Outcome {
            code: output.status.code(),
            stdout,
            stderr,
        }
    }

    /// What a command answers in JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let outcome = self.run(&[arguments, &["--output", "json"]].concat());
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.stderr);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    /// A shell script with the settings of the binary, which is its `$0`.
    pub(crate) fn script(&self, script: &str) -> Command {
        let binary = self.command(&[]);
        let settings = binary.get_envs();
        let mut command = Command::new("sh");
        command
            .env_clear()
            .envs(settings.filter_map(|(name, value)| Some((name, value?))))
            .args(["-c", script])
            .arg(binary.get_program())
            .stdin(Stdio::null());
        command
    }

    /// Starts to serve and waits until it listens.
    pub(crate) fn serve(&self) -> Service {
        Self::start(self.command(&[]))
    }

    /// The same, with a command that has been given settings of its own.
    pub(crate) fn start(mut command: Command) -> Service {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = Running::new(child.unwrap());
        let mut stdout = BufReader::new(child.process.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let read = stdout.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended: {said}{}", child.log());
            said.push_str(&line);
            remember_shown(&line);
            if let Some((_, url)) = line.trim().split_once("listens on ") {
                let (_, host) = url.split_once("://").unwrap();
                let host = host.to_owned();
                remember_given(&command);
                return Service {
                    child,
                    host,
                    said,
                    _stdout: stdout,
                };
            }
        }
    }
}

fn path() -> String {
    env::vars().find(|(name, _)| name == "PATH").unwrap().1
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A process that does not outlive this value, and whose log is read, so that it never waits for a reader.
struct Running {
    process: Child,
    log: Option<JoinHandle<String>>,
}

impl Running {
    fn new(mut process: Child) -> Self {
        let mut stderr = process.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        Self {
            process,
            log: Some(log),
        }
    }

    /// What it logs until it ends, which has nothing secret in it.
    fn log(&mut self) -> String {
        let log = self.log.take().map(|log| log.join().unwrap());
        let log = log.unwrap_or_default();
        assert_nothing_secret(&log);
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.log();
    }
}

/// A running service; killed without warning when it is dropped.
pub(crate) struct Service {
    child: Running,
    pub(crate) host: String,
    /// What it wrote until it listened.
    pub(crate) said: String,
    _stdout: BufReader<ChildStdout>,
}

impl Service {
    /// The key that it has shown.
    pub(crate) fn key(&self) -> String {
        self.said
            .lines()
            .find(|line| line.starts_with("psk_live_"))
            .unwrap()
            .to_owned()
    }

    /// What Prometheus is told.
    pub(crate) fn scrape(&self) -> String {
        let host = self
            .said
            .lines()
            .find_map(|line| {
                line.strip_prefix("Prometheus may ask http://")?
                    .strip_suffix("/metrics")
            })
            .unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.process.id()
    }

    /// Posts a deployment and gives the status and the body.
    pub(crate) fn report(&self, key: &str, body: &Value) -> (u16, Value) {
        self.call("POST /api/webhooks/deployments", key, &body.to_string())
    }

    /// Asks for something that is there.
    pub(crate) fn get(&self, key: &str, path: &str) -> Value {
        let (status, body) = self.call(&format!("GET {path}"), key, "");
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) fn call(&self, line: &str, key: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        write!(
            stream,
            "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.process.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to stop; gives its exit code and what it has logged.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let log = self.child.log();
        (self.child.process.wait().unwrap().code(), log)
    }
}
