use super::MemoryStore;
use async_trait::async_trait;
use periscope_domain::api_key::{ApiKey, ApiKeyHash, KnownApiKey};
use periscope_domain::id::{ApiKeyId, OrganizationId};
use periscope_domain::ports::{ApiKeys, NewApiKey, StoreError};
use periscope_domain::timestamp::Timestamp;

#[async_trait]
impl ApiKeys for MemoryStore {
    async fn insert(&self, key: &NewApiKey) -> Result<ApiKey, StoreError> {
        let mut state = self.state();
        state.tenant(key.organization_id)?;
        if state.api_keys.iter().any(|(hash, _)| *hash == key.hash) {
            return Err(StoreError::Internal("the hash of a new key is taken".into()));
        }
        let made = ApiKey {
            id: ApiKeyId::new(state.next_id()),
            organization_id: key.organization_id,
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            hint: key.hint.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        state.api_keys.push((key.hash, made.clone()));
        Ok(made)
    }

    async fn find_by_hash(&self, hash: &ApiKeyHash) -> Result<Option<KnownApiKey>, StoreError> {
        let mut state = self.state();
        let Some((_, key)) = state.api_keys.iter().find(|(known, _)| known == hash).cloned() else {
            return Ok(None);
        };
        let organization_slug = state.tenant(key.organization_id)?.organization.slug.clone();
        Ok(Some(KnownApiKey {
            key,
            organization_slug,
        }))
    }

    async fn list(&self, organization_id: OrganizationId) -> Result<Vec<ApiKey>, StoreError> {
        let state = self.state();
        let keys = state.api_keys.iter().map(|(_, key)| key);
        let mut keys: Vec<_> = keys
            .filter(|key| key.organization_id == organization_id)
            .cloned()
            .collect();
        keys.sort_by_key(|key| (key.created_at, key.id));
        Ok(keys)
    }

    async fn revoke(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.change(organization_id, id, |key| {
            key.revoked_at.get_or_insert(now);
        }))
    }

    async fn touch(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        used_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(organization_id, id, |key| {
            key.last_used_at = key.last_used_at.max(Some(used_at));
        });
        Ok(())
    }
}

impl MemoryStore {
    fn change(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        change: impl FnOnce(&mut ApiKey),
    ) -> Option<ApiKey> {
        let mut state = self.state();
        let mut keys = state.api_keys.iter_mut().map(|(_, key)| key);
        let key = keys.find(|key| key.organization_id == organization_id && key.id == id)?;
        change(key);
        Some(key.clone())
    }
}
