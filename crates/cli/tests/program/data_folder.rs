//! Which private Postgres a command uses, and that only `serve` and `import` make one.

use crate::program::{Folder, Outcome};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// The binary in a folder, without a word of where its data is.
fn command_in(folder: &Folder, here: &Path, arguments: &[&str]) -> Command {
    let mut command = folder.command(arguments);
    command.env_remove("PERISCOPE_DATA_DIR").current_dir(here);
    command
}

fn run_in(folder: &Folder, here: &Path, arguments: &[&str]) -> Outcome {
    Folder::outcome(command_in(folder, here, arguments))
}

#[test]
fn a_command_in_another_folder_makes_no_database_and_says_what_to_set() {
    let folder = Folder::without_database();
    for arguments in [
        &["doctor"][..],
        &["org", "list"],
        &["org", "create", "acme"],
        &["migrate"],
        &["report"],
        &["key", "list"],
    ] {
        let outcome = run_in(&folder, folder.path(), arguments);
        assert_eq!(outcome.code, Some(1), "{arguments:?}");
        assert!(
            outcome
                .stderr
                .contains("or set DATABASE_URL or PERISCOPE_DATA_DIR"),
            "{}",
            outcome.stderr
        );
        let outcome = folder.run(arguments);
        assert_eq!(outcome.code, Some(1), "{arguments:?}");
        assert!(
            outcome.stderr.contains("/data, which holds no private Postgres"),
            "{}",
            outcome.stderr
        );
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_command_finds_the_database_of_a_folder_above() {
    let folder = Folder::without_database();
    let below = folder.path().join("src/api");
    fs::create_dir_all(&below).unwrap();
    let service = Folder::start(command_in(&folder, folder.path(), &["serve"]));
    let listed = run_in(&folder, &below, &["org", "list"]);
    assert!(listed.stdout.contains("local"), "{}", listed.stderr);
    assert_eq!(service.stop().0, Some(0));
    let service = Folder::start(command_in(&folder, &below, &["serve"]));
    assert!(!service.said.contains("psk_live_"), "{}", service.said);
    assert_eq!(service.stop().0, Some(0));
    assert!(!below.join(".periscope").exists());
}

#[test]
fn an_import_makes_the_first_database_and_serve_shows_its_first_key() {
    let folder = Folder::without_database();
    let arguments = [
        "import",
        "git",
        "missing",
        "--org",
        "local",
        "--repository",
        "acme/api",
    ];
    let imported = run_in(&folder, folder.path(), &arguments);
    let made = imported.stderr.lines().next().unwrap();
    assert!(
        made.starts_with("DATABASE_URL is not set: made a private Postgres in ")
            && made.ends_with("/.periscope"),
        "{}",
        imported.stderr
    );
    assert!(
        !run_in(&folder, folder.path(), &arguments)
            .stderr
            .contains("DATABASE_URL")
    );
    let listed = run_in(&folder, folder.path(), &["org", "list"]);
    assert!(listed.stdout.contains("local"), "{}", listed.stderr);
    let service = Folder::start(command_in(&folder, folder.path(), &["serve"]));
    assert!(service.key().starts_with("psk_live_"));
    assert_eq!(service.stop().0, Some(0));
}

#[test]
fn a_link_planted_in_a_checkout_empties_no_file() {
    let folder = Folder::without_database();
    let data = folder.path().join(".periscope");
    let precious = folder.path().join("precious");
    fs::create_dir(&data).unwrap();
    fs::write(&precious, "all of it").unwrap();
    symlink(&precious, data.join("periscope.lock")).unwrap();
    for arguments in [&["org", "list"][..], &["doctor"], &["serve"]] {
        let outcome = run_in(&folder, folder.path(), arguments);
        assert_eq!(outcome.code, Some(1));
        assert!(
            outcome.stderr.contains("/.periscope/periscope.lock is a link"),
            "{}",
            outcome.stderr
        );
        assert_eq!(fs::read_to_string(&precious).unwrap(), "all of it");
    }
}

#[test]
fn an_older_schema_of_the_private_database_is_brought_up_to_date() {
    // A database without a single table is the oldest there is.
    for arguments in [&["org", "list"][..], &["doctor"]] {
        let folder = Folder::new();
        let first = folder.run(arguments);
        assert_eq!(first.code, Some(0), "{}", first.stderr);
        let told = first.stderr.lines().next().unwrap();
        assert!(
            told.starts_with("brought the schema of the private Postgres in ")
                && told.ends_with(" migrations"),
            "{}",
            first.stderr
        );
        assert!(!folder.run(arguments).stderr.contains("schema"));
    }
}
