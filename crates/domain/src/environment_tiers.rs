//! Which tier an environment has in an organization. An organization gives tiers by name or by a pattern. An exact name wins
//! over patterns, the longest pattern over shorter ones. A well-known name is exact as well: only a rule of that very name
//! gives it another tier.

use crate::environment::{Environment, Tier};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

const MAX_CHARACTERS: usize = 100;

/// A text is no pattern of environment names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a name or a pattern of 1-{MAX_CHARACTERS} characters")]
pub struct InvalidEnvironmentPattern;

/// An organization has as many rules as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "an organization has at most {} rules of environments: a pattern with * stands for many names",
    EnvironmentTiers::MOST
)]
pub struct TooManyTierRules;

/// Environment names that have a tier in common: one name, or every name that fits, where `*` stands for any characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentPattern(Arc<str>);

impl EnvironmentPattern {
    /// Trims the pattern, puts it in lower case and checks it.
    ///
    /// # Errors
    /// [`InvalidEnvironmentPattern`] when it is empty, longer than 100 characters or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidEnvironmentPattern> {
        let pattern = text.trim().to_lowercase();
        let characters = pattern.chars().count();
        let sound = (1..=MAX_CHARACTERS).contains(&characters) && !pattern.chars().any(char::is_control);
        if sound {
            Ok(Self(pattern.into()))
        } else {
            Err(InvalidEnvironmentPattern)
        }
    }

    /// The pattern of one environment alone.
    #[must_use]
    pub fn exactly(environment: &Environment) -> Self {
        Self(environment.as_str().into())
    }

    /// The pattern in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern as one word of a shell's command line, in quotes where the shell would read something into it.
    #[must_use]
    pub fn quoted(&self) -> String {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./:@+%".contains(c);
        if !self.0.starts_with('-') && self.0.chars().all(is_plain) {
            self.0.to_string()
        } else {
            format!("'{}'", self.0.replace('\'', r"'\''"))
        }
    }

    /// Whether a name in lower case fits. Each part between two `*` is found as early as possible, which leaves the most
    /// for those behind it.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return name == self.as_str();
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let within = name.strip_prefix(first).and_then(|name| name.strip_suffix(last));
        let left = within.and_then(|within| {
            let mut parts = middle.split('*');
            parts.try_fold(within, |left, part| {
                left.find(part).and_then(|at| left.get(at + part.len()..))
            })
        });
        left.is_some()
    }
}

impl Borrow<str> for EnvironmentPattern {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for EnvironmentPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rules by which an organization gives tiers to environments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentTiers(BTreeMap<EnvironmentPattern, Tier>);

impl EnvironmentTiers {
    /// How many rules an organization has at most.
    pub const MOST: usize = 200;

    /// The rules of an organization, each pattern once; of two rules with one pattern the last one counts.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = (EnvironmentPattern, Tier)>) -> Self {
        Self(rules.into_iter().collect())
    }

    /// The rules in alphabetical order of their patterns.
    pub fn rules(&self) -> impl Iterator<Item = (&EnvironmentPattern, Tier)> {
        self.0.iter().map(|(pattern, tier)| (pattern, *tier))
    }

    /// Whether no rule was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules with one more, in place of the one with its pattern.
    ///
    /// # Errors
    /// [`TooManyTierRules`] when there are as many as there may be.
    pub fn with(&self, pattern: EnvironmentPattern, tier: Tier) -> Result<Self, TooManyTierRules> {
        let mut rules = self.0.clone();
        rules.insert(pattern, tier);
        if rules.len() > Self::MOST {
            return Err(TooManyTierRules);
        }
        Ok(Self(rules))
    }

    /// The rules without the one of a pattern.
    #[must_use]
    pub fn without(&self, pattern: &EnvironmentPattern) -> Self {
        let mut rules = self.0.clone();
        rules.remove(pattern);
        Self(rules)
    }

    /// The rule that gives an environment its tier; `None` if the environment has its own.
    #[must_use]
    pub fn rule_of(&self, environment: &Environment) -> Option<(&EnvironmentPattern, Tier)> {
        let name = environment.as_str();
        let exact = self.0.get_key_value(name);
        let longest = || {
            if Tier::of_name(name) != Tier::Other {
                return None;
            }
            let fitting = self.0.iter().filter(|(pattern, _)| pattern.fits(name));
            // Of two that are equally long the first one by alphabet is taken.
            fitting
                .rev()
                .max_by_key(|(pattern, _)| pattern.as_str().chars().count())
        };
        exact.or_else(longest).map(|(pattern, tier)| (pattern, *tier))
    }

    /// An environment with the tier that it has under these rules.
    #[must_use]
    pub fn apply(&self, environment: Environment) -> Environment {
        let given = self.rule_of(&environment).map(|(_, tier)| tier);
        let tier = given.unwrap_or_else(|| Tier::of_name(environment.as_str()));
        environment.with_tier(tier)
    }

    /// Whether an environment has another tier under other rules.
    #[must_use]
    pub fn differs_from(&self, other: &Self, environment: &Environment) -> bool {
        let tiers = [self, other].map(|rules| rules.apply(environment.clone()).tier());
        tiers[0] != tiers[1]
    }
}

/// How many environments a sentence names.
const NAMED: usize = 3;

/// Names environments whose tier is `other`, says what they had, and offers to make them production.
#[must_use]
pub fn name_some(environments: &[Environment], had: &str) -> String {
    let mut names: Vec<_> = environments.iter().take(NAMED).map(ToString::to_string).collect();
    let more = environments.len().saturating_sub(names.len());
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let last = names.pop().unwrap_or_default();
    let names = match names.as_slice() {
        [] => last,
        names => format!("{} and {last}", names.join(", ")),
    };
    let what = if environments.len() == 1 {
        "is no production environment"
    } else {
        "are no production environments"
    };
    let first = environments.first().map(EnvironmentPattern::exactly);
    let first = first.map_or_else(String::new, |first| first.quoted());
    format!(
        "{names} {had}, but {what} (tier other). Where users are, make it production: `periscope environment set {first} \
         --tier production`, or on the settings page."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> EnvironmentPattern {
        EnvironmentPattern::parse(text).unwrap()
    }

    fn tier(rules: &EnvironmentTiers, name: &str) -> Tier {
        rules.apply(Environment::parse(name).unwrap()).tier()
    }

    #[test]
    fn a_pattern_is_kept_in_lower_case_and_has_1_to_100_characters() {
        assert_eq!(pattern(" Prod-* ").as_str(), "prod-*");
        assert!(EnvironmentPattern::parse(&"ö".repeat(100)).is_ok());
        for bad in ["", " ", "a\0", &"x".repeat(101)] {
            assert_eq!(
                EnvironmentPattern::parse(bad),
                Err(InvalidEnvironmentPattern),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_pattern_is_quoted_where_a_shell_would_read_something_into_it() {
        for (text, quoted) in [
            ("prod-eu.1", "prod-eu.1"),
            ("prod*", "'prod*'"),
            ("eu west", "'eu west'"),
            ("it's", r"'it'\''s'"),
            ("$(id)", "'$(id)'"),
        ] {
            assert_eq!(pattern(text).quoted(), quoted);
        }
    }

    #[test]
    fn a_star_stands_for_any_characters_or_none() {
        for (text, name, fits) in [
            ("prod", "prod", true),
            ("prod", "prod-eu", false),
            ("prod*", "prod", true),
            ("prod*", "prod-eu", true),
            ("prod*", "preprod", false),
            ("*prod", "preprod", true),
            ("*prod", "prod-eu", false),
            ("*prod*", "my-prod-eu", true),
            ("*", "anything", true),
            ("**", "a", true),
            ("p*d-*", "prod-eu", true),
            ("p*d-*", "prod", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("größe*", "größe-1", true),
        ] {
            assert_eq!(pattern(text).fits(name), fits, "{text} {name}");
        }
    }

    /// The same rule told by trying every split.
    fn fits_plainly(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|taken| fits_plainly(rest, &name[taken..])),
            Some((character, rest)) => name
                .split_first()
                .is_some_and(|(first, left)| first == character && fits_plainly(rest, left)),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_some_split_of_the_name_fits(text in "[ab*]{1,7}", name in "[ab]{1,9}") {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = fits_plainly(&characters(&text), &characters(&name));
            prop_assert_eq!(pattern(&text).fits(&name), expected);
        }
    }

    #[test]
    fn the_exact_name_wins_then_the_longest_pattern_then_the_well_known_name() {
        let rules = EnvironmentTiers::new([
            (pattern("prod*"), Tier::Production),
            (pattern("prod-test*"), Tier::Testing),
            (pattern("prod-test-live"), Tier::Production),
            (pattern("*"), Tier::Preview),
            (pattern("staging"), Tier::Production),
            (pattern("aa*"), Tier::Staging),
            (pattern("*aa"), Tier::Development),
        ]);
        for (name, expected) in [
            ("prod", Tier::Production),
            ("Prod-EU", Tier::Production),
            ("prod-test", Tier::Testing),
            ("prod-test-1", Tier::Testing),
            ("prod-test-live", Tier::Production),
            ("staging", Tier::Production),
            ("qa", Tier::Preview),
            ("test", Tier::Testing),
            ("production", Tier::Production),
            ("aaaa", Tier::Development),
        ] {
            assert_eq!(tier(&rules, name), expected, "{name}");
        }
        let environment = Environment::parse("prod-test-1").unwrap();
        let rule = rules.rule_of(&environment);
        assert_eq!(rule, Some((&pattern("prod-test*"), Tier::Testing)));
    }

    #[test]
    fn without_its_rule_an_environment_has_its_own_tier_again() {
        let none = EnvironmentTiers::default();
        let rules = none.with(pattern("production"), Tier::Staging).unwrap();
        let rules = rules.with(pattern("live"), Tier::Production).unwrap();
        assert_eq!(tier(&rules, "production"), Tier::Staging);
        assert_eq!(tier(&rules, "live"), Tier::Production);
        let rules = rules.without(&pattern("production")).without(&pattern("live"));
        assert!(rules.is_empty());
        assert_eq!(tier(&rules, "production"), Tier::Production);
        assert_eq!(tier(&rules, "live"), Tier::Other);
        assert_eq!(rules, none.without(&pattern("nothing")));
    }

    #[test]
    fn only_a_changed_tier_differs() {
        let before = EnvironmentTiers::new([(pattern("prod*"), Tier::Production)]);
        let after = before.with(pattern("prod-eu"), Tier::Production).unwrap();
        let other = before.with(pattern("prod-eu"), Tier::Preview).unwrap();
        let environment = |name| Environment::parse(name).unwrap();
        assert!(!after.differs_from(&before, &environment("prod-eu")));
        assert!(other.differs_from(&before, &environment("prod-eu")));
        assert!(!other.differs_from(&before, &environment("prod-us")));
    }

    #[test]
    fn a_sentence_names_three_environments_at_most() {
        let environments = ["prod", "live", "eu", "us", "ap"].map(|name| Environment::parse(name).unwrap());
        for (count, beginning) in [
            (
                1,
                "prod had deployments, but is no production environment (tier other).",
            ),
            (
                2,
                "prod and live had deployments, but are no production environments",
            ),
            (3, "prod, live and eu had"),
            (5, "prod, live, eu and 2 more had"),
        ] {
            let sentence = name_some(&environments[..count], "had deployments");
            assert!(sentence.starts_with(beginning), "{sentence}");
            assert!(
                sentence.contains("`periscope environment set prod --tier production`"),
                "{sentence}"
            );
        }
    }

    #[test]
    fn an_organization_has_200_rules_at_most() {
        let numbered = |number: usize| (pattern(&format!("e-{number}")), Tier::Preview);
        let full = EnvironmentTiers::new((0..EnvironmentTiers::MOST).map(numbered));
        assert_eq!(full.with(pattern("one-more"), Tier::Other), Err(TooManyTierRules));
        let changed = full.with(pattern("e-7"), Tier::Production).unwrap();
        assert_eq!(changed.rules().count(), EnvironmentTiers::MOST);
        assert_eq!(tier(&changed, "e-7"), Tier::Production);
        assert!(TooManyTierRules.to_string().contains("at most 200 rules"));
    }
}
