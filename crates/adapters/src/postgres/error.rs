//! What the driver's errors mean to a caller. A broken constraint or a value that does not parse is a bug, ours or
//! of whoever wrote the row. Everything else (a lost connection, a timeout, a deadlock, a server that is starting
//! up or read-only) passes by itself, and the request may be sent again.

use diesel::result::{DatabaseErrorKind, Error};
use periscope_domain::ports::StoreError;
use std::error::Error as StdError;
use std::fmt;

/// Translates an error of the driver.
pub(crate) fn store_error(error: Error) -> StoreError {
    use DatabaseErrorKind::{
        CheckViolation, ExclusionViolation, ForeignKeyViolation, NotNullViolation, RestrictViolation,
        UniqueViolation,
    };
    match &error {
        Error::DatabaseError(
            UniqueViolation | ForeignKeyViolation | CheckViolation | NotNullViolation | ExclusionViolation
            | RestrictViolation,
            _,
        )
        | Error::SerializationError(_)
        | Error::DeserializationError(_)
        | Error::QueryBuilderError(_)
        | Error::NotFound => StoreError::Internal(Box::new(error)),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// The pool had no connection to give in time.
pub(crate) fn unavailable(error: impl Into<Box<dyn StdError + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// A stored value that no version of this program writes.
pub(crate) fn corrupt(
    table: &'static str,
    column: &'static str,
    id: i64,
    problem: impl fmt::Display,
) -> StoreError {
    StoreError::Corrupt {
        table,
        column,
        id,
        problem: problem.to_string(),
    }
}
