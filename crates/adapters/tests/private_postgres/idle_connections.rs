//! Connections of a store that died while they lay idle: no packet tells, the server has just stopped to answer on them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use periscope_adapters::postgres::private::{Owner, PrivatePostgres};
use periscope_adapters::postgres::{PgOptions, PgStore, migrate};
use periscope_domain::ports::Store;

use crate::fixture::Folder;

const CONNECTIONS: usize = 8;

/// Server processes that do not answer any more, until this value is dropped.
struct Stopped(Vec<Pid>);

impl Stopped {
    /// Those of all sessions.
    fn sessions(folder: &Folder) -> Self {
        let is_session = |pid: &Pid| {
            let title = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            title.contains("[local]")
        };
        let sessions: Vec<_> = folder.processes().into_iter().filter(is_session).collect();
        for session in &sessions {
            kill(*session, Signal::SIGSTOP).unwrap();
        }
        Self(sessions)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for session in &self.0 {
            let _ = kill(*session, Signal::SIGCONT);
        }
    }
}

#[tokio::test]
async fn dead_connections_are_noticed_soon_and_all_at_once() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::open(&folder.options(Owner::Service))
        .await
        .unwrap();
    migrate::run(postgres.url()).await.unwrap();
    let store = PgStore::connect(&PgOptions {
        url: postgres.url().to_owned(),
        pool_size: CONNECTIONS,
    })
    .unwrap();
    for answer in join_all((0..CONNECTIONS).map(|_| store.organizations().list())).await {
        answer.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let stopped = Stopped::sessions(&folder);
    assert_eq!(stopped.0.len(), CONNECTIONS);

    let begun = Instant::now();
    for _ in 0..CONNECTIONS {
        store.organizations().list().await.unwrap();
    }
    let took = begun.elapsed();
    // One after the other they would take 2 s each.
    assert!(took < Duration::from_secs(8), "{took:?}");
}
