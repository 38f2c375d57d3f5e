//! Connections to Postgres, and the only ways to use one. A statement of its own is its own transaction. What needs
//! several runs in a spawned task, so that a caller who goes away cannot leave it half open: the pool would notice
//! that only when it next hands the connection out, and until then its locks would stay.

use super::connect::{ConnectError, NoAnswer, Target};
use super::error::{store_error, unavailable};
use super::meters::{self, Failure, Meters, Standing};
use deadpool::Runtime;
use deadpool::managed::{Hook, HookError, QueueMode, WeakPool};
use diesel::{ConnectionError, QueryResult};
use diesel_async::methods::LoadQuery;
use diesel_async::pooled_connection::deadpool::{Object, Pool as DieselPool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use periscope_domain::ports::{Applied, StoreError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::task::JoinError;
use tokio::time::{interval, timeout};
use tracing::{Instrument, debug_span};

type Transactions = <AsyncPgConnection as AsyncConnection>::TransactionManager;

/// How long a caller waits for a connection.
const WAIT: Duration = Duration::from_secs(2);

/// How long one statement, and one transaction, may take as seen from here. Postgres ends a statement after 5 s; a
/// Postgres that is frozen does not.
const STATEMENT: Duration = Duration::from_secs(6);
const TRANSACTION: Duration = Duration::from_secs(12);

/// A connection that was last handed out so long ago is asked for a sign of life first.
const IDLE: Duration = Duration::from_secs(1);

/// A pool of connections.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: DieselPool<AsyncPgConnection>,
    doubts: Doubts,
    meters: Arc<Meters>,
}

/// Since when a connection must have been used to be trusted. Networks swallow connections without a word, all of them at
/// once. Once one has not answered, those that lie idle since before are not tried: each would cost somebody the time
/// that it takes to notice.
#[derive(Clone, Default)]
struct Doubts(Arc<Mutex<Option<Instant>>>);

impl Doubts {
    fn raise(&self, since: Instant) {
        let mut doubts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *doubts = (*doubts).max(Some(since));
    }

    /// Whether a connection is fit to be handed out again.
    async fn trust(&self, connection: &mut AsyncPgConnection, last_used: Instant) -> bool {
        let doubts = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if doubts.is_some_and(|since| last_used < since) {
            return false;
        }
        let asked_at = Instant::now();
        if asked_at.duration_since(last_used) < IDLE {
            return true;
        }
        // Nothing is asked, which is answered too.
        let answers = matches!(timeout(WAIT, connection.batch_execute("")).await, Ok(Ok(())));
        if !answers {
            self.raise(asked_at);
        }
        answers
    }
}

impl Pool {
    /// A pool of up to `size` connections, opened when they are first needed, on the runtime of this call.
    pub(crate) fn new(url: &str, size: usize) -> Result<Self, ConnectError> {
        let target = Target::parse(url)?;
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        let runtime = Handle::try_current().map_err(|error| ConnectError(error.into()))?;
        let meters = Arc::new(Meters::new());
        let observer = runtime.clone();
        config.custom_setup = Box::new(move |_| {
            let target = target.clone();
            // A connection outlives the caller who needed it first, whose runtime may be that of a single thread.
            let connecting = runtime.spawn(async move { target.connect().await });
            let lost = |error: JoinError| ConnectionError::BadConnection(error.to_string());
            async move { connecting.await.map_err(lost)? }.boxed()
        });
        let doubts = Doubts::default();
        let asking = doubts.clone();
        let ask = Hook::async_fn(move |connection, metrics| {
            let (doubts, last_used) = (asking.clone(), metrics.recycled.unwrap_or(metrics.created));
            async move {
                let trusted = doubts.trust(connection, last_used).await;
                trusted
                    .then_some(())
                    .ok_or(HookError::message("it does not answer"))
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config("", config);
        let pool = DieselPool::builder(manager)
            .max_size(size)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(WAIT))
            .runtime(Runtime::Tokio1)
            // The connection that was used last has its plans and pages at hand.
            .queue_mode(QueueMode::Lifo)
            .pre_recycle(ask)
            .build()
            .map_err(|error| ConnectError(error.into()))?;
        observer.spawn(look_at(pool.weak(), Arc::clone(&meters)));
        Ok(Self {
            connections: pool,
            doubts,
            meters,
        })
    }

    async fn get(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        let begun = Instant::now();
        let connection = self
            .connections
            .get()
            .instrument(debug_span!("connection"))
            .await
            .map_err(|error| {
                Failure::Pool.count();
                unavailable(error)
            });
        self.meters.waits.record(begun.elapsed());
        connection
    }

    /// The rows of one statement.
    pub(crate) async fn rows<S, R>(&self, statement: S) -> Result<Vec<R>, StoreError>
    where
        S: for<'q> LoadQuery<'q, AsyncPgConnection, R> + Send + 'static,
        R: Send + 'static,
    {
        self.run(|connection| statement.load(connection).boxed()).await
    }

    /// The first row of one statement, if it gives any.
    pub(crate) async fn row<S, R>(&self, statement: S) -> Result<Option<R>, StoreError>
    where
        S: for<'q> LoadQuery<'q, AsyncPgConnection, R> + Send + 'static,
        R: Send + 'static,
    {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Uses a connection for one statement.
    pub(crate) async fn run<R, F>(&self, statement: F) -> Result<R, StoreError>
    where
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, QueryResult<R>>,
    {
        let connection = self.get().await?;
        let span = debug_span!("statement", otel.kind = "client", db.system.name = "postgresql");
        within(STATEMENT, connection, self.doubts.clone(), statement)
            .instrument(span)
            .await
    }

    /// Runs several statements as one transaction, to the end even if the caller goes away. What comes out stale has
    /// changed nothing.
    pub(crate) async fn transaction<R, F>(&self, work: F) -> Result<Applied<R>, StoreError>
    where
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, QueryResult<Applied<R>>>
            + Send
            + 'static,
        R: Send + 'static,
    {
        let connection = self.get().await?;
        let span = debug_span!("transaction", otel.kind = "client", db.system.name = "postgresql");
        let doubts = self.doubts.clone();
        let work = within(TRANSACTION, connection, doubts, |connection| {
            async move {
                Transactions::begin_transaction(connection).await?;
                let outcome = work(connection).await;
                if let Ok(Applied::Done(_)) = outcome {
                    Transactions::commit_transaction(connection).await?;
                } else {
                    Transactions::rollback_transaction(connection).await?;
                }
                outcome
            }
            .boxed()
        });
        let task = tokio::spawn(work.instrument(span));
        task.await
            .map_err(|error| StoreError::Internal(Box::new(error)))?
    }
}

/// Looks at how a pool stands, as long as there is one.
async fn look_at(pool: WeakPool<AsyncDieselConnectionManager<AsyncPgConnection>>, meters: Arc<Meters>) {
    let mut ticks = interval(meters::EVERY);
    while let Some(pool) = pool.upgrade() {
        let status = pool.status();
        drop(pool);
        meters.set(&Standing {
            most: status.max_size,
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
        });
        ticks.tick().await;
    }
}

/// A connection that did not answer in time is closed: nobody knows what it is still doing.
async fn within<R, F>(
    limit: Duration,
    mut connection: Object<AsyncPgConnection>,
    doubts: Doubts,
    work: F,
) -> Result<R, StoreError>
where
    F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, QueryResult<R>>,
{
    let begun = Instant::now();
    if let Ok(result) = timeout(limit, work(&mut connection)).await {
        return result.map_err(|error| {
            Failure::Statement(&error).count();
            store_error(error)
        });
    }
    Failure::Timeout.count();
    doubts.raise(begun);
    drop(Object::take(connection));
    Err(unavailable(NoAnswer))
}
