//! The loop around a [`Writer`]: it connects, has its source claim offsets, writes the batches that the source gathers,
//! and after a failure waits and starts over.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use footfall_daemon::{Condition, Ticker};
use thiserror::Error;
use tokio::time::{sleep, timeout};
use tokio_postgres::Config;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{Commit, Enricher, Record, Writer, WriterError, Written};

/// For connecting and preparing the statements.
const CONNECT_MS_MAX: u64 = 10_000;
/// For claiming offsets, of all partitions together.
const CLAIM_S_MAX: u64 = 60;
const RETRY_MS_MIN: u64 = 50;
/// How often the loop reports to the watchdog while it waits.
const TICK_MS: u64 = 500;
/// After this, records that could not be stored have not come again: another consumer reads them.
const COME_AGAIN_S_MAX: u64 = 10;

/// Where records come from, and what happens once they are stored.
///
/// The loop calls [`claim`](Self::claim) after connecting and after each failure, then [`next`](Self::next) until
/// something fails. Calls never overlap.
pub trait RecordSource: Send {
    /// Failures other than the database's.
    type Error: std::error::Error + Send;
    /// Whether records that could not be stored come again by themselves. If so, only storing them shows that the
    /// database works again: one whose disk is full still answers.
    const COME_AGAIN: bool;

    /// Claims the offsets to write from, and keeps or drops the records left by an earlier attempt.
    fn claim(&mut self, writer: &mut Writer) -> impl Future<Output = Result<(), WriteError<Self::Error>>> + Send;

    /// Gathers records. May block for a few seconds, during which nothing reports to the watchdog.
    fn next(&mut self, writer: &mut Writer) -> impl Future<Output = Result<Next, WriteError<Self::Error>>> + Send;

    /// Records gathered but not stored yet. After a failure, the source either keeps them to be written again, or drops
    /// them and reads again from the offset in the database.
    fn records(&mut self) -> &mut [Record];

    /// Removes all [`records`](Self::records): they are stored now.
    fn stored(&mut self, writer: &Writer, written: &Written, took: Duration);

    /// Logs and counts a failure.
    ///
    /// # Errors
    /// Returns the error if no retry can help; this ends the loop.
    fn failed(&mut self, error: WriteError<Self::Error>) -> Result<(), Self::Error>;

    /// Whether nothing is left to store and nothing more will come.
    fn is_over(&self) -> bool;
}

/// What a source has for the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A batch is due.
    Batch,
    /// No batch is due, but the database has just answered.
    Answered,
    /// No batch is due.
    Nothing,
}

/// Why a batch could not be gathered or stored.
#[derive(Debug, Error)]
pub enum WriteError<E> {
    /// The writer failed.
    #[error("{0}")]
    Database(#[from] WriterError),
    /// The database did not answer in time, and may or may not have committed.
    #[error("PostgreSQL has not answered for {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The source failed.
    #[error("{0}")]
    Source(E),
}

/// Options of a [`WriterLoop`].
pub struct WriterLoopOptions {
    /// Connection parameters.
    pub parameters: Config,
    /// What a commit guarantees.
    pub commit: Commit,
    /// How long a batch may take.
    pub write_max: Duration,
    /// The longest pause between attempts.
    pub retry_max: Duration,
    /// Distinct user agents to cache.
    pub user_agents_max: NonZeroUsize,
}

/// Stores what a [`RecordSource`] gathers, and retries after failures.
pub struct WriterLoop {
    options: WriterLoopOptions,
    ready: Condition,
    ticker: Ticker,
    stop: CancellationToken,
    delays: ExponentialBuilder,
    pauses: ExponentialBackoff,
    enricher: Enricher,
    writer: Option<Writer>,
    is_claimed: bool,
    /// Whether the database has answered since it last failed.
    has_answered: bool,
    /// When a batch could not be stored, until one is.
    failed_at: Option<Instant>,
}

impl WriterLoop {
    /// `ready` is set while the database answers; `stop` interrupts a pause between attempts and ends the loop.
    #[must_use]
    pub fn new(options: WriterLoopOptions, ready: Condition, ticker: Ticker, stop: CancellationToken) -> Self {
        let delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
            .with_max_delay(options.retry_max)
            .with_jitter()
            .without_max_times();
        let enricher = Enricher::new(options.user_agents_max);
        let pauses = delays.build();
        Self {
            options,
            ready,
            ticker,
            stop,
            delays,
            pauses,
            enricher,
            writer: None,
            is_claimed: false,
            has_answered: false,
            failed_at: None,
        }
    }

    /// Runs until the source is over, or until it is stopped during a pause between attempts.
    ///
    /// # Errors
    /// Returns what [`RecordSource::failed`] returns.
    pub async fn run<S: RecordSource>(mut self, source: &mut S) -> Result<(), S::Error> {
        while !source.is_over() {
            self.ticker.tick();
            let Err(error) = self.step(source).await else { continue };
            let pause = self.begin_anew_after(&error);
            source.failed(error)?;
            if let Some(pause) = pause
                && self.wait(pause).await.is_none()
            {
                break;
            }
        }
        Ok(())
    }

    /// Connects, claims or writes: whichever is next.
    async fn step<S: RecordSource>(&mut self, source: &mut S) -> Result<(), WriteError<S::Error>> {
        let ticker = self.ticker.clone();
        let Some(writer) = &mut self.writer else {
            let connecting = Writer::connect(&self.options.parameters, self.options.commit);
            self.writer = Some(within(CONNECT_MS_MAX, connecting, &ticker).await?);
            return Ok(());
        };
        if !self.is_claimed {
            let claiming = async { Ok::<_, WriterError>(source.claim(writer).await) };
            let claimed = within(CLAIM_S_MAX * 1_000, claiming, &ticker).await?;
            self.is_claimed = claimed.is_ok();
            // If a failed attempt left records, only storing them shows that the database works again.
            let answers = matches!(claimed, Ok(()) | Err(WriteError::Source(_)));
            if answers && source.records().is_empty() && self.failed_at.is_none() {
                self.note_answer();
            }
            return claimed;
        }
        match source.next(writer).await? {
            Next::Nothing => {
                let over = |at: Instant| at.elapsed() > Duration::from_secs(COME_AGAIN_S_MAX);
                if source.records().is_empty() && self.failed_at.take_if(|at| over(*at)).is_some() {
                    self.note_answer();
                }
                return Ok(());
            }
            Next::Answered => {}
            Next::Batch => {
                let began = Instant::now();
                let writing = writer.write(&mut self.enricher, source.records());
                let write_ms_max = u64::try_from(self.options.write_max.as_millis()).unwrap_or(u64::MAX);
                let written = within(write_ms_max, writing, &ticker).await;
                let has_failed = matches!(&written, Err(error) if is_the_databases(error));
                self.failed_at = (S::COME_AGAIN && has_failed).then(Instant::now);
                let written = written?;
                source.stored(writer, &written, began.elapsed());
            }
        }
        self.pauses = self.delays.build();
        self.note_answer();
        Ok(())
    }

    /// Drops the claim, and the connection if the database failed. Returns how long to pause before the next attempt.
    fn begin_anew_after<E: std::fmt::Display>(&mut self, error: &WriteError<E>) -> Option<Duration> {
        self.is_claimed = false;
        // The other writer has what it wanted, so this one can continue at once.
        if matches!(error, WriteError::Database(WriterError::Fenced)) {
            return None;
        }
        if is_the_databases(error) {
            // Even a connection that still works may be to a server that has become a standby, or, after a timeout,
            // be in the middle of a transaction.
            self.writer = None;
            self.has_answered = false;
            self.ready.set_because(false, error.to_string());
        }
        self.pauses.next().map(|pause| pause.min(self.options.retry_max))
    }

    fn note_answer(&mut self) {
        // Also set by ingest's requests, when one of them waits too long for its commit.
        self.ready.set(true);
        if !std::mem::replace(&mut self.has_answered, true) {
            info!("the database answers");
        }
    }

    /// Returns `None` if the loop is stopped.
    async fn wait(&self, pause: Duration) -> Option<()> {
        let until = Instant::now() + pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            self.ticker.tick();
            self.stop.run_until_cancelled(sleep(left.min(Duration::from_millis(TICK_MS)))).await?;
        }
        Some(())
    }
}

fn is_the_databases<E>(error: &WriteError<E>) -> bool {
    matches!(
        error,
        WriteError::Database(WriterError::Unavailable(_) | WriterError::TooMuch(_) | WriterError::Refused(_))
            | WriteError::TimedOut(_)
    )
}

/// Reports to the watchdog while the database is being waited for: the loop is not stuck then, and readiness says what
/// it waits for.
async fn within<T, E>(
    ms_max: u64,
    asking: impl Future<Output = Result<T, WriterError>>,
    ticker: &Ticker,
) -> Result<T, WriteError<E>> {
    let max = Duration::from_millis(ms_max);
    let ticking = async {
        loop {
            ticker.tick();
            sleep(Duration::from_millis(TICK_MS)).await;
        }
    };
    tokio::select! {
        answer = timeout(max, asking) => Ok(answer.map_err(|_| WriteError::TimedOut(max))??),
        never = ticking => never,
    }
}
