//! The stages that are checked in the database, with the reader role.

use std::time::{Duration, Instant};

use footfall_daemon::with_causes;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use super::topic::Position;

/// The interval between queries while waiting.
const POLL_MS: u64 = 5;
/// How long to wait for a duplicate row, which the same batch or the next one would store.
const TWICE_MS: u64 = 250;
/// The limit for connecting, and for each query.
const QUERY_S_MAX: u64 = 5;

/// A connection, and the counts from before the event was posted.
pub(crate) struct Database {
    client: Client,
    rows: Statement,
    since: Timestamp,
    before: Counted,
}

/// Counts of events in `analytics_outcomes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) stored: i64,
    pub(crate) accepted: i64,
}

impl Database {
    pub(crate) async fn connect(config: &tokio_postgres::Config) -> Result<Self, String> {
        let client = bounded(footfall_store::connect(config)).await?;
        // A long period, because only the difference between two counts matters, not where they start.
        let since = Timestamp::now() - SignedDuration::from_hours(24);
        let rows = bounded(client.prepare(include_str!("rows.sql"))).await?;
        let before = counted(&client, since).await?;
        Ok(Self { client, rows, since, before })
    }

    /// Waits for the row. Returns the number of rows, and how long after `posted` the first became visible.
    pub(crate) async fn wait_for_row(
        &self,
        event_id: Uuid,
        posted: Instant,
        limit: Duration,
    ) -> Result<Option<(i64, Duration)>, String> {
        while self.count_rows(event_id).await? == 0 {
            if posted.elapsed() > limit {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
        }
        let visible = posted.elapsed();
        tokio::time::sleep(Duration::from_millis(TWICE_MS)).await;
        Ok(Some((self.count_rows(event_id).await?, visible)))
    }

    async fn count_rows(&self, event_id: Uuid) -> Result<i64, String> {
        bounded(self.client.query_one_scalar(&self.rows, &[&event_id])).await
    }

    /// What is not as it will be, such as days that are not closed.
    pub(crate) async fn notes(&self) -> Result<Vec<String>, String> {
        let rows = bounded(self.client.query(include_str!("read_model.sql"), &[])).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The roll-up's count for the event's minute and page, a recount of the rows, and whether a visit holds the event.
    pub(crate) async fn roll_up(&self, event_id: Uuid) -> Result<(i64, i64, bool), String> {
        let row = bounded(self.client.query_one(include_str!("roll_up.sql"), &[&event_id])).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }

    /// Waits until ingest and sink have both counted more events than before, and returns how many more.
    pub(crate) async fn wait_for_outcomes(&self, limit: Duration) -> Result<Counted, String> {
        let began = Instant::now();
        loop {
            let now = counted(&self.client, self.since).await?;
            let more =
                Counted { stored: now.stored - self.before.stored, accepted: now.accepted - self.before.accepted };
            if (more.stored > 0 && more.accepted > 0) || began.elapsed() > limit {
                return Ok(more);
            }
            tokio::time::sleep(Duration::from_millis(POLL_MS * 10)).await;
        }
    }

    /// The next offset to store of the event's partition, and the reason if the event is in quarantine.
    pub(crate) async fn message_status(
        &self,
        topic: &str,
        at: Position,
    ) -> Result<(Option<i64>, Option<String>), String> {
        let sql = include_str!("message_status.sql");
        let row = bounded(self.client.query_one(sql, &[&topic, &at.partition, &at.offset])).await?;
        Ok((row.get(0), row.get(1)))
    }
}

async fn counted(client: &Client, since: Timestamp) -> Result<Counted, String> {
    let row = bounded(client.query_one(include_str!("outcomes.sql"), &[&since])).await?;
    Ok(Counted { stored: row.get(0), accepted: row.get(1) })
}

async fn bounded<T>(query: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, String> {
    let limit = Duration::from_secs(QUERY_S_MAX);
    match tokio::time::timeout(limit, query).await {
        Ok(answer) => answer.map_err(|error| with_causes(&error)),
        Err(_) => Err(format!("no answer within {QUERY_S_MAX} s")),
    }
}
