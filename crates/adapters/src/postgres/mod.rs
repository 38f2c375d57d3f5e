//! The ports on Postgres.

pub mod private;
