//! A folder that is gone after the test, with every process in it, and what the tests do with a server.

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use periscope_adapters::postgres::private::{Durability, Options, Owner, PrivatePostgres};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

const SEARCHED: &str = "/usr/local/bin:/usr/bin:/bin";

static FOLDERS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("private-test-{}-{number}", std::process::id()));
        // Like root's home: a server that runs as another user cannot walk through it.
        std::fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn options(&self, owner: Owner) -> Options {
        Self::options_in(&self.0, owner)
    }

    pub(crate) fn options_at(&self, name: impl AsRef<Path>, owner: Owner) -> Options {
        Options {
            data_dir: self.0.join(name),
            ..Self::options_in(&self.0, owner)
        }
    }

    /// The same in a folder that another process made.
    pub(crate) fn options_in(folder: &Path, owner: Owner) -> Options {
        Options {
            data_dir: folder.join("data"),
            programs: None,
            path: Some(OsString::from(SEARCHED)),
            durability: Durability::Full,
            ephemeral: false,
            owner,
        }
    }

    /// The number of the running server, as it says itself.
    pub(crate) fn server(&self) -> Pid {
        let text = std::fs::read_to_string(self.0.join("data/postgres/postmaster.pid")).unwrap();
        Pid::from_raw(text.lines().next().unwrap().parse().unwrap())
    }

    /// Every process that works in here.
    pub(crate) fn processes(&self) -> Vec<Pid> {
        let here = |pid: &i32| {
            std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder.starts_with(&self.0))
        };
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(here)
            .map(Pid::from_raw)
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let left = wait_until(|| self.processes().is_empty().then_some(())).is_none();
        if left {
            for pid in self.processes() {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
        std::fs::remove_dir_all(&self.0).unwrap();
        assert!(
            !left || std::thread::panicking(),
            "processes were left in {}",
            self.0.display()
        );
    }
}

/// What cannot be awaited is looked for, for as long as a slow machine may take.
pub(crate) fn wait_until<T>(mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(30) {
        if let Some(found) = found() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

pub(crate) async fn connect(url: &str) -> Client {
    try_connect(url).await.unwrap()
}

pub(crate) async fn try_connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = url.parse::<Config>()?.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// A session with a server that may just be starting again.
pub(crate) async fn connect_again(url: &str) -> Client {
    let started = Instant::now();
    loop {
        match try_connect(url).await {
            Ok(client) => return client,
            Err(error) => assert!(started.elapsed() < Duration::from_secs(30), "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn ask(postgres: &PrivatePostgres, query: &str) -> String {
    connect(postgres.url())
        .await
        .query_one(query, &[])
        .await
        .unwrap()
        .get(0)
}

/// The folder of the socket that a URL names.
pub(crate) fn socket_folder(url: &str) -> PathBuf {
    match url.parse::<Config>().unwrap().get_hosts() {
        [Host::Unix(folder)] => folder.clone(),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn refusal(options: &Options) -> String {
    PrivatePostgres::open(options).await.unwrap_err().to_string()
}
