//! Where a deployment went. Any name is allowed; only an environment of the tier `production` reaches users.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use thiserror::Error;

const MAX_CHARACTERS: usize = 100;

/// A word is no tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be one of: production, staging, testing, development, preview, other")]
pub struct InvalidTier;

/// What an environment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Users are there.
    Production,
    /// The last stop before production.
    Staging,
    /// Tests run there.
    Testing,
    /// Developers work there.
    Development,
    /// One change is shown there.
    Preview,
    /// Any other purpose.
    Other,
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 6] = [
        Self::Production,
        Self::Staging,
        Self::Testing,
        Self::Development,
        Self::Preview,
        Self::Other,
    ];

    /// Reads a tier by its word.
    ///
    /// # Errors
    /// [`InvalidTier`] for any other word.
    pub fn parse(text: &str) -> Result<Self, InvalidTier> {
        let mut tiers = Self::ALL.into_iter();
        tiers.find(|tier| tier.as_str() == text).ok_or(InvalidTier)
    }

    /// The word that stores and answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Testing => "testing",
            Self::Development => "development",
            Self::Preview => "preview",
            Self::Other => "other",
        }
    }

    /// The tier of a well-known environment name; `Other` for every other name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        match name {
            "production" => Self::Production,
            "staging" => Self::Staging,
            "test" | "testing" => Self::Testing,
            "development" => Self::Development,
            "preview" => Self::Preview,
            _ => Self::Other,
        }
    }
}

/// An environment: its name in lower case, by which environments are compared, and its tier.
#[derive(Clone, Debug)]
pub struct Environment {
    name: Box<str>,
    tier: Tier,
}

/// A text is no environment name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a string of 1-{MAX_CHARACTERS} characters")]
pub struct InvalidEnvironment;

impl Environment {
    /// The well-known name of an environment that reaches users.
    pub const PRODUCTION: &str = "production";

    /// The environment `production`.
    #[must_use]
    pub fn production() -> Self {
        Self {
            name: Self::PRODUCTION.into(),
            tier: Tier::Production,
        }
    }

    /// Trims the name, puts it in lower case and checks it. The tier is that of the well-known name.
    ///
    /// # Errors
    /// [`InvalidEnvironment`] when it is empty, longer than 100 characters or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidEnvironment> {
        let name = text.trim().to_lowercase();
        let sound =
            !name.is_empty() && name.chars().count() <= MAX_CHARACTERS && !name.chars().any(char::is_control);
        if sound {
            Ok(Self {
                tier: Tier::of_name(&name),
                name: name.into(),
            })
        } else {
            Err(InvalidEnvironment)
        }
    }

    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The tier.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// The environment with another tier.
    #[must_use]
    pub fn with_tier(self, tier: Tier) -> Self {
        Self { tier, ..self }
    }

    /// Whether a filter by this name means every environment of the tier `production`. Each other name means itself.
    #[must_use]
    pub fn means_tier(&self) -> bool {
        &*self.name == Self::PRODUCTION
    }

    /// Whether a filter by this name takes another environment.
    #[must_use]
    pub fn takes(&self, other: &Self) -> bool {
        if self.means_tier() {
            other.is_production()
        } else {
            self == other
        }
    }

    /// Whether a deployment here reaches users, so that it can ship pull requests.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        matches!(self.tier, Tier::Production)
    }
}

impl PartialEq for Environment {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Environment {}

impl PartialOrd for Environment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Environment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for Environment {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_kept_in_lower_case_and_only_the_tier_production_counts() {
        for (text, kept, tier) in [
            ("production", "production", Tier::Production),
            (" Production ", "production", Tier::Production),
            ("prod", "prod", Tier::Other),
            ("STAGING", "staging", Tier::Staging),
            ("test", "test", Tier::Testing),
            ("Testing", "testing", Tier::Testing),
            ("development", "development", Tier::Development),
            ("preview", "preview", Tier::Preview),
            ("eu-west/Blue", "eu-west/blue", Tier::Other),
        ] {
            let environment = Environment::parse(text).unwrap();
            assert_eq!((environment.as_str(), environment.tier()), (kept, tier));
            assert_eq!(environment.is_production(), tier == Tier::Production);
            let moved = environment.clone().with_tier(Tier::Production);
            assert!(moved.is_production());
            assert_eq!(moved, environment, "the name says which environment it is");
        }
    }

    #[test]
    fn a_tier_is_read_and_told_by_its_word() {
        for tier in Tier::ALL {
            assert_eq!(Tier::parse(&tier.to_string()), Ok(tier));
        }
        for bad in ["", "Production", "test", "prod"] {
            assert_eq!(Tier::parse(bad), Err(InvalidTier), "{bad:?}");
        }
        let listed = Tier::ALL.map(Tier::as_str).join(", ");
        assert_eq!(InvalidTier.to_string(), format!("must be one of: {listed}"));
    }

    #[test]
    fn production_means_its_tier_and_each_other_name_itself() {
        let named = |name: &str, tier| Environment::parse(name).unwrap().with_tier(tier);
        for (filter, name, tier, takes) in [
            ("production", "production", Tier::Production, true),
            ("production", "prod-eu", Tier::Production, true),
            ("production", "production", Tier::Other, false),
            ("production", "staging", Tier::Staging, false),
            ("prod-eu", "prod-eu", Tier::Production, true),
            ("prod-eu", "production", Tier::Production, false),
            ("staging", "staging", Tier::Staging, true),
            ("staging", "pre-live", Tier::Staging, false),
        ] {
            let filter = Environment::parse(filter).unwrap();
            assert_eq!(filter.takes(&named(name, tier)), takes, "{filter} {name} {tier}");
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
