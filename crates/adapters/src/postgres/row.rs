//! From stored values to those that cannot be wrong. What does not parse was not written by any version of this
//! program: it is reported by table, column and row, and never replaced by a default.

use super::error::corrupt;
use super::statement::batch_input;
use diesel::sql_types::BigInt;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::StoreError;
use periscope_domain::text::BranchName;
use periscope_domain::timestamp::Timestamp;
use std::fmt::Display;
use time::OffsetDateTime;

/// One row of a table, to say in an error.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) table: &'static str,
    pub(crate) id: i64,
}

impl Place {
    /// The value of a column, parsed.
    pub(crate) fn parse<T, E: Display>(
        self,
        column: &'static str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        self.check(column, parse(text))
    }

    /// The value of a column that may be null, parsed.
    pub(crate) fn parse_option<T, E: Display>(
        self,
        column: &'static str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.parse(column, text, parse)).transpose()
    }

    /// One of an enum's words.
    pub(crate) fn word<T: Copy>(
        self,
        column: &'static str,
        text: &str,
        all: impl IntoIterator<Item = T>,
        as_str: impl Fn(T) -> &'static str,
    ) -> Result<T, StoreError> {
        all.into_iter()
            .find(|value| as_str(*value) == text)
            .ok_or_else(|| self.corrupt(column, format_args!("{text:?} is not one of its words")))
    }

    /// A whole commit SHA.
    pub(crate) fn sha(self, column: &'static str, bytes: &[u8]) -> Result<CommitSha, StoreError> {
        let bytes = <[u8; 20]>::try_from(bytes)
            .map_err(|_| self.corrupt(column, format_args!("{} bytes, not 20", bytes.len())))?;
        Ok(CommitSha::from_bytes(bytes))
    }

    /// A branch that is kept as '' where it is not known.
    pub(crate) fn branch(self, column: &'static str, text: &str) -> Result<Option<BranchName>, StoreError> {
        self.parse_option(
            column,
            Some(text).filter(|text| !text.is_empty()),
            BranchName::parse,
        )
    }

    /// A value that was made of a column.
    pub(crate) fn check<T, E: Display>(
        self,
        column: &'static str,
        value: Result<T, E>,
    ) -> Result<T, StoreError> {
        value.map_err(|error| self.corrupt(column, error))
    }

    fn corrupt(self, column: &'static str, problem: impl Display) -> StoreError {
        corrupt(self.table, column, self.id, problem)
    }
}

batch_input! {
    /// Rows of an organization by our own numbers.
    Identified as "wanted" {
        organization_id: BigInt = i64,
        id: BigInt = i64,
    }
}

impl Identified {
    pub(crate) fn of(organization_id: OrganizationId, ids: impl Iterator<Item = i64>) -> Self {
        let id: Vec<i64> = ids.collect();
        Self {
            organization_id: vec![organization_id.get(); id.len()],
            id,
        }
    }
}

/// A stored time.
pub(crate) fn timestamp(time: OffsetDateTime) -> Timestamp {
    Timestamp::new(time)
}

/// A branch as it is kept.
pub(crate) fn branch_key(branch: Option<&BranchName>) -> String {
    branch.map_or_else(String::new, |branch| branch.as_str().to_owned())
}
