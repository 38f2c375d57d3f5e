//! An organization and what it has subscribed to. Ingest never stops for a plan; a plan decides what more an
//! organization may do.

use crate::id::OrganizationId;
use crate::text::OrganizationName;
use crate::timestamp::Timestamp;
use crate::trial::Trial;
use std::fmt;
use thiserror::Error;

/// The name of an organization in URLs and payloads: 1 to 39 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationSlug(Box<str>);

/// A text is no organization slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be 1-39 characters of a-z, 0-9 and -")]
pub struct InvalidOrganizationSlug;

impl OrganizationSlug {
    /// Checks a slug.
    ///
    /// # Errors
    /// [`InvalidOrganizationSlug`] when it breaks the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidOrganizationSlug> {
        let sound = (1..=39).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if sound {
            Ok(Self(text.into()))
        } else {
            Err(InvalidOrganizationSlug)
        }
    }

    /// The slug.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrganizationSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an organization has subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Without charge; the only plan that a trial can lift.
    Free,
    /// For teams.
    Business,
    /// For companies.
    Enterprise,
}

/// A text is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be one of: free, business, enterprise")]
pub struct InvalidPlan;

impl Plan {
    /// Every plan.
    pub const ALL: [Self; 3] = [Self::Free, Self::Business, Self::Enterprise];

    /// Reads one of the three words.
    ///
    /// # Errors
    /// [`InvalidPlan`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidPlan> {
        Self::ALL
            .into_iter()
            .find(|plan| plan.as_str() == text)
            .ok_or(InvalidPlan)
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Business => "business",
            Self::Enterprise => "enterprise",
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An organization's plan and the one trial of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The plan that it is on.
    pub plan: Plan,
    /// Its trial, once it has begun; kept after it has ended.
    pub trial: Option<Trial>,
}

impl Subscription {
    /// The trial that an accepted deployment event starts now: one for a Free organization that never had any.
    #[must_use]
    pub fn trial_started_by_deployment(&self, now: Timestamp) -> Option<Trial> {
        (self.plan == Plan::Free && self.trial.is_none()).then(|| Trial::starting_at(now))
    }

    /// The plan whose rights it has now: Business while its trial runs, else its own.
    #[must_use]
    pub fn effective_plan(&self, now: Timestamp) -> Plan {
        match self.trial {
            Some(trial) if self.plan == Plan::Free && trial.is_running(now) => Plan::Business,
            _ => self.plan,
        }
    }
}

/// A tenant: everything else belongs to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its number.
    pub id: OrganizationId,
    /// Its name in URLs, unique.
    pub slug: OrganizationSlug,
    /// What people call it.
    pub name: OrganizationName,
    /// Its plan and trial.
    pub subscription: Subscription,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    fn now() -> Timestamp {
        Timestamp::parse("2024-01-15T10:30:00Z").unwrap()
    }

    #[test]
    fn a_slug_is_lower_case_letters_digits_and_dashes() {
        for good in ["a", "acme-corp", "0-9", &"a".repeat(39)] {
            assert_eq!(OrganizationSlug::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "Acme", "a_b", "a b", " a", "é", &"a".repeat(40)] {
            assert_eq!(
                OrganizationSlug::parse(bad),
                Err(InvalidOrganizationSlug),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn only_a_free_organization_without_a_trial_starts_one() {
        let old = Trial::starting_at(now().plus(Duration::days(-400)));
        for (plan, trial, starts) in [
            (Plan::Free, None, true),
            (Plan::Free, Some(Trial::starting_at(now())), false),
            (Plan::Free, Some(old), false),
            (Plan::Business, None, false),
            (Plan::Enterprise, None, false),
        ] {
            let started = Subscription { plan, trial }.trial_started_by_deployment(now());
            assert_eq!(
                started,
                starts.then(|| Trial::starting_at(now())),
                "{plan} {trial:?}"
            );
        }
    }

    #[test]
    fn a_trial_lifts_free_to_business_for_exactly_14_days() {
        let trial = Some(Trial::starting_at(now()));
        let end = now().plus(Duration::days(14));
        for (plan, at, effective) in [
            (Plan::Free, now(), Plan::Business),
            (Plan::Free, end.plus(Duration::microseconds(-1)), Plan::Business),
            (Plan::Free, end, Plan::Free),
            (Plan::Enterprise, now(), Plan::Enterprise),
        ] {
            assert_eq!(Subscription { plan, trial }.effective_plan(at), effective);
        }
    }
}
