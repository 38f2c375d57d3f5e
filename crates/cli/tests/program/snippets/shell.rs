//! The script for any shell: it ends as the deployment does, whatever becomes of its report.

use super::attempt::{Attempt, Reported};
use super::ci::{CIRCLECI, Variables};
use super::front::{Answer, Front};
use super::{Periscope, named, texts};
use crate::program::Folder;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SCRIPT: &str = include_str!("../../../../dashboard/snippets/shell.sh");

/// Runs the script around a deployment that ends with this code.
fn run(attempt: &mut Attempt, service: &str, url: &str, code: i32) -> Reported {
    let deploy = attempt.workspace().join("deploy.sh");
    fs::write(&deploy, format!("#!/bin/sh\nexit {code}\n")).unwrap();
    fs::set_permissions(&deploy, fs::Permissions::from_mode(0o755)).unwrap();
    let script = SCRIPT.replace("https://periscope.example.org", url);
    attempt.run(&script.replace("acme/api", service), &Variables::new())
}

#[test]
fn a_script_reports_how_its_deployment_ended_and_ends_so() {
    let periscope = Periscope::start();
    for shell in ["dash -e", "bash -eo pipefail", "busybox sh -eu"] {
        for (code, status) in [(0, "success"), (3, "failure")] {
            let service = named(&["shell", shell, status]);
            let mut attempt = periscope.attempt(&CIRCLECI, 1, &service);
            attempt.shell(shell);
            let reported = run(&mut attempt, &service, &periscope.url, code);
            assert_eq!(reported.code, Some(code), "{reported:?}");
            let deployments = periscope.deployments(&service);
            assert_eq!(texts(&deployments, "status"), [status]);
            assert_eq!(texts(&deployments, "commitSha"), [attempt.head.as_str()]);
        }
    }
}

#[test]
fn a_script_whose_report_is_refused_still_ends_as_its_deployment() {
    let folder = Folder::new();
    let front = Front::start(vec![Answer::Status(401, "no")]);
    for (deployed, is_strict, expected) in [(0, false, 0), (3, false, 3), (0, true, 1), (3, true, 3)] {
        let name = format!("shell-{deployed}-{is_strict}");
        let mut attempt = Attempt::new(&CIRCLECI, 1, &folder, &name, &front.url, "psk");
        attempt.set("PERISCOPE_STRICT", if is_strict { "1" } else { "" });
        let reported = run(&mut attempt, "acme/api", &front.url, deployed);
        assert_eq!(reported.code, Some(expected), "{reported:?}");
        let warning = "Warning: Periscope has not recorded this deployment: no 401";
        assert!(reported.printed.contains(warning), "{reported:?}");
    }
}
