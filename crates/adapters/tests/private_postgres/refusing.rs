//! What cannot work is said in words that help, and nothing is touched.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::Uid;
use periscope_adapters::postgres::private::{Options, Owner, PrivatePostgres};

use crate::fixture::{Folder, refusal, try_connect};

#[tokio::test]
async fn a_folder_of_somebody_elses_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let options = folder.options(Owner::Service);
    std::fs::create_dir(&options.data_dir).unwrap();
    std::fs::write(options.data_dir.join("thesis.txt"), "all of it").unwrap();
    let said = refusal(&options).await;
    assert!(said.contains("holds files that Periscope did not make"), "{said}");
    assert_eq!(options.data_dir.read_dir().unwrap().count(), 1);
}

#[tokio::test]
async fn a_planted_link_is_refused_and_leaves_its_target_as_it_is() {
    for planted in [
        "periscope.lock",
        "periscope.guests",
        "start.log",
        "secret_key",
        "postgres",
        "postgres/log/postgres-1.log",
    ] {
        let folder = Folder::new();
        let options = folder.options(Owner::Command);
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "all of it").unwrap();
        let link = options.data_dir.join(planted);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        if planted != "periscope.lock" {
            make_lock(&options.data_dir, 0o600);
        }
        std::os::unix::fs::symlink(&precious, &link).unwrap();
        let said = refusal(&options).await;
        assert!(
            said.contains(planted) && said.contains("is a link, which Periscope never makes"),
            "{said}"
        );
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "all of it");
    }
}

#[tokio::test]
async fn a_folder_that_came_with_a_checkout_is_refused() {
    let folder = Folder::new();
    let options = folder.options(Owner::Command);
    std::fs::create_dir(&options.data_dir).unwrap();
    make_lock(&options.data_dir, 0o644);
    let said = refusal(&options).await;
    assert!(said.contains("periscope.lock is open to other users"), "{said}");
    assert_eq!(options.data_dir.read_dir().unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_of_another_owner_is_refused() {
    if !Uid::effective().is_root() {
        // Only root can make one.
        return;
    }
    for owned in ["", "periscope.lock"] {
        let folder = Folder::new();
        let options = folder.options(Owner::Service);
        std::fs::create_dir(&options.data_dir).unwrap();
        make_lock(&options.data_dir, 0o600);
        std::os::unix::fs::chown(options.data_dir.join(owned), Some(65_534), None).unwrap();
        let said = refusal(&options).await;
        assert!(
            said.contains("belongs to user nobody; run Periscope as"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn who_wants_existing_data_makes_none() {
    let folder = Folder::new();
    let options = folder.options(Owner::Command);
    for is_there in [false, true] {
        if is_there {
            std::fs::create_dir(&options.data_dir).unwrap();
        }
        let refused = PrivatePostgres::open_existing(&options).await;
        let said = refused.unwrap_err().to_string();
        assert!(said.ends_with("/data holds no private Postgres"), "{said}");
        assert_eq!(options.data_dir.exists(), is_there);
    }
    // As a first start leaves it that was killed.
    make_lock(&options.data_dir, 0o600);
    assert!(PrivatePostgres::open_existing(&options).await.is_err());
    PrivatePostgres::open(&options).await.unwrap().stop().await;
    let postgres = PrivatePostgres::open_existing(&options).await.unwrap();
    assert!(try_connect(postgres.url()).await.is_ok());
    assert_eq!(
        std::fs::read_to_string(options.data_dir.join(".gitignore")).unwrap(),
        "*\n"
    );
}

#[tokio::test]
async fn kept_data_is_not_used_for_an_ephemeral_server() {
    let folder = Folder::new();
    let options = folder.options(Owner::Service);
    PrivatePostgres::open(&options).await.unwrap().stop().await;
    let said = refusal(&Options {
        ephemeral: true,
        ..options.clone()
    })
    .await;
    assert!(said.contains("holds data already"), "{said}");
    assert!(!PrivatePostgres::open(&options).await.unwrap().is_first_start());
}

#[tokio::test]
async fn without_programs_it_says_what_to_install_and_where_it_looked() {
    let folder = Folder::new();
    let options = Options {
        programs: Some("/nowhere/bin".into()),
        ..folder.options(Owner::Service)
    };
    let said = refusal(&options).await;
    assert!(
        said.contains("apt install postgresql") && said.contains("searched: /nowhere/bin"),
        "{said}"
    );
}

#[tokio::test]
async fn data_of_another_major_version_is_opened_by_programs_of_its_own() {
    let folder = Folder::new();
    let options = folder.options(Owner::Service);
    PrivatePostgres::open(&options).await.unwrap().stop().await;
    let newer = folder.path().join("newer");
    make_programs(&newer, "99.1");

    let said = refusal(&Options {
        programs: Some(newer.clone()),
        ..options.clone()
    })
    .await;
    assert!(
        said.contains("but only 99 in ") && said.contains("install PostgreSQL 1"),
        "{said}"
    );

    let path = std::env::join_paths([newer.into_os_string(), OsString::from("/usr/local/bin")]).unwrap();
    let postgres = PrivatePostgres::open(&Options {
        path: Some(path),
        ..options
    })
    .await
    .unwrap();
    assert!(try_connect(postgres.url()).await.is_ok());
}

#[tokio::test]
async fn programs_that_the_servers_user_cannot_reach_are_named() {
    if !Uid::effective().is_root() {
        // Then the server's user is who runs the tests.
        return;
    }
    let folder = Folder::new();
    let hidden = folder.path().join("hidden");
    make_programs(&hidden, "15.1");
    let options = Options {
        programs: Some(hidden),
        ..folder.options(Owner::Service)
    };
    let said = refusal(&options).await;
    let blocked = format!("may not enter {}", folder.path().display());
    assert!(said.contains(&blocked), "{said}");
}

#[tokio::test]
async fn what_a_failing_program_says_is_passed_on() {
    let folder = Folder::new();
    let options = folder.options(Owner::Service);
    PrivatePostgres::open(&options).await.unwrap().stop().await;
    std::fs::remove_file(options.data_dir.join("postgres/global/pg_control")).unwrap();
    let said = refusal(&options).await;
    assert!(said.contains("pg_control"), "{said}");
}

fn make_lock(data_dir: &Path, mode: u32) {
    let lock = data_dir.join("periscope.lock");
    std::fs::write(&lock, "").unwrap();
    std::fs::set_permissions(&lock, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn make_programs(folder: &Path, version: &str) {
    std::fs::create_dir(folder).unwrap();
    for program in ["initdb", "postgres"] {
        let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
        std::fs::write(folder.join(program), script).unwrap();
        std::fs::set_permissions(folder.join(program), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}
