//! Keeps the read model up with the events: adds events to the visits that were stored before there were visits, and works out the sums
//! of days, from which questions are answered.
//!
//! The sums of a day are worked out in one transaction, from one snapshot. What is stored meanwhile or later is not in them: the writer
//! notes in `analytics_changes` what each visit was before it changed it, in the transaction that does, and the transaction of the sums removes
//! the notes that it saw, but for those of what begins later than its sums. So at every moment the sums and the notes that are left say exactly how the day was and what has changed since,
//! and a question takes off the one and adds the other. The day that goes on is summed again and again by its changes; one that is over is
//! worked out anew, once, and again if something is added to it. The sums of days that are over are also kept added up to periods of
//! 4, 16, 64 and 256 days.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, IsolationLevel};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::connect::connect;
use crate::statements::Statements;
use crate::visits::{Dictionary, Seen, add_to_visits};
use crate::{WriterError, fill_in};

/// Held by the one that closes days: "footshut" as a number.
const CLOSING_LOCK: i64 = 0x666f_6f74_7368_7574;
/// Held exclusively while older events are added to visits, and shared by writers: "footpast" as a number.
pub(crate) const VISITS_LOCK: i64 = 0x666f_6f74_7061_7374;
/// Events that are added in one transaction, for which writers wait.
const SLICE_EVENTS_MAX: i64 = 5_000;
const PAUSE: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_secs(30);
/// A day of 450,000 visits takes a minute.
pub(crate) const SETTINGS: &str =
    "SET lock_timeout = '4s'; SET statement_timeout = '30min'; SET work_mem = '64MB'; SET jit = off";

/// How PostgreSQL refuses the second of two that work out the same sums.
const ANOTHER_DID: [SqlState; 2] = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::UNIQUE_VIOLATION];

const DAYS_DUE: &str = include_str!("../../../sql/writer/days_due.sql");
const PERIOD_DUE: &str = include_str!("../../../sql/writer/period_due.sql");
const EVENTS_TO_ADD: &str = include_str!("../../../sql/writer/events_to_add.sql");
const NOTIFY: &str = "SELECT pg_notify('footfall_events', '{\"events\":0}')";

/// How far events that were stored before there were visits have been added to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// All events from here on have been added.
    pub reached: Timestamp,
    /// The oldest event.
    pub oldest: Timestamp,
    /// Events added so far.
    pub events: i64,
}

/// A connection as `footfall_writer` that works out sums of days.
pub struct Closer {
    client: Client,
    statements: Statements,
    dictionary: Dictionary,
}

impl Closer {
    /// Connects.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn connect(config: &Config) -> Result<Self, WriterError> {
        let client = connect(config).await.map_err(WriterError::Unavailable)?;
        client.batch_execute(SETTINGS).await?;
        let statements = Statements::prepare(&client).await?;
        Ok(Self { client, statements, dictionary: Dictionary::new() })
    }

    /// Becomes the one that closes days, until the connection ends; false if there is another.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn take_turn(&self) -> Result<bool, WriterError> {
        Ok(self.client.query_one("SELECT pg_try_advisory_lock($1)", &[&CLOSING_LOCK]).await?.get(0))
    }

    /// Adds a slice of the events that were stored before there were visits, the newest first. Returns `None` if none is left.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; the slice has not been added then, and the next call begins with it.
    pub async fn add_older_events(&mut self) -> Result<Option<Progress>, WriterError> {
        let transaction = self.client.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&VISITS_LOCK]).await?;
        let wanted = "SELECT reached, oldest, stored_before, events FROM analytics_backfill FOR UPDATE";
        let Some(row) = transaction.query_opt(wanted, &[]).await? else { return Ok(None) };
        let (reached, oldest, stored_before): (Timestamp, Timestamp, Timestamp) = (row.get(0), row.get(1), row.get(2));
        let statement = transaction.prepare(&fill_in(EVENTS_TO_ADD)).await?;
        let rows = transaction.query(&statement, &[&reached, &oldest, &stored_before, &SLICE_EVENTS_MAX]).await?;
        let Some(last) = rows.last() else {
            transaction.execute("DELETE FROM analytics_backfill", &[]).await?;
            transaction.execute(NOTIFY, &[]).await?;
            transaction.commit().await?;
            return Ok(None);
        };
        let reached: Timestamp = last.get("timestamp");
        let events: Vec<Seen<'_>> = rows.iter().map(Seen::stored).collect();
        let added = i64::try_from(events.len()).unwrap_or(i64::MAX);
        // Before the visits are changed: their events are read again where that is needed.
        transaction
            .execute("UPDATE analytics_backfill SET reached = $1, events = events + $2", &[&reached, &added])
            .await?;
        let result = add_to_visits(&transaction, &self.statements, &mut self.dictionary, &events).await;
        let committed = match result {
            Ok(()) => transaction.commit().await.map_err(WriterError::from),
            Err(error) => Err(error),
        };
        self.dictionary.ended(committed.is_ok());
        committed?;
        Ok(Some(Progress { reached, oldest, events: row.get::<_, i64>(3) + added }))
    }

    /// The days to sum, the newest first, with the one that goes on. One that was summed a short time ago rests.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn days_due(&self) -> Result<Vec<Date>, WriterError> {
        Ok(self.client.query(DAYS_DUE, &[]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// The days that are over and have to be closed, the newest first, without a rest.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn days_to_close(&self) -> Result<Vec<Date>, WriterError> {
        let days = self.client.query("SELECT day FROM footfall.days_to_close()", &[]).await?;
        Ok(days.iter().map(|row| row.get(0)).collect())
    }

    /// Works out the sums of what has begun on a day until now, or until a moment before. If another one does it at the same moment, only
    /// one of the two does.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; the sums are as before then.
    pub async fn sum(&mut self, day: Date, until: Option<Timestamp>) -> Result<(), WriterError> {
        self.unless_another_does("SELECT footfall.sum_day($1, coalesce($2, now()))", &[&day, &until]).await?;
        Ok(())
    }

    /// Adds the sums of days up to those of periods. `at_once`: also where they have been worked out a short time ago.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn sum_periods(&mut self, at_once: bool) -> Result<(), WriterError> {
        while let Some(due) = self.client.query_opt(PERIOD_DUE, &[&at_once]).await? {
            let (day, days, of_days): (Date, i32, i32) = (due.get(0), due.get(1), due.get(2));
            let sum = "SELECT footfall.sum_period($1, $2, $3)";
            if !self.unless_another_does(sum, &[&day, &days, &of_days]).await? {
                break;
            }
        }
        Ok(())
    }

    /// Runs a statement in a transaction of its own, from one snapshot. False if what it works out has changed meanwhile.
    async fn unless_another_does(
        &mut self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<bool, WriterError> {
        let transaction =
            self.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
        let done = async {
            transaction.execute(statement, parameters).await?;
            transaction.commit().await
        };
        match done.await {
            Ok(()) => Ok(true),
            Err(error) if error.code().is_some_and(|code| ANOTHER_DID.contains(code)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds older events and closes days until there is nothing to do.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn catch_up(&mut self, stop: &CancellationToken) -> Result<(), WriterError> {
        let began = Instant::now();
        let mut last = None;
        while let Some(progress) = self.add_older_events().await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            if last.is_none_or(|at: Instant| at.elapsed() > Duration::from_secs(10)) {
                last = Some(Instant::now());
                info!(
                    events = progress.events, reached = %progress.reached, oldest = %progress.oldest,
                    "adding the events of earlier versions to the visits, the newest first"
                );
            }
        }
        if last.is_some() {
            info!(seconds = began.elapsed().as_secs(), "all events have been added to the visits");
        }
        for day in self.days_due().await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            self.sum(day, None).await?;
        }
        self.sum_periods(false).await
    }
}

/// Whether a writer has to wait its turn with [`Closer::add_older_events`].
pub(crate) async fn is_catching_up(client: &Client) -> Result<bool, tokio_postgres::Error> {
    Ok(client.query_one("SELECT EXISTS (SELECT FROM analytics_backfill)", &[]).await?.get(0))
}

/// Waits until no older events are being added to visits, and keeps it so until the transaction ends.
pub(crate) async fn share_visits(transaction: &tokio_postgres::Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    transaction.execute("SELECT pg_advisory_xact_lock_shared($1)", &[&VISITS_LOCK]).await?;
    Ok(())
}

/// Closes days as they end, until it is stopped. One process does it for all that store into the same database.
pub async fn keep_closing(config: Config, stop: CancellationToken) {
    loop {
        let pause = match stop.run_until_cancelled(closing(&config, &stop)).await {
            None | Some(Ok(())) => return,
            Some(Err(error)) => {
                warn!(%error, "days are not being closed; questions about them take longer");
                RETRY
            }
        };
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}

async fn closing(config: &Config, stop: &CancellationToken) -> Result<(), WriterError> {
    let mut closer = Closer::connect(config).await?;
    let mut has_turn = false;
    loop {
        has_turn = has_turn || closer.take_turn().await?;
        if has_turn {
            closer.catch_up(stop).await?;
        }
        sleep(PAUSE).await;
    }
}
