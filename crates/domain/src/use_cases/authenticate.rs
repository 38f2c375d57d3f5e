use crate::api_key::{ApiKey, ApiKeySecret, KnownApiKey};
use crate::ports::{Store, StoreError};
use crate::timestamp::Timestamp;

/// Finds the key that a caller presents, and notes its use at most once a minute. The answer may be kept for some
/// seconds; whether the key [is live](crate::api_key::ApiKey::is_live) has to be asked at every use.
///
/// # Errors
/// [`StoreError`] when the key could not be looked up. That its use could not be noted is no error.
pub async fn find_api_key(
    store: &dyn Store,
    secret: &ApiKeySecret,
    now: Timestamp,
) -> Result<Option<KnownApiKey>, StoreError> {
    let found = store.api_keys().find_by_hash(&secret.hash()).await?;
    if let Some(known) = &found {
        note_use(store, &known.key, now).await;
    }
    Ok(found)
}

/// Notes that a key is used now, if it is live and that is worth writing down.
pub(super) async fn note_use(store: &dyn Store, key: &ApiKey, now: Timestamp) {
    if key.is_live(now) && key.last_use_is_outdated(now) {
        // The time of last use is a hint for people; no request is refused for it.
        let _ = store.api_keys().touch(key.organization_id, key.id, now).await;
    }
}
