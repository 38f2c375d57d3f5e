//! The schema's migrations, built into the program. Diesel's runner takes no lock, and of several instances that
//! start together all but one would fail: an advisory lock on the same session lets them queue.

use super::connect::{ConnectError, NoAnswer, Target, in_time};
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel::{ConnectionError, QueryResult};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;
use std::error::Error as StdError;
use thiserror::Error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Waits for others who migrate, for as long as it takes them. The number is any, the same in every version of the
/// program. What a role or a database says of limits is meant for other sessions.
const LOCK: &str = "
    set statement_timeout = 0;
    set lock_timeout = 0;
    set idle_in_transaction_session_timeout = 0;
    select pg_advisory_lock(7079706572697363);
    set lock_timeout = '2s';
";

/// What Postgres says when a lock could not be had in time; diesel gives no code. A server that speaks another language is
/// tried once.
const LOCK_TIMEOUT: &str = "lock timeout";

/// How often a migration that could not get its locks is tried: one is not waited for long, because every later reader
/// would queue behind it.
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
    /// The database cannot hold every text.
    #[error("{}", wrong_encoding(encoding))]
    Encoding {
        /// What it holds.
        encoding: String,
    },
    /// The URL cannot be read.
    #[error(transparent)]
    InvalidUrl(#[from] ConnectError),
    /// The database could not be reached.
    #[error("cannot connect to Postgres")]
    Connect(#[source] ConnectionError),
    /// The database was silent.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// A migration failed, and left no trace.
    #[error("the migration failed")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

/// Whether a database with this encoding holds every text that Periscope accepts. `SQL_ASCII` keeps bytes as they come.
pub(super) fn holds_every_text(encoding: &str) -> bool {
    matches!(encoding, "UTF8" | "SQL_ASCII")
}

/// What is wrong with another encoding, and what to do.
pub(super) fn wrong_encoding(encoding: &str) -> String {
    format!(
        "the database's encoding {encoding} lacks characters that names have; create a database with encoding UTF8: \
         createdb --encoding UTF8 --template template0"
    )
}

/// Applies every migration that is missing and gives how many those were.
///
/// # Errors
/// [`MigrateError::Newer`] and [`MigrateError::Encoding`] before anything is changed; [`MigrateError::Failed`] when a
/// migration failed.
pub async fn run(url: &str) -> Result<usize, MigrateError> {
    let mut connection = locked(url).await?;
    check_encoding(&mut connection).await?;
    let missing = count_missing(&mut connection).await?;
    with_runner(connection, |runner| {
        let mut attempts = ATTEMPTS;
        loop {
            match runner.run_pending_migrations(MIGRATIONS) {
                Ok(_) => return Ok(()),
                Err(error) if attempts > 1 && error.to_string().contains(LOCK_TIMEOUT) => attempts -= 1,
                Err(error) => return Err(error),
            }
        }
    })
    .await?;
    Ok(missing)
}

/// Tells whether this version of the program can work on the schema as it is, and changes nothing.
///
/// # Errors
/// [`MigrateError::Behind`], [`MigrateError::Newer`] or [`MigrateError::Encoding`] when it cannot.
pub async fn check(url: &str) -> Result<(), MigrateError> {
    let target = Target::parse(url)?;
    let mut connection = target.connect().await.map_err(MigrateError::Connect)?;
    in_time(check_encoding(&mut connection)).await??;
    match in_time(count_missing(&mut connection)).await?? {
        0 => Ok(()),
        pending => Err(MigrateError::Behind { pending }),
    }
}

/// Takes back every migration, with all that is stored.
///
/// # Errors
/// [`MigrateError::Failed`] when one could not be taken back.
pub async fn revert(url: &str) -> Result<(), MigrateError> {
    let connection = locked(url).await?;
    with_runner(connection, |runner| {
        runner.revert_all_migrations(MIGRATIONS).map(drop)
    })
    .await
}

/// A session of its own for what changes the schema, alone in doing so.
async fn locked(url: &str) -> Result<AsyncPgConnection, MigrateError> {
    let target = Target::parse(url)?;
    let mut connection = target.connect_plain().await.map_err(MigrateError::Connect)?;
    connection
        .batch_execute(LOCK)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)
        .map_err(MigrateError::Connect)?;
    Ok(connection)
}

/// Refuses a database that would refuse names later, when nothing can be done about it.
async fn check_encoding(connection: &mut AsyncPgConnection) -> Result<(), MigrateError> {
    let encoding: String = diesel::select(sql::<Text>("current_setting('server_encoding')"))
        .get_result(connection)
        .await
        .map_err(|error| MigrateError::Failed(error.into()))?;
    if holds_every_text(&encoding) {
        Ok(())
    } else {
        Err(MigrateError::Encoding { encoding })
    }
}

/// How many migrations have yet to be applied, unless the schema is newer than this version of the program.
async fn count_missing(connection: &mut AsyncPgConnection) -> Result<usize, MigrateError> {
    let mut missing = known().map_err(MigrateError::Failed)?;
    let applied = applied(connection)
        .await
        .map_err(|error| MigrateError::Failed(error.into()))?;
    match applied
        .into_iter()
        .filter(|version| !missing.remove(version))
        .max()
    {
        Some(unknown) => Err(MigrateError::Newer { unknown }),
        None => Ok(missing.len()),
    }
}

/// The versions of all migrations.
fn known() -> Result<BTreeSet<String>, Box<dyn StdError + Send + Sync>> {
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations()?;
    let versions = known
        .iter()
        .map(|migration| migration.name().version().to_string());
    Ok(versions.collect())
}

/// The versions of the migrations that were applied. Diesel's runner would make its table to be able to answer.
async fn applied(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let exists = "to_regclass('__diesel_schema_migrations') is not null";
    if diesel::select(sql::<Bool>(exists)).get_result(connection).await? {
        let versions = sql::<Text>("select version from __diesel_schema_migrations");
        versions.load(connection).await
    } else {
        Ok(Vec::new())
    }
}

/// Diesel's runner is synchronous: it gets a thread of its own.
async fn with_runner(
    connection: AsyncPgConnection,
    work: impl FnOnce(&mut Runner) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + 'static,
) -> Result<(), MigrateError> {
    tokio::task::spawn_blocking(move || work(&mut Runner::from(connection)))
        .await
        .map_err(|error| MigrateError::Failed(error.into()))?
        .map_err(MigrateError::Failed)
}

type Runner = AsyncConnectionWrapper<AsyncPgConnection>;
