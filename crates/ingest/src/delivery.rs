//! Hands events over, and knows when they are durable: to Kafka, or in the light profile to PostgreSQL itself. Whoever
//! answers requests does not see the difference.

mod batch;
mod committer;
mod database;
mod kafka;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use footfall_daemon::Shell;
use footfall_event::{Event, OutcomeCounts, PipelineSample};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::config::{Config, Store};
use crate::metrics::Metrics;

/// The event is not known to be durable; its client keeps it.
#[derive(Debug, Error)]
#[error("not acknowledged")]
pub(crate) struct NotDurable;

/// Where events go, and ingest's counts and samples with them.
pub(crate) enum Delivery {
    Kafka(Arc<kafka::Kafka>),
    Database(database::Database),
}

impl Delivery {
    /// Also starts what keeps it going: a task to wait for once everything is handed over.
    ///
    /// # Errors
    /// What the configuration holds cannot be used.
    pub(crate) fn start(
        config: &Config,
        shell: &Shell,
        metrics: &Arc<Metrics>,
    ) -> anyhow::Result<(Self, JoinHandle<()>)> {
        match config.store {
            Store::Kafka => {
                let ready = shell.readiness.condition("kafka");
                let kafka = kafka::Kafka::new(&config.kafka, ready, metrics.clone()).context("kafka producer")?;
                let kafka = Arc::new(kafka);
                let probe = tokio::spawn(kafka::keep_probing(kafka.clone(), shell.shutdown.clone()));
                Ok((Self::Kafka(kafka), probe))
            }
            Store::Postgresql => {
                let (database, committer) = database::open(config, shell, metrics)
                    .map_err(|error| anyhow!("{}: {}", error.field, error.message))?;
                Ok((Self::Database(database), tokio::spawn(committer.run())))
            }
        }
    }

    /// Whether it can be written to. While it cannot, nothing is queued.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Kafka(kafka) => kafka.is_ready(),
            Self::Database(database) => database.is_ready(),
        }
    }

    /// Waits a moment until it is known whether it can be written to.
    pub(crate) async fn probe(&self) {
        match self {
            Self::Kafka(kafka) => kafka::probe(kafka).await,
            Self::Database(database) => database.probe().await,
        }
    }

    /// Hands events over and waits until all are durable. Answers how many there were; the error says that there were
    /// fewer than events, and how many.
    pub(crate) async fn send_events(&self, events: Vec<Event>) -> Result<u64, u64> {
        match self {
            Self::Kafka(kafka) => kafka.send_events(&events).await,
            Self::Database(database) => database.send_events(events).await,
        }
    }

    /// The same for counts.
    pub(crate) async fn send_counts(&self, counts: &OutcomeCounts) -> Result<(), NotDurable> {
        match self {
            Self::Kafka(kafka) => kafka.send_counts(counts).await,
            Self::Database(database) => database.send_counts(counts).await,
        }
    }

    /// Hands a sample over where there is room that no event needs, and waits until it is known what became of it.
    pub(crate) async fn send_sample(&self, sample: PipelineSample) -> Result<(), NotDurable> {
        match self {
            Self::Kafka(kafka) => kafka.send_sample(&sample).await,
            Self::Database(database) => database.send_sample(sample).await,
        }
    }

    /// Takes nothing more; what was taken is still handed over.
    pub(crate) fn close(&self) {
        if let Self::Database(database) = self {
            database.close();
        }
    }
}
