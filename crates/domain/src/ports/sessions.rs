use super::StoreError;
use crate::id::OrganizationId;
use crate::session::{KnownSession, Session, SessionHash};
use crate::timestamp::Timestamp;
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
    /// do not pile up, never more than a few at once. Of more than [`Session::MOST_OF_A_KEY`] sessions of its key those
    /// are forgotten that would have ended first: they have been out of use for longest.
    async fn insert(&self, session: &NewSession) -> Result<(), StoreError>;

    /// The session of the organization with a hash, and its key as it now is, revoked or expired too. One that is over
    /// may be found or not.
    async fn find(
        &self,
        organization_id: OrganizationId,
        hash: &SessionHash,
    ) -> Result<Option<KnownSession>, StoreError>;

    /// Lets a session of the organization, if there is one with the hash, last until then, unless it lasts longer.
    async fn prolong(
        &self,
        organization_id: OrganizationId,
        hash: &SessionHash,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets a session of the organization, if there is one with the hash.
    async fn end(&self, organization_id: OrganizationId, hash: &SessionHash) -> Result<(), StoreError>;
}
