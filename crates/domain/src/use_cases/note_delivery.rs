use crate::organization::OrganizationSlug;
use crate::ports::{Store, StoreError};
use crate::timestamp::Timestamp;

/// Notes that somebody sent a delivery for an organization without the right signature: the forge, with a secret that
/// was mistyped or is not the connection's any more, or anybody else. At most once a minute, so that nobody can make us
/// write.
///
/// # Errors
/// [`StoreError`] when it could not be noted.
pub async fn note_wrong_signature(
    store: &dyn Store,
    slug: &OrganizationSlug,
    now: Timestamp,
) -> Result<(), StoreError> {
    let connections = store.github_connections();
    match connections.find_by_slug(slug).await? {
        Some(known) if known.last_wrong_signature_is_outdated(now) => {
            connections
                .note_wrong_signature(known.connection.organization_id, now)
                .await
        }
        _ => Ok(()),
    }
}
