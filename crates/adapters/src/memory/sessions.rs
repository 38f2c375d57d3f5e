use super::{MemoryStore, State};
use async_trait::async_trait;
use periscope_domain::api_key::{ApiKey, KnownApiKey};
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::{NewSession, Sessions, StoreError};
use periscope_domain::session::{KnownSession, Session, SessionHash};
use periscope_domain::timestamp::Timestamp;

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
        state.forget_unused_sessions(session);
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

    async fn prolong(
        &self,
        organization_id: OrganizationId,
        hash: &SessionHash,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(session) = self.state().sessions.get_mut(&(organization_id, *hash)) {
            session.expires_at = session.expires_at.max(expires_at);
        }
        Ok(())
    }

    async fn end(&self, organization_id: OrganizationId, hash: &SessionHash) -> Result<(), StoreError> {
        self.state().sessions.remove(&(organization_id, *hash));
        Ok(())
    }
}

impl State {
    /// Of more sessions than its key may have, forgets those that end first.
    fn forget_unused_sessions(&mut self, new: &Session) {
        let is_of_its_key = |session: &Session| {
            session.organization_id == new.organization_id && session.api_key_id == new.api_key_id
        };
        let of_its_key = self.sessions.iter().filter(|(_, session)| is_of_its_key(session));
        let mut ends: Vec<_> = of_its_key
            .map(|(key, session)| (session.expires_at, session.created_at, *key))
            .collect();
        ends.sort_unstable();
        let too_many = ends.len().saturating_sub(Session::MOST_OF_A_KEY);
        for (_, _, key) in ends.iter().take(too_many) {
            self.sessions.remove(key);
        }
    }

    fn api_key(&self, session: &Session) -> Option<&ApiKey> {
        let mut keys = self.api_keys.iter().map(|(_, key)| key);
        keys.find(|key| key.organization_id == session.organization_id && key.id == session.api_key_id)
    }
}
