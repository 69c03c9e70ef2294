//! The pipeline on real parts: one binary, so that PostgreSQL and Kafka start once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the counts of a kill test are a result beside its verdict")]

mod docs;
mod exactly_once;
mod functions;
mod notice;
mod recount;
mod visits;
