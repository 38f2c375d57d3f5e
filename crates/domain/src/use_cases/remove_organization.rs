//! Removes an organization with everything of it, a bounded batch at a time. Its keys go first, so that little arrives
//! meanwhile. Interrupted, it goes on when it is called again.

use crate::id::OrganizationId;
use crate::ports::{Removed, Store, StoreError};

/// How many rows one batch deletes.
const ROWS_AT_ONCE: u32 = 2_000;

/// Removes an organization and gives how many rows of it were deleted.
///
/// # Errors
/// [`StoreError`] when the store failed: what was deleted by then stays so, and the next call deletes the rest.
pub async fn remove_organization(
    store: &dyn Store,
    organization_id: OrganizationId,
) -> Result<u64, StoreError> {
    let mut rows = 0;
    loop {
        match store
            .organizations()
            .remove_some(organization_id, ROWS_AT_ONCE)
            .await?
        {
            Removed::All => return Ok(rows),
            Removed::Some(more) => rows += more,
        }
    }
}
