//! What the domain needs from the outside.

pub mod git;
pub mod memory;
pub mod postgres;
pub mod system;
