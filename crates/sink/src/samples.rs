//! The sink's own metrics, stored over a separate connection, so that they arrive even while there are no events, Kafka
//! is down, or a batch is stuck.

use std::sync::Arc;
use std::time::Duration;

use footfall_daemon::{Sample, Sampler, Shell};
use footfall_event::PipelineSample;
use footfall_store::{SampleWriter, WriterError};
use thiserror::Error;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tracing::debug;

use crate::config::Config;
use crate::metrics::Metrics;

/// `pipeline_samples.source` of a sink without a name in its group.
const SOURCE: &str = "sink";
/// How long storing a sample may take; the next one makes up for a lost one.
const WRITE_MS_MAX: u64 = 5_000;

#[derive(Debug, Error)]
enum NotStored {
    #[error("{0}")]
    Writer(#[from] WriterError),
    #[error("the database did not answer in time")]
    TooLate(#[from] Elapsed),
}

struct Samples {
    source: String,
    database: tokio_postgres::Config,
    writer: Option<SampleWriter>,
}

/// Stores samples at the configured interval until the shutdown begins.
pub(crate) async fn report(config: Config, shell: Shell, metrics: Arc<Metrics>) {
    let Ok(database) = config.database.parameters() else { return };
    let source = if config.kafka.group_instance_id.is_empty() { SOURCE } else { &config.kafka.group_instance_id };
    let mut samples = Samples { source: source.to_owned(), database, writer: None };
    let mut sampler = Sampler::new(&shell, config.sample_interval_s.into());
    while let Some(sample) = sampler.next().await {
        let stored = shell.shutdown.run_until_cancelled(samples.store(sample)).await;
        if let Some(Err(error)) = stored {
            // The pipeline uses the same database and logs what is wrong with it.
            debug!(%error, "a sample is not stored");
            metrics.samples_dropped.inc();
        }
    }
}

impl Samples {
    async fn store(&mut self, sample: Sample) -> Result<(), NotStored> {
        let sample = PipelineSample::new(&self.source, sample.at, sample.started_at, sample.series);
        // After a failure, the next sample opens a new connection.
        let former = self.writer.take();
        let writer = timeout(Duration::from_millis(WRITE_MS_MAX), async {
            let writer = match former {
                Some(writer) => writer,
                None => SampleWriter::connect(&self.database).await?,
            };
            writer.write(&sample).await?;
            Ok::<_, WriterError>(writer)
        });
        self.writer = Some(writer.await??);
        Ok(())
    }
}
