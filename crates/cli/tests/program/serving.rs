use crate::program::Folder;
use serde_json::{Value, json};
use std::net::TcpListener;

pub(crate) fn report() -> Value {
    json!({
        "deploymentId": "gha-1",
        "commitSha": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
        "environment": "production",
        "status": "success",
        "startedAt": "2026-01-15T10:30:00Z",
        "completedAt": "2026-01-15T10:35:00Z",
    })
}

#[test]
fn the_first_start_shows_a_key_that_works_and_a_curl_with_it() {
    let folder = Folder::new();
    let service = folder.serve();
    let key = service.key();
    assert!(service.said.contains(&format!("Authorization: Bearer {key}")));
    let body = service
        .said
        .split_once("-d '")
        .unwrap()
        .1
        .split_once('\'')
        .unwrap()
        .0;
    let (status, answer) = service.report(&key, &serde_json::from_str(body).unwrap());
    assert_eq!((status, &answer["action"]), (201, &json!("created")));
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(&key) && log.contains("answered with 201"), "{log}");
    let again = folder.serve();
    assert!(!again.said.contains("psk_live_"));
    assert_eq!(again.stop().0, Some(0));
}

#[test]
fn the_first_try_is_removed_with_the_command_that_the_first_start_shows() {
    let folder = Folder::new();
    let service = folder.serve();
    let key = service.key();
    let command = "deployment remove --org local first";
    assert!(
        service.said.contains(&format!("periscope {command}\n")),
        "{}",
        service.said
    );
    let mut sent = report();
    sent["deploymentId"] = json!("first");
    let (_, first) = service.report(&key, &sent);
    let arguments: Vec<_> = command.split(' ').collect();
    let number = &first["deploymentId"];
    let removed = folder.run(&arguments);
    assert_eq!(
        removed.stdout,
        format!("deployment first (number {number}) is removed\n")
    );
    assert_eq!(service.get(&key, "/api/deployments")["deployments"], json!([]));
    let listed = folder.json(&["deployment", "removed"]);
    assert_eq!(listed[0]["deploymentId"], "first");
    assert_eq!(listed[0]["removedBy"], "command line");
    let again = folder.run(&arguments);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (Some(1), "error: local has no deployment first\n")
    );
    let (status, second) = service.report(&key, &sent);
    assert_eq!((status, &second["action"]), (201, &json!("created")));
    let number = second["deploymentId"].to_string();
    let removed = folder.json(&["deployment", "remove", "--org", "local", &number]);
    assert_eq!(removed["deploymentId"], "first", "by its number");
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = Folder::new();
    let service = folder.serve();
    let key = service.key();
    let (status, first) = service.report(&key, &report());
    assert_eq!(status, 201);
    drop(service);
    let service = folder.serve();
    let (status, second) = service.report(&key, &report());
    assert_eq!((status, &second["action"]), (200, &json!("updated")));
    assert_eq!(second["deploymentId"], first["deploymentId"]);
    let organization = folder.json(&["org", "show", "local"]);
    assert_eq!(organization["effectivePlan"], "business");
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn commands_beside_a_running_service_use_its_database() {
    let folder = Folder::new();
    let service = folder.serve();
    folder.json(&["org", "create", "acme"]);
    let made = folder.json(&["key", "create", "--org", "acme"]);
    let (status, _) = service.report(made["key"].as_str().unwrap(), &report());
    assert_eq!(status, 201);
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(folder.json(&["org", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = folder.run(&["serve", "--listen", &address]);
    assert_eq!(refused.code, Some(1));
    let hint = format!(
        "cannot listen on {address}: another program, perhaps another periscope, uses the port; stop it, or"
    );
    assert!(refused.stderr.contains(&hint), "{}", refused.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_may_hold_as_many_connections_as_the_system_allows() {
    let folder = Folder::new();
    let service = Folder::start(folder.script("ulimit -Sn 256 && exec \"$0\""));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", service.process_id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files"));
    let words: Vec<_> = files.unwrap().split_whitespace().collect();
    assert_eq!(words[3], words[4], "{limits}");
    assert_eq!(service.stop().0, Some(0));
}
