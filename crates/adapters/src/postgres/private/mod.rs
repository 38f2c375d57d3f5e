//! A Postgres server of our own, for whoever has none: found among the installed programs, kept in one folder, and reached
//! only through a Unix socket by our own user, so that it needs no password, no port and no set-up.
//!
//! One process at a time, the one that holds the folder's lock, is in charge of the server and supervises it: the server
//! ends with it, even when it is killed, and is started again if it is the server that dies. Commands that come meanwhile
//! are guests.

mod account;
mod cluster;
mod folder;
mod leftovers;
mod programs;
mod server;
mod socket;
mod trust;
mod watcher;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use account::Account;
use folder::{Entered, Folder, Guest};
use server::{Server, Supervisor};
use tokio::sync::oneshot;

/// How the private server is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that holds everything; made if missing.
    pub data_dir: PathBuf,
    /// Where `initdb` and `postgres` are, instead of searching for them.
    pub programs: Option<PathBuf>,
    /// The value of `PATH` to search.
    pub path: Option<OsString>,
    pub durability: Durability,
    /// Remove the folder when the server stops, however it stops.
    pub ephemeral: bool,
    pub owner: Owner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What is committed survives a crash.
    Full,
    /// Nothing is promised after a crash: for tests.
    None,
}

/// Who opens the server: it decides what happens when another process already runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Wants the server for itself.
    Service,
    /// Uses the server of whoever runs it, else starts it for its own time.
    Command,
}

/// What happens where there is no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Make,
    Refuse,
}

/// Why the private server cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "no PostgreSQL server (the programs initdb and postgres, version {oldest} or newer) was found; install one \
         (Debian and Ubuntu: apt install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql@17) \
         or name a server of yours in DATABASE_URL; searched: {searched}"
    )]
    NoPrograms { oldest: u32, searched: String },
    #[error(
        "the data in {data_dir} was made by PostgreSQL {data}, but only {found} was found; install PostgreSQL {data} beside it"
    )]
    OtherMajor {
        data_dir: PathBuf,
        data: u32,
        found: String,
    },
    #[error(
        "{data_dir} holds files that Periscope did not make; name an empty or a new folder in PERISCOPE_DATA_DIR"
    )]
    Foreign { data_dir: PathBuf },
    #[error("{data_dir} holds no private Postgres")]
    NoData { data_dir: PathBuf },
    #[error(
        "{data_dir} belongs to {owner}; run Periscope as {owner}, or name a folder of yours in PERISCOPE_DATA_DIR"
    )]
    OtherOwner { data_dir: PathBuf, owner: String },
    #[error(
        "{path} is {kind}, which Periscope never makes: a checkout or another user may have put it there; \
         remove it, or name another folder in PERISCOPE_DATA_DIR"
    )]
    Planted { path: PathBuf, kind: &'static str },
    #[error(
        "{path} is open to other users, which Periscope never leaves so: a checkout may have put {data_dir} there; \
         if it is yours, run `chmod 600 {path}`"
    )]
    Exposed { data_dir: PathBuf, path: PathBuf },
    #[error(
        "{data_dir} holds data already, which the end of an ephemeral server would remove; name an empty or a new folder"
    )]
    Kept { data_dir: PathBuf },
    #[error("{data_dir} is in use by {holder}; stop it, or name another folder in PERISCOPE_DATA_DIR")]
    InUse { data_dir: PathBuf, holder: String },
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody to run it as"
    )]
    NoAccount,
    #[error("the user id {uid} has no entry in the user database, without which PostgreSQL refuses to run")]
    Nameless { uid: u32 },
    #[error(
        "PostgreSQL refuses to run as root, and the user {user} that it runs as instead may not enter {folder}; \
         {remedy}"
    )]
    Unwalkable {
        user: String,
        folder: PathBuf,
        remedy: &'static str,
    },
    #[error("cannot use {path}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("cannot run {program}")]
    Spawn { program: PathBuf, source: io::Error },
    #[error("{program} failed: {output}")]
    Failed { program: &'static str, output: String },
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    #[error("PostgreSQL was not ready after {seconds} s; its log is in {log}")]
    Slow { seconds: u64, log: PathBuf },
    #[error("the start of PostgreSQL was broken off")]
    BrokenOff,
}

impl OpenError {
    fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Folder {
            path: path.to_owned(),
            source,
        }
    }
}

/// A running private server. It stops with this value, or with the process.
#[derive(Debug)]
pub struct PrivatePostgres {
    url: String,
    first_start: bool,
    hold: Hold,
}

#[derive(Debug)]
enum Hold {
    Owned(Supervisor),
    #[expect(
        dead_code,
        reason = "held for its lock only: whoever runs the server waits for it"
    )]
    Visited(Guest),
}

impl PrivatePostgres {
    /// Starts the server, or joins the one that runs.
    ///
    /// # Errors
    ///
    /// When there is no server to run, the folder is not ours or is taken, or the server does not come up.
    pub async fn open(options: &Options) -> Result<Self, OpenError> {
        Self::open_in_thread(options, Missing::Make).await
    }

    /// The same, without ever making data.
    ///
    /// # Errors
    ///
    /// [`OpenError::NoData`] where the folder has none, else as [`open`](Self::open).
    pub async fn open_existing(options: &Options) -> Result<Self, OpenError> {
        Self::open_in_thread(options, Missing::Refuse).await
    }

    async fn open_in_thread(options: &Options, missing: Missing) -> Result<Self, OpenError> {
        let options = options.clone();
        let (send, opened) = oneshot::channel();
        // Not in the runtime's pool: a runtime waits for that before it ends, and a recovery may take minutes. An answer
        // that nobody takes is dropped, which stops the server.
        std::thread::Builder::new()
            .name("private-postgres-open".to_owned())
            .spawn(move || drop(send.send(Self::open_blocking(&options, missing))))
            .map_err(OpenError::Thread)?;
        opened.await.map_err(|_| OpenError::BrokenOff)?
    }

    fn open_blocking(options: &Options, missing: Missing) -> Result<Self, OpenError> {
        let folder = Folder::prepare(&options.data_dir, missing)?;
        match folder.enter(options.owner)? {
            Entered::Guest(guest) => Ok(Self {
                url: guest.socket.url(),
                first_start: false,
                hold: Hold::Visited(guest),
            }),
            Entered::Owner(lock) => {
                let account = Account::choose(&folder.cluster())?;
                let server = Server::prepare(options, missing, folder, lock, account)?;
                let (url, first_start) = (server.url(), server.is_first_start());
                Ok(Self {
                    url,
                    first_start,
                    hold: Hold::Owned(server.supervise()?),
                })
            }
        }
    }

    /// A libpq-style URL of the service's database. It stays the same when the server has to be started again.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether this call made the database, which is therefore empty.
    #[must_use]
    pub fn is_first_start(&self) -> bool {
        self.first_start
    }

    /// Stops the server and waits until it has ended. What a guest stops is only its own use. A command that is in charge
    /// waits for its guests first.
    pub async fn stop(self) {
        if let Hold::Owned(supervisor) = self.hold {
            let stopped = tokio::task::spawn_blocking(move || drop(supervisor)).await;
            if stopped.is_err() {
                tracing::error!("the supervisor of the private Postgres failed");
            }
        }
    }
}
