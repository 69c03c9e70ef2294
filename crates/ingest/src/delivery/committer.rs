//! The only task that stores requests' records, using the same loop as the sink.
//!
//! While one transaction commits, the records of other requests gather for the next (group commit). The writer needs
//! positions, so this task assigns offsets in a log that is not kept anywhere: topic `light`, one partition. They
//! settle the outcome of a batch whose commit was not confirmed. A claim first moves the row into its own range of
//! offsets, which waits for a transaction still in progress and fences out one that has not reached the row; the offset
//! that the row held until then tells how much of the batch is stored. So no stored event is answered with 503, as long
//! as the database is back in time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use footfall_store::{Next, Record, RecordSource, WriteError, Writer, WriterError, WriterLoop, Written};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::batch::{Batch, Job, PARTITION, RANGE};
use crate::metrics::Metrics;

const TOPIC: &str = "light";
/// How often an idle database is probed, and how long it may take to answer: longer than the probe waits for a lock.
const PROBE_MS: u64 = 1_000;
const PROBE_MS_MAX: u64 = 3_500;
/// Time limit for moving the offset into a new range.
const CLAIM_MS_MAX: u64 = 10_000;

pub(crate) struct Committer {
    writer_loop: WriterLoop,
    requests: Requests,
}

impl Committer {
    pub(crate) fn new(writer_loop: WriterLoop, requests: Requests) -> Self {
        Self { writer_loop, requests }
    }

    /// Returns once no more requests come and those that came are stored, or cannot be.
    pub(crate) async fn run(mut self) {
        match self.writer_loop.run(&mut self.requests).await {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }
}

/// Queued requests, as a source for the writer's loop.
pub(crate) struct Requests {
    topic: Arc<str>,
    queue: mpsc::Receiver<Job>,
    rows_max: usize,
    batch: Batch,
    metrics: Arc<Metrics>,
    closed: CancellationToken,
    probed: CancellationToken,
}

impl Requests {
    /// `closed` means that no more requests come; `probed` is cancelled once the first attempt to reach the database
    /// ends.
    pub(crate) fn new(
        queue: mpsc::Receiver<Job>,
        rows_max: usize,
        metrics: Arc<Metrics>,
        closed: CancellationToken,
        probed: CancellationToken,
    ) -> Self {
        Self { topic: TOPIC.into(), queue, rows_max, batch: Batch::default(), metrics, closed, probed }
    }

    async fn begin_range(&mut self, writer: &mut Writer) -> Result<(), WriterError> {
        let held = match writer.look_up(&self.topic, PARTITION).await? {
            Some(held) => held,
            None => writer.begin(&self.topic, PARTITION, 0).await?,
        };
        let first = (held.next_offset / RANGE + 1) * RANGE;
        // This moves the row, and so waits for a transaction that has moved it and fences out one that is about to.
        writer.skip(&self.topic, PARTITION, &held, first, 0).await?;
        self.batch.settle_after(held.next_offset);
        self.batch.drop_those_given_up();
        // Otherwise ingest would be ready between two batches that wait for the same lock.
        if self.batch.is_empty() { writer.ask().await } else { Ok(()) }
    }

    /// Takes the requests queued so far, after waiting for the first one.
    async fn gather(&mut self) {
        let first = tokio::select! {
            job = timeout(Duration::from_millis(PROBE_MS), self.queue.recv()) => job.ok().flatten(),
            () = self.closed.cancelled(), if !self.queue.is_closed() => {
                self.queue.close();
                self.queue.recv().await
            }
        };
        let Some(first) = first else { return };
        self.batch.push(first, &self.topic);
        while self.batch.records.len() < self.rows_max {
            match self.queue.try_recv() {
                Ok(job) => self.batch.push(job, &self.topic),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        self.batch.drop_those_given_up();
    }
}

impl RecordSource for Requests {
    type Error = Infallible;
    // Clients send again what was not stored, but only once ingest is ready.
    const COME_AGAIN: bool = false;

    async fn claim(&mut self, writer: &mut Writer) -> Result<(), WriteError<Infallible>> {
        let max = Duration::from_millis(CLAIM_MS_MAX);
        timeout(max, self.begin_range(writer)).await.map_err(|_| WriteError::TimedOut(max))??;
        Ok(())
    }

    async fn next(&mut self, writer: &mut Writer) -> Result<Next, WriteError<Infallible>> {
        self.probed.cancel();
        // Records left over from an attempt come before new ones.
        if self.batch.is_empty() {
            self.gather().await;
        }
        if self.is_over() {
            return Ok(Next::Nothing);
        }
        if self.batch.is_empty() {
            let max = Duration::from_millis(PROBE_MS_MAX);
            timeout(max, writer.ask()).await.map_err(|_| WriteError::TimedOut(max))??;
            return Ok(Next::Answered);
        }
        let first = writer.stored_up_to(&self.topic, PARTITION).ok_or(WriterError::Fenced)?;
        self.batch.number_from(first);
        Ok(Next::Batch)
    }

    fn records(&mut self) -> &mut [Record] {
        &mut self.batch.records
    }

    fn stored(&mut self, _: &Writer, written: &Written, took: Duration) {
        self.batch.settle_all();
        self.metrics.note_written(written);
        self.metrics.commit_seconds.observe(took.as_secs_f64());
    }

    fn failed(&mut self, error: WriteError<Infallible>) -> Result<(), Infallible> {
        self.probed.cancel();
        if matches!(error, WriteError::Database(WriterError::Fenced)) {
            warn!("another ingest has stored in between");
        } else {
            warn!(%error, waiting = self.batch.requests(), "the database is away");
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let takes_no_more = self.closed.is_cancelled() || self.queue.is_closed();
        takes_no_more && self.queue.is_empty() && self.batch.is_empty()
    }
}
