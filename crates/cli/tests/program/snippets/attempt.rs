//! One attempt of a job that deploys: its steps run as its CI runs them, in a folder with a checkout.

use super::ci::{Ci, JobResult, Variables};
use crate::program::Folder;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

pub(crate) struct Attempt<'a> {
    ci: &'a Ci,
    file: String,
    shell: &'a str,
    workspace: PathBuf,
    variables: Variables,
    /// The commit that is checked out.
    pub(crate) head: String,
}

/// What a report has printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Reported {
    pub(crate) code: Option<i32>,
    pub(crate) printed: String,
    pub(crate) took: Duration,
}

impl<'a> Attempt<'a> {
    /// The attempt with this number, in a folder of this name.
    pub(crate) fn new(ci: &'a Ci, number: usize, folder: &Folder, name: &str, url: &str, key: &str) -> Self {
        let workspace = folder.path().join(name);
        let temporary = folder.path().join(format!("{name} temporary"));
        fs::create_dir(&workspace).unwrap();
        fs::create_dir(&temporary).unwrap();
        let mut attempt = Self {
            ci,
            file: ci.file.replace("https://periscope.example.org", url),
            shell: ci.shells[0],
            workspace,
            variables: Variables::new(),
            head: String::new(),
        };
        for (name, value) in ci.variables.iter().chain(ci.attempts[number]) {
            attempt.set(name, value);
        }
        let workspace = attempt.workspace.display().to_string();
        attempt.set("CI_PROJECT_DIR", &workspace);
        attempt.set("WORKSPACE", &workspace);
        attempt.set("RUNNER_TEMP", &temporary.display().to_string());
        attempt.set("GITHUB_ENV", &temporary.join("env").display().to_string());
        attempt.set("PERISCOPE_KEY", key);
        attempt.set(ci.result, "");
        attempt.set(ci.commit, "fedcba9876543210fedcba9876543210fedcba98");
        // Jobs of other tests run on this machine at the same time.
        let number = attempt.value("CIRCLE_WORKFLOW_JOB_ID");
        attempt.set("CIRCLE_WORKFLOW_JOB_ID", &(number + &name_of(folder.path())));
        attempt.checkout();
        attempt
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Changes a setting that stands in the file.
    pub(crate) fn edit(&mut self, from: &str, to: &str) {
        assert!(self.file.contains(from), "{from}\n{}", self.file);
        self.file = self.file.replace(from, to);
    }

    pub(crate) fn shell(&mut self, shell: &'a str) {
        self.shell = shell;
    }

    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The path of a file beside the folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("{} {name}", self.workspace.display()))
    }

    /// A variable of the steps, or a setting.
    pub(crate) fn value(&self, name: &str) -> String {
        let environment = (self.ci.read)(&self.file, &self.variables).environment;
        let value = environment.get(name).or_else(|| self.variables.get(name));
        value.cloned().unwrap_or_default()
    }

    /// Checks a commit of its own out.
    fn checkout(&mut self) {
        let message = self.workspace.display().to_string();
        self.git(&["init", "--quiet"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", &message]);
        self.head = self.git(&["rev-parse", "HEAD"]);
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Jane", "-c", "user.email=jane@example.org"];
        let output = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(&self.workspace)
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Deploys with this result and reports it; nothing is said where the CI runs no more steps.
    pub(crate) fn deploy(&mut self, result: &JobResult) -> Option<Reported> {
        let steps = (self.ci.read)(&self.file, &self.variables);
        let noted = self.run(&steps.note, &Variables::new());
        assert_eq!(noted.code, Some(0), "{noted:?}");
        self.carry(&noted.printed);
        if self.ci.name == "jenkins" {
            let started = noted.printed.lines().last().unwrap().to_owned();
            self.set("PERISCOPE_STARTED", &started);
        }
        if let Some(mark) = steps.mark.filter(|_| result.has_deployed) {
            assert_eq!(self.run(&mark, &Variables::new()).code, Some(0));
        }
        result.status?;
        self.report(result)
    }

    /// The end of a job of which an earlier step failed, so that no deployment starts.
    pub(crate) fn fail_before(&mut self) -> Option<Reported> {
        let result = self.ci.results.iter().find(|result| !result.has_deployed);
        self.report(result.unwrap())
    }

    fn report(&mut self, result: &JobResult) -> Option<Reported> {
        let is_noted = !self.value("PERISCOPE_STARTED").is_empty();
        if !is_noted && !self.ci.always_reports {
            return None;
        }
        self.set(self.ci.result, result.word);
        let steps = (self.ci.read)(&self.file, &self.variables);
        let reported = self.run(&steps.report, &steps.environment);
        self.carry(&reported.printed);
        Some(reported)
    }

    /// Takes over the variables that a step hands on.
    fn carry(&mut self, printed: &str) {
        let file = fs::read_to_string(self.value("GITHUB_ENV")).unwrap_or_default();
        for (name, value) in file.lines().filter_map(|line| line.split_once('=')) {
            self.set(name, value);
        }
        for line in printed.lines() {
            if let Some(command) = line.strip_prefix("##vso[task.setvariable variable=") {
                let (name, value) = command.split_once(']').unwrap();
                self.set(name, value);
            }
        }
    }

    /// Runs a script in the folder, with the variables and these.
    pub(crate) fn run(&self, script: &str, environment: &Variables) -> Reported {
        let file = self.beside("script");
        fs::write(&file, script).unwrap();
        let mut words = self.shell.split(' ');
        let is_variable = |name: &str| {
            name.chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        let variables = self.variables.iter().filter(|(name, _)| is_variable(name));
        let path = env::vars().find(|(name, _)| name == "PATH").unwrap().1;
        let begun = Instant::now();
        let output = Command::new(words.next().unwrap())
            .args(words)
            .arg(&file)
            .current_dir(&self.workspace)
            .env_clear()
            .env("PATH", path)
            .envs(variables.filter(|(name, _)| !name.is_empty()))
            .envs(environment)
            .output();
        let output = output.unwrap_or_else(|error| {
            panic!(
                "`{}` does not start: {error}. Install dash, bash, busybox and curl.",
                self.shell
            )
        });
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Reported {
            code: output.status.code(),
            printed: text(&output.stderr) + &text(&output.stdout),
            took: begun.elapsed(),
        }
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    name.replace(' ', "-")
}

/// A folder with a program of this name that runs the script, to stand first in `PATH`.
pub(crate) fn program(folder: &Path, name: &str, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let programs = folder.join(format!("{name} program"));
    fs::create_dir_all(&programs).unwrap();
    let file = programs.join(name);
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let path = env::vars().find(|(name, _)| name == "PATH").unwrap().1;
    let paths = [programs.as_path(), Path::new(&path)].map(|path| path.as_os_str().to_owned());
    let joined = paths.join(OsStr::new(":"));
    joined.into_string().unwrap()
}
