//! PostgreSQL, in the light profile: an event is durable once it is committed. Requests queue here for the
//! [`committer`](super::committer) and wait for their own events to be committed.

use std::sync::Arc;
use std::time::Duration;

use footfall_daemon::{Condition, FieldError, Shell};
use footfall_event::{Deferral, Event, OutcomeCounts, PipelineSample};
use footfall_store::{Commit, Content, WriterLoop, WriterLoopOptions};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::batch::Job;
use super::committer::{Committer, Requests};
use super::sent::{NotDurable, Sent};
use crate::config::Config;
use crate::metrics::Metrics;

/// How many requests may wait, regardless of their size.
const QUEUE_REQUESTS_MAX: usize = 20_000;
/// How long a request may wait for the first attempt to reach the database.
const PROBE_MS_MAX: u64 = 2_000;

/// The sending end of the queue, used by requests.
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
    let options = WriterLoopOptions {
        parameters: config.parameters()?,
        // This is the only copy of an event.
        commit: Commit::Durable,
        write_max: database.commit_max,
        retry_max: Duration::from_millis(config.retry_ms_max),
        user_agents_max: config.user_agents_max,
    };
    let writer_loop = WriterLoop::new(options, ready, shell.progress.watch("commit"), closed.clone());
    let requests = Requests::new(queue, config.batch_rows_max, metrics.clone(), closed, database.probed.clone());
    Ok((database, Committer::new(writer_loop, requests)))
}

impl Database {
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.is_ok()
    }

    /// Waits for the first attempt to reach the database to end, for at most [`PROBE_MS_MAX`].
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
                    let seconds = self.commit_max.as_secs();
                    self.ready.set_because(false, format!("PostgreSQL has not committed within {seconds} s"));
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

/// A queued request, counted in the metrics until it is dropped.
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
