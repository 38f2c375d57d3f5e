//! The private Postgres: that it starts wherever it is put, that it comes back whatever is killed, that two processes agree
//! on it, and that it leaves nothing behind.

#![cfg(test)]

mod fixture;
mod idle_connections;
mod other_process;
mod recovering;
mod refusing;
mod sharing;
mod starting;
