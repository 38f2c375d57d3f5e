//! Starts the binary, and speaks with what it starts.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A folder for one private Postgres, removed with this value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
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
        let path = env::vars().find(|(name, _)| name == "PATH").unwrap().1;
        command
            .args(arguments)
            .env_clear()
            .env("PATH", path)
            .env("PERISCOPE_DATA_DIR", self.0.join("data"))
            .env("PERISCOPE_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().unwrap();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
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
        Self::serve_by(self.command(&[]))
    }

    pub(crate) fn serve_by(mut command: Command) -> Service {
        let mut child = Running(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut stdout = BufReader::new(child.0.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let read = stdout.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended: {said}{}", child.log());
            said.push_str(&line);
            if let Some((_, host)) = line.trim().split_once("listens on http://") {
                let host = host.to_owned();
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

/// A process that does not outlive this value.
struct Running(Child);

impl Running {
    /// What it logs until it ends.
    fn log(&mut self) -> String {
        let mut log = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running service; killed without warning when it is dropped.
pub(crate) struct Service {
    child: Running,
    host: String,
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

    pub(crate) fn process_id(&self) -> u32 {
        self.child.0.id()
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

    fn call(&self, line: &str, key: &str, body: &str) -> (u16, Value) {
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

    /// Asks it to stop; gives its exit code and what it has logged.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let pid = self.child.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let log = self.child.log();
        (self.child.0.wait().unwrap().code(), log)
    }
}
