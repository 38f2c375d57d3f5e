use super::{Inserted, StoreError};
use crate::id::OrganizationId;
use crate::organization::{Organization, OrganizationSlug, Plan};
use crate::text::OrganizationName;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// An organization to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrganization {
    /// Its name in URLs.
    pub slug: OrganizationSlug,
    /// What people call it.
    pub name: OrganizationName,
    /// The plan that it begins with.
    pub plan: Plan,
    /// Now.
    pub created_at: Timestamp,
}

/// How far the removal of an organization has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// The organization is gone, and everything of it.
    All,
    /// So many rows were deleted, and there may be more.
    Some(u64),
}

/// Tenants. A slug is unique.
#[async_trait]
pub trait Organizations: Send + Sync {
    /// Makes an organization without a trial, unless its slug is taken.
    async fn insert(&self, organization: &NewOrganization) -> Result<Inserted<Organization>, StoreError>;

    /// The organization with a slug.
    async fn find_by_slug(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError>;

    /// All of them, by slug.
    async fn list(&self) -> Result<Vec<Organization>, StoreError>;

    /// Deletes up to `most` rows of an organization: its keys and sessions first, itself last, only once nothing of it is
    /// left. An organization that is gone is [`Removed::All`].
    async fn remove_some(&self, id: OrganizationId, most: u32) -> Result<Removed, StoreError>;

    /// Answers if the store could be written to right now.
    async fn check_health(&self) -> Result<(), StoreError>;
}
