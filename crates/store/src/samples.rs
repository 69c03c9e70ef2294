//! Samples of the daemons' metrics: ingest's arrive in batches, the sink's over a separate connection.

use footfall_event::PipelineSample;
use jiff::Timestamp;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Config, GenericClient, Statement};

use crate::statements::ADD_SAMPLES;
use crate::{Commit, WriterError, session};

/// Stores these samples.
pub(crate) async fn add_samples(
    client: &impl GenericClient,
    statement: &Statement,
    samples: &[&PipelineSample],
) -> Result<(), WriterError> {
    if samples.is_empty() { Ok(()) } else { add(client, statement, samples).await }
}

async fn add(
    client: &impl GenericClient,
    statement: &Statement,
    samples: &[&PipelineSample],
) -> Result<(), WriterError> {
    let at: Vec<Timestamp> = samples.iter().map(|sample| sample.at).collect();
    let sources: Vec<&str> = samples.iter().map(|sample| &*sample.source).collect();
    let started_at: Vec<Timestamp> = samples.iter().map(|sample| sample.started_at).collect();
    let series: Vec<_> = samples.iter().map(|sample| Json(&sample.samples)).collect();
    client.execute(statement, &[&at, &sources, &started_at, &series]).await?;
    Ok(())
}

/// A connection as `footfall_writer` just for samples, so that a sample that has to wait delays no batch.
pub struct SampleWriter {
    client: Client,
    add_samples: Statement,
}

impl SampleWriter {
    /// Connects.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn connect(config: &Config) -> Result<Self, WriterError> {
        let client = session::begin(config, Commit::Asynchronous).await?;
        let add_samples = client.prepare(ADD_SAMPLES).await.map_err(WriterError::Unavailable)?;
        Ok(Self { client, add_samples })
    }

    /// Stores one sample.
    ///
    /// # Errors
    /// Fails if PostgreSQL is unreachable or refuses the sample.
    pub async fn write(&self, sample: &PipelineSample) -> Result<(), WriterError> {
        add(&self.client, &self.add_samples, &[sample]).await
    }
}
