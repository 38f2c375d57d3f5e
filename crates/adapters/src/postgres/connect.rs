//! Where Postgres is and how a session with it begins.

use super::tls;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long reaching the server may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the server may take for the first words of a session, and for a question outside of the pool. A frozen server,
/// or a proxy without one, accepts and says nothing for ever.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server may stay silent before its connection counts as lost.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// Every statement reads a handful of rows by an index and binds arrays, whose lengths a plan cannot know: one
/// generic plan for each, without sequential scans and bitmaps that a small table would tempt the planner to keep: a
/// bitmap gives all rows at once, and whoever wants the first few by an index would have all of them sorted.
///
/// Settings of the role or the database hold for other programs: an asynchronous commit would acknowledge what a crash
/// loses, and another isolation would end statements that only met each other. A stronger `synchronous_commit` stays.
const SESSION_SETTINGS: &str = "
    select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';
    set default_transaction_isolation = 'read committed';
    set statement_timeout = '5s';
    set lock_timeout = '2s';
    set idle_in_transaction_session_timeout = '10s';
    set plan_cache_mode = force_generic_plan;
    set enable_seqscan = off;
    set enable_bitmapscan = off;
    set jit = off;
";

/// A text is no address of a Postgres database.
#[derive(Debug, Error)]
#[error("not usable as a Postgres URL (postgres://user:password@host:5432/database)")]
pub struct ConnectError(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);

/// The database accepts connections, and says nothing.
#[derive(Debug, Error)]
#[error("Postgres did not answer in time")]
pub struct NoAnswer;

/// What comes of asking, unless it takes too long.
pub(crate) async fn in_time<T>(asking: impl Future<Output = T>) -> Result<T, NoAnswer> {
    timeout(ANSWER_TIMEOUT, asking).await.map_err(|_| NoAnswer)
}

/// A Postgres database and how to speak with it.
#[derive(Clone)]
pub(crate) struct Target {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Target {
    /// Reads a URL (`postgres://...`) or a keyword string (`host=... dbname=...`).
    pub(crate) fn parse(url: &str) -> Result<Self, ConnectError> {
        let (url, settings) = tls::split_url(url);
        let tls = tls::connector(&settings).map_err(ConnectError)?;
        let mut config = Config::from_str(&url).map_err(|error| ConnectError(error.into()))?;
        if config.get_hosts().is_empty() {
            return Err(ConnectError("it names no host".into()));
        }
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(TCP_USER_TIMEOUT);
        if config.get_application_name().is_none() {
            config.application_name("periscope");
        }
        Ok(Self { config, tls })
    }

    /// A session for the service, with its limits.
    pub(crate) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let mut connection = self.connect_plain().await?;
        in_time(connection.batch_execute(SESSION_SETTINGS))
            .await?
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    /// A session without limits, for what may take long.
    pub(crate) async fn connect_plain(&self) -> ConnectionResult<AsyncPgConnection> {
        in_time(async {
            let (client, connection) = self
                .config
                .connect(self.tls.clone())
                .await
                .map_err(|error| ConnectionError::BadConnection(with_causes(&error)))?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        })
        .await?
    }
}

impl From<NoAnswer> for ConnectionError {
    fn from(error: NoAnswer) -> Self {
        Self::BadConnection(error.to_string())
    }
}

/// The driver's own text ends before the reason.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_server_that_accepts_and_says_nothing_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target::parse(&format!("postgres://nobody@127.0.0.1:{port}/nothing")).unwrap();
        let Err(error) = target.connect().await else {
            panic!("it said something")
        };
        assert!(error.to_string().contains("did not answer in time"), "{error}");
    }
}
