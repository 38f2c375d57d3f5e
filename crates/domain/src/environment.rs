//! Where a deployment went. Any name is allowed; only `production` counts as reaching users.

use std::fmt;
use thiserror::Error;

const MAX_CHARACTERS: usize = 100;

/// The name of an environment, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Environment(Box<str>);

/// A text is no environment name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a string of 1-{MAX_CHARACTERS} characters")]
pub struct InvalidEnvironment;

impl Environment {
    /// The one that reaches users.
    pub const PRODUCTION: &str = "production";

    /// The environment that reaches users.
    #[must_use]
    pub fn production() -> Self {
        Self(Self::PRODUCTION.into())
    }

    /// Trims the name, puts it in lower case and checks it.
    ///
    /// # Errors
    /// [`InvalidEnvironment`] when it is empty, longer than 100 characters or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidEnvironment> {
        let name = text.trim().to_lowercase();
        let sound =
            !name.is_empty() && name.chars().count() <= MAX_CHARACTERS && !name.chars().any(char::is_control);
        if sound {
            Ok(Self(name.into()))
        } else {
            Err(InvalidEnvironment)
        }
    }

    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a deployment here reaches users, so that it can ship pull requests.
    #[must_use]
    pub fn is_production(&self) -> bool {
        &*self.0 == Self::PRODUCTION
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_kept_in_lower_case_and_only_production_counts() {
        for (text, kept, production) in [
            ("production", "production", true),
            (" Production ", "production", true),
            ("prod", "prod", false),
            ("STAGING", "staging", false),
            ("eu-west/Blue", "eu-west/blue", false),
        ] {
            let environment = Environment::parse(text).unwrap();
            assert_eq!(
                (environment.as_str(), environment.is_production()),
                (kept, production)
            );
        }
    }

    #[test]
    fn an_empty_overlong_or_unprintable_name_is_refused() {
        for bad in ["", " ", "a\0", &"x".repeat(101)] {
            assert_eq!(Environment::parse(bad), Err(InvalidEnvironment), "{bad:?}");
        }
        assert!(Environment::parse(&"x".repeat(100)).is_ok());
    }
}
