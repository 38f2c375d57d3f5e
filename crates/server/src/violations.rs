//! Collects every rule that a body or a query breaks, in the order in which its fields are looked at, so that a sender
//! can put all of them right at once. Nothing is allocated as long as no rule is broken, and of a thousand broken items
//! only so much is told.

use crate::wire::{List, Value};
use periscope_domain::timestamp::{ImplausibleTimestamp, InvalidTimestamp, Timestamp};
use serde::Serialize;
use std::fmt::Display;
use thiserror::Error;
use utoipa::ToSchema;

/// How many broken rules are told of. No single report has so many fields.
pub(crate) const TOLD: usize = 100;

/// Rules that were broken; the message is that of the first one.
#[derive(Debug, Error)]
#[error("{first}")]
pub(crate) struct BrokenRules {
    first: String,
    broken: Vec<Broken>,
}

impl BrokenRules {
    /// Every broken rule that is told of, if there is more than one.
    pub(crate) fn details(&self) -> Option<&[Broken]> {
        (self.broken.len() > 1).then_some(&self.broken)
    }
}

impl From<Violations> for BrokenRules {
    fn from(mut violations: Violations) -> Self {
        violations.count_untold();
        let first = violations.broken.first().map(|broken| broken.message.clone());
        Self {
            first: first.unwrap_or_default(),
            broken: violations.broken,
        }
    }
}

/// Why a body was refused.
#[derive(Debug, Error)]
#[error("Invalid payload: {0}")]
pub struct InvalidPayload(pub(crate) BrokenRules);

impl InvalidPayload {
    /// A body that could not be read far enough to look at its fields.
    pub(crate) fn malformed(problem: impl Into<String>) -> Self {
        Self(BrokenRules {
            first: problem.into(),
            broken: Vec::new(),
        })
    }
}

impl From<Violations> for InvalidPayload {
    fn from(violations: Violations) -> Self {
        Self(violations.into())
    }
}

/// A rule that a field breaks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BrokenRule)]
pub(crate) struct Broken {
    /// The name of the field, with its place if it is in an array: `commits[3].sha`.
    field: String,
    /// What is wrong, beginning with the field.
    message: String,
}

/// The rules that are broken so far.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    prefix: Option<(&'static str, usize)>,
    broken: Vec<Broken>,
    /// How many more there are than are told of.
    untold: usize,
}

impl Violations {
    /// Makes the names of the fields that follow those of an element of an array.
    pub(crate) fn enter(&mut self, array: &'static str, index: usize) {
        self.prefix = Some((array, index));
    }

    /// Makes the names of the fields that follow those of the body itself again.
    pub(crate) fn leave(&mut self) {
        self.prefix = None;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.broken.is_empty()
    }

    pub(crate) fn add(&mut self, field: &str, rule: impl Display) {
        if self.broken.len() == TOLD {
            self.untold += 1;
            return;
        }
        let field = match self.prefix {
            None => field.to_owned(),
            Some((array, index)) if field.is_empty() => format!("{array}[{index}]"),
            Some((array, index)) => format!("{array}[{index}].{field}"),
        };
        let message = format!("{field} {rule}");
        self.broken.push(Broken { field, message });
    }

    /// Says at the end how many there are that nothing was said of.
    fn count_untold(&mut self) {
        if self.untold > 0 {
            let field = self.prefix.map_or("body", |(array, _)| array).to_owned();
            let message = format!("{field} breaks {} more rules", self.untold);
            self.broken.push(Broken { field, message });
        }
    }

    /// A text that must be there.
    pub(crate) fn required<T, E: Display>(
        &mut self,
        field: &str,
        value: &Value<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match value {
            Value::Absent | Value::Null => {
                self.add(field, "is required");
                None
            }
            value => self.check(field, parse(expected_text(value))),
        }
    }

    /// A text that may be missing; an empty one is, because that is what an unset variable of a CI job looks like.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        field: &str,
        value: &Value<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match value {
            value if is_absent(value) => None,
            value => self.check(field, parse(expected_text(value))),
        }
    }

    /// A whole number that must be there.
    pub(crate) fn required_integer<T, E: Display>(
        &mut self,
        field: &str,
        value: &Value<'_>,
        check: impl Fn(i64) -> Result<T, E>,
    ) -> Option<T> {
        match value {
            Value::Absent | Value::Null => {
                self.add(field, "is required");
                None
            }
            value => self.check(field, check(expected_integer(value))),
        }
    }

    /// A whole number that may be missing.
    pub(crate) fn optional_integer<T, E: Display>(
        &mut self,
        field: &str,
        value: &Value<'_>,
        check: impl Fn(i64) -> Result<T, E>,
    ) -> Option<T> {
        match value {
            value if is_absent(value) => None,
            value => self.check(field, check(expected_integer(value))),
        }
    }

    /// The items of an array that must have some; none of them if it has not.
    pub(crate) fn required_items<'l, T, const MAX: usize>(
        &mut self,
        field: &str,
        list: &'l List<T, MAX>,
    ) -> &'l [T] {
        match list {
            List::Items(items) if !items.is_empty() => return items,
            List::Absent => self.add(field, "is required"),
            List::Items(_) | List::TooLong | List::Other => {
                self.add(field, format_args!("must be an array of 1-{MAX} items"));
            }
        }
        &[]
    }

    /// What was made of a field, unless it breaks a rule.
    pub(crate) fn check<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|rule| self.add(field, rule)).ok()
    }
}

/// Whether an optional field counts as left out.
pub(crate) fn is_absent(value: &Value<'_>) -> bool {
    match value {
        Value::Absent | Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::Integer(_) | Value::Boolean(_) | Value::Other => false,
    }
}

/// A value that is no text breaks the rule that an empty text breaks.
fn expected_text<'v>(value: &'v Value<'_>) -> &'v str {
    value.text().unwrap_or_default()
}

/// A value that is no whole number breaks the rule that one far below any range breaks.
fn expected_integer(value: &Value<'_>) -> i64 {
    match value {
        Value::Integer(number) => *number,
        _ => i64::MIN,
    }
}

/// A reported time breaks one of its two rules.
#[derive(Debug, Error)]
pub(crate) enum InvalidTime {
    #[error(transparent)]
    Unreadable(#[from] InvalidTimestamp),
    #[error(transparent)]
    Implausible(#[from] ImplausibleTimestamp),
}

/// Reads a time that may be reported now.
pub(crate) fn plausible_time(text: &str, now: Timestamp) -> Result<Timestamp, InvalidTime> {
    Ok(Timestamp::parse(text)?.plausible(now)?)
}
