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

fn make_programs(folder: &Path, version: &str) {
    std::fs::create_dir(folder).unwrap();
    for program in ["initdb", "postgres"] {
        let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
        std::fs::write(folder.join(program), script).unwrap();
        std::fs::set_permissions(folder.join(program), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}
