use super::StoreError;
use crate::id::OrganizationId;
use crate::session::{KnownSession, Session, SessionHash};
use async_trait::async_trait;

/// A session to be kept. Its token never reaches a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The session; its key must be one of its organization.
    pub session: Session,
    /// What it is found by.
    pub hash: SessionHash,
}

/// Sessions of people who signed in. A hash is unique in its organization.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a new session, and forgets some of the organization's that were over when it began: enough that those
    /// do not pile up, never more than a few at once.
    async fn insert(&self, session: &NewSession) -> Result<(), StoreError>;

    /// The session of the organization with a hash, and its key as it now is, revoked or expired too. One that is over
    /// may be found or not.
    async fn find(
        &self,
        organization_id: OrganizationId,
        hash: &SessionHash,
    ) -> Result<Option<KnownSession>, StoreError>;

    /// Forgets a session of the organization, if there is one with the hash.
    async fn end(&self, organization_id: OrganizationId, hash: &SessionHash) -> Result<(), StoreError>;
}
