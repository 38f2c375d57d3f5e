//! A second process: this test program itself, run for its one ignored test, which does what it reads on its input.

use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::unistd::Uid;
use periscope_adapters::postgres::private::{Options, Owner, PrivatePostgres};

use crate::fixture::Folder;

/// Begins the lines meant for the starter: the test harness writes lines of its own.
const MARK: &str = "other: ";

pub(crate) struct OtherProcess {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl OtherProcess {
    pub(crate) fn start(folder: &Folder, owner: Owner, ephemeral: bool) -> Self {
        Self::spawn(folder, owner, ephemeral, None)
    }

    /// One that runs as a user without rights.
    pub(crate) fn start_as(uid: Uid, folder: &Folder, owner: Owner) -> Self {
        std::os::unix::fs::chown(folder.path(), Some(uid.as_raw()), None).unwrap();
        Self::spawn(folder, owner, false, Some(uid))
    }

    fn spawn(folder: &Folder, owner: Owner, ephemeral: bool, uid: Option<Uid>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "--ignored",
            "--exact",
            "--nocapture",
            "other_process::does_what_it_is_told",
        ]);
        if let Some(uid) = uid {
            command.uid(uid.as_raw()).gid(uid.as_raw());
        }
        let mut child = command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let owner = if owner == Owner::Service {
            "service"
        } else {
            "command"
        };
        write!(input, "{owner} {ephemeral} ").unwrap();
        input.write_all(folder.path().as_os_str().as_bytes()).unwrap();
        writeln!(input).unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, output }
    }

    /// What it says next.
    pub(crate) fn says(&mut self) -> String {
        let lines = self.output.by_ref().map_while(Result::ok);
        let mut marked = lines.filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()));
        marked.next().expect("the other process has ended")
    }

    /// Where its server is, once that runs.
    pub(crate) fn url(&mut self) -> String {
        let said = self.says();
        said.strip_prefix("open ")
            .unwrap_or_else(|| panic!("{said}"))
            .to_owned()
    }

    pub(crate) fn tell(&mut self, what: &str) {
        writeln!(self.input, "{what}").unwrap();
    }

    pub(crate) fn stop(mut self) {
        self.tell("stop");
        assert_eq!(self.says(), "stopped");
    }

    /// Ends it without giving it a chance.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for OtherProcess {
    fn drop(&mut self) {
        // Mostly it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
#[ignore = "run by other tests as a process of its own, told on its input what to do"]
async fn does_what_it_is_told() {
    let mut told = std::io::stdin().lines().map_while(Result::ok);
    let Some(options) = told.next().map(|line| options(&line)) else {
        return;
    };
    let postgres = match PrivatePostgres::open(&options).await {
        Ok(postgres) => postgres,
        Err(error) => return println!("\n{MARK}{error}"),
    };
    println!("\n{MARK}open {}", postgres.url());
    match told.next().as_deref() {
        Some("stop") => postgres.stop().await,
        _ => std::process::exit(0),
    }
    println!("\n{MARK}stopped");
}

fn options(line: &str) -> Options {
    let mut words = line.splitn(3, ' ');
    let owner = if words.next().unwrap() == "service" {
        Owner::Service
    } else {
        Owner::Command
    };
    let ephemeral = words.next().unwrap() == "true";
    Options {
        ephemeral,
        ..Folder::options_in(words.next().unwrap().as_ref(), owner)
    }
}
