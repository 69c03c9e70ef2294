//! Both ends of the pipeline on real backends: footfall-ingest as its clients see it, and footfall-sink with messages that
//! it cannot store.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod answers;
mod by_hand;
mod cors;
mod encodings;
mod enrichment;
mod import;
mod light;
mod limits;
mod metrics;
mod outage;
mod outcomes;
mod pixel;
mod privacy;
mod quarantine;
mod samples;
mod slow_clients;
mod stop;
mod urls;
