//! How the database is: what an operator would ask it, and whether what it acknowledges is durable.

use super::connect::{ConnectError, Target, in_time};
use super::migrate;
use super::row::timestamp;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use periscope_domain::checkup::{Check, Verdict};
use periscope_domain::timestamp::Timestamp;
use std::error::Error as StdError;
use thiserror::Error;
use time::{Duration, OffsetDateTime};

/// How far the clocks of the service and of the database may be apart.
const CLOCK_TOLERANCE: Duration = Duration::seconds(2);

/// The database could not be asked.
#[derive(Debug, Error)]
pub enum DiagnoseError {
    /// The URL cannot be read.
    #[error(transparent)]
    InvalidUrl(#[from] ConnectError),
    /// It cannot be reached.
    #[error("cannot connect to Postgres")]
    Connect(#[source] diesel::ConnectionError),
    /// It gave no answer, or an error.
    #[error("cannot ask Postgres")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    size_bytes: i64,
    #[diesel(sql_type = BigInt)]
    connections: i64,
    #[diesel(sql_type = BigInt)]
    max_connections: i64,
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Text)]
    full_page_writes: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Bool)]
    is_stand_in: bool,
    #[diesel(sql_type = Bool)]
    is_read_only: bool,
    #[diesel(sql_type = Timestamptz)]
    now: OffsetDateTime,
}

const ASK: &str = "
    select
        current_setting('server_version') as version,
        pg_database_size(current_database()) as size_bytes,
        (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections,
        current_setting('max_connections')::bigint as max_connections,
        current_setting('fsync') as fsync,
        current_setting('synchronous_commit') as synchronous_commit,
        current_setting('full_page_writes') as full_page_writes,
        current_setting('server_encoding') as encoding,
        pg_is_in_recovery() as is_stand_in,
        current_setting('transaction_read_only')::boolean as is_read_only,
        clock_timestamp() as now";

/// Asks the database how it is; `now` is what our own clock says.
///
/// # Errors
/// [`DiagnoseError`] when it cannot be asked.
pub async fn diagnose(url: &str, now: impl Fn() -> Timestamp) -> Result<Vec<Check>, DiagnoseError> {
    let target = Target::parse(url)?;
    let mut connection = target.connect().await.map_err(DiagnoseError::Connect)?;
    let row: Row = in_time(sql_query(ASK).get_result(&mut connection))
        .await
        .map_err(|silent| DiagnoseError::Failed(silent.into()))?
        .map_err(|error| DiagnoseError::Failed(error.into()))?;
    let apart = now().microseconds() - timestamp(row.now).microseconds();
    Ok(vec![
        row.database(),
        row.durability(),
        clock(Duration::microseconds(apart)),
    ])
}

impl Row {
    fn database(&self) -> Check {
        let (used, most) = (self.connections, self.max_connections);
        let verdict = if used * 10 > most * 9 {
            Verdict::Attention
        } else {
            Verdict::Good
        };
        let megabytes = self.size_bytes / 1_000_000;
        let version = &self.version;
        let sentence = format!("PostgreSQL {version}, {megabytes} MB, {used} of {most} connections in use");
        match self.refusal() {
            Some(refusal) => Check::new("database", Verdict::Bad, format!("{sentence}; {refusal}")),
            None => Check::new("database", verdict, sentence),
        }
    }

    /// Why the database cannot record reports, and what to do.
    fn refusal(&self) -> Option<String> {
        if !migrate::holds_every_text(&self.encoding) {
            Some(migrate::wrong_encoding(&self.encoding))
        } else if self.is_stand_in {
            Some(
                "it is a stand-in and only reads: name its primary in DATABASE_URL, or promote it".to_owned(),
            )
        } else if self.is_read_only {
            Some(
                "it only reads: set default_transaction_read_only to off for the role and the database"
                    .to_owned(),
            )
        } else {
            None
        }
    }

    /// Whether what was acknowledged survives a crash.
    fn durability(&self) -> Check {
        let settings = [
            ("fsync", &self.fsync),
            ("synchronous_commit", &self.synchronous_commit),
            ("full_page_writes", &self.full_page_writes),
        ];
        let off: Vec<_> = settings
            .iter()
            .filter(|(_, value)| *value == "off")
            .map(|(name, _)| *name)
            .collect();
        let told = settings.map(|(name, value)| format!("{name} {value}")).join(", ");
        if off.is_empty() {
            Check::new("durability", Verdict::Good, told)
        } else {
            let sentence = format!(
                "{told}: what was acknowledged may be lost in a crash; switch on {}",
                off.join(" and ")
            );
            Check::new("durability", Verdict::Bad, sentence)
        }
    }
}

fn clock(apart: Duration) -> Check {
    let milliseconds = apart.whole_milliseconds();
    let sentence = format!("{} ms from the database's", milliseconds.abs());
    if apart.abs() <= CLOCK_TOLERANCE {
        Check::new("clock", Verdict::Good, sentence)
    } else {
        let sentence =
            format!("{sentence}: set both by NTP, or times of events are refused or compared wrongly");
        Check::new("clock", Verdict::Attention, sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fsync: &str, synchronous_commit: &str) -> Row {
        Row {
            version: "15.18".to_owned(),
            size_bytes: 12_345_678,
            connections: 3,
            max_connections: 100,
            fsync: fsync.to_owned(),
            synchronous_commit: synchronous_commit.to_owned(),
            full_page_writes: "on".to_owned(),
            encoding: "UTF8".to_owned(),
            is_stand_in: false,
            is_read_only: false,
            now: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_database_that_may_lose_what_it_acknowledged_is_bad() {
        for (fsync, commit, verdict) in [
            ("on", "on", Verdict::Good),
            ("on", "remote_apply", Verdict::Good),
            ("off", "on", Verdict::Bad),
            ("on", "off", Verdict::Bad),
        ] {
            assert_eq!(
                row(fsync, commit).durability().verdict,
                verdict,
                "{fsync} {commit}"
            );
        }
    }

    #[test]
    fn a_database_tells_its_version_size_and_connections() {
        let check = row("on", "on").database();
        assert_eq!(
            check.sentence,
            "PostgreSQL 15.18, 12 MB, 3 of 100 connections in use"
        );
        let full = Row {
            connections: 95,
            ..row("on", "on")
        };
        assert_eq!(full.database().verdict, Verdict::Attention);
    }

    #[test]
    fn a_database_that_cannot_record_is_bad_and_says_what_to_do() {
        let read_only = Row {
            is_read_only: true,
            ..row("on", "on")
        };
        let stand_in = Row {
            is_stand_in: true,
            is_read_only: true,
            ..row("on", "on")
        };
        let latin = Row {
            encoding: "LATIN1".to_owned(),
            ..row("on", "on")
        };
        for (row, advice) in [
            (read_only, "default_transaction_read_only"),
            (stand_in, "primary"),
            (latin, "UTF8"),
        ] {
            let check = row.database();
            assert_eq!(check.verdict, Verdict::Bad);
            assert!(check.sentence.contains(advice), "{}", check.sentence);
        }
    }

    #[test]
    fn clocks_may_be_two_seconds_apart() {
        for (milliseconds, verdict) in [
            (0, Verdict::Good),
            (-2_000, Verdict::Good),
            (2_001, Verdict::Attention),
        ] {
            assert_eq!(clock(Duration::milliseconds(milliseconds)).verdict, verdict);
        }
    }
}
