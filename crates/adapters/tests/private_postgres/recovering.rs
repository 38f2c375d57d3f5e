//! Whatever is killed, the next start finds what was committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use nix::sys::signal::{Signal, kill};
use periscope_adapters::postgres::private::{Owner, PrivatePostgres};
use tokio::task::JoinHandle;

use crate::fixture::{Folder, connect, connect_again, socket_folder, try_connect, wait_until};
use crate::other_process::OtherProcess;
use crate::starting::has_begun;

const ROUNDS: usize = 3;

/// Sessions that write for as long as their server answers.
struct Load {
    committed: Arc<AtomicI64>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    async fn start(url: &str) -> Self {
        let committed = Arc::new(AtomicI64::new(0));
        connect(url)
            .await
            .batch_execute("create table if not exists written (at int)")
            .await
            .unwrap();
        let mut writers = Vec::new();
        for _ in 0..4 {
            let client = connect(url).await;
            let committed = Arc::clone(&committed);
            writers.push(tokio::spawn(async move {
                while client
                    .execute("insert into written values (1)", &[])
                    .await
                    .is_ok()
                {
                    committed.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        let load = Self { committed, writers };
        while load.committed.load(Ordering::Relaxed) < 100 {
            tokio::task::yield_now().await;
        }
        load
    }

    /// How much was acknowledged before the server was gone.
    async fn committed(self) -> i64 {
        for writer in self.writers {
            writer.await.unwrap();
        }
        self.committed.load(Ordering::Relaxed)
    }
}

async fn written(url: &str) -> i64 {
    connect_again(url)
        .await
        .query_one("select count(*) from written", &[])
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn a_killed_server_comes_back_at_the_same_url() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    let url = postgres.url().to_owned();
    let mut committed = 0;
    for _ in 0..ROUNDS {
        let load = Load::start(&url).await;
        kill(folder.server(), Signal::SIGKILL).unwrap();
        committed += load.committed().await;
        assert!(written(&url).await >= committed);
    }
}

#[tokio::test]
async fn a_killed_session_ends_the_others_and_the_server_goes_on() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    let server = folder.server();
    let load = Load::start(postgres.url()).await;
    let session: i32 = connect(postgres.url())
        .await
        .query_one(
            "select min(pid) from pg_stat_activity where query like 'insert%'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    kill(nix::unistd::Pid::from_raw(session), Signal::SIGKILL).unwrap();
    let committed = load.committed().await;
    assert!(written(postgres.url()).await >= committed);
    assert_eq!(folder.server(), server);
}

#[tokio::test]
async fn the_server_ends_when_its_process_is_killed() {
    let folder = Folder::new();
    let mut other = OtherProcess::start(&folder, Owner::Service, false);
    let url = other.url();
    let load = Load::start(&url).await;
    other.kill();
    wait_until(|| folder.processes().is_empty().then_some(())).unwrap();
    let committed = load.committed().await;

    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    assert!(written(postgres.url()).await >= committed);
}

#[tokio::test]
async fn the_next_start_need_not_wait_for_the_end_of_a_killed_one() {
    let folder = Folder::new();
    for _ in 0..ROUNDS {
        let mut other = OtherProcess::start(&folder, Owner::Service, false);
        let load = Load::start(&other.url()).await;
        other.kill();
        let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
            .await
            .unwrap();
        assert!(written(postgres.url()).await >= load.committed().await);
        postgres.stop().await;
    }
}

#[tokio::test]
async fn the_data_survives_when_both_are_killed_under_load() {
    let folder = Folder::new();
    let mut committed = 0;
    for _ in 0..ROUNDS {
        let mut other = OtherProcess::start(&folder, Owner::Service, false);
        let load = Load::start(&other.url()).await;
        kill(folder.server(), Signal::SIGKILL).unwrap();
        other.kill();
        let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
            .await
            .unwrap();
        committed += load.committed().await;
        assert!(written(postgres.url()).await >= committed);
        postgres.stop().await;
    }
}

#[tokio::test]
async fn the_socket_of_a_long_path_survives_a_killed_server_and_not_a_killed_process() {
    let folder = Folder::new();
    let options = folder.options_at("long".repeat(40), Owner::Service);
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    let socket_folder = socket_folder(postgres.url());
    let server: i32 = std::fs::read_to_string(options.data_dir.join("postgres/postmaster.pid"))
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    kill(nix::unistd::Pid::from_raw(server), Signal::SIGKILL).unwrap();
    connect_again(postgres.url()).await;
    postgres.stop().await;
    assert!(!std::fs::exists(&socket_folder).unwrap());
}

#[tokio::test]
async fn a_pid_file_whose_number_is_now_another_processs_is_not_believed() {
    let folder = Folder::new();
    let options = folder.options(Owner::Service);
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    let pid_file = options.data_dir.join("postgres/postmaster.pid");
    let said = std::fs::read_to_string(&pid_file).unwrap();
    let server = folder.server().to_string();
    postgres.stop().await;

    // Ours: Postgres itself would refuse to start beside a living process of its own user.
    let stale = said.replacen(&server, &std::process::id().to_string(), 1);
    std::fs::write(&pid_file, stale).unwrap();
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert!(try_connect(postgres.url()).await.is_ok());
}

#[tokio::test]
async fn a_first_start_that_was_killed_is_done_again() {
    let folder = Folder::new();
    let other = OtherProcess::start(&folder, Owner::Service, false);
    wait_until(|| has_begun(&folder).then_some(())).unwrap();
    other.kill();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    assert!(postgres.is_first_start());
    assert!(try_connect(postgres.url()).await.is_ok());
    assert!(!has_begun(&folder));
}
