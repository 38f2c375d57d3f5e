//! Reads a local clone of a Git repository.
