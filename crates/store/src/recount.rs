//! Counts the visits of a range again from their events, and the sums of its days from their visits, and compares both with
//! what is stored.
//!
//! The writer's own statements count into temporary tables with the names of the real ones; nothing stored changes. Events come
//! key by key from the server, so the memory that this takes does not grow with the range.

use jiff::Timestamp;
use jiff::civil::Date;
use thiserror::Error;
use tokio_postgres::{Client, Config, IsolationLevel, Row};

use crate::closing::SETTINGS;
use crate::connect::connect;
use crate::statements::Statements;
use crate::visits::{Dictionary, Seen, add_to_visits};
use crate::{WriterError, fill_in};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/recount/", $name, ".sql"))
    };
}

const SLICE_EVENTS: i32 = 5_000;
/// Differing rows that are named; all are counted.
const NAMED_MAX: usize = 20;

/// What a recount found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recounted {
    /// Visits that begin between these times were compared; `None` if there are none whose events are still there.
    pub range: Option<(Timestamp, Timestamp)>,
    /// Events that were read.
    pub events: i64,
    /// Stored visits in the range.
    pub visits: i64,
    /// Days whose sums were worked out again.
    pub days: i64,
    /// Rows that are stored and were not counted, and the other way round.
    pub differing: i64,
    /// Some of these.
    pub named: Vec<String>,
}

impl Recounted {
    /// Rows that differ, as texts.
    fn add(&mut self, differing: &[Row]) {
        self.differing += i64::try_from(differing.len()).unwrap_or(i64::MAX);
        let named = differing.iter().take(NAMED_MAX.saturating_sub(self.named.len()));
        self.named.extend(named.map(|row| row.get::<_, String>(0)));
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum RecountError {
    /// Older events have to be added first.
    #[error("the events of earlier versions have not all been added to the visits yet: run `footfall rollup` first")]
    Unfinished,
    /// PostgreSQL is unreachable, or refused a statement.
    #[error(transparent)]
    Writer(#[from] WriterError),
}

impl From<tokio_postgres::Error> for RecountError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Writer(error.into())
    }
}

/// Counts again what begins in these days of the instance, the first and the last one, or in all days. `config` connects as
/// `footfall_owner`. Calls `seen` with what has been read so far.
///
/// # Errors
/// [`RecountError`].
pub async fn recount(
    config: &Config,
    days: (Option<Date>, Option<Date>),
    mut seen: impl FnMut(&Recounted),
) -> Result<Recounted, RecountError> {
    let mut client = session(config).await?;
    let range = client.query_one(sql!("range"), &[&days.0, &days.1]).await?;
    if range.get("unfinished") {
        return Err(RecountError::Unfinished);
    }
    let (since, until): (Option<Timestamp>, Option<Timestamp>) = (range.get("since"), range.get("until"));
    let mut recounted =
        Recounted { range: since.zip(until).filter(|(since, until)| since < until), ..Recounted::default() };
    let sums_since: Option<Timestamp> = range.get("sums_since");
    if let Some(range) = sums_since.zip(until) {
        sums(&mut client, range, &mut recounted, &mut seen).await?;
    }
    if let Some(range) = recounted.range {
        // Functions of the other connection know its temporary tables.
        let mut client = session(config).await?;
        visits(&mut client, range, &mut recounted, &mut seen).await?;
    }
    Ok(recounted)
}

async fn session(config: &Config) -> Result<Client, WriterError> {
    let client = connect(config).await.map_err(WriterError::Unavailable)?;
    client.batch_execute(SETTINGS).await?;
    client.batch_execute("SET statement_timeout = 0").await?;
    Ok(client)
}

async fn sums(
    client: &mut Client,
    (since, until): (Timestamp, Timestamp),
    recounted: &mut Recounted,
    seen: &mut impl FnMut(&Recounted),
) -> Result<(), WriterError> {
    client.batch_execute(sql!("sum_tables")).await?;
    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    for row in transaction.query(sql!("summed_days"), &[&since, &until]).await? {
        let (day, summed_until): (Date, Timestamp) = (row.get(0), row.get(1));
        transaction.execute("SELECT footfall.sum_day($1, $2)", &[&day, &summed_until]).await?;
        recounted.add(&transaction.query(sql!("differing_sums"), &[&day]).await?);
        recounted.days += 1;
        seen(recounted);
    }
    recounted.add(&transaction.query(sql!("differing_periods"), &[&since, &until]).await?);
    transaction.rollback().await?;
    Ok(())
}

async fn visits(
    client: &mut Client,
    (since, until): (Timestamp, Timestamp),
    recounted: &mut Recounted,
    seen: &mut impl FnMut(&Recounted),
) -> Result<(), WriterError> {
    client.batch_execute(sql!("visit_tables")).await?;
    let statements = Statements::prepare(client).await?;
    let mut dictionary = Dictionary::new();
    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    let events = transaction.prepare(&fill_in(sql!("events"))).await?;
    let events = transaction.bind(&events, &[&since, &until]).await?;
    // The temporary tables have no statistics: without this, each look-up might read all of them.
    transaction.batch_execute("SET LOCAL enable_seqscan = off").await?;
    loop {
        let rows = transaction.query_portal(&events, SLICE_EVENTS).await?;
        if rows.is_empty() {
            break;
        }
        let slice: Vec<Seen<'_>> = rows.iter().map(Seen::stored).collect();
        add_to_visits(&transaction, &statements, &mut dictionary, &slice).await?;
        // What the transaction has met is kept only until here, so that it does not grow.
        dictionary.ended(true);
        recounted.events += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        seen(recounted);
    }
    transaction.batch_execute("SET LOCAL enable_seqscan = on").await?;
    let named_max = i64::try_from(NAMED_MAX.saturating_sub(recounted.named.len())).unwrap_or(0);
    let statement = transaction.prepare(&fill_in(sql!("differing_visits"))).await?;
    let row = transaction.query_one(&statement, &[&since, &until, &named_max]).await?;
    recounted.visits = row.get(0);
    recounted.differing += row.get::<_, i64>(1);
    recounted.named.extend(row.get::<_, Vec<String>>(2));
    transaction.rollback().await?;
    Ok(())
}
