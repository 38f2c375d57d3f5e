use super::StoreError;
use crate::api_key::{ApiKey, ApiKeyHash, ApiKeyHint, KnownApiKey, Scope};
use crate::id::{ApiKeyId, OrganizationId};
use crate::text::ApiKeyName;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// A key to be kept. The key itself never reaches a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// The organization that it speaks for; it must exist.
    pub organization_id: OrganizationId,
    /// What people call it.
    pub name: ApiKeyName,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// What it is found by.
    pub hash: ApiKeyHash,
    /// What it is recognised by.
    pub hint: ApiKeyHint,
    /// Now.
    pub created_at: Timestamp,
    /// From when on it is refused, if it has an end.
    pub expires_at: Option<Timestamp>,
}

/// API keys. A hash is unique over all organizations.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Keeps a new key.
    async fn insert(&self, key: &NewApiKey) -> Result<ApiKey, StoreError>;

    /// The key with a hash, revoked and expired ones too.
    async fn find_by_hash(&self, hash: &ApiKeyHash) -> Result<Option<KnownApiKey>, StoreError>;

    /// Every key of an organization, revoked and expired ones too, oldest first.
    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<ApiKey>, StoreError>;

    /// Revokes a key of the organization and gives it as it now is; one that was revoked before keeps its time.
    /// `None` when the organization has no such key.
    async fn revoke(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError>;

    /// Notes that a key was used, unless a later use is noted already.
    async fn touch(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        used_at: Timestamp,
    ) -> Result<(), StoreError>;
}
