//! footfall-view on a real PostgreSQL: what it answers, to whom, and how fast.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod access;
mod headers;
mod live;
mod numbers;
mod site;
mod slow;
mod tables;
mod view;
