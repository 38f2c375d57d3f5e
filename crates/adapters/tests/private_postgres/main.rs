//! The private Postgres: that it starts, that it comes back, and that it leaves nothing behind.

#![cfg(test)]

mod fixture;
mod starting;

/// The other process of the tests that need two.
#[test]
#[ignore = "run by other tests as a process of its own, told on its input what to do"]
fn other_process() {
    fixture::other_process();
}
