//! The five CIs whose steps users copy: what each reads in them, and the variables and results that it documents.

use std::collections::BTreeMap;
use yaml_rust2::{Yaml, YamlLoader};

/// Environment variables under their names; what an expression reads, under the expression.
pub(crate) type Variables = BTreeMap<String, String>;

/// What a CI runs around a deployment.
pub(crate) struct Steps {
    pub(crate) note: String,
    /// Runs if the deployment succeeded.
    pub(crate) mark: Option<String>,
    pub(crate) report: String,
    pub(crate) environment: Variables,
}

/// How a job ends.
pub(crate) struct JobResult {
    pub(crate) word: &'static str,
    pub(crate) has_deployed: bool,
    /// The status that Periscope records; none where the CI runs nothing more.
    pub(crate) status: Option<&'static str>,
}

const fn result(word: &'static str, has_deployed: bool, status: &'static str) -> JobResult {
    JobResult {
        word,
        has_deployed,
        status: Some(status),
    }
}

pub(crate) struct Ci {
    pub(crate) name: &'static str,
    /// The file as users copy it.
    pub(crate) file: &'static str,
    /// How it starts a script, on images with bash and on others.
    pub(crate) shells: &'static [&'static str],
    pub(crate) read: fn(&str, &Variables) -> Steps,
    /// The variables of every attempt.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// Those of an older run, of a newer one, of the newer one again, and of the older one again.
    pub(crate) attempts: [&'static [(&'static str, &'static str)]; 4],
    /// The variable with the result of the job.
    pub(crate) result: &'static str,
    pub(crate) results: &'static [JobResult],
    /// The variable with the commit that the CI was started for.
    pub(crate) commit: &'static str,
    /// How a warning begins.
    pub(crate) warning: &'static str,
    pub(crate) triggered_by: Option<&'static str>,
    /// Whether the report runs without a noted start as well.
    pub(crate) always_reports: bool,
}

pub(crate) const CIS: [&Ci; 5] = [&GITHUB, &GITLAB, &JENKINS, &AZURE, &CIRCLECI];

pub(crate) const GITHUB: Ci = Ci {
    name: "github",
    file: include_str!("../../../../dashboard/snippets/github.yml"),
    shells: &["bash --noprofile --norc -eo pipefail", "sh -e"],
    read: |file, variables| {
        let steps = &yaml(file)[0];
        assert_eq!(text(&steps[1]["if"]), "always() && env.PERISCOPE_STARTED");
        Steps {
            note: text(&steps[0]["run"]),
            mark: None,
            report: text(&steps[1]["run"]),
            environment: environment(&steps[1]["env"], |value| replace(value, "${{", "}}", variables)),
        }
    },
    variables: &[
        ("GITHUB_REPOSITORY", "acme/api"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_TRIGGERING_ACTOR", "jane"),
        ("github.event.workflow_run.head_sha", ""),
        ("github.job", "deploy"),
        ("github.repository", "acme/api"),
        ("strategy.job-index", "0"),
    ],
    attempts: [
        &[("GITHUB_RUN_ID", "1001"), ("GITHUB_RUN_ATTEMPT", "1")],
        &[("GITHUB_RUN_ID", "1002"), ("GITHUB_RUN_ATTEMPT", "1")],
        &[("GITHUB_RUN_ID", "1002"), ("GITHUB_RUN_ATTEMPT", "2")],
        &[("GITHUB_RUN_ID", "1001"), ("GITHUB_RUN_ATTEMPT", "2")],
    ],
    result: "job.status",
    results: &[
        result("success", true, "success"),
        result("failure", false, "failure"),
        result("cancelled", false, "cancelled"),
    ],
    commit: "github.sha",
    warning: "::warning title=Periscope::",
    triggered_by: Some("GITHUB_TRIGGERING_ACTOR"),
    always_reports: false,
};

pub(crate) const GITLAB: Ci = Ci {
    name: "gitlab",
    file: include_str!("../../../../dashboard/snippets/gitlab.yml"),
    shells: &["bash -eo pipefail", "busybox sh -e", "dash -e"],
    read: |file, variables| {
        let file = &yaml(file)[0];
        assert_eq!(text(&file["deploy"]["extends"]), ".periscope");
        let job = &file[".periscope"];
        Steps {
            note: text(&job["before_script"][0]),
            mark: None,
            report: text(&job["after_script"][0]),
            environment: environment(&job["variables"], |value| {
                let name = value.strip_prefix('$');
                name.map_or_else(|| value.to_owned(), |name| variables[name].clone())
            }),
        }
    },
    variables: &[
        ("CI_ENVIRONMENT_NAME", "production"),
        ("CI_JOB_URL", "https://gitlab.com/acme/api/-/jobs/502"),
        ("CI_PROJECT_PATH", "acme/api"),
        ("GITLAB_USER_LOGIN", "jane"),
    ],
    attempts: [
        &[("CI_JOB_ID", "501")],
        &[("CI_JOB_ID", "502")],
        &[("CI_JOB_ID", "503")],
        &[("CI_JOB_ID", "504")],
    ],
    result: "CI_JOB_STATUS",
    results: &[
        result("success", true, "success"),
        result("failed", false, "failure"),
        result("timedout", false, "failure"),
        result("canceled", false, "cancelled"),
    ],
    commit: "CI_COMMIT_SHA",
    warning: "\u{1b}[33mWarning: ",
    triggered_by: Some("GITLAB_USER_LOGIN"),
    always_reports: true,
};

pub(crate) const JENKINS: Ci = Ci {
    name: "jenkins",
    file: include_str!("../../../../dashboard/snippets/jenkins.groovy"),
    shells: &["sh -xe", "busybox sh -xe"],
    read: |file, _| {
        let between = |start: &str, end: &str| {
            let (_, rest) = file.split_once(start).unwrap();
            rest.split_once(end).unwrap().0.replace("\\\\", "\\")
        };
        let settings = file.lines().filter_map(|line| {
            let (name, value) = line.trim().split_once(" = '")?;
            Some((name.to_owned(), value.split_once('\'')?.0.to_owned()))
        });
        Steps {
            note: between("sh(script: '", "'"),
            mark: Some(format!("mkdir {}", between("sh 'mkdir ", "'"))),
            report: between("sh '''", "'''"),
            environment: settings
                .filter(|(name, _)| name.starts_with("PERISCOPE_"))
                .collect(),
        }
    },
    variables: &[
        ("BUILD_URL", "https://jenkins.example.org/job/acme/job/api/"),
        ("STAGE_NAME", "Deploy / live"),
    ],
    attempts: [
        &[("BUILD_TAG", "jenkins-acme-api-1")],
        &[("BUILD_TAG", "jenkins-acme-api-2")],
        &[("BUILD_TAG", "jenkins-acme-api-3")],
        &[("BUILD_TAG", "jenkins-acme-api-4")],
    ],
    result: "RESULT",
    results: &[
        result("SUCCESS", true, "success"),
        result("UNSTABLE", true, "success"),
        // Another stage failed beside this one.
        result("FAILURE", true, "success"),
        result("FAILURE", false, "failure"),
        result("ABORTED", false, "cancelled"),
    ],
    commit: "GIT_COMMIT",
    warning: "WARNING: ",
    triggered_by: None,
    always_reports: false,
};

pub(crate) const AZURE: Ci = Ci {
    name: "azure",
    file: include_str!("../../../../dashboard/snippets/azure.yml"),
    shells: &["bash --noprofile --norc"],
    read: |file, variables| {
        let steps = &yaml(file)[0];
        assert_eq!(
            text(&steps[1]["condition"]),
            "and(always(), ne(variables['PERISCOPE_STARTED'], ''))"
        );
        Steps {
            note: text(&steps[0]["bash"]),
            mark: None,
            report: text(&steps[1]["bash"]),
            environment: environment(&steps[1]["env"], |value| replace(value, "$(", ")", variables)),
        }
    },
    variables: &[
        ("BUILD_REQUESTEDFOR", "Jane Doe"),
        ("Build.Repository.Name", "acme/api"),
        ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/acme/"),
        ("SYSTEM_JOBATTEMPT", "1"),
        ("SYSTEM_JOBNAME", "__default"),
        ("SYSTEM_PHASENAME", "api"),
        ("SYSTEM_STAGENAME", "Deploy"),
        ("SYSTEM_TEAMPROJECTID", "7d4f8c1e-0000-4000-8000-000000000001"),
    ],
    attempts: [
        &[("BUILD_BUILDID", "301"), ("SYSTEM_STAGEATTEMPT", "1")],
        &[("BUILD_BUILDID", "302"), ("SYSTEM_STAGEATTEMPT", "1")],
        &[
            ("BUILD_BUILDID", "302"),
            ("SYSTEM_STAGEATTEMPT", "1"),
            ("SYSTEM_JOBATTEMPT", "2"),
        ],
        &[("BUILD_BUILDID", "301"), ("SYSTEM_STAGEATTEMPT", "2")],
    ],
    result: "AGENT_JOBSTATUS",
    results: &[
        result("Succeeded", true, "success"),
        result("SucceededWithIssues", true, "success"),
        result("Failed", false, "failure"),
        result("Canceled", false, "cancelled"),
    ],
    commit: "BUILD_SOURCEVERSION",
    warning: "##vso[task.logissue type=warning]",
    triggered_by: Some("BUILD_REQUESTEDFOR"),
    always_reports: false,
};

pub(crate) const CIRCLECI: Ci = Ci {
    name: "circleci",
    file: include_str!("../../../../dashboard/snippets/circleci.yml"),
    shells: &["bash -eo pipefail", "busybox sh -eo pipefail", "dash -e"],
    read: |file, _| {
        let steps = &yaml(file)[0];
        let report = &steps[2]["run"];
        assert_eq!(text(&report["when"]), "always");
        // Parameters are written so.
        assert!(!file.contains("<<"), "{file}");
        Steps {
            note: text(&steps[0]["run"]["command"]),
            mark: Some(text(&steps[1]["run"])),
            report: text(&report["command"]),
            environment: environment(&report["environment"], str::to_owned),
        }
    },
    variables: &[
        ("CIRCLE_BUILD_URL", "https://circleci.com/gh/acme/api/7"),
        ("CIRCLE_USERNAME", "jane"),
    ],
    attempts: [
        &[("CIRCLE_WORKFLOW_JOB_ID", "7f3c2b1e-0000-4000-8000-000000000001")],
        &[("CIRCLE_WORKFLOW_JOB_ID", "7f3c2b1e-0000-4000-8000-000000000002")],
        &[("CIRCLE_WORKFLOW_JOB_ID", "7f3c2b1e-0000-4000-8000-000000000003")],
        &[("CIRCLE_WORKFLOW_JOB_ID", "7f3c2b1e-0000-4000-8000-000000000004")],
    ],
    result: "",
    results: &[
        result("", true, "success"),
        result("", false, "failure"),
        JobResult {
            word: "cancelled",
            has_deployed: false,
            status: None,
        },
    ],
    commit: "CIRCLE_SHA1",
    warning: "\u{1b}[33mWarning: ",
    triggered_by: Some("CIRCLE_USERNAME"),
    always_reports: true,
};

fn yaml(file: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(file).unwrap()
}

fn text(value: &Yaml) -> String {
    let number = value.as_i64().map(|number| number.to_string());
    value.as_str().map(str::to_owned).or(number).unwrap()
}

fn environment(values: &Yaml, evaluated: impl Fn(&str) -> String) -> Variables {
    let values = values.as_hash().unwrap().iter();
    values
        .map(|(name, value)| (text(name), evaluated(&text(value))))
        .collect()
}

/// Replaces expressions by the first of their alternatives that has a value.
fn replace(value: &str, start: &str, end: &str, variables: &Variables) -> String {
    let Some((before, rest)) = value.split_once(start) else {
        return value.to_owned();
    };
    let (expression, after) = rest.split_once(end).unwrap();
    let mut alternatives = expression.split("||").map(|name| {
        let name = name.trim().trim_start_matches("secrets.");
        variables
            .get(name)
            .unwrap_or_else(|| panic!("{name} has no value"))
    });
    let found = alternatives
        .find(|value| !value.is_empty())
        .map_or("", String::as_str);
    format!("{before}{found}{}", replace(after, start, end, variables))
}
