//! Opens the store: the one place that knows which adapter that is.

use crate::config::{Config, Database, PrivateDatabase};
use crate::data_folder;
use anyhow::{Context, bail};
use periscope_adapters::postgres::diagnosis::diagnose;
use periscope_adapters::postgres::migrate::{self, MigrateError};
use periscope_adapters::postgres::private::{Durability, OpenError, Options, Owner, PrivatePostgres};
use periscope_adapters::postgres::{PgOptions, PgStore};
use periscope_adapters::system::{SystemClock, system_random};
use periscope_domain::checkup::{Check, Verdict};
use periscope_domain::github::SecretKey;
use periscope_domain::ports::{Clock, Store};
use rand::Rng;
use rustix::fs::OFlags;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

/// The store, and the private Postgres that it is on, if it is.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) secret_key: Option<SecretKey>,
    pub(crate) private: Option<PrivatePostgres>,
}

impl Opened {
    /// Ends what was started with it.
    pub(crate) async fn close(self) {
        if let Some(private) = self.private {
            private.stop().await;
        }
    }
}

/// Whose time the private Postgres runs for, and whether it may be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    /// For itself; makes one.
    Service,
    /// For its own time; makes one.
    Import,
    /// For its own time; makes none.
    Command,
}

/// Opens the store for a command that needs the schema as it should be. On somebody else's database the schema is only
/// changed if `migrate` says so.
pub(crate) async fn open(config: &Config, opener: Opener, migrate: bool) -> anyhow::Result<Opened> {
    let (url, private, secret_key) = match &config.database {
        Database::Url(url) => {
            prepare(url, migrate).await?;
            if opener == Opener::Service {
                warn_of_weaknesses(url).await;
            }
            (url.clone(), None, config.secret_key.clone())
        }
        Database::Private(settings) => {
            let (private, folder) = start(settings, opener).await?;
            bring_up_to_date(&private, &folder).await?;
            let secret_key = match &config.secret_key {
                Some(key) => key.clone(),
                None => own_secret_key(&folder)?,
            };
            (private.url().to_owned(), Some(private), Some(secret_key))
        }
    };
    Ok(Opened {
        store: connect(config, url)?,
        secret_key,
        private,
    })
}

fn connect(config: &Config, url: String) -> anyhow::Result<Arc<dyn Store>> {
    let store = PgStore::connect(&PgOptions {
        url,
        pool_size: config.pool_size,
    });
    Ok(Arc::new(store.context("DATABASE_URL")?))
}

/// What was looked at of the database, and the store, if it can be used as it is.
pub(crate) struct Inspected {
    pub(crate) checks: Vec<Check>,
    pub(crate) opened: Option<Opened>,
}

/// Looks at the database without changing anything of somebody else's.
pub(crate) async fn inspect(config: &Config) -> anyhow::Result<Inspected> {
    let (url, private) = match &config.database {
        Database::Url(url) => (url.clone(), None),
        Database::Private(settings) => {
            let (private, folder) = start(settings, Opener::Command).await?;
            bring_up_to_date(&private, &folder).await?;
            (private.url().to_owned(), Some(private))
        }
    };
    let mut checks = match diagnose(&url, || SystemClock.now()).await {
        Ok(checks) => checks,
        Err(error) => {
            let sentence = format!("{:#}", anyhow::Error::new(error));
            let checks = vec![Check::new("database", Verdict::Bad, sentence)];
            return Ok(Inspected { checks, opened: None });
        }
    };
    let schema = schema(&url).await;
    let is_usable = schema.verdict == Verdict::Good;
    checks.push(schema);
    let opened = Opened {
        store: connect(config, url)?,
        secret_key: None,
        private,
    };
    if is_usable {
        return Ok(Inspected {
            checks,
            opened: Some(opened),
        });
    }
    opened.close().await;
    Ok(Inspected { checks, opened: None })
}

async fn schema(url: &str) -> Check {
    match migrate::check(url).await {
        Ok(()) => Check::new("schema", Verdict::Good, "as this version of periscope needs it"),
        Err(error @ MigrateError::Behind { .. }) => Check::new(
            "schema",
            Verdict::Bad,
            format!("{error}; run `periscope migrate`"),
        ),
        Err(error) => Check::new("schema", Verdict::Bad, format!("{:#}", anyhow::Error::new(error))),
    }
}

/// Applies every missing migration and gives how many those were.
pub(crate) async fn migrate(config: &Config) -> anyhow::Result<usize> {
    match &config.database {
        Database::Url(url) => Ok(migrate::run(url).await?),
        Database::Private(settings) => {
            let (private, _) = start(settings, Opener::Command).await?;
            let applied = migrate::run(private.url()).await;
            private.stop().await;
            Ok(applied?)
        }
    }
}

async fn prepare(url: &str, migrate: bool) -> anyhow::Result<()> {
    if migrate {
        migrate::run(url).await?;
        return Ok(());
    }
    match migrate::check(url).await {
        Err(error @ MigrateError::Behind { .. }) => bail!("{error}; run `periscope migrate` first"),
        other => Ok(other?),
    }
}

/// Warns of a database that loses what it acknowledges, or records nothing. A database that cannot be asked is left to
/// the requests that need it.
async fn warn_of_weaknesses(url: &str) {
    let checks = diagnose(url, || SystemClock.now()).await.unwrap_or_default();
    for check in checks.iter().filter(|check| check.verdict == Verdict::Bad) {
        tracing::warn!(
            check = check.name,
            "the database is not fit for use: {}",
            check.sentence
        );
    }
}

/// Starts the private Postgres and gives its folder.
async fn start(settings: &PrivateDatabase, opener: Opener) -> anyhow::Result<(PrivatePostgres, PathBuf)> {
    let here = std::path::absolute(".").context("cannot name the current folder")?;
    let named = settings.data_dir.as_deref();
    let folder = data_folder::find(named, &here)?;
    let options = Options {
        data_dir: folder.clone(),
        programs: settings.programs.clone(),
        path: settings.path.clone(),
        durability: Durability::Full,
        ephemeral: false,
        owner: match opener {
            Opener::Service => Owner::Service,
            Opener::Import | Opener::Command => Owner::Command,
        },
    };
    let started = match opener {
        Opener::Service | Opener::Import => PrivatePostgres::open(&options).await,
        Opener::Command => PrivatePostgres::open_existing(&options).await,
    };
    let private = match started {
        Err(OpenError::NoData { .. }) => bail!(data_folder::missing(named, &here)),
        started => started.context("cannot run a private Postgres")?,
    };
    if opener == Opener::Import && private.is_first_start() {
        eprintln!(
            "DATABASE_URL is not set: made a private Postgres in {}",
            folder.display()
        );
    }
    if opener == Opener::Service {
        // Who starts a second one by mistake sees where it lies.
        let folder = folder.display();
        tracing::info!(%folder, "the private Postgres keeps its data in {folder}");
    }
    Ok((private, folder))
}

/// Applies to the private Postgres what is missing of the schema.
async fn bring_up_to_date(private: &PrivatePostgres, folder: &Path) -> anyhow::Result<()> {
    let applied = migrate::run(private.url()).await.with_context(|| {
        let folder = folder.display();
        format!("cannot bring the schema of the private Postgres in {folder} up to date")
    })?;
    if applied > 0 && !private.is_first_start() {
        let folder = folder.display();
        eprintln!("brought the schema of the private Postgres in {folder} up to date: {applied} migrations");
    }
    Ok(())
}

/// The secret key that lies beside the private Postgres, made at the first start.
fn own_secret_key(data_dir: &Path) -> anyhow::Result<SecretKey> {
    let path = data_dir.join("secret_key");
    if path.symlink_metadata().is_err() {
        make_secret_key(&path).with_context(|| format!("cannot make {}", path.display()))?;
    }
    let cannot = || format!("cannot use {}", path.display());
    let mut text = String::new();
    let opened = without_links().read(true).open(&path);
    let read = opened.and_then(|mut file| file.read_to_string(&mut text));
    read.with_context(cannot)?;
    SecretKey::parse(&text).with_context(cannot)
}

/// Makes the file whole or not at all. If somebody else just has, theirs stays.
fn make_secret_key(path: &Path) -> io::Result<()> {
    let mut bytes = [0_u8; 32];
    system_random().fill_bytes(&mut bytes);
    let text: String = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|value| char::from_digit(value.into(), 16))
        .collect();
    let draft = path.with_extension(process::id().to_string());
    let mut file = without_links()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&draft)?;
    let made = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Options that open or make a file for its owner alone and never follow a link.
fn without_links() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}
