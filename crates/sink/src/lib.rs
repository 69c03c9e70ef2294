//! From Kafka to TimescaleDB, exactly once.
//!
//! One thread reads messages into a batch and stores it in one PostgreSQL transaction that also moves the offsets
//! ([`footfall_store::WriterLoop`]). Only PostgreSQL knows where to read from: the sink asks it whenever Kafka assigns
//! partitions and after every failure, then drops and rereads anything not stored. Recovery is the same as startup.

mod batch;
mod config;
mod consumer;
mod finding;
mod history;
mod membership;
mod metrics;
mod pipeline;
mod probe;
mod samples;

pub use config::Config;
pub use metrics::describe_metrics;

use std::sync::Arc;

use anyhow::Context;
use footfall_daemon::Shell;
use footfall_store::{keep_closing, watch_writer};
use tokio::runtime::Handle;

/// Runs until the shutdown begins, then stores what has been read.
///
/// # Errors
/// Fails if the consumer cannot be created or its thread cannot be started: a retry would not help.
pub async fn run(config: Config, shell: Shell) -> anyhow::Result<()> {
    let metrics = Arc::new(shell.register(metrics::Metrics::new));
    let kafka_ready = shell.readiness.condition("kafka");
    let kafka_probe = kafka_ready.part();
    let parameters =
        config.database.parameters().map_err(|error| anyhow::anyhow!("{}: {}", error.field, error.message))?;
    let database_ready = shell.readiness.condition("database");
    let closing = tokio::spawn(keep_closing(parameters.clone(), shell.shutdown.clone()));
    let pulse = watch_writer(parameters.clone(), database_ready.part(), shell.shutdown.clone());
    let writer_loop = pipeline::writer_loop(&config, parameters, database_ready, &shell);
    let pipeline = pipeline::Pipeline::new(&config, kafka_ready, metrics.clone(), &shell).context("kafka consumer")?;
    let pulse = tokio::spawn(pulse);
    let topic = config.kafka.events_topic.clone();
    let probe = tokio::spawn(probe::keep_asking(pipeline.consumer(), topic, kafka_probe, shell.shutdown.clone()));
    let runtime = Handle::current();
    let (ended, end) = tokio::sync::oneshot::channel();
    // A dedicated thread: reading blocks, and so does joining and leaving the group.
    std::thread::Builder::new().name("pipeline".into()).spawn(move || {
        // The receiver is awaited below, so it still exists.
        pipeline.run(writer_loop, &runtime);
        let _ = ended.send(());
    })?;
    let samples = tokio::spawn(samples::report(config, shell, metrics));
    let result = end.await.context("the pipeline's thread ended early");
    for task in [samples, pulse, probe, closing] {
        task.abort();
    }
    result
}
