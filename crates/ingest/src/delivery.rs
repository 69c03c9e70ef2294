//! Hands events over, and knows when they are durable: to Kafka, or in the light profile to PostgreSQL itself. The code
//! that answers requests does not see the difference.

mod batch;
mod committer;
mod database;
mod kafka;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use footfall_daemon::Shell;
use footfall_event::{Deferral, Event, OutcomeCounts, PipelineSample};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::config::{Config, Store};
use crate::metrics::Metrics;

/// What became of the events of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// How many are known to be durable.
    pub(crate) acknowledged: u64,
    /// Why that is not all of them. The client sends the whole request again.
    pub(crate) deferred: Option<Deferral>,
}

impl Sent {
    /// All are durable.
    pub(crate) fn all(events: u64) -> Self {
        Self { acknowledged: events, deferred: None }
    }

    /// None is.
    pub(crate) fn none(deferral: Deferral) -> Self {
        Self { acknowledged: 0, deferred: Some(deferral) }
    }
}

/// Counts or a sample that are not known to be durable.
#[derive(Debug, Error)]
#[error("not acknowledged")]
pub(crate) struct NotDurable;

/// Where events go, and ingest's counts and samples with them.
pub(crate) enum Delivery {
    Kafka(Arc<kafka::Kafka>),
    Database(database::Database),
}

impl Delivery {
    /// Also starts the task that keeps it going, which is to be awaited once everything is handed over.
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

    /// Whether events can be written. While they cannot, nothing is queued.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Kafka(kafka) => kafka.is_ready(),
            Self::Database(database) => database.is_ready(),
        }
    }

    /// Waits a moment until it is known whether events can be written.
    pub(crate) async fn probe(&self) {
        match self {
            Self::Kafka(kafka) => kafka::probe(kafka).await,
            Self::Database(database) => database.probe().await,
        }
    }

    /// Hands events over and waits until all are durable, or it is known that they are not.
    pub(crate) async fn send_events(&self, events: Vec<Event>) -> Sent {
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

    /// Hands a sample over where there is room to spare, and waits until it is known what became of it.
    pub(crate) async fn send_sample(&self, sample: PipelineSample) -> Result<(), NotDurable> {
        match self {
            Self::Kafka(kafka) => kafka.send_sample(&sample).await,
            Self::Database(database) => database.send_sample(sample).await,
        }
    }

    /// Takes nothing new, and still hands over what was taken.
    pub(crate) fn close(&self) {
        if let Self::Database(database) = self {
            database.close();
        }
    }
}
