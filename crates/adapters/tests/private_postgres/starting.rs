//! First and later starts, in every kind of place.

use nix::unistd::{Uid, User};
use periscope_adapters::postgres::private::{Durability, Options, Owner, PrivatePostgres};

use crate::fixture::{Folder, ask, connect, refusal, socket_folder, try_connect, wait_until};
use crate::other_process::OtherProcess;

#[tokio::test]
async fn what_was_written_is_there_after_the_next_start() {
    let folder = Folder::new();
    let options = folder.options(Owner::Service);
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert!(postgres.is_first_start());
    connect(postgres.url())
        .await
        .batch_execute("create table kept as select 'kept' as word")
        .await
        .unwrap();
    postgres.stop().await;

    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert!(!postgres.is_first_start());
    assert_eq!(ask(&postgres, "select word from kept").await, "kept");
}

#[tokio::test]
async fn a_path_may_hold_spaces_quotes_and_percent_signs() {
    let folder = Folder::new();
    let options = folder.options_at("it's 100% \"odd\" \\ ü", Owner::Service);
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert_eq!(ask(&postgres, "select current_user::text").await, "periscope");
}

#[tokio::test]
async fn a_path_may_be_longer_than_the_address_of_a_socket() {
    let folder = Folder::new();
    let options = folder.options_at([&*"long".repeat(50); 3].join("/"), Owner::Service);
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    let socket_folder = socket_folder(postgres.url());
    assert!(
        socket_folder.starts_with(std::env::temp_dir()),
        "{socket_folder:?}"
    );
    let first_url = postgres.url().to_owned();
    postgres.stop().await;
    assert!(!std::fs::exists(&socket_folder).unwrap());
    assert!(try_connect(&first_url).await.is_err());

    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert_eq!(
        ask(&postgres, "select current_database()::text").await,
        "periscope"
    );
}

#[tokio::test]
async fn the_service_is_no_superuser_and_nobody_else_may_connect() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    assert_eq!(
        ask(
            &postgres,
            "select rolsuper::text from pg_roles where rolname = current_user"
        )
        .await,
        "false"
    );
    assert_eq!(
        ask(&postgres, "select current_setting('listen_addresses')").await,
        ""
    );
    let as_superuser = postgres.url().replace("//periscope@", "//postgres@");
    let refused = try_connect(&as_superuser).await.err().unwrap();
    assert!(
        refused
            .as_db_error()
            .unwrap()
            .message()
            .contains("no pg_hba.conf entry"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_service_may_make_databases() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    connect(postgres.url())
        .await
        .batch_execute("create database another")
        .await
        .unwrap();
    let (server, _) = postgres.url().rsplit_once('/').unwrap();
    let client = connect(&format!("{server}/another")).await;
    client.batch_execute("create table made (at int)").await.unwrap();
}

#[tokio::test]
async fn an_ephemeral_server_leaves_no_folder() {
    let folder = Folder::new();
    let options = Options {
        ephemeral: true,
        durability: Durability::None,
        ..folder.options(Owner::Service)
    };
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert_eq!(ask(&postgres, "select current_setting('fsync')").await, "off");
    postgres.stop().await;
    assert!(!options.data_dir.exists());
}

#[test]
fn an_ephemeral_server_leaves_no_folder_when_its_process_just_ends() {
    let folder = Folder::new();
    let mut other = OtherProcess::start(&folder, Owner::Service, true);
    other.url();
    other.tell("exit");
    wait_until(|| (!folder.path().join("data").exists()).then_some(())).unwrap();
}

#[test]
fn an_ephemeral_server_leaves_no_folder_when_its_process_is_killed_in_its_first_start() {
    let folder = Folder::new();
    let data = folder.path().join("data");
    let other = OtherProcess::start(&folder, Owner::Service, true);
    wait_until(|| has_begun(&folder).then_some(())).unwrap();
    other.kill();
    wait_until(|| (!data.exists()).then_some(())).unwrap();
}

#[tokio::test]
async fn a_user_without_rights_has_a_server_as_well() {
    let Some(nobody) = User::from_name("nobody")
        .unwrap()
        .filter(|_| Uid::effective().is_root())
    else {
        // Then all the other tests show it.
        return;
    };
    let folder = Folder::new();
    let mut other = OtherProcess::start_as(nobody.uid, &folder, Owner::Service);
    let url = other.url();
    // Root may connect, but does not run what another user's folder says.
    assert!(try_connect(&url).await.is_ok());
    other.stop();
    let said = refusal(&folder.options(Owner::Service)).await;
    assert!(said.contains("belongs to user nobody"), "{said}");

    let mut other = OtherProcess::start_as(nobody.uid, &folder, Owner::Service);
    other.url();
    other.stop();
}

/// Whether an `initdb` has begun to write.
pub(crate) fn has_begun(folder: &Folder) -> bool {
    let Ok(entries) = folder.path().join("data").read_dir() else {
        return false;
    };
    entries.flatten().any(|entry| {
        entry.path().join("global").exists() && entry.file_name().to_string_lossy().contains('-')
    })
}
