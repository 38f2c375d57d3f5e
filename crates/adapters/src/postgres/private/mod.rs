//! A Postgres of our own in a folder.
