//! The ports in memory.
