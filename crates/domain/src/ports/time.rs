use crate::timestamp::Timestamp;

/// Tells the time. Rules never ask it: a caller reads it once and passes it on.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}
