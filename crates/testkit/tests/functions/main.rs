//! The functions of sql/functions, on rows in the tests whose results were calculated by hand.

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
mod spelling;
mod upgrade;
mod visits;
