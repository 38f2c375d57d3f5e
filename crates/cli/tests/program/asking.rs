//! How a command may be asked, and how it refuses.

use crate::program::Folder;
use serde_json::json;

#[test]
fn the_organization_is_named_only_where_there_are_several() {
    let folder = Folder::new();
    let none = folder.run(&["key", "list"]);
    assert_eq!(
        none.stderr.lines().last(),
        Some("error: there is no organization: `periscope org create acme` makes one")
    );
    folder.json(&["org", "create", "acme"]);
    assert_eq!(folder.json(&["key", "list"]), json!([]));
    folder.json(&["org", "create", "globex"]);
    let two = folder.run(&["key", "list"]);
    assert_eq!(
        two.stderr,
        "error: name the organization with --org or PERISCOPE_ORG: acme, globex\n"
    );
    let in_variable = |slug: &str| {
        let mut command = folder.command(&["key", "create", "--output", "json"]);
        command.env("PERISCOPE_ORG", slug);
        Folder::outcome(command).code
    };
    assert_eq!([in_variable("globex"), in_variable("")], [Some(0), Some(1)]);
    assert_eq!(
        folder
            .json(&["key", "list", "--org", "globex"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn errors_are_json_where_answers_are() {
    let folder = Folder::new();
    for (arguments, code, error) in [
        (
            &["org", "show", "globex"][..],
            1,
            "there is no organization globex; `periscope org list` shows them",
        ),
        (
            &["org", "show"],
            2,
            "the following required arguments were not provided: <SLUG>",
        ),
        (&["org", "show", "Not A Slug"], 2, ""),
        (&["serve", "--listen", "localhost:8085"], 2, ""),
    ] {
        let outcome = folder.run(&[arguments, &["--output", "json"]].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(code), ""));
        let line = outcome.stderr.lines().last().unwrap();
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let said = json["error"].as_str().unwrap();
        assert!(
            said == error || error.is_empty() && !said.contains('\n'),
            "{line}"
        );
    }
    let mut command = folder.command(&["org", "list"]);
    command
        .env("PERISCOPE_OUTPUT", "json")
        .env("PERISCOPE_POOL_SIZE", "none")
        .env("PERISCOPE_PUBLIC_URL", "here");
    let outcome = Folder::outcome(command);
    let json: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(
        (outcome.code, json["details"].as_array().unwrap().len()),
        (Some(2), 2)
    );
    assert_eq!(json["details"][0]["message"], json["error"]);
}

#[test]
fn a_misspelt_variable_is_named_with_what_was_meant() {
    let folder = Folder::without_database();
    let mut command = folder.command(&["--version"]);
    command.env("PERISCOPE_LISTN", "127.0.0.1:1");
    assert_eq!(Folder::outcome(command).stderr, "");
    let mut command = folder.command(&["org", "list"]);
    command.env("PERISCOPE_LISTN", "127.0.0.1:1");
    let stderr = Folder::outcome(command).stderr;
    assert_eq!(
        stderr.lines().next(),
        Some("warning: PERISCOPE_LISTN is set and never read: did you mean PERISCOPE_LISTEN?")
    );
}

#[test]
fn completions_and_manual_pages_need_no_database() {
    let folder = Folder::without_database();
    let version = folder.run(&["--version"]).stdout;
    assert!(
        version.starts_with(concat!("periscope ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.run(&["completions", shell]).stdout;
        assert!(script.contains("pull-request"), "{script}");
    }
    assert!(folder.run(&["man"]).stdout.contains(".TH periscope 1"));
    let pages = folder.path().join("man");
    assert_eq!(
        folder.run(&["man", "--folder", pages.to_str().unwrap()]).code,
        Some(0)
    );
    assert!(pages.join("periscope-key-create.1").is_file());
}

#[test]
fn a_deployment_is_explained_by_whatever_name_is_at_hand() {
    const COMMIT: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678";
    let folder = Folder::new();
    let service = folder.serve();
    let key = service.key();
    let report = |id: &str, environment: &str, minute: u8| {
        let at = format!("2026-01-15T10:{minute:02}:00Z");
        let body = json!({
            "deploymentId": id,
            "commitSha": COMMIT,
            "environment": environment,
            "status": "success",
            "startedAt": at,
            "completedAt": at,
        });
        service.report(&key, &body).1["deploymentId"].to_string()
    };
    let number = report("tag:v1.0.1", "production", 10);
    report("gha-2", "staging", 20);
    let pull_requests = json!({
        "repository": "acme/api",
        "pullRequests": [{"number": 7, "mergeCommitSha": COMMIT, "mergedAt": "2026-01-15T09:00:00Z"}],
    });
    let (status, _) = service.call("POST /api/pull-requests", &key, &pull_requests.to_string());
    assert_eq!(status, 200);
    let by_id = folder.json(&["explain", "deployment", "tag:v1.0.1"]);
    assert_eq!(by_id["deployment"]["environment"], "production");
    for name in [
        "tag:v1.0.1",
        "v1.0.1",
        &number,
        &format!("#{number}"),
        &COMMIT[..7],
        COMMIT,
    ] {
        assert_eq!(folder.json(&["explain", name]), by_id, "{name}");
    }
    let staging = folder.json(&["explain", "--org", "local", "gha-2"]);
    assert_eq!(staging["deployment"]["environment"], "staging");
    let also = folder.run(&["explain", "a1b2c3d"]).stderr;
    assert!(also.contains("also deployed as gha-2, commit "), "{also}");
    let by_number = folder.json(&["explain", "pull-request", "acme/api", "#7"]);
    assert_eq!(
        by_number["shippedBy"][0]["deployment"]["deploymentId"],
        "tag:v1.0.1"
    );
    for arguments in [
        &["explain", "acme/api#7"][..],
        &["explain", "pull-request", "acme/api#7"],
    ] {
        assert_eq!(folder.json(arguments), by_number);
    }
    let unknown = folder.run(&["explain", "v9"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown
            .stderr
            .contains("local has no deployment v9: no sender's id,"),
        "{}",
        unknown.stderr
    );
    assert_eq!(folder.run(&["explain"]).code, Some(2));
    assert_eq!(service.stop().0, Some(0));
}
