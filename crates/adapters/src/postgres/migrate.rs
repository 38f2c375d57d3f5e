//! The schema's migrations, built into the program. Diesel's runner takes no lock, and of several instances that
//! start together all but one would fail: an advisory lock on the same session lets them queue.

use super::connect::{ConnectError, Target};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;
use std::error::Error as StdError;
use thiserror::Error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Any number, the same in every version of the program.
const LOCK: &str = "select pg_advisory_lock(7079706572697363)";

/// A lock that a migration needs is not waited for long, because every later reader would queue behind it.
const LOCK_TIMEOUT: &str = "set lock_timeout = '2s'";

/// How often a migration that could not get its locks is tried.
const ATTEMPTS: usize = 10;

/// Why the schema is not what this version of the program needs.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// Migrations have yet to be applied.
    #[error("the database's schema is {pending} migrations behind this version of periscope")]
    Behind {
        /// How many.
        pending: usize,
    },
    /// A later version of the program has been here.
    #[error("the database's schema is newer than this version of periscope: it has migration {unknown}")]
    Newer {
        /// The latest migration that this version does not know.
        unknown: String,
    },
    /// The URL cannot be read.
    #[error(transparent)]
    InvalidUrl(#[from] ConnectError),
    /// The database could not be reached.
    #[error("cannot connect to Postgres")]
    Connect(#[source] ConnectionError),
    /// A migration failed, and left no trace.
    #[error("the migration failed")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

type Connection = AsyncConnectionWrapper<AsyncPgConnection>;

/// Applies every migration that is missing and gives how many those were.
///
/// # Errors
/// [`MigrateError::Newer`] before anything is changed; [`MigrateError::Failed`] when a migration failed.
pub async fn run(url: &str) -> Result<usize, MigrateError> {
    with_connection(url, true, |connection| {
        refuse_newer(connection)?;
        let mut attempts = ATTEMPTS;
        loop {
            let missing = connection
                .pending_migrations(MIGRATIONS)
                .map_err(MigrateError::Failed)?;
            match connection.run_pending_migrations(MIGRATIONS) {
                Ok(_) => return Ok(missing.len()),
                Err(error) if attempts > 1 && error.to_string().contains("lock timeout") => attempts -= 1,
                Err(error) => return Err(MigrateError::Failed(error)),
            }
        }
    })
    .await
}

/// Tells whether this version of the program can work on the schema as it is.
///
/// # Errors
/// [`MigrateError::Behind`] or [`MigrateError::Newer`] when it cannot.
pub async fn check(url: &str) -> Result<(), MigrateError> {
    with_connection(url, false, |connection| {
        refuse_newer(connection)?;
        match connection
            .pending_migrations(MIGRATIONS)
            .map_err(MigrateError::Failed)?
            .len()
        {
            0 => Ok(()),
            pending => Err(MigrateError::Behind { pending }),
        }
    })
    .await
}

/// Takes back every migration, with all that is stored.
///
/// # Errors
/// [`MigrateError::Failed`] when one could not be taken back.
pub async fn revert(url: &str) -> Result<(), MigrateError> {
    with_connection(url, true, |connection| {
        connection
            .revert_all_migrations(MIGRATIONS)
            .map(drop)
            .map_err(MigrateError::Failed)
    })
    .await
}

fn refuse_newer(connection: &mut Connection) -> Result<(), MigrateError> {
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(MigrateError::Failed)?;
    let known: BTreeSet<MigrationVersion<'_>> = known
        .iter()
        .map(|migration| migration.name().version().as_owned())
        .collect();
    let applied = connection.applied_migrations().map_err(MigrateError::Failed)?;
    match applied
        .into_iter()
        .filter(|version| !known.contains(version))
        .max()
    {
        Some(unknown) => Err(MigrateError::Newer {
            unknown: unknown.to_string(),
        }),
        None => Ok(()),
    }
}

/// Diesel's runner is synchronous: it gets a thread of its own and a session of its own.
async fn with_connection<R: Send + 'static>(
    url: &str,
    locked: bool,
    work: impl FnOnce(&mut Connection) -> Result<R, MigrateError> + Send + 'static,
) -> Result<R, MigrateError> {
    let target = Target::parse(url)?;
    let connection = session(&target, locked).await.map_err(MigrateError::Connect)?;
    tokio::task::spawn_blocking(move || work(&mut Connection::from(connection)))
        .await
        .map_err(|error| MigrateError::Failed(error.into()))?
}

async fn session(target: &Target, locked: bool) -> ConnectionResult<AsyncPgConnection> {
    let mut connection = target.connect_plain().await?;
    let setup = if locked {
        format!("{LOCK}; {LOCK_TIMEOUT}")
    } else {
        LOCK_TIMEOUT.to_owned()
    };
    connection
        .batch_execute(&setup)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}
