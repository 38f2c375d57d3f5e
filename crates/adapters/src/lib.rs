#![doc = include_str!("../README.md")]
pub mod git;
pub mod memory;
pub mod postgres;
pub mod system;
