//! Says which tier an environment has. Recorded deployments follow: the first of them at once, the rest by the worker.

use super::{RELINKED_AT_ONCE, ROUNDS, relink};
use crate::environment::{Environment, Tier};
use crate::environment_tiers::{EnvironmentPattern, EnvironmentTiers, TooManyTierRules};
use crate::id::OrganizationId;
use crate::ports::{Applied, Store, StoreError, TiersDecision};
use crate::timestamp::Timestamp;
use thiserror::Error;

/// Why the rules are as they were.
#[derive(Debug, Error)]
pub enum SetEnvironmentTierError {
    /// There are as many rules as there may be.
    #[error(transparent)]
    TooMany(#[from] TooManyTierRules),
    /// There is no such organization.
    #[error("organization {0} does not exist")]
    OrganizationNotFound(OrganizationId),
    /// Too many others changed the organization at once; send it again.
    #[error("the organization is being written to by too many others")]
    Busy,
    /// The store failed. The rules may have been changed, and may be changed again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An environment of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEnvironment {
    /// The environment, with its tier.
    pub environment: Environment,
    /// The rule that gives the tier; `None` if the environment has its own.
    pub rule: Option<EnvironmentPattern>,
}

/// The environments of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentList {
    /// Every environment that something was deployed to, in alphabetical order.
    pub environments: Vec<KnownEnvironment>,
    /// The rules.
    pub tiers: EnvironmentTiers,
}

impl KnownEnvironment {
    /// Whether the tier is `other` because no rule gives one: users may be there, and no figure counts them.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.rule.is_none() && self.environment.tier() == Tier::Other
    }
}

impl EnvironmentList {
    /// Environments with the tiers that the rules give.
    pub(super) fn new(environments: impl IntoIterator<Item = Environment>, tiers: EnvironmentTiers) -> Self {
        let environments = environments.into_iter().map(|environment| KnownEnvironment {
            rule: tiers.rule_of(&environment).map(|(pattern, _)| pattern.clone()),
            environment: tiers.apply(environment),
        });
        Self {
            environments: environments.collect(),
            tiers,
        }
    }

    /// The environments whose tier [nobody has chosen](KnownEnvironment::is_undecided).
    #[must_use]
    pub fn undecided(&self) -> Vec<Environment> {
        let undecided = self.environments.iter().filter(|known| known.is_undecided());
        undecided.map(|known| known.environment.clone()).collect()
    }
}

/// The rules of an organization; none if it does not exist.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn find_tiers(
    store: &dyn Store,
    organization_id: OrganizationId,
) -> Result<EnvironmentTiers, StoreError> {
    let context = store.environments().context(organization_id).await?;
    Ok(context.map(|context| context.tiers).unwrap_or_default())
}

/// The environments of an organization with their tiers.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn list_environments(
    store: &dyn Store,
    organization_id: OrganizationId,
) -> Result<EnvironmentList, StoreError> {
    let tiers = find_tiers(store, organization_id).await?;
    let environments = store.environments().list(organization_id).await?;
    Ok(EnvironmentList::new(environments, tiers))
}

/// Gives every environment whose name is or fits a pattern a tier.
///
/// # Errors
/// [`SetEnvironmentTierError`] says why none has it.
pub async fn set_environment_tier(
    store: &dyn Store,
    organization_id: OrganizationId,
    pattern: &EnvironmentPattern,
    tier: Tier,
    now: Timestamp,
) -> Result<(), SetEnvironmentTierError> {
    let decide = |tiers: &EnvironmentTiers| tiers.with(pattern.clone(), tier);
    change_tiers(store, organization_id, decide, now).await.map(drop)
}

/// Removes the rule of a pattern, and tells whether there was one.
///
/// # Errors
/// [`SetEnvironmentTierError`] says why it stays.
pub async fn remove_environment_tier(
    store: &dyn Store,
    organization_id: OrganizationId,
    pattern: &EnvironmentPattern,
    now: Timestamp,
) -> Result<bool, SetEnvironmentTierError> {
    let decide = |tiers: &EnvironmentTiers| Ok(tiers.without(pattern));
    change_tiers(store, organization_id, decide, now).await
}

/// Changes the rules, and tells whether they have changed.
async fn change_tiers(
    store: &dyn Store,
    organization_id: OrganizationId,
    decide: impl Fn(&EnvironmentTiers) -> Result<EnvironmentTiers, TooManyTierRules>,
    now: Timestamp,
) -> Result<bool, SetEnvironmentTierError> {
    let environments = store.environments();
    for _ in 0..ROUNDS {
        let before = environments.context(organization_id).await?;
        let before = before.ok_or(SetEnvironmentTierError::OrganizationNotFound(organization_id))?;
        let after = decide(&before.tiers)?;
        if after == before.tiers {
            return Ok(false);
        }
        let decision = TiersDecision {
            organization_id,
            before,
            after,
            decided_at: now,
        };
        if environments.apply(&decision).await? == Applied::Done(()) {
            // They are requested, and the worker does what this cannot.
            let _ = relink(store, Some(organization_id), RELINKED_AT_ONCE, now).await;
            return Ok(true);
        }
    }
    Err(SetEnvironmentTierError::Busy)
}
