//! A server that was restored from a copy gives some epochs again, for other things than before.

use crate::fixture::{SharedStore, Tenant, deployment_after, pull_request};
use periscope_adapters::postgres::private::{Durability, Options, Owner, PrivatePostgres};
use periscope_adapters::postgres::{PgOptions, PgStore, migrate};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A connection that was not used for as long is asked for a sign of life before it is trusted.
const IDLE: Duration = Duration::from_millis(1100);

fn options(data_dir: &Path) -> Options {
    Options {
        data_dir: data_dir.to_owned(),
        programs: None,
        path: Some("/usr/local/bin:/usr/bin:/bin".into()),
        durability: Durability::None,
        ephemeral: false,
        owner: Owner::Service,
    }
}

fn copy(from: &Path, to: &Path) {
    let copying = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copying.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restored_server_is_told_is_known_under_epochs_that_were_given_before() {
    let folder = std::env::temp_dir().join(format!("periscope-restored-{}", std::process::id()));
    let [data, saved] = ["data", "saved"].map(|name| folder.join(name));
    std::fs::create_dir(&folder).unwrap();
    let server = PrivatePostgres::open(&options(&data)).await.unwrap();
    migrate::run(server.url()).await.unwrap();
    let store = PgStore::connect(&PgOptions {
        url: server.url().to_owned(),
        pool_size: 2,
    });
    let store: SharedStore = Arc::new(store.unwrap());
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=4).map(pull_request)).await;
    acme.tell(&[(1, &[]), (2, &[1])]).await;
    server.stop().await;
    copy(&data, &saved);

    let server = PrivatePostgres::open(&options(&data)).await.unwrap();
    tokio::time::sleep(IDLE).await;
    for number in [3, 5, 6] {
        acme.tell(&[(number, &[2])]).await;
    }
    acme.record(deployment_after("lost", 1, 3)).await;
    assert_eq!(acme.linked("lost").await, [(2, "graph"), (3, "exact")]);
    server.stop().await;
    std::fs::remove_dir_all(&data).unwrap();
    copy(&saved, &data);

    let server = PrivatePostgres::open(&options(&data)).await.unwrap();
    tokio::time::sleep(IDLE).await;
    acme.tell(&[(4, &[2])]).await;
    acme.record(deployment_after("d", 1, 4)).await;
    assert_eq!(acme.linked("d").await, [(2, "graph"), (4, "exact")]);
    server.stop().await;
    std::fs::remove_dir_all(&folder).unwrap();
}
