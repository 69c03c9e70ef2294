//! Delivers events to Kafka, or in the light profile to PostgreSQL, and reports when they are durable. The code that
//! answers requests does not see the difference.

mod batch;
mod committer;
mod database;
mod kafka;
mod producer;
mod sent;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use footfall_daemon::Shell;
use footfall_event::{Event, OutcomeCounts, PipelineSample};
use footfall_store::keep_closing;
use tokio::task::JoinHandle;

use crate::config::{Config, Store};
use crate::metrics::Metrics;
pub(crate) use sent::{NotDurable, Sent};

/// Where events go, along with ingest's own counts and samples.
pub(crate) enum Delivery {
    Kafka(Arc<kafka::Kafka>),
    Database(database::Database),
}

impl Delivery {
    /// Also starts its background task, which is to be awaited once everything has been sent.
    ///
    /// # Errors
    /// Fails if the configuration cannot be used.
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
                let parameters =
                    config.database.parameters().map_err(|error| anyhow!("{}: {}", error.field, error.message))?;
                tokio::spawn(keep_closing(parameters, shell.shutdown.clone()));
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

    /// Waits briefly until it is known whether events can be written.
    pub(crate) async fn probe(&self) {
        match self {
            Self::Kafka(kafka) => kafka::probe(kafka).await,
            Self::Database(database) => database.probe().await,
        }
    }

    /// Sends events and waits until each is durable or has failed.
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

    /// Sends a sample if there is room to spare, and waits for its outcome.
    pub(crate) async fn send_sample(&self, sample: PipelineSample) -> Result<(), NotDurable> {
        match self {
            Self::Kafka(kafka) => kafka.send_sample(&sample).await,
            Self::Database(database) => database.send_sample(sample).await,
        }
    }

    /// Accepts nothing new, but still delivers what was accepted.
    pub(crate) fn close(&self) {
        if let Self::Database(database) = self {
            database.close();
        }
    }
}
