use crate::program::Folder;
use periscope_adapters::postgres::testing::TestDatabase;
use serde_json::json;
use std::path::Path;
use std::process::Command;

#[test]
fn organizations_are_made_listed_and_shown() {
    let folder = Folder::new();
    let made = folder.json(&[
        "org",
        "create",
        "acme",
        "--name",
        "Acme Corp",
        "--plan",
        "business",
    ]);
    assert_eq!(
        (&made["slug"], &made["name"], &made["plan"]),
        (&"acme".into(), &"Acme Corp".into(), &"business".into())
    );
    assert_eq!(folder.json(&["org", "show", "acme"]), made);
    assert!(folder.run(&["org", "list"]).stdout.contains("Acme Corp"));
    let again = folder.run(&["org", "create", "acme"]);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (Some(1), "error: there is an organization acme already\n")
    );
    let unknown = folder.run(&["org", "show", "globex"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("there is no organization globex"),
        "{}",
        unknown.stderr
    );
    assert_eq!(folder.run(&["org", "create", "Not A Slug"]).code, Some(2));
}

#[test]
fn an_organization_is_removed_once_its_slug_is_confirmed() {
    let folder = Folder::new();
    for slug in ["acme", "globex"] {
        folder.json(&["org", "create", slug]);
        folder.run(&["key", "create", "--org", slug]);
    }
    let mistaken = folder.run(&["org", "remove", "acme", "--confirm", "globex"]);
    assert_eq!(
        (mistaken.code, mistaken.stderr.as_str()),
        (
            Some(1),
            "error: --confirm is globex, not acme: nothing was removed\n"
        )
    );
    assert_eq!(folder.run(&["org", "remove", "acme"]).code, Some(2));
    let removed = folder.run(&["org", "remove", "acme", "--confirm", "acme"]);
    assert_eq!(
        removed.stdout,
        "organization acme is removed with everything of it; rows deleted: 1\n"
    );
    let left = folder.run(&["org", "list"]).stdout;
    assert!(left.contains("globex") && !left.contains("acme"), "{left}");
    let keys = folder.json(&["key", "list", "--org", "globex"]);
    assert_eq!(keys.as_array().unwrap().len(), 1);
    let again = folder.run(&["org", "remove", "acme", "--confirm", "acme"]);
    assert!(
        again.stderr.contains("there is no organization acme"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_key_is_shown_once_and_alone() {
    let folder = Folder::new();
    folder.json(&["org", "create", "acme"]);
    let made = folder.run(&["key", "create", "--org", "acme", "--scope", "read"]);
    let key = made.stdout.trim();
    assert!(
        key.starts_with("psk_live_") && !key.contains(char::is_whitespace),
        "{key}"
    );
    assert!(!folder.run(&["key", "list", "--org", "acme"]).stdout.contains(key));
    let listed = folder.json(&["key", "list", "--org", "acme"]);
    let id = listed[0]["id"].to_string();
    assert_eq!(listed[0]["revokedAt"], serde_json::Value::Null);
    assert!(folder.json(&["key", "revoke", "--org", "acme", &id])["revokedAt"].is_string());
    assert_eq!(
        folder.run(&["key", "revoke", "--org", "acme", "999"]).code,
        Some(1)
    );
}

#[test]
fn a_key_that_would_never_work_is_not_made() {
    let folder = Folder::new();
    folder.json(&["org", "create", "acme"]);
    let expired = folder.run(&[
        "key",
        "create",
        "--org",
        "acme",
        "--expires",
        "2020-01-01T00:00:00Z",
    ]);
    assert_eq!(
        (expired.code, expired.stderr.as_str()),
        (Some(1), "error: --expires is in the past\n")
    );
    let nonsense = folder.run(&["key", "create", "--expires", "90"]);
    assert_eq!(nonsense.code, Some(2));
    assert!(
        nonsense.stderr.contains("such as 90d, a date"),
        "{}",
        nonsense.stderr
    );
    assert_eq!(
        folder.json(&["key", "list", "--org", "acme"]),
        serde_json::json!([])
    );
}

#[test]
fn a_key_is_revoked_by_its_name() {
    let folder = Folder::new();
    folder.json(&["org", "create", "acme"]);
    let made = folder.json(&["key", "create", "--name", "ci", "--expires", "90d"]);
    assert!(made["expiresAt"].is_string());
    let revoked = folder.json(&["key", "revoke", "ci"]);
    assert_eq!(revoked["id"], made["id"]);
    let again = folder.run(&["key", "revoke", "ci"]);
    assert_eq!(
        again.stderr,
        "error: organization acme has no key ci that still works: it is revoked already\n"
    );
}

#[test]
fn github_is_connected_once_unless_its_secret_is_to_be_another() {
    let folder = Folder::new();
    folder.json(&["org", "create", "acme"]);
    let secret = folder.run(&["github", "connect"]).stdout;
    assert_eq!(secret.trim().len(), 64);
    let again = folder.run(&["github", "connect"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(1), ""));
    assert!(
        again
            .stderr
            .contains("`periscope github connect --org acme --rotate` makes another"),
        "{}",
        again.stderr
    );
    let other = folder.run(&["github", "connect", "--rotate"]).stdout;
    assert!(other.trim().len() == 64 && other != secret);
}

#[test]
fn github_is_told_the_public_address() {
    let folder = Folder::new();
    folder.json(&["org", "create", "acme"]);
    let connect = &[
        "github",
        "connect",
        "--org",
        "acme",
        "--public-url",
        "https://x.example/p/",
    ];
    assert_eq!(
        folder.json(connect)["url"],
        "https://x.example/p/api/webhooks/github/acme"
    );
    let told = folder.run(&[&connect[..], &["--rotate"]].concat()).stderr;
    assert!(
        told.contains("payload URL https://x.example/p/api/webhooks/github/acme, "),
        "{told}"
    );
}

/// A clone of four commits with a tag each, a second apart, so that they are in order.
fn make_clone(clone: &Path) {
    let git = |second: usize, arguments: &[&str]| {
        let date = format!("{} +0000", 1_704_067_200 + second);
        let output = Command::new("git")
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-C"])
            .arg(clone)
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    std::fs::create_dir(clone).unwrap();
    git(0, &["init", "--quiet", "--initial-branch", "main"]);
    for (second, message) in ["one (#1)", "two (#2)", "no number", "two again (#2)"]
        .into_iter()
        .enumerate()
    {
        git(
            second,
            &["commit", "--quiet", "--allow-empty", "--message", message],
        );
        let tag = message.replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
        git(second, &["tag", &tag]);
    }
}

#[test]
fn a_clone_is_imported_once() {
    let folder = Folder::new();
    let clone = folder.path().join("clone");
    make_clone(&clone);
    folder.json(&["org", "create", "acme"]);
    let path = clone.to_str().unwrap();
    let arguments = [
        "import",
        "git",
        path,
        "--org",
        "acme",
        "--repository",
        "acme/api",
        "--tags-as-deployments",
    ];
    let dry = folder.json(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(
        (&dry["pullRequests"], &dry["deployments"], &dry["recorded"]),
        (&2.into(), &4.into(), &0.into())
    );
    for recorded in [2, 0] {
        let told = folder.json(&arguments);
        assert_eq!(
            (&told["pullRequests"], &told["recorded"]),
            (&2.into(), &recorded.into())
        );
        assert_eq!(
            (&told["commits"], &told["recordedCommits"]),
            (&4.into(), &(recorded * 2).into())
        );
        assert_eq!((&told["deployments"], &told["links"]), (&4.into(), &2.into()));
    }
    let explain =
        |about: &[&str]| folder.json(&[&["explain", about[0], "--org", "acme"], &about[1..]].concat());
    let deployment = explain(&["deployment", "tag:two2"]);
    assert_eq!(deployment["links"][0]["pullRequest"]["number"], 2);
    assert_eq!(deployment["notLinked"][0]["code"], "in_base");
    let text = folder.run(&["explain", "deployment", "--org", "acme", "tag:two2"]);
    assert!(
        text.stdout
            .contains("merged before, and not in it:\n  acme/api#1"),
        "{}",
        text.stdout
    );
    let pull_request = explain(&["pull-request", "acme/api", "#1"]);
    assert_eq!(
        pull_request["shippedBy"][0]["deployment"]["deploymentId"],
        "tag:one1"
    );
    let text = folder.run(&["explain", "pull-request", "--org", "acme", "acme/api", "1"]);
    assert!(
        text.stdout.contains("One deployment shipped it.")
            && text.stdout.contains("\ndelivered first by tag:one1 of acme/api,"),
        "{}",
        text.stdout
    );
    let unmonitored = folder.json(&["repository", "unmonitor", "--org", "acme", "acme/api"]);
    assert_eq!(unmonitored[0]["fullName"], "acme/api");
    assert_eq!(unmonitored[0]["monitored"], false);
    folder.run(&["repository", "alias", "--org", "acme", "acme/api", "checkout"]);
    assert_eq!(
        folder.json(&["repository", "list", "--org", "acme"])[0]["aliases"][0],
        "checkout"
    );
    let remove = [
        "repository",
        "alias",
        "--remove",
        "--org",
        "acme",
        "acme/api",
        "Checkout",
    ];
    assert_eq!(folder.json(&remove)[0]["aliases"], serde_json::json!([]));
    let again = folder.run(&remove);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (Some(1), "error: acme/api has no alias Checkout\n")
    );
}

#[tokio::test]
async fn a_schema_that_is_behind_or_newer_is_refused_with_a_sentence() {
    let folder = Folder::new();
    let database = TestDatabase::create_empty().await;
    let url = database.url();
    let on = |arguments: &[&str]| folder.run(&[arguments, &["--database-url", &url]].concat());
    let behind = on(&["serve"]);
    assert_eq!(behind.code, Some(1));
    assert!(
        behind.stderr.contains("run `periscope migrate` first"),
        "{}",
        behind.stderr
    );
    assert_eq!(on(&["migrate"]).code, Some(0));
    assert_eq!(on(&["migrate"]).stdout, "the schema is up to date\n");
    database
        .execute("insert into __diesel_schema_migrations (version) values ('29990101000000')")
        .await;
    for arguments in [
        &["serve"][..],
        &["migrate"],
        &["serve", "--migrate"],
        &["org", "list"],
    ] {
        let outcome = on(arguments);
        assert_eq!(outcome.code, Some(1));
        assert!(
            outcome.stderr.contains("newer than this version of periscope"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_wrong_start_lists_every_mistake() {
    let folder = Folder::new();
    let output = folder
        .command(&["org", "list"])
        .env("PERISCOPE_POOL_SIZE", "none")
        .env("PERISCOPE_SECRET_KEY", "short")
        .env("PERISCOPE_PUBLIC_URL", "periscope.example.org")
        .env("DATABASE_URL", "postgres://somebody:hidden@localhost/x")
        .env("DATABASE_URL_FILE", "/nowhere")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr.lines().count(), 4, "{stderr}");
    for text in [
        "PERISCOPE_POOL_SIZE must be",
        "PERISCOPE_SECRET_KEY must have",
        "PERISCOPE_PUBLIC_URL must be",
        "DATABASE_URL and DATABASE_URL_FILE",
    ] {
        assert!(stderr.contains(text), "{stderr}");
    }
    assert!(!stderr.contains("hidden") && !stderr.contains("short"));
}

#[test]
fn environments_are_listed_with_their_tiers_and_rules_give_them_others() {
    let folder = Folder::new();
    folder.json(&["org", "create", "acme"]);
    let none = folder.run(&["environment", "list"]);
    assert_eq!(none.stdout, "no deployment has been reported yet\n");
    let set = folder.json(&["environment", "set", "Prod*", "--tier", "production"]);
    let rules = json!([{"environment": "prod*", "tier": "production"}]);
    assert_eq!(set, json!({"environments": [], "rules": rules}));
    let listed = folder.run(&["environment", "list", "--org", "acme"]);
    assert!(listed.stdout.contains("prod*"), "{}", listed.stdout);
    let wrong = folder.run(&["environment", "set", "qa", "--tier", "quality"]);
    assert_eq!(wrong.code, Some(2));
    let tiers = "must be one of: production, staging, testing, development, preview, other";
    assert!(wrong.stderr.contains(tiers), "{}", wrong.stderr);
    let removed = folder.json(&["environment", "remove", "prod*"]);
    assert_eq!(removed, json!({"environments": [], "rules": []}));
    let again = folder.run(&["environment", "remove", "prod*"]);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (
            Some(1),
            "error: acme has no rule prod*; `periscope environment list --org acme` shows them\n"
        )
    );
}

#[test]
fn a_repository_gets_another_name_and_is_found_by_the_one_before() {
    let folder = Folder::new();
    folder.json(&["org", "create", "acme"]);
    let unknown = folder.run(&["repository", "rename", "acme/api", "acme/edge"]);
    assert_eq!(
        (unknown.code, unknown.stderr.as_str()),
        (Some(1), "error: there is no repository acme/api\n")
    );
}
