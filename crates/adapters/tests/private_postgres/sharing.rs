//! Two processes and one folder.

use periscope_adapters::postgres::private::{Owner, PrivatePostgres};

use crate::fixture::{Folder, ask, connect, try_connect};
use crate::other_process::OtherProcess;

#[tokio::test]
async fn a_second_service_is_told_who_has_the_folder() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    let said = OtherProcess::start(&folder, Owner::Service, false).says();
    let holder = format!(
        "is in use by another periscope service (process {})",
        std::process::id()
    );
    assert!(said.contains(&holder), "{said}");
    assert!(try_connect(postgres.url()).await.is_ok());
}

#[tokio::test]
async fn a_command_uses_the_server_of_a_running_service() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    let mut command = OtherProcess::start(&folder, Owner::Command, false);
    assert_eq!(command.url(), postgres.url());
    command.stop();
    assert!(try_connect(postgres.url()).await.is_ok());
}

#[tokio::test]
async fn a_service_does_not_wait_for_its_guests_when_it_stops() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    let mut command = OtherProcess::start(&folder, Owner::Command, false);
    command.url();
    postgres.stop().await;
    command.stop();
}

#[tokio::test]
async fn a_command_waits_for_a_server_that_is_starting() {
    let folder = Folder::new();
    let mut service = OtherProcess::start(&folder, Owner::Service, false);
    while !folder.path().join("data/periscope.lock").exists() {
        tokio::task::yield_now().await;
    }
    let guest = PrivatePostgres::open(&folder.options(Owner::Command))
        .await
        .unwrap();
    assert_eq!(ask(&guest, "select current_database()::text").await, "periscope");
    guest.stop().await;
    service.url();
    service.stop();
}

#[tokio::test]
async fn a_command_without_a_service_starts_the_server_for_its_own_time() {
    let folder = Folder::new();
    let mut command = OtherProcess::start(&folder, Owner::Command, false);
    let url = command.url();
    assert!(try_connect(&url).await.is_ok());
    command.stop();
    assert!(try_connect(&url).await.is_err());
}

#[tokio::test]
async fn of_two_commands_the_one_in_charge_waits_for_the_other() {
    let folder = Folder::new();
    let mut first = OtherProcess::start(&folder, Owner::Command, false);
    first.url();
    let second = PrivatePostgres::open(&folder.options(Owner::Command))
        .await
        .unwrap();
    let client = connect(second.url()).await;
    first.tell("stop");
    // A server that is to be stopped ends its sessions at once: this one lives through it.
    client.batch_execute("select pg_sleep(0.5)").await.unwrap();
    second.stop().await;
    assert_eq!(first.says(), "stopped");
}

#[tokio::test]
async fn many_commands_at_once_all_have_a_server() {
    let folder = Folder::new();
    let mut commands: Vec<_> = (0..6)
        .map(|_| OtherProcess::start(&folder, Owner::Command, false))
        .collect();
    for command in &mut commands {
        let url = command.url();
        assert!(try_connect(&url).await.is_ok());
        command.tell("stop");
    }
    for mut command in commands {
        assert_eq!(command.says(), "stopped");
    }
}

#[tokio::test]
async fn a_service_waits_for_a_command_that_is_about_to_end() {
    let folder = Folder::new();
    let mut command = OtherProcess::start(&folder, Owner::Command, false);
    command.url();
    let mut service = OtherProcess::start(&folder, Owner::Service, false);
    command.stop();
    service.url();
    service.stop();
}

#[test]
fn a_service_does_not_wait_for_ever_for_a_command() {
    let folder = Folder::new();
    let mut command = OtherProcess::start(&folder, Owner::Command, false);
    command.url();
    let said = OtherProcess::start(&folder, Owner::Service, false).says();
    assert!(
        said.contains("is in use by a periscope command (process "),
        "{said}"
    );
    command.stop();
}
