//! For tests only: the real parts, each test with a database, topics and loopback address of its own.
//!
//! A test takes [`shared`] parts, or starts a [`Kit`] of its own where it is going to break them, and builds a
//! [`Stack`] of daemons on it. Every process dies with the test process, however that ends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod address;
mod http;
mod kit;
mod stack;
pub mod topic;

pub use address::own_address;
pub use http::{Answer, Http};
pub use kit::{Kit, browser_driver, checkout, own_postgres, postgres, run_dir, shared};
pub use stack::{Stack, StackOptions, eventually};
