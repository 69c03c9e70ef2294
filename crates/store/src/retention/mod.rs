//! Removes data past its retention: whole chunks of hypertables, and rows of other tables in batches. Each is a short
//! transaction that gives up if it does not get a lock soon.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use crate::WriterError;
use crate::closing::Closer;
use crate::connect::connect;
use crate::turn::take_turn;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../../sql/retention/", $name, ".sql"))
    };
}

mod columnstore;

pub use columnstore::Compressed;

/// A growing table whose old data can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `analytics_events`, by event time.
    Events,
    /// `analytics_visits`, by the time at which they began.
    Visits,
    /// `analytics_rollup` with `analytics_days`, by day.
    Rollup,
    /// `analytics_summary_hours` and `analytics_summary_parts`, by hour and minute.
    Summary,
    /// `analytics_outcomes_parts`, by minute.
    Outcomes,
    /// `analytics_quarantine`, by time of quarantine.
    Quarantine,
    /// `analytics_ledger`, by time of receipt.
    Ledger,
    /// `pipeline_samples`, by sample time.
    Samples,
}

impl Table {
    /// Every table. Events come before their roll-ups: if a run is cut short, some roll-ups outlive their events, and
    /// the functions can still answer from them.
    pub const ALL: [Self; 8] = [
        Self::Events,
        Self::Visits,
        Self::Rollup,
        Self::Summary,
        Self::Outcomes,
        Self::Quarantine,
        Self::Ledger,
        Self::Samples,
    ];

    /// The table's name in the configuration and the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "analytics_events",
            Self::Visits => "analytics_visits",
            Self::Rollup => "analytics_rollup",
            Self::Summary => "analytics_summary",
            Self::Outcomes => "analytics_outcomes",
            Self::Quarantine => "analytics_quarantine",
            Self::Ledger => "analytics_ledger",
            Self::Samples => "pipeline_samples",
        }
    }
}

/// The batches of a run, and the pauses between them.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Rows that a transaction removes, plus the rest of the last row's minute.
    pub rows_max: u32,
    /// Pages of the ledger that a transaction scans.
    pub pages_max: u32,
    /// How long a transaction waits for a lock, in milliseconds. Later requests queue behind it, including the sink's.
    pub lock_ms_max: u32,
    /// How often a batch is tried before it is left to the next run.
    pub attempts_max: u32,
    /// Milliseconds between two attempts.
    pub retry_ms: u64,
    /// Milliseconds between two batches.
    pub pause_ms: u64,
}

/// What a run removed from a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Data from before this time is removed.
    pub horizon: Option<Timestamp>,
    /// Chunks of a hypertable.
    pub chunks: u64,
    /// Disk space of those chunks, with their indexes.
    pub bytes: i64,
    /// Rows of any other table.
    pub rows: i64,
    /// Batches left to the next run, because each attempt met a lock.
    pub batches_left: u64,
}

impl Removed {
    fn add(&mut self, other: Self) {
        self.chunks += other.chunks;
        self.bytes += other.bytes;
        self.rows += other.rows;
        self.batches_left += other.batches_left;
    }
}

/// A connection as `footfall_owner` that removes old data.
pub struct Remover {
    client: Client,
    config: Config,
    pace: Pace,
}

impl Remover {
    /// Connects, and waits up to `turn_s_max` seconds for a running backup to end.
    ///
    /// # Errors
    /// Fails if PostgreSQL is unreachable or refuses a statement, or if the backup takes longer: see [`is_locked`].
    pub async fn connect(config: &Config, pace: Pace, turn_s_max: u32) -> Result<Self, tokio_postgres::Error> {
        let client = connect(config).await?;
        take_turn(&client, turn_s_max).await?;
        let session = [("lock_timeout", u64::from(pace.lock_ms_max)), ("statement_timeout", STATEMENT_MS_MAX)];
        for (setting, ms) in session {
            client.execute("SELECT set_config($1, $2, false)", &[&setting, &ms.to_string()]).await?;
        }
        Ok(Self { client, config: config.clone(), pace })
    }

    /// Removes data older than `days` days from a table. `keeps_summary`: before events are removed, they are counted in
    /// `analytics_summary_parts`, because the view `analytics_summary` will not find them any more.
    ///
    /// # Errors
    /// Fails if PostgreSQL is unreachable or refuses a statement for a reason other than a lock. What was already
    /// removed stays removed.
    pub async fn remove(&self, table: Table, days: u16, keeps_summary: bool) -> Result<Removed, tokio_postgres::Error> {
        let horizon = self.client.query_one(sql!("horizon"), &[&i32::from(days)]).await?.get(0);
        if table == Table::Visits {
            self.close_days_before(horizon).await?;
        }
        let mut removed = match table {
            Table::Events if keeps_summary => self.drop_events_keeping_summary(horizon).await,
            Table::Events | Table::Visits | Table::Samples => self.drop_chunks(table, horizon).await,
            Table::Rollup => self.delete(sql!("delete_old_rollup"), horizon).await,
            Table::Summary => {
                let mut removed = self.delete(sql!("delete_old_summary"), horizon).await?;
                removed.add(self.delete(sql!("delete_old_summary_hours"), horizon).await?);
                Ok(removed)
            }
            Table::Outcomes => self.delete(sql!("delete_old_outcomes"), horizon).await,
            Table::Quarantine => self.delete(sql!("delete_old_quarantine"), horizon).await,
            Table::Ledger => self.delete_from_ledger(horizon).await,
        }?;
        removed.horizon = Some(horizon);
        Ok(removed)
    }

    /// Sums outlive the visits that they add up. A day that stays open keeps its visits: see sql/functions/drop_visits.sql.
    async fn close_days_before(&self, horizon: Timestamp) -> Result<(), tokio_postgres::Error> {
        let days = self.client.query(sql!("days_to_close"), &[&horizon]).await?;
        if days.is_empty() {
            return Ok(());
        }
        let mut closer = match Closer::connect(&self.config).await {
            Ok(closer) => closer,
            Err(error) => return not_closed(error),
        };
        for day in days {
            if let Err(error) = closer.sum(day.get(0), None).await {
                return not_closed(error);
            }
        }
        Ok(())
    }

    /// Moves the summary of earlier versions, which had a row for each page, to hours: those whose events are still there.
    /// Returns how many hours it moved.
    ///
    /// # Errors
    /// Fails if PostgreSQL is unreachable or refuses a statement for a reason other than a lock. What was already
    /// moved stays moved.
    pub async fn narrow_summary(&self) -> Result<u64, tokio_postgres::Error> {
        let mut hours = 0;
        let narrow = async || Ok(self.client.query_one(sql!("narrow_summary"), &[]).await?.get(0));
        while self.attempt(narrow).await? == Some(true) {
            hours += 1;
            self.pause().await;
        }
        Ok(hours)
    }

    /// In order, because `analytics_summary` has one moment from which on it is counted from the events: a locked chunk ends the
    /// run.
    async fn drop_events_keeping_summary(&self, horizon: Timestamp) -> Result<Removed, tokio_postgres::Error> {
        let mut removed = Removed::default();
        for chunk in self.client.query(sql!("old_chunks"), &[&Table::Events.name(), &horizon]).await? {
            let (start, end, bytes): (Timestamp, Timestamp, i64) = (chunk.get(0), chunk.get(1), chunk.get(2));
            let dropped = self
                .attempt(async || {
                    let row = self.client.query_one(sql!("drop_events_keeping_summary"), &[&start, &end]).await?;
                    Ok(row.get::<_, i64>(0))
                })
                .await?;
            let Some(chunks) = dropped else {
                removed.batches_left += 1;
                return Ok(removed);
            };
            removed.add(Removed { chunks: chunks.unsigned_abs(), bytes: chunks * bytes, ..Removed::default() });
            self.pause().await;
        }
        Ok(removed)
    }

    /// One transaction per chunk, so that no chunk stays locked while the next one is waited for.
    async fn drop_chunks(&self, table: Table, horizon: Timestamp) -> Result<Removed, tokio_postgres::Error> {
        let mut removed = Removed::default();
        for chunk in self.client.query(sql!("old_chunks"), &[&table.name(), &horizon]).await? {
            let (start, end, bytes): (Timestamp, Timestamp, i64) = (chunk.get(0), chunk.get(1), chunk.get(2));
            let name = table.name();
            let statement = if table == Table::Visits { sql!("drop_visits") } else { sql!("drop_chunk") };
            let dropped = self
                .attempt(async || {
                    let row = self.client.query_one(statement, &[&name, &start, &end]).await?;
                    Ok(row.get::<_, i64>(0))
                })
                .await?;
            match dropped {
                Some(chunks) => {
                    removed.chunks += chunks.unsigned_abs();
                    removed.bytes += if chunks > 0 { bytes } else { 0 };
                }
                None => removed.batches_left += 1,
            }
            self.pause().await;
        }
        Ok(removed)
    }

    /// Deletes batches, oldest first. A locked one ends the run for this table: all later rows are newer.
    async fn delete(&self, statement: &str, horizon: Timestamp) -> Result<Removed, tokio_postgres::Error> {
        let statement = self.client.prepare(statement).await?;
        let rows_max = i64::from(self.pace.rows_max);
        let mut removed = Removed::default();
        let mut reached: Option<Timestamp> = None;
        loop {
            let batch = self
                .attempt(async || {
                    let row = self.client.query_one(&statement, &[&reached, &horizon, &rows_max]).await?;
                    Ok((row.get::<_, i64>(0), row.get::<_, Option<Timestamp>>(1)))
                })
                .await?;
            match batch {
                Some((rows, Some(last))) => {
                    removed.rows += rows;
                    reached = Some(last);
                }
                Some((_, None)) => return Ok(removed),
                None => {
                    removed.batches_left += 1;
                    return Ok(removed);
                }
            }
            self.pause().await;
        }
    }

    async fn delete_from_ledger(&self, horizon: Timestamp) -> Result<Removed, tokio_postgres::Error> {
        let statement = self.client.prepare(sql!("delete_old_ledger")).await?;
        // Pages added during the run hold only recent rows.
        let pages: i64 = self.client.query_one(sql!("ledger_pages"), &[]).await?.get(0);
        let mut removed = Removed::default();
        let step = i64::from(self.pace.pages_max);
        let mut from = 0;
        while from < pages {
            let to = from + step;
            let rows = self
                .attempt(async || {
                    Ok(self.client.query_one(&statement, &[&from, &to, &horizon]).await?.get::<_, i64>(0))
                })
                .await?;
            match rows {
                Some(rows) => removed.rows += rows,
                None => removed.batches_left += 1,
            }
            if rows != Some(0) {
                self.pause().await;
            }
            from = to;
        }
        Ok(removed)
    }

    /// Returns `None` if every attempt met a lock.
    async fn attempt<T>(
        &self,
        mut batch: impl AsyncFnMut() -> Result<T, tokio_postgres::Error>,
    ) -> Result<Option<T>, tokio_postgres::Error> {
        for attempt in 1..=self.pace.attempts_max {
            match batch().await {
                Ok(done) => return Ok(Some(done)),
                Err(error) if is_locked(&error) => {
                    if attempt < self.pace.attempts_max {
                        sleep(Duration::from_millis(self.pace.retry_ms)).await;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn pause(&self) {
        sleep(Duration::from_millis(self.pace.pause_ms)).await;
    }
}

fn not_closed(error: WriterError) -> Result<(), tokio_postgres::Error> {
    match error {
        WriterError::Unavailable(error) | WriterError::Refused(error) | WriterError::TooMuch(error) => Err(error),
        // Only writers of a topic's partitions meet the others.
        WriterError::Fenced | WriterError::OutOfOrder { .. } => Ok(()),
    }
}

/// A statement that runs longer is stuck on something other than a lock.
const STATEMENT_MS_MAX: u64 = 600_000;

/// Whether the error is another transaction's lock, so that a retry may succeed.
#[must_use]
pub fn is_locked(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED].contains(code))
}
