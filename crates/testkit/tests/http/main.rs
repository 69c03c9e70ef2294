//! Both ends of the pipeline on real backends: footfall-ingest as its clients see it, and footfall-sink with messages that
//! it cannot store.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod answers;
mod by_hand;
mod cors;
mod encodings;
mod enrichment;
mod frozen;
mod import;
mod light;
mod limits;
mod measures;
mod metrics;
mod older_kafka;
mod outage;
mod outcomes;
mod pixel;
mod privacy;
mod quarantine;
mod repeats;
mod room;
mod samples;
mod sites;
mod slow_clients;
mod stop;
mod topics;
mod urls;
