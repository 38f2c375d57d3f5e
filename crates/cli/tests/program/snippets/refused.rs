//! What a CI says when Periscope is away, silent, busy or refuses, and that it never says the key.

use super::attempt::{Attempt, Reported, program};
use super::ci::{CIS, Ci};
use super::front::{Answer, Front};
use super::{Periscope, named, of_service};
use crate::program::Folder;
use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::Duration;

/// What a report says against a server that answers so.
fn against(ci: &Ci, folder: &Folder, url: &str, is_strict: bool) -> Reported {
    let name = named(&[ci.name, &url.replace('/', "-")]);
    let mut attempt = Attempt::new(ci, 1, folder, &name, url, "psk");
    attempt.set("CIRCLE_WORKFLOW_JOB_ID", &name);
    if is_strict {
        attempt.set("PERISCOPE_STRICT", "1");
    }
    attempt.deploy(&ci.results[0]).unwrap()
}

fn assert_warned(ci: &Ci, reported: &Reported, answer: &str) {
    assert_eq!(reported.code, Some(0), "{reported:?}");
    let warning = format!("{}Periscope has not recorded this deployment: ", ci.warning);
    let line = reported.printed.lines().find(|line| line.starts_with(&warning));
    assert!(
        line.is_some_and(|line| line.contains(answer)),
        "{}: {reported:?}",
        ci.name
    );
}

#[test]
fn a_refusal_is_a_warning_at_once_with_what_was_answered() {
    let folder = Folder::new();
    thread::scope(|scope| {
        for ci in CIS {
            let folder = &folder;
            scope.spawn(move || {
                for (status, body) in [
                    (400, r#"{"error":"Invalid payload: environment is required"}"#),
                    (401, r#"{"error":"Invalid or missing API key"}"#),
                    (403, r#"{"error":"API key lacks the ingest scope"}"#),
                    (
                        404,
                        "<html>\n<body>::error::no\n##vso[task.complete]</body>\r\n</html>",
                    ),
                    (413, ""),
                    (301, ""),
                ] {
                    let front = Front::start(vec![Answer::Status(status, body)]);
                    let reported = against(ci, folder, &front.url, false);
                    let line: String = body.chars().filter(|c| !c.is_control()).collect();
                    assert_warned(ci, &reported, &format!("{line} {status}"));
                    assert_eq!(front.requests().len(), 1, "{} {status}", ci.name);
                }
            });
        }
    });
}

#[test]
fn a_refusal_fails_the_step_where_that_is_wanted() {
    let folder = Folder::new();
    for ci in CIS {
        let front = Front::start(vec![Answer::Status(401, "no")]);
        assert_eq!(
            against(ci, &folder, &front.url, true).code,
            Some(1),
            "{}",
            ci.name
        );
    }
    let periscope = Periscope::start();
    for ci in CIS {
        let mut attempt = periscope.attempt(ci, 1, ci.name);
        attempt.set("PERISCOPE_STRICT", "1");
        let reported = attempt.deploy(&ci.results[0]).unwrap();
        assert_eq!(reported.code, Some(0), "{reported:?}");
    }
}

#[test]
fn the_program_refuses_a_wrong_key_and_the_ci_says_so() {
    let periscope = Periscope::start();
    for ci in CIS {
        let mut attempt = periscope.attempt(ci, 1, ci.name);
        attempt.set("PERISCOPE_KEY", "");
        let reported = attempt.deploy(&ci.results[0]).unwrap();
        assert_warned(ci, &reported, r#"{"error":"Invalid or missing API key"} 401"#);
    }
}

#[test]
fn what_may_pass_is_asked_again_with_the_same_body() {
    let periscope = Periscope::start();
    thread::scope(|scope| {
        for (number, ci) in CIS.into_iter().enumerate() {
            let periscope = &periscope;
            scope.spawn(move || {
                let first = [
                    Answer::Status(503, ""),
                    Answer::Status(429, ""),
                    Answer::Status(408, ""),
                    Answer::Status(502, "<html></html>"),
                    Answer::Close,
                ][number]
                    .clone();
                let front = Front::start(vec![first, Answer::Of(periscope.service.host.clone())]);
                let mut attempt = Attempt::new(ci, 1, &periscope.folder, ci.name, &front.url, &periscope.key);
                of_service(&mut attempt, ci, ci.name);
                let reported = attempt.deploy(&ci.results[0]).unwrap();
                assert!(reported.printed.contains("\"created\""), "{reported:?}");
                assert_eq!(reported.code, Some(0));
                let requests = front.requests();
                assert_eq!(requests.len(), 2);
                assert_eq!(requests[0], requests[1]);
                assert_eq!(periscope.deployments(ci.name).len(), 1);
            });
        }
    });
}

#[test]
fn a_report_gives_up_with_a_warning_after_a_minute() {
    let folder = Folder::new();
    let away = "http://127.0.0.1:9".to_owned();
    thread::scope(|scope| {
        for ci in CIS {
            for (answer, expected, times) in [
                (Some(Answer::Silence), "curl: (28)", 2..=3),
                (Some(Answer::Status(503, "busy")), "busy 503", 6..=12),
                (Some(Answer::Status(429, "slow down")), "slow down 429", 6..=12),
                (None, "curl: (7)", 0..=0),
            ] {
                let (folder, away) = (&folder, &away);
                scope.spawn(move || {
                    let front = answer.map(|answer| Front::start(vec![answer]));
                    let url = front.as_ref().map_or(away, |front| &front.url);
                    let reported = against(ci, folder, url, false);
                    assert_warned(ci, &reported, expected);
                    let minute = Duration::from_secs(50)..Duration::from_secs(75);
                    assert!(minute.contains(&reported.took), "{}: {reported:?}", ci.name);
                    let requests = front.map_or(0, |front| front.requests().len());
                    assert!(times.contains(&requests), "{}: {requests}", ci.name);
                });
            }
        }
    });
}

#[test]
fn without_curl_the_warning_comes_at_once() {
    let folder = Folder::new();
    for ci in CIS {
        let mut attempt = Attempt::new(ci, 1, &folder, ci.name, "http://127.0.0.1:9", "psk");
        let path = program(attempt.workspace(), "curl", "echo curl: not found >&2; exit 127");
        attempt.set("PATH", &path);
        let reported = attempt.deploy(&ci.results[0]).unwrap();
        assert_warned(ci, &reported, "curl: not found");
        assert!(reported.took < Duration::from_secs(30), "{reported:?}");
    }
}

/// The options of curl 7.61 that the steps use; many of today's came later.
const OPTIONS: [&str; 6] = ["-sS", "--connect-timeout", "-m", "-w", "-H", "-K"];

#[test]
fn the_key_is_neither_printed_nor_an_argument_of_a_process() {
    let periscope = Periscope::start();
    let mut options = BTreeSet::new();
    for ci in CIS {
        for shell in ci.shells {
            let service = named(&[ci.name, shell]);
            let traced = format!("{} -x", shell.split(" --").next().unwrap());
            let mut attempt = periscope.attempt(ci, 1, &service);
            attempt.shell(&traced);
            of_service(&mut attempt, ci, &service);
            let curl = "printf '%s\\n' \"$@\" >> \"$ARGUMENTS\"; PATH=${PATH#*:} exec curl \"$@\"";
            let path = program(attempt.workspace(), "curl", curl);
            let arguments = attempt.beside("arguments");
            attempt.set("PATH", &path);
            attempt.set("ARGUMENTS", &arguments.display().to_string());
            let reported = attempt.deploy(&ci.results[0]).unwrap();
            assert_eq!(periscope.deployments(&service).len(), 1, "{reported:?}");
            let arguments = fs::read_to_string(arguments).unwrap();
            for text in [&arguments, &reported.printed] {
                assert!(!text.contains(&periscope.key[9..]), "{text}");
            }
            let is_option = |line: &&str| line.len() > 1 && line.starts_with('-');
            options.extend(arguments.lines().filter(is_option).map(str::to_owned));
        }
    }
    let unknown: Vec<_> = options
        .iter()
        .filter(|option| !OPTIONS.contains(&option.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
