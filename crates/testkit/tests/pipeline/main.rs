//! The pipeline on real backends: one binary, so that PostgreSQL and Kafka start once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a kill test also reports its counts")]

mod balance;
mod counters;
mod docs;
mod exactly_once;
mod fingerprints;
mod freezes;
mod functions;
mod histories;
mod notice;
mod recount;
mod visits;
