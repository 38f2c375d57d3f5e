//! Which run of a server something was read of.

use time::OffsetDateTime;

/// A run of a server, known by when it was started (`pg_postmaster_start_time()`). What two runs have counted, be it epochs
/// or transactions, cannot be compared: a server that crashed, was restored or was replaced by its stand-in may give
/// some numbers again. So what is kept of one run is read anew of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerRun(OffsetDateTime);

impl ServerRun {
    pub(super) const fn started_at(time: OffsetDateTime) -> Self {
        Self(time)
    }
}
