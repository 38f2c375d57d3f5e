use crate::program::Folder;
use periscope_adapters::postgres::testing::TestDatabase;
use serde_json::{Value, json};

/// Three deployments of January 2026, of which the second failed and the third ended that outage an hour later.
fn told() -> (Folder, Value) {
    let folder = Folder::new();
    let service = folder.serve();
    let key = service.key();
    for (id, status, completed_at) in [
        ("gha-1", "success", "2026-01-14T10:00:00Z"),
        ("gha-2", "failure", "2026-01-15T10:00:00Z"),
        ("gha-3", "success", "2026-01-15T11:00:00Z"),
    ] {
        let body = json!({
            "deploymentId": id,
            "commitSha": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
            "environment": "production",
            "status": status,
            "startedAt": completed_at,
            "completedAt": completed_at,
            "service": "api",
        });
        assert_eq!(service.report(&key, &body).0, 201);
    }
    let reading = folder.json(&["key", "create", "--org", "local", "--scope", "read"]);
    let question = "/api/metrics/overview?since=2026-01-01T00:00:00Z&until=2026-01-31T00:00:00Z";
    let answer = service.get(reading.get("key").and_then(Value::as_str).unwrap(), question);
    assert_eq!(service.stop().0, Some(0));
    (folder, answer)
}

const JANUARY: [&str; 7] = [
    "report",
    "--org",
    "local",
    "--since",
    "2026-01-01T00:00:00Z",
    "--until",
    "2026-01-31T00:00:00Z",
];

#[test]
fn a_report_has_the_figures_of_the_api_for_people_and_for_programs() {
    let (folder, over_http) = told();
    let overview = folder.json(&[&JANUARY[..], &["--metric", "overview"]].concat());
    assert_eq!(overview["overview"], over_http);
    let days = [
        "report",
        "--since",
        "2026-01-01",
        "--until",
        "2026-01-31",
        "--metric",
        "overview",
    ];
    assert_eq!(folder.json(&days), overview);
    assert_eq!(over_http["current"]["mttr"]["p50Minutes"], 60.0);
    let told = folder.run(&JANUARY);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    for line in [
        "local, production: 2026-01-01T00:00:00Z to 2026-01-31T00:00:00Z, UTC",
        "coverage: 0 of 2 (others: commit_unknown 2) of the successful production deployments",
        "time to recovery p50         1 h",
        "change failure rate          33.3 %",
        "rate by week    █",
        "p50 by week    █",
        "gha-2           failure  2026-01-15T10:00:00Z",
        "SUCCESSFUL  REDEPLOYMENTS  A DAY",
        "no data: No repository is monitored.",
    ] {
        assert!(told.stdout.contains(line), "{line}\n{}", told.stdout);
    }
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    let folder = Folder::new();
    for (arguments, message) in [
        (
            vec!["--time-range", "401d"],
            "must be a number of days from 1d to 400d",
        ),
        (
            vec!["--metric", "speed"],
            "must be one of: overview, deployment-frequency",
        ),
        (
            vec!["--time-zone", "Berlin"],
            "must be the IANA name of a time zone",
        ),
        (vec!["--since", "2026-01-01T00:00:00Z"], "--until"),
    ] {
        let outcome = folder.run(&[&["report", "--org", "local"], arguments.as_slice()].concat());
        assert_eq!(outcome.code, Some(2), "{arguments:?}");
        assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    }
}

#[test]
fn the_doctor_looks_at_the_installation_and_at_every_organization() {
    let (folder, _) = told();
    let groups = folder.json(&["doctor"]);
    let verdicts = |group: usize| -> Vec<(String, String)> {
        let checks = groups[group]["checks"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        checks
            .map(|check| (text(&check["name"]), text(&check["verdict"])))
            .collect()
    };
    let good = ["database", "durability", "clock", "schema", "queue"];
    assert_eq!(verdicts(0), good.map(|name| (name.to_owned(), "good".to_owned())));
    assert_eq!(groups[1]["organization"], "local");
    assert_eq!(
        verdicts(1).into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
        ["keys", "github", "runs", "environments", "links"]
    );
    let told = folder.run(&["doctor", "--org", "local"]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(
        told.stdout.contains("  good       durability  fsync on"),
        "{}",
        told.stdout
    );
}

#[test]
fn the_doctor_tells_what_is_bad_and_ends_so() {
    let folder = Folder::new();
    let nobody = folder
        .command(&["doctor"])
        .env(
            "DATABASE_URL",
            "postgres://periscope:secret@127.0.0.1:1/periscope",
        )
        .output()
        .unwrap();
    let told = String::from_utf8(nobody.stdout).unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    assert!(
        told.contains("bad        database    cannot connect to Postgres"),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn the_doctor_changes_nothing_of_somebody_elses() {
    let folder = Folder::new();
    let database = TestDatabase::create_empty().await;
    let looked = folder
        .command(&["doctor"])
        .env("DATABASE_URL", database.url())
        .output()
        .unwrap();
    let told = String::from_utf8(looked.stdout).unwrap();
    assert_eq!(looked.status.code(), Some(1), "{told}");
    assert!(told.contains("run `periscope migrate`"), "{told}");
}
