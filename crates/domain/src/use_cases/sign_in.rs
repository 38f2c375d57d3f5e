use super::authenticate::{find_api_key, note_use};
use crate::api_key::ApiKeySecret;
use crate::ports::{NewSession, Store, StoreError};
use crate::session::{KnownSession, Session, SessionToken};
use crate::timestamp::Timestamp;
use rand_core::CryptoRng;
use thiserror::Error;

/// Why somebody could not sign in.
#[derive(Debug, Error)]
pub enum SignInError {
    /// There is no such key, or it was revoked or has expired: which of these is not for its sender to know.
    #[error("unknown, revoked or expired API key")]
    UnknownKey,
    /// The key is good, but for something else.
    #[error("API key has neither the read nor the admin scope")]
    MissingScope,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exchanges a key for a session, and gives its token, which cannot be had again.
///
/// # Errors
/// [`SignInError`] when the key is not accepted, or the session could not be kept.
pub async fn sign_in(
    store: &dyn Store,
    secret: &ApiKeySecret,
    random: &mut (impl CryptoRng + Send),
    now: Timestamp,
) -> Result<(SessionToken, KnownSession), SignInError> {
    let api_key = find_api_key(store, secret, now).await?;
    let api_key = api_key
        .filter(|known| known.key.is_live(now))
        .ok_or(SignInError::UnknownKey)?;
    if !api_key.key.allows_signing_in() {
        return Err(SignInError::MissingScope);
    }
    let token = SessionToken::generate(api_key.key.organization_id, random);
    let session = Session::begin(&api_key.key, now);
    let new = NewSession {
        session: session.clone(),
        hash: token.hash(),
    };
    store.sessions().insert(&new).await?;
    Ok((token, KnownSession { session, api_key }))
}

/// Finds the session that a browser presents, unless it is over or its key no longer accepted, and notes the use of its
/// key at most once a minute.
///
/// # Errors
/// [`StoreError`] when the session could not be looked up. That the key's use could not be noted is no error.
pub async fn find_session(
    store: &dyn Store,
    token: &SessionToken,
    now: Timestamp,
) -> Result<Option<KnownSession>, StoreError> {
    let found = store
        .sessions()
        .find(token.organization_id(), &token.hash())
        .await?;
    let Some(known) = found.filter(|known| known.is_live(now)) else {
        return Ok(None);
    };
    note_use(store, &known.api_key.key, now).await;
    Ok(Some(known))
}

/// Ends the session that a browser presents, if there is one.
///
/// # Errors
/// [`StoreError`] when it could not be ended.
pub async fn sign_out(store: &dyn Store, token: &SessionToken) -> Result<(), StoreError> {
    store.sessions().end(token.organization_id(), &token.hash()).await
}
