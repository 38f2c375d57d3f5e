use crate::api_key::{ApiKey, ApiKeySecret, KnownApiKey};
use crate::ports::{Store, StoreError};
use crate::timestamp::Timestamp;

/// Finds the key that a caller presents. The answer may be kept for some seconds; whether the key
/// [is live](crate::api_key::ApiKey::is_live) has to be asked at every use, which is to be [noted](note_use).
///
/// # Errors
/// [`StoreError`] when the key could not be looked up.
pub async fn find_api_key(
    store: &dyn Store,
    secret: &ApiKeySecret,
) -> Result<Option<KnownApiKey>, StoreError> {
    store.api_keys().find_by_hash(&secret.hash()).await
}

/// Notes that a key is used now, if it is live and that is worth writing down, at most once a minute. That it could not
/// be noted is no error: the time of last use is a hint for people, and no request is refused for it.
pub async fn note_use(store: &dyn Store, key: &ApiKey, now: Timestamp) {
    if key.is_live(now) && key.last_use_is_outdated(now) {
        let _ = store.api_keys().touch(key.organization_id, key.id, now).await;
    }
}
