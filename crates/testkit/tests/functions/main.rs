//! The functions of sql/functions on rows whose answers were worked out by hand, which stand in the tests.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod access;
mod arguments;
mod buckets;
mod calls;
mod chunks;
mod database;
mod definition;
mod events;
mod filters;
mod month;
mod one_day;
mod periods;
mod visits;
