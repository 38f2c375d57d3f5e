//! What Periscope records of each result, attempt, service and commit.

use super::attempt::Attempt;
use super::ci::{AZURE, CIRCLECI, CIS, Ci, GITHUB, GITLAB, JobResult};
use super::{Periscope, named, of_service, texts};
use serde_json::Value;
use std::fs::{self, File};
use std::thread;
use std::time::Duration;

#[test]
fn the_status_commit_and_times_of_every_result_are_recorded_in_every_shell() {
    let periscope = Periscope::start();
    thread::scope(|scope| {
        for ci in CIS {
            let periscope = &periscope;
            scope.spawn(move || {
                for shell in ci.shells {
                    for (number, result) in ci.results.iter().enumerate() {
                        record_one(periscope, ci, shell, result, number);
                    }
                }
            });
        }
    });
}

fn record_one(periscope: &Periscope, ci: &Ci, shell: &'static str, result: &JobResult, number: usize) {
    let service = named(&[ci.name, shell, &number.to_string()]);
    let mut attempt = periscope.attempt(ci, 1, &service);
    attempt.shell(shell);
    of_service(&mut attempt, ci, &service);
    let reported = attempt.deploy(result);
    let deployments = periscope.deployments(&service);
    assert_eq!(reported.is_some(), result.status.is_some(), "{service}");
    let (Some(reported), Some(status)) = (reported, result.status) else {
        assert!(deployments.is_empty(), "{deployments:?}");
        return;
    };
    assert_eq!(reported.code, Some(0), "{reported:?}");
    assert!(
        reported.printed.contains("Periscope: {\"action\":\"created\""),
        "{reported:?}"
    );
    let [deployment] = deployments.as_slice() else {
        panic!("{service}: {deployments:?}")
    };
    assert_eq!(deployment["status"], status, "{service}");
    assert_eq!(deployment["commitSha"], attempt.head, "{service}");
    assert_eq!(deployment["environment"], "production");
    assert!(
        deployment["pipelineUrl"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    let triggered_by = ci.triggered_by.map(|name| attempt.value(name));
    assert_eq!(deployment["triggeredBy"].as_str(), triggered_by.as_deref());
    let [started_at, completed_at] =
        ["startedAt", "completedAt"].map(|field| deployment[field].as_str().unwrap());
    assert!(started_at <= completed_at, "{deployment}");
    assert!(deployment["previousCommitSha"].is_null());
}

#[test]
fn a_job_that_fails_before_it_deploys_reports_nothing() {
    let periscope = Periscope::start();
    for ci in CIS {
        let mut attempt = periscope.attempt(ci, 1, ci.name);
        let reported = attempt.fail_before();
        assert!(reported.is_none_or(|reported| reported.code == Some(0)));
    }
    let count = periscope.service.get(&periscope.reading, "/api/deployments")["deployments"].clone();
    assert_eq!(count, Value::Array(Vec::new()));
}

#[test]
fn the_second_deployment_of_a_job_that_failed_in_its_first_is_not_reported() {
    let periscope = Periscope::start();
    for ci in [&GITHUB, &AZURE, &CIRCLECI] {
        let mut attempt = periscope.attempt(ci, 1, ci.name);
        of_service(&mut attempt, ci, ci.name);
        let failure = ci.results.iter().find(|result| result.status == Some("failure"));
        attempt.deploy(failure.unwrap()).unwrap();
        attempt.fail_before();
        assert_eq!(texts(&periscope.deployments(ci.name), "status"), ["failure"]);
    }
}

#[test]
fn every_attempt_is_a_deployment_of_its_own_and_changes_no_earlier_one() {
    let periscope = Periscope::start();
    thread::scope(|scope| {
        for ci in CIS {
            let periscope = &periscope;
            scope.spawn(move || {
                let statuses = ["success", "failure", "success", "success"];
                for (number, status) in statuses.into_iter().enumerate() {
                    let mut attempt = periscope.attempt(ci, number, &format!("{}-{number}", ci.name));
                    of_service(&mut attempt, ci, ci.name);
                    let result = ci.results.iter().find(|result| result.status == Some(status));
                    let before = periscope.deployments(ci.name);
                    attempt.deploy(result.unwrap()).unwrap();
                    let after = periscope.deployments(ci.name);
                    assert_eq!(after[..number], before[..], "{}", ci.name);
                    assert_eq!(after[number]["commitSha"], attempt.head);
                }
                let deployments = periscope.deployments(ci.name);
                assert_eq!(texts(&deployments, "status"), statuses);
            });
        }
    });
}

#[test]
fn services_and_environments_of_one_run_are_deployments_of_their_own() {
    let periscope = Periscope::start();
    for ci in CIS {
        for (number, environment) in ["production", "staging"].into_iter().enumerate() {
            for name in ["api", "web"] {
                let service = format!("{}-{name}", ci.name);
                let mut attempt = periscope.attempt(ci, 1, &format!("{service}-{number}"));
                of_service(&mut attempt, ci, &service);
                if ci.name == "gitlab" {
                    attempt.set("CI_ENVIRONMENT_NAME", environment);
                } else {
                    attempt.edit("production", environment);
                }
                attempt.deploy(&ci.results[0]).unwrap();
            }
        }
        for name in ["api", "web"] {
            let page = periscope.deployments(&format!("{}-{name}", ci.name));
            assert_eq!(
                texts(&page, "environment"),
                ["production", "staging"],
                "{}",
                ci.name
            );
        }
    }
}

/// Reports a deployment after a change of its job, and gives the commit that was recorded.
fn commit_of(periscope: &Periscope, ci: &Ci, name: &str, change: impl Fn(&mut Attempt)) -> (String, String) {
    let mut attempt = periscope.attempt(ci, 1, name);
    of_service(&mut attempt, ci, name);
    change(&mut attempt);
    attempt.deploy(&ci.results[0]).unwrap();
    let deployments = periscope.deployments(name);
    let head = attempt.head.clone();
    (texts(&deployments, "commitSha")[0].to_owned(), head)
}

#[test]
fn the_commit_is_that_of_the_checkout_else_that_of_the_ci() {
    let periscope = Periscope::start();
    let of_ci = "fedcba9876543210fedcba9876543210fedcba98";
    let no_checkout = |attempt: &mut Attempt| {
        fs::remove_dir_all(attempt.workspace().join(".git")).unwrap();
    };
    for ci in CIS {
        let (commit, _) = commit_of(&periscope, ci, &format!("{}-none", ci.name), no_checkout);
        assert_eq!(commit, of_ci, "{}", ci.name);
        let (commit, _) = commit_of(&periscope, ci, &format!("{}-unborn", ci.name), |attempt| {
            no_checkout(attempt);
            attempt.git(&["init", "--quiet"]);
        });
        assert_eq!(commit, of_ci, "{}", ci.name);
    }
    let (commit, _) = commit_of(&periscope, &GITHUB, "workflow-run", |attempt| {
        no_checkout(attempt);
        let head = "00000000000000000000000000000000000000aa";
        attempt.set("github.event.workflow_run.head_sha", head);
    });
    assert_eq!(commit, "00000000000000000000000000000000000000aa");
}

#[test]
fn the_checkout_of_an_earlier_job_on_the_same_machine_is_not_what_was_deployed() {
    let periscope = Periscope::start();
    let of_ci = "fedcba9876543210fedcba9876543210fedcba98";
    let started = |attempt: &mut Attempt, is_before: bool| {
        let folder = format!("{}/_github_workflow", attempt.value("RUNNER_TEMP"));
        fs::create_dir(&folder).unwrap();
        let folder = File::open(&folder).unwrap();
        let created = folder.metadata().unwrap().modified().unwrap();
        let hour = Duration::from_hours(1);
        let moved = if is_before { created - hour } else { created + hour };
        folder.set_modified(moved).unwrap();
    };
    let (commit, head) = commit_of(&periscope, &GITHUB, "own", |attempt| started(attempt, true));
    assert_eq!(commit, head);
    let (commit, _) = commit_of(&periscope, &GITHUB, "old", |attempt| started(attempt, false));
    assert_eq!(commit, of_ci);
    for strategy in ["none", "empty"] {
        let (commit, _) = commit_of(&periscope, &GITLAB, strategy, |attempt| {
            attempt.set("GIT_STRATEGY", strategy);
        });
        assert_eq!(commit, of_ci);
    }
    let (commit, _) = commit_of(&periscope, &AZURE, "deployment-job", |attempt| {
        attempt.set("ENVIRONMENT_NAME", "live");
    });
    assert_eq!(commit, of_ci);
}

#[test]
fn awkward_names_reach_periscope_whole() {
    let periscope = Periscope::start();
    for ci in CIS {
        for shell in ci.shells {
            let Some(name) = ci.triggered_by else { continue };
            let service = named(&[ci.name, shell]);
            let mut attempt = periscope.attempt(ci, 1, &service);
            attempt.shell(shell);
            of_service(&mut attempt, ci, &service);
            attempt.set(name, "Jürgen \"J\\n\" O'Hara\r\n$(date) `date` %s [x]\u{7}");
            let reported = attempt.deploy(&ci.results[0]).unwrap();
            let deployments = periscope.deployments(&service);
            assert_eq!(deployments.len(), 1, "{reported:?}");
            let expected = "Jürgen \"J\\n\" O'Hara$(date) `date` %s [x]";
            assert_eq!(texts(&deployments, "triggeredBy"), [expected]);
        }
    }
}
