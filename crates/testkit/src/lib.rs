//! For tests only: real PostgreSQL and Kafka, with a database, topics and a loopback address for each test.
//!
//! A test uses the [`shared`] [`Backends`], or starts its own if it is going to break them, and runs a [`Pipeline`] of
//! daemons on them. Every process dies with the test process, however that ends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod address;
mod backends;
mod database;
mod frozen;
mod http;
mod pipeline;
mod sites;
mod small_disk;
pub mod topic;
mod usage;
mod wait;

pub use address::own_address;
pub use backends::{Backends, browser_driver, checkout, footfall, own_postgres, postgres, programs, run_dir, shared};
pub use database::{add_to_visits, assert_counted, close_days, connect, copy_database, new_database};
pub use frozen::Frozen;
pub use http::{Answer, Http};
pub use pipeline::{Pipeline, PipelineOptions, start_view};
pub use sites::SitesFile;
pub use small_disk::SmallDisk;
pub use usage::{memory_kib, processor_s};
pub use wait::{AT_ONCE, SOON, eventually};
