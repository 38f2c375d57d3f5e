//! What only this adapter can measure: how its pool fares, what Postgres refuses, and how often somebody was faster. They
//! are made with the pool, so whoever collects them is installed before it; for nobody they cost nothing.

use diesel::result::{DatabaseErrorKind, Error};
use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use periscope_domain::ports::Applied;
use std::time::Duration;

const CONNECTIONS: &str = "periscope_postgres_connections";
const MOST_CONNECTIONS: &str = "periscope_postgres_connections_max";
const WAITING: &str = "periscope_postgres_waiting";
const WAITS: &str = "periscope_postgres_wait_seconds";
const ERRORS: &str = "periscope_postgres_errors_total";
const STALE: &str = "periscope_stale_decisions_total";

pub(super) struct Meters {
    in_use: Gauge,
    idle: Gauge,
    most: Gauge,
    waiting: Gauge,
    pub(super) waits: Histogram,
}

/// How a pool stands.
pub(super) struct Standing {
    pub(super) most: usize,
    pub(super) open: usize,
    pub(super) idle: usize,
    pub(super) waiting: usize,
}

impl Meters {
    pub(super) fn new() -> Self {
        describe();
        Self {
            in_use: gauge!(CONNECTIONS, "state" => "in_use"),
            idle: gauge!(CONNECTIONS, "state" => "idle"),
            most: gauge!(MOST_CONNECTIONS),
            waiting: gauge!(WAITING),
            waits: histogram!(WAITS),
        }
    }

    pub(super) fn set(&self, standing: &Standing) {
        self.in_use
            .set(number(standing.open.saturating_sub(standing.idle)));
        self.idle.set(number(standing.idle));
        self.most.set(number(standing.most));
        self.waiting.set(number(standing.waiting));
    }
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Says what each is, and counts nothing once, so that whoever asks before the first time sees a zero.
fn describe() {
    describe_gauge!(
        CONNECTIONS,
        "Connections to Postgres, by whether they are in use."
    );
    describe_gauge!(MOST_CONNECTIONS, "How many connections may be open.");
    describe_gauge!(WAITING, "Who waits for a connection.");
    describe_histogram!(WAITS, Unit::Seconds, "How long a connection was waited for.");
    describe_counter!(
        ERRORS,
        "Statements that failed, by class of SQLSTATE; timeout is what took too long as seen from here, and pool that no \
         connection could be had."
    );
    describe_counter!(
        STALE,
        "Decisions that were not written because somebody was faster, and made again."
    );
    for class in CLASSES {
        counter!(ERRORS, "class" => class).increment(0);
    }
    for kind in [
        Decided::Deployments,
        Decided::PullRequests,
        Decided::Commits,
        Decided::Links,
    ] {
        kind.stale().increment(0);
    }
}

/// What was decided.
#[derive(Clone, Copy)]
pub(super) enum Decided {
    Deployments,
    PullRequests,
    Commits,
    Links,
}

impl Decided {
    fn stale(self) -> Counter {
        let kind = match self {
            Self::Deployments => "deployments",
            Self::PullRequests => "pull_requests",
            Self::Commits => "commits",
            Self::Links => "links",
        };
        counter!(STALE, "kind" => kind)
    }

    /// Counts the decisions for which somebody was faster.
    pub(super) fn count_stale<'a, T: 'a>(self, outcomes: impl IntoIterator<Item = &'a Applied<T>>) {
        let stale = outcomes
            .into_iter()
            .filter(|outcome| matches!(outcome, Applied::Stale))
            .count();
        if stale > 0 {
            self.stale().increment(stale as u64);
        }
    }
}

/// Why a statement failed.
pub(super) enum Failure<'e> {
    /// Postgres, or the way to it.
    Statement(&'e Error),
    /// It took too long as seen from here.
    Timeout,
    /// There was no connection.
    Pool,
}

const CLASSES: [&str; 9] = ["08", "23", "25", "40", "55", "57", "other", "timeout", "pool"];

impl Failure<'_> {
    pub(super) fn count(&self) {
        counter!(ERRORS, "class" => self.class()).increment(1);
    }

    /// The driver keeps the SQLSTATE of the few that it has a word for. The others that are worth telling apart are known by
    /// what Postgres says of them in English.
    fn class(&self) -> &'static str {
        use DatabaseErrorKind::{
            CheckViolation, ClosedConnection, ExclusionViolation, ForeignKeyViolation, NotNullViolation,
            ReadOnlyTransaction, RestrictViolation, SerializationFailure, UnableToSendCommand,
            UniqueViolation,
        };
        let (kind, message) = match self {
            Self::Statement(Error::DatabaseError(kind, information)) => (kind, information.message()),
            Self::Statement(_) => return "other",
            Self::Timeout => return "timeout",
            Self::Pool => return "pool",
        };
        match kind {
            UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation
            | ExclusionViolation | RestrictViolation => "23",
            SerializationFailure => "40",
            ReadOnlyTransaction => "25",
            ClosedConnection | UnableToSendCommand => "08",
            _ if message.contains("deadlock detected") => "40",
            _ if message.contains("lock timeout") || message.contains("could not obtain lock") => "55",
            _ if message.contains("statement timeout") || message.contains("terminating connection") => "57",
            _ if message.contains("the database system is") => "57",
            _ => "other",
        }
    }
}

/// How often the standing of a pool is looked at.
pub(super) const EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn class(kind: DatabaseErrorKind, message: &str) -> &'static str {
        let error = Error::DatabaseError(kind, Box::new(message.to_owned()));
        Failure::Statement(&error).class()
    }

    #[test]
    fn what_postgres_says_has_the_class_of_its_sqlstate() {
        use DatabaseErrorKind::{UnableToSendCommand, UniqueViolation, Unknown};
        for (kind, message, expected) in [
            (
                UniqueViolation,
                "duplicate key value violates unique constraint",
                "23",
            ),
            (UnableToSendCommand, "connection closed", "08"),
            (Unknown, "deadlock detected", "40"),
            (Unknown, "canceling statement due to lock timeout", "55"),
            (Unknown, "canceling statement due to statement timeout", "57"),
            (Unknown, "the database system is starting up", "57"),
            (Unknown, "relation \"x\" does not exist", "other"),
        ] {
            assert_eq!(class(kind, message), expected, "{message}");
            assert!(CLASSES.contains(&expected));
        }
        assert_eq!(Failure::Statement(&Error::NotFound).class(), "other");
    }
}
