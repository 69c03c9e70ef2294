//! PostgreSQL itself, in the light profile: an event is durable when it is committed.
//!
//! One task stores what requests brought, by the same writer as the sink's; while one transaction commits, what comes
//! meanwhile gathers for the next (a group commit). The writer wants positions. They are those of a log that nobody
//! keeps: one partition of a topic `light`, in which this task gives out the offsets. That makes the fate of a batch
//! certain whose commit was not answered: the next connection first moves the offset into a range of its own, which waits
//! for a transaction that is still under way and shuts it out if it has not committed; where the offset stood until then
//! is how far the batch is stored. So no event is answered 503 that is stored, as long as the database is back in time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use footfall_daemon::{Condition, FieldError, Shell, Ticker};
use footfall_event::{Deferral, Event, OutcomeCounts, PipelineSample};
use footfall_store::{Commit, Content, Enricher, Position, Record, Writer, WriterError};
use thiserror::Error;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{NotDurable, Sent};
use crate::config::{Config, DatabaseConfig};
use crate::metrics::Metrics;

const TOPIC: &str = "light";
const PARTITION: i32 = 0;
/// Each connection gives out offsets within a range of its own: more than it will ever need, and few enough ranges for
/// two thousand million connections.
const RANGE: i64 = 1 << 32;
/// More requests than this do not wait, whatever their size.
const QUEUE_REQUESTS_MAX: usize = 20_000;
const RETRY_MS_MIN: u64 = 100;
/// How often an idle database is asked whether it is there, and how long it may take to say so.
const PROBE_MS: u64 = 1_000;
const PROBE_MS_MAX: u64 = 2_000;
/// The watchdog wants a sign of life at least this often.
const TICK_MS: u64 = 500;
/// For a new connection with its offset.
const CONNECT_MS_MAX: u64 = 10_000;

/// What one request brought.
struct Job {
    records: Vec<(Content, Vec<u8>)>,
    done: oneshot::Sender<()>,
    _share: OwnedSemaphorePermit,
}

/// Where requests hand over.
pub(crate) struct Database {
    jobs: mpsc::Sender<Job>,
    /// In KiB.
    room: Arc<Semaphore>,
    room_kib_max: usize,
    commit_max: Duration,
    ready: Condition,
    metrics: Arc<Metrics>,
    closed: CancellationToken,
    probed: CancellationToken,
}

/// Both ends of the queue.
pub(crate) fn open(
    config: &Config,
    shell: &Shell,
    metrics: &Arc<Metrics>,
) -> Result<(Database, Committer), FieldError> {
    let (jobs, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
    let ready = shell.readiness.condition("database");
    let closed = CancellationToken::new();
    let config = &config.database;
    let room_kib_max = usize::try_from(config.queue_kib_max).unwrap_or(Semaphore::MAX_PERMITS);
    let database = Database {
        jobs,
        room: Arc::new(Semaphore::new(room_kib_max)),
        room_kib_max,
        commit_max: Duration::from_millis(config.commit_ms_max),
        ready: ready.clone(),
        metrics: metrics.clone(),
        closed: closed.clone(),
        probed: CancellationToken::new(),
    };
    let committer = Committer {
        parameters: config.parameters()?,
        config: config.clone(),
        topic: TOPIC.into(),
        queue,
        writer: None,
        enricher: Enricher::new(config.user_agents_max),
        batch: Batch::default(),
        ready,
        metrics: metrics.clone(),
        ticker: shell.progress.watch("commit"),
        closed,
        probed: database.probed.clone(),
    };
    Ok((database, committer))
}

impl Database {
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.is_ok()
    }

    /// Waits until a first attempt to reach the database has ended, or for a moment.
    pub(crate) async fn probe(&self) {
        let _ = timeout(Duration::from_millis(PROBE_MS_MAX), self.probed.cancelled()).await;
    }

    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    pub(crate) async fn send_events(&self, events: Vec<Event>) -> Sent {
        let count = events.len() as u64;
        if count == 0 {
            return Sent::all(0);
        }
        if !self.is_ready() {
            return Sent::none(Deferral::DatabaseAway);
        }
        let content = |event: Event| {
            let line = event.to_line();
            (Content::Event(Box::new(event)), line)
        };
        match self.send(events.into_iter().map(content).collect()).await {
            Ok(()) => Sent::all(count),
            Err(deferral) => {
                if deferral == Deferral::NotCommitted {
                    self.ready.set_because(false, "no commit in time");
                }
                Sent::none(deferral)
            }
        }
    }

    pub(crate) async fn send_counts(&self, counts: &OutcomeCounts) -> Result<(), NotDurable> {
        if !self.is_ready() {
            return Err(NotDurable);
        }
        let content = (Content::Counts(counts.clone()), counts.to_line());
        self.send(vec![content]).await.map_err(|_| NotDurable)
    }

    pub(crate) async fn send_sample(&self, sample: PipelineSample) -> Result<(), NotDurable> {
        if !self.is_ready() || self.room.available_permits() < self.room_kib_max / 2 {
            return Err(NotDurable);
        }
        let line = sample.to_line();
        self.send(vec![(Content::Sample(sample), line)]).await.map_err(|_| NotDurable)
    }

    async fn send(&self, records: Vec<(Content, Vec<u8>)>) -> Result<(), Deferral> {
        let bytes: usize = records.iter().map(|(_, line)| line.len()).sum();
        let kib = u32::try_from(bytes.div_ceil(1024)).map_err(|_| Deferral::QueueFull)?;
        let share = self.room.clone().try_acquire_many_owned(kib).map_err(|_| Deferral::QueueFull)?;
        let _queued = Queued::new(&self.metrics, records.len(), bytes);
        let (done, committed) = oneshot::channel();
        self.jobs.try_send(Job { records, done, _share: share }).map_err(|_| Deferral::QueueFull)?;
        match timeout(self.commit_max, committed).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Deferral::NotCommitted),
        }
    }
}

/// What waits, as the metrics say it.
struct Queued<'a> {
    metrics: &'a Metrics,
    messages: i64,
    bytes: i64,
}

impl<'a> Queued<'a> {
    fn new(metrics: &'a Metrics, messages: usize, bytes: usize) -> Self {
        // Both are bounded far below what an i64 holds.
        let (messages, bytes) = (i64::try_from(messages).unwrap_or_default(), i64::try_from(bytes).unwrap_or_default());
        metrics.queue_changes(messages, bytes);
        Self { metrics, messages, bytes }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.metrics.queue_changes(-self.messages, -self.bytes);
    }
}

/// The one task that stores.
pub(crate) struct Committer {
    parameters: tokio_postgres::Config,
    config: DatabaseConfig,
    topic: Arc<str>,
    queue: mpsc::Receiver<Job>,
    writer: Option<Writer>,
    enricher: Enricher,
    batch: Batch,
    ready: Condition,
    metrics: Arc<Metrics>,
    ticker: Ticker,
    closed: CancellationToken,
    probed: CancellationToken,
}

/// What a step was about.
enum Step {
    /// The database did what it was asked.
    Well,
    /// There is a new connection, which alone is no success.
    Connected,
    /// Everything is stored, and nothing more will come.
    Over,
}

#[derive(Debug, Error)]
enum Trouble {
    #[error("{0}")]
    Writer(#[from] WriterError),
    #[error("no answer in time")]
    Late,
}

impl From<tokio::time::error::Elapsed> for Trouble {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Late
    }
}

impl Committer {
    /// Returns once nothing more comes and what came is stored, or cannot be.
    pub(crate) async fn run(mut self) {
        let delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
            .with_max_delay(Duration::from_millis(self.config.retry_ms_max))
            .with_jitter()
            .without_max_times();
        let mut waits = delays.build();
        loop {
            self.ticker.tick();
            let step = self.step().await;
            self.probed.cancel();
            match step {
                Ok(Step::Well) => waits = delays.build(),
                Ok(Step::Connected) => {}
                Ok(Step::Over) => return,
                Err(trouble) => {
                    self.writer = None;
                    if matches!(trouble, Trouble::Writer(WriterError::Fenced)) {
                        // Another ingest stores here too. Each takes its turn, and nobody has to wait.
                        warn!("another ingest has stored in between");
                        continue;
                    }
                    self.ready.set_because(false, trouble.to_string());
                    warn!(error = %trouble, waiting = self.batch.jobs.len(), "the database is away");
                    if self.wait(waits.next().unwrap_or_default()).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// None where everything is over.
    async fn wait(&self, delay: Duration) -> Option<()> {
        let until = Instant::now() + delay;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            self.ticker.tick();
            self.closed.run_until_cancelled(sleep(left.min(Duration::from_millis(TICK_MS)))).await?;
        }
        Some(())
    }

    async fn step(&mut self) -> Result<Step, Trouble> {
        if self.writer.as_ref().is_none_or(Writer::is_closed) {
            timeout(Duration::from_millis(CONNECT_MS_MAX), self.begin()).await??;
            return Ok(Step::Connected);
        }
        // What an attempt left comes before what is new.
        if self.batch.jobs.is_empty() {
            match self.gather().await {
                Gathered::Jobs => {}
                Gathered::Nothing => {
                    if let Some(writer) = &self.writer {
                        timeout(Duration::from_millis(PROBE_MS_MAX), writer.ask()).await??;
                    }
                    self.is_well();
                    return Ok(Step::Well);
                }
                Gathered::Over => return Ok(Step::Over),
            }
        }
        self.store().await?;
        self.is_well();
        Ok(Step::Well)
    }

    fn is_well(&self) {
        if !self.ready.is_ok() {
            self.ready.set(true);
            info!("the database answers");
        }
    }

    /// A connection, with a range of offsets of its own; what the last one left is settled first.
    async fn begin(&mut self) -> Result<(), Trouble> {
        self.writer = None;
        let mut writer = Writer::connect(&self.parameters, Commit::Durable).await?;
        let held = writer.claim(&self.topic, PARTITION, 0, i64::MAX).await?.next_offset;
        let first = (held / RANGE + 1) * RANGE;
        // This moves the row, and so waits for a transaction that has moved it and shuts out one that is about to. What
        // is "missing" is where it stood until then. Nothing missing: another ingest was here first with the same range.
        let claim = writer.claim(&self.topic, PARTITION, first, i64::MAX).await?;
        let stood_at = claim.missing.ok_or(WriterError::Fenced)?;
        self.batch.settle_after(stood_at);
        self.batch.drop_those_given_up();
        self.writer = Some(writer);
        if self.batch.jobs.is_empty() {
            self.is_well();
        }
        Ok(())
    }

    /// What requests brought until now; waits for a first one.
    async fn gather(&mut self) -> Gathered {
        let first = tokio::select! {
            job = timeout(Duration::from_millis(PROBE_MS), self.queue.recv()) => job,
            () = self.closed.cancelled(), if !self.queue.is_closed() => {
                self.queue.close();
                Ok(self.queue.recv().await)
            }
        };
        match first {
            Err(_) => return Gathered::Nothing,
            Ok(None) => return Gathered::Over,
            Ok(Some(job)) => self.batch.push(job, &self.topic),
        }
        while self.batch.records.len() < self.config.batch_rows_max {
            match self.queue.try_recv() {
                Ok(job) => self.batch.push(job, &self.topic),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        self.batch.drop_those_given_up();
        if self.batch.jobs.is_empty() { Gathered::Nothing } else { Gathered::Jobs }
    }

    async fn store(&mut self) -> Result<(), Trouble> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let first = writer.stored_up_to(&self.topic, PARTITION).ok_or(WriterError::Fenced)?;
        self.batch.number_from(first);
        let began = Instant::now();
        let commit_max = Duration::from_millis(self.config.commit_ms_max);
        let written = timeout(commit_max, writer.write(&mut self.enricher, &mut self.batch.records)).await??;
        self.batch.settle(self.batch.records.len());
        self.metrics.note_written(&written);
        self.metrics.commit_seconds.observe(began.elapsed().as_secs_f64());
        Ok(())
    }
}

enum Gathered {
    Jobs,
    Nothing,
    Over,
}

/// A request that waits for its records, which stand in the batch one after the other.
struct Waiting {
    records: usize,
    done: oneshot::Sender<()>,
    _share: OwnedSemaphorePermit,
}

/// What is being stored, in order.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    jobs: VecDeque<Waiting>,
    /// The first record's offset in an attempt whose end is not known.
    attempted_from: Option<i64>,
}

impl Batch {
    fn push(&mut self, job: Job, topic: &Arc<str>) {
        let Job { records, done, _share } = job;
        self.jobs.push_back(Waiting { records: records.len(), done, _share });
        self.records.extend(records.into_iter().map(|(content, line)| Record {
            position: Position { topic: topic.clone(), partition: PARTITION, offset: 0 },
            content,
            line,
        }));
    }

    fn number_from(&mut self, first: i64) {
        for (record, offset) in self.records.iter_mut().zip(first..) {
            record.position.offset = offset;
        }
        self.attempted_from = Some(first);
    }

    /// The database stood at this offset when the attempt, if there was one, was over.
    fn settle_after(&mut self, stood_at: i64) {
        let Some(from) = self.attempted_from.take() else { return };
        // Where another ingest has stored since, nothing is known of the attempt: all is stored again, and the ledger
        // takes out what was stored.
        let stored = if stood_at / RANGE == from / RANGE { usize::try_from(stood_at - from).unwrap_or(0) } else { 0 };
        self.settle(stored.min(self.records.len()));
    }

    /// The first so many records are stored.
    fn settle(&mut self, stored: usize) {
        self.attempted_from = None;
        self.records.drain(..stored);
        let mut left = stored;
        while self.jobs.front().is_some_and(|job| job.records <= left) {
            let Some(job) = self.jobs.pop_front() else { break };
            left -= job.records;
            // A request that has given up meanwhile is sent again, and is a duplicate then.
            let _ = job.done.send(());
        }
        if let Some(job) = self.jobs.front_mut() {
            job.records -= left;
        }
    }

    /// Whoever was told to send again will; what it brought before is not stored beside it.
    fn drop_those_given_up(&mut self) {
        if self.jobs.iter().all(|job| !job.done.is_closed()) {
            return;
        }
        let mut records = std::mem::take(&mut self.records).into_iter();
        self.jobs.retain(|job| {
            let of_job = records.by_ref().take(job.records);
            if job.done.is_closed() {
                of_job.for_each(drop);
                return false;
            }
            self.records.extend(of_job);
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: i64 = 7 * RANGE + 10;

    /// Requests with so many records each, attempted from `FROM`.
    fn attempted(requests: &[usize]) -> (Batch, Vec<oneshot::Receiver<()>>) {
        let (mut batch, room) = (Batch::default(), Arc::new(Semaphore::new(1_000)));
        let told = requests.iter().map(|records| {
            let (done, told) = oneshot::channel();
            let records = (0..*records).map(|_| (Content::Unknown, Vec::new())).collect();
            let share = room.clone().try_acquire_many_owned(1).unwrap();
            batch.push(Job { records, done, _share: share }, &"light".into());
            told
        });
        let told = told.collect();
        batch.number_from(FROM);
        (batch, told)
    }

    fn are_told(told: &mut [oneshot::Receiver<()>]) -> Vec<bool> {
        told.iter_mut().map(|told| told.try_recv().is_ok()).collect()
    }

    #[test]
    fn what_a_broken_attempt_has_stored_is_told_and_the_rest_is_kept() {
        for (stored, told_then, left) in [
            (0, [false, false, false], 6),
            (1, [true, false, false], 5),
            (2, [true, false, false], 4),
            (6, [true; 3], 0),
        ] {
            let (mut batch, mut told) = attempted(&[1, 2, 3]);
            batch.settle_after(FROM + stored);
            assert_eq!((are_told(&mut told).as_slice(), batch.records.len()), (&told_then[..], left), "{stored}");
            assert_eq!(batch.jobs.iter().map(|job| job.records).sum::<usize>(), left);
        }
    }

    #[test]
    fn nothing_is_told_where_another_has_moved_the_offset() {
        let (mut batch, mut told) = attempted(&[1, 2]);
        batch.settle_after(FROM + RANGE + 2);
        assert_eq!((are_told(&mut told), batch.records.len()), (vec![false, false], 3));
    }

    #[test]
    fn a_request_that_has_given_up_takes_its_records_away_and_no_others() {
        let (mut batch, mut told) = attempted(&[1, 2, 3]);
        drop(told.remove(1));
        batch.drop_those_given_up();
        let offsets: Vec<_> = batch.records.iter().map(|record| record.position.offset - FROM).collect();
        assert_eq!(offsets, [0, 3, 4, 5]);
        assert_eq!(batch.jobs.len(), 2);
    }
}
