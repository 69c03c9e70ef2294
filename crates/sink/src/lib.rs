//! From Kafka to TimescaleDB, exactly once.
//!
//! One thread reads messages into a batch and stores it in one PostgreSQL transaction that also moves the offsets
//! ([`footfall_store::Writer`]). Where to read from is asked of PostgreSQL alone, whenever Kafka assigns partitions and
//! after every failure; what had been read and not stored is dropped and read again. So there is one way to recover,
//! and it is the way to start.

mod config;
mod consumer;
mod metrics;
mod pipeline;
mod samples;

pub use config::Config;
pub use metrics::describe_metrics;

use std::sync::Arc;

use anyhow::Context;
use footfall_daemon::Shell;
use tokio::runtime::Handle;

/// Runs until the shell says that it is over, then stores what has been read.
///
/// # Errors
/// Where the consumer cannot be made or its thread cannot be started, and where another sink took its name in the group:
/// nothing that a retry would mend.
pub async fn run(config: Config, shell: Shell) -> anyhow::Result<()> {
    let metrics = Arc::new(shell.register(metrics::Metrics::new));
    let kafka_ready = shell.readiness.condition("kafka");
    let consumer = consumer::create(&config.kafka, &metrics, kafka_ready).context("kafka consumer")?;
    let pipeline = pipeline::Pipeline::new(&config, consumer, metrics.clone(), &shell, Handle::current())
        .map_err(|error| anyhow::anyhow!("{}: {}", error.field, error.message))?;
    let (ended, end) = tokio::sync::oneshot::channel();
    // A thread of its own: reading blocks, and so does joining and leaving the group.
    std::thread::Builder::new().name("pipeline".into()).spawn(move || {
        // The receiver waits until this is sent.
        let _ = ended.send(pipeline.run());
    })?;
    let samples = tokio::spawn(samples::report(config, shell, metrics));
    let result = end.await.context("the pipeline's thread ended early")?.context("the consumer cannot go on");
    samples.abort();
    result
}
