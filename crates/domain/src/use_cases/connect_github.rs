use crate::github::{ConnectionNonce, GithubConnection, SecretKey, WebhookSecret};
use crate::id::OrganizationId;
use crate::ports::{Inserted, Store, StoreError};
use crate::timestamp::Timestamp;
use rand_core::CryptoRng;

/// Connects an organization to GitHub, in place of any earlier connection, and gives the secret to enter there.
///
/// # Errors
/// [`StoreError`] when the connection could not be kept.
pub async fn connect_github(
    store: &dyn Store,
    organization_id: OrganizationId,
    key: &SecretKey,
    random: &mut (impl CryptoRng + Send),
    now: Timestamp,
) -> Result<WebhookSecret, StoreError> {
    let nonce = ConnectionNonce::generate(random);
    let connection = GithubConnection {
        organization_id,
        nonce,
        created_at: now,
    };
    store.github_connections().replace(&connection).await?;
    Ok(connection.webhook_secret(key))
}

/// Connects an organization to GitHub for the first time and gives the secret to enter there; `None` where it is
/// connected already, and its secret in use.
///
/// # Errors
/// [`StoreError`] when the connection could not be kept.
pub async fn connect_github_once(
    store: &dyn Store,
    organization_id: OrganizationId,
    key: &SecretKey,
    random: &mut (impl CryptoRng + Send),
    now: Timestamp,
) -> Result<Option<WebhookSecret>, StoreError> {
    let connection = GithubConnection {
        organization_id,
        nonce: ConnectionNonce::generate(random),
        created_at: now,
    };
    Ok(match store.github_connections().insert(&connection).await? {
        Inserted::New(()) => Some(connection.webhook_secret(key)),
        Inserted::Already => None,
    })
}
