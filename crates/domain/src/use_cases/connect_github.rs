use crate::github::{ConnectionNonce, GithubConnection, SecretKey, WebhookSecret};
use crate::id::OrganizationId;
use crate::ports::{Store, StoreError};
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
