use crate::api_key::{ApiKey, ApiKeySecret, Scope};
use crate::id::OrganizationId;
use crate::ports::{NewApiKey, Store, StoreError};
use crate::text::ApiKeyName;
use crate::timestamp::Timestamp;
use rand_core::CryptoRng;

/// Asks for a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueApiKey {
    /// The organization that it shall speak for; it must exist.
    pub organization_id: OrganizationId,
    /// What people call it.
    pub name: ApiKeyName,
    /// What it shall allow; nothing given means [`Scope::Ingest`].
    pub scopes: Vec<Scope>,
    /// From when on it shall be refused, if it is to have an end.
    pub expires_at: Option<Timestamp>,
}

/// Makes a key, keeps its hash and gives the key itself, which cannot be had again.
///
/// # Errors
/// [`StoreError`] when it could not be kept.
pub async fn issue_api_key(
    store: &dyn Store,
    command: IssueApiKey,
    random: &mut (impl CryptoRng + Send),
    now: Timestamp,
) -> Result<(ApiKeySecret, ApiKey), StoreError> {
    let secret = ApiKeySecret::generate(random);
    let mut scopes = command.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        scopes.push(Scope::Ingest);
    }
    let key = NewApiKey {
        organization_id: command.organization_id,
        name: command.name,
        scopes,
        hash: secret.hash(),
        hint: secret.hint(),
        created_at: now,
        expires_at: command.expires_at,
    };
    let key = store.api_keys().insert(&key).await?;
    Ok((secret, key))
}
