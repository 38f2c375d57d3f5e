//! A database of its own for each test, on the server that `TEST_DATABASE_URL` names, else on a private one that lives
//! as long as the test program. It is migrated like any other: that costs hardly more than cloning a migrated template,
//! and needs nothing that tests would share.

use super::connect::Target;
use super::private::{Durability, Options, Owner, PrivatePostgres};
use super::{PgOptions, PgStore, migrate};
use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process, thread};
use tokio::runtime;
use tokio::sync::OnceCell;

/// A few connections are enough for a test, and many tests run at once.
const POOL_SIZE: usize = 6;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Never dropped: the server notices itself when the test program is gone.
static SERVER: OnceCell<PrivatePostgres> = OnceCell::const_new();

/// A database that is dropped with this value, unless the test failed: then it stays, to be looked at.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// A database with the schema and nothing else.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn create() -> Self {
        let database = Self::create_empty().await;
        or_panic(migrate::run(&database.url()).await);
        database
    }

    /// A database without a schema.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn create_empty() -> Self {
        let server = server_url().await;
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("periscope_test_{}_{number}", process::id());
        or_panic(execute(&server, &format!("create database {name}")).await);
        Self { server, name }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        let (address, parameters) = match self.server.split_once('?') {
            Some((address, parameters)) => (address, format!("?{parameters}")),
            None => (self.server.as_str(), String::new()),
        };
        let authority = address
            .rsplit_once('/')
            .map_or(address, |(authority, _)| authority);
        format!("{authority}/{}{parameters}", self.name)
    }

    /// Runs SQL on it.
    ///
    /// # Panics
    /// When it fails.
    pub async fn execute(&self, sql: &str) {
        or_panic(execute(&self.url(), sql).await);
    }

    /// A store on it, with connections of its own.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is no URL.
    #[must_use]
    pub fn store(&self) -> PgStore {
        let options = PgOptions {
            url: self.url(),
            pool_size: POOL_SIZE,
        };
        or_panic(PgStore::connect(&options))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let drop_database = format!("drop database if exists {} with (force)", self.name);
        let server = self.server.clone();
        // The test's own runtime may be this thread's, and cannot be waited for from within.
        let dropped = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(execute(&server, &drop_database)))
        });
        let _ = dropped.join();
    }
}

async fn execute(url: &str, sql: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut connection = Target::parse(url)?.connect_plain().await?;
    // Whoever looks at what a store sends is not to see what a test does.
    connection.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    Ok(connection.batch_execute(sql).await?)
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings but this one")]
async fn server_url() -> String {
    if let Ok(url) = env::var("TEST_DATABASE_URL") {
        return url;
    }
    let options = Options {
        data_dir: env::temp_dir().join(format!("periscope-test-{}", process::id())),
        programs: None,
        path: env::var_os("PATH"),
        durability: Durability::None,
        ephemeral: true,
        owner: Owner::Service,
    };
    let open = async || or_panic(PrivatePostgres::open(&options).await);
    SERVER.get_or_init(open).await.url().to_owned()
}

#[expect(
    clippy::panic,
    reason = "a test that has no database must fail, not be skipped"
)]
fn or_panic<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("no database for the test: {error}"))
}
