use super::authenticate::{find_api_key, note_use};
use crate::api_key::{ApiKeySecret, KnownApiKey};
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

/// Exchanges a key for a session, and gives its token, which cannot be had again: [`find_live_api_key`], then
/// [`begin_session`], for who has nothing to ask in between.
///
/// # Errors
/// [`SignInError`] when the key is not accepted, or the session could not be kept.
pub async fn sign_in(
    store: &dyn Store,
    secret: &ApiKeySecret,
    random: &mut (impl CryptoRng + Send),
    now: Timestamp,
) -> Result<(SessionToken, KnownSession), SignInError> {
    let api_key = find_live_api_key(store, secret, now).await?;
    begin_session(store, api_key, random, now).await
}

/// Finds the key that somebody wants to sign in with, whatever it is good for, and notes its use.
///
/// # Errors
/// [`SignInError`] when there is none that is live, or it could not be looked up.
pub async fn find_live_api_key(
    store: &dyn Store,
    secret: &ApiKeySecret,
    now: Timestamp,
) -> Result<KnownApiKey, SignInError> {
    let found = find_api_key(store, secret).await?;
    let live = found.filter(|known| known.key.is_live(now));
    let live = live.ok_or(SignInError::UnknownKey)?;
    note_use(store, &live.key, now).await;
    Ok(live)
}

/// Begins a session with a live key.
///
/// # Errors
/// [`SignInError`] when the key may not sign in, or the session could not be kept.
pub async fn begin_session(
    store: &dyn Store,
    api_key: KnownApiKey,
    random: &mut (impl CryptoRng + Send),
    now: Timestamp,
) -> Result<(SessionToken, KnownSession), SignInError> {
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

/// A session in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSession {
    /// The session as it now is, and its key.
    pub known: KnownSession,
    /// Whether this use has prolonged it, so that its browser has to keep its token for longer.
    pub is_prolonged: bool,
}

/// Finds the session that a browser presents, unless it is over or its key no longer accepted, notes the use of its key at
/// most once a minute, and prolongs it at most once a day.
///
/// # Errors
/// [`StoreError`] when the session could not be looked up. That its use could not be noted is no error.
pub async fn find_session(
    store: &dyn Store,
    token: &SessionToken,
    now: Timestamp,
) -> Result<Option<FoundSession>, StoreError> {
    let found = store
        .sessions()
        .find(token.organization_id(), &token.hash())
        .await?;
    let Some(mut known) = found.filter(|known| known.is_live(now)) else {
        return Ok(None);
    };
    note_use(store, &known.api_key.key, now).await;
    let is_prolonged = prolong(store, token, &mut known, now).await;
    Ok(Some(FoundSession { known, is_prolonged }))
}

async fn prolong(store: &dyn Store, token: &SessionToken, known: &mut KnownSession, now: Timestamp) -> bool {
    let Some(end) = known.prolonged_by_use(now) else {
        return false;
    };
    let sessions = store.sessions();
    let prolonged = sessions
        .prolong(token.organization_id(), &token.hash(), end)
        .await;
    if prolonged.is_ok() {
        known.session.expires_at = end;
    }
    prolonged.is_ok()
}

/// Ends the session that a browser presents, if there is one.
///
/// # Errors
/// [`StoreError`] when it could not be ended.
pub async fn sign_out(store: &dyn Store, token: &SessionToken) -> Result<(), StoreError> {
    store.sessions().end(token.organization_id(), &token.hash()).await
}
