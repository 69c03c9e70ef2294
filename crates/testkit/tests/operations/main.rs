//! The operator's timed jobs on real backends: one binary, so that PostgreSQL and Kafka start once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod backup;
mod command;
mod configuration;
mod everything;
mod restore;
mod retention;
mod rollup;
