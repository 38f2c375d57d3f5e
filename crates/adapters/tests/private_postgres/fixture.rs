//! A folder that is gone after the test, and what the tests do with a server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use periscope_adapters::postgres::private::{Durability, Options, Owner, PrivatePostgres};
use tokio_postgres::{Client, Config, NoTls};

static FOLDERS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("periscope-test-{}-{number}{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn options(&self, owner: Owner) -> Options {
        Options {
            data_dir: self.0.join("data"),
            programs: None,
            path: Some(OsString::from("/usr/local/bin:/usr/bin:/bin")),
            durability: Durability::None,
            ephemeral: false,
            owner,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    try_connect(url).await.unwrap()
}

pub(crate) async fn try_connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = url.parse::<Config>()?.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub(crate) async fn ask(postgres: &PrivatePostgres, query: &str) -> String {
    connect(postgres.url())
        .await
        .query_one(query, &[])
        .await
        .unwrap()
        .get(0)
}

pub(crate) fn other_process() {}
