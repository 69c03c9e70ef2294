//! Tests the launcher with real processes. PostgreSQL is the one that `cargo xtask setup` installed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail its test")]

mod enter;
mod lock_file;
mod processes;
mod up;
