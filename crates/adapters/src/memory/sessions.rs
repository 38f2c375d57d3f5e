use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::api_key::{ApiKey, KnownApiKey};
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{NewSession, Sessions, StoreError};
use periscope_domain::session::{KnownSession, Session, SessionHash};

#[async_trait]
impl Sessions for MemoryStore {
    async fn insert(&self, new: &NewSession) -> Result<(), StoreError> {
        let mut state = self.state();
        let session = &new.session;
        if state.api_key(session).is_none() {
            return Err(StoreError::Internal("the session's key does not exist".into()));
        }
        state.sessions.retain(|(owner, _), kept| {
            *owner != session.organization_id || kept.expires_at > session.created_at
        });
        let key = (session.organization_id, new.hash);
        if state.sessions.contains_key(&key) {
            return Err(StoreError::Internal("the hash of a new session is taken".into()));
        }
        state.sessions.insert(key, session.clone());
        Ok(())
    }

    async fn find(
        &self,
        organization_id: OrganizationId,
        hash: &SessionHash,
    ) -> Result<Option<KnownSession>, StoreError> {
        let mut state = self.state();
        let Some(session) = state.sessions.get(&(organization_id, *hash)).cloned() else {
            return Ok(None);
        };
        let Some(key) = state.api_key(&session).cloned() else {
            return Ok(None);
        };
        let organization_slug = state.tenant(organization_id)?.organization.slug.clone();
        let api_key = KnownApiKey {
            key,
            organization_slug,
        };
        Ok(Some(KnownSession { session, api_key }))
    }

    async fn end(&self, organization_id: OrganizationId, hash: &SessionHash) -> Result<(), StoreError> {
        self.state().sessions.remove(&(organization_id, *hash));
        Ok(())
    }
}

impl State {
    fn api_key(&self, session: &Session) -> Option<&ApiKey> {
        let mut keys = self.api_keys.iter().map(|(_, key)| key);
        keys.find(|key| key.organization_id == session.organization_id && key.id == session.api_key_id)
    }
}
