//! Stores batches of records, each in one transaction that also moves the offsets of the partitions that it came from.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use footfall_event::{Event, Outcome, Reason, Rejection};
use futures_util::pin_mut;
use jiff::Timestamp;
use thiserror::Error;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{Json, ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Statement, Transaction};
use tracing::warn;
use uuid::Uuid;

use crate::{Content, Record, error_text};

/// A statement's text, part of the program.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/writer/", $name, ".sql"))
    };
}

/// `analytics_outcomes.source` of what the sink counts.
const SOURCE: &str = "sink";
const CONNECT_MS_MAX: u64 = 5_000;
/// A statement that waits longer than this for another's lock has met something that is not the sink's doing.
const SESSION: &str = "SET synchronous_commit = off; SET lock_timeout = '10s'; SET statement_timeout = '60s'";
/// The types of the columns that `copy_events` names.
const EVENT_TYPES: [Type; 17] = [
    Type::TIMESTAMPTZ,
    Type::VARCHAR,
    Type::VARCHAR,
    Type::VARCHAR,
    Type::VARCHAR,
    Type::VARCHAR,
    Type::TEXT,
    Type::JSONB,
    Type::UUID,
    Type::TIMESTAMPTZ,
    Type::TIMESTAMPTZ,
    Type::UUID,
    Type::VARCHAR,
    Type::VARCHAR,
    Type::VARCHAR,
    Type::INT2,
    Type::TEXT_ARRAY,
];

/// Why a batch was not stored. In each case nothing of it was, as far as the writer knows; where a connection broke
/// while the commit was under way only the database knows, and [`Writer::claim`] asks it.
#[derive(Debug, Error)]
pub enum WriterError {
    /// Another consumer has moved an offset of ours: the partition is not ours any more.
    #[error("another consumer stores one of these partitions now")]
    Fenced,
    /// PostgreSQL is away, or refuses for a reason that lies in no row.
    #[error("{}", error_text(.0))]
    Unavailable(tokio_postgres::Error),
    /// PostgreSQL refuses what a row holds. Seen by callers only where a single statement of ours is wrong.
    #[error("refused: {}", error_text(.0))]
    Refused(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for WriterError {
    fn from(error: tokio_postgres::Error) -> Self {
        // 22 data exception, 23 integrity constraint violation, 54 program limit exceeded (an index row too large):
        // these lie in a row. Everything else (connection, resources, shutdown, privilege, deadlock) lies elsewhere,
        // and no row is at fault.
        let in_a_row = error.code().is_some_and(|state| matches!(&state.code()[..2], "22" | "23" | "54"))
            // What cannot be encoded never reached the server.
            || error.to_string().starts_with("error serializing");
        if in_a_row { Self::Refused(error) } else { Self::Unavailable(error) }
    }
}

/// What became of a batch: one outcome for each event in it.
#[derive(Debug, Default)]
pub struct Written {
    /// How often each outcome was met.
    pub outcomes: HashMap<Outcome, u64>,
    /// Transactions that it took: one, and more where a row had to be found that the database refuses.
    pub transactions: u64,
}

impl Written {
    fn add(&mut self, other: Self) {
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.transactions += other.transactions;
    }
}

struct Statements {
    claim_offset: Statement,
    next_offset: Statement,
    advance_offsets: Statement,
    enter_ledger: Statement,
    copy_events: Statement,
    add_to_summary: Statement,
    add_to_outcomes: Statement,
    quarantine: Statement,
}

/// A connection as `footfall_writer`, and the offsets that it works from.
pub struct Writer {
    client: Client,
    statements: Statements,
    /// By topic and partition: the offset that the database held when we last looked or wrote.
    held: HashMap<(Arc<str>, i32), i64>,
}

impl Writer {
    /// Connects and prepares every statement, so that a missing table or privilege shows here.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn connect(config: &Config) -> Result<Self, WriterError> {
        let mut config = config.clone();
        config.connect_timeout(Duration::from_millis(CONNECT_MS_MAX));
        let (client, connection) = config.connect(NoTls).await.map_err(WriterError::Unavailable)?;
        // The connection's end is seen by the next statement.
        tokio::spawn(connection);
        let statements = Self::statements(&client).await.map_err(WriterError::Unavailable)?;
        Ok(Self { client, statements, held: HashMap::new() })
    }

    async fn statements(client: &Client) -> Result<Statements, tokio_postgres::Error> {
        client.batch_execute(SESSION).await?;
        Ok(Statements {
            claim_offset: client.prepare(sql!("claim_offset")).await?,
            next_offset: client.prepare(sql!("next_offset")).await?,
            advance_offsets: client.prepare(sql!("advance_offsets")).await?,
            enter_ledger: client.prepare(sql!("enter_ledger")).await?,
            copy_events: client.prepare(sql!("copy_events")).await?,
            add_to_summary: client.prepare(sql!("add_to_summary")).await?,
            add_to_outcomes: client.prepare(sql!("add_to_outcomes")).await?,
            quarantine: client.prepare(sql!("quarantine")).await?,
        })
    }

    /// Whether the connection is known to be gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Asks the database where a partition is to be read from, and remembers it. `first` and `end` are the offsets
    /// between which Kafka holds messages. An offset outside of them is moved to `first` and reported: what lay between
    /// is gone, or the topic was made anew; what is read twice that way, the ledger takes out.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; [`WriterError::Fenced`] where another consumer claims it at the same moment.
    pub async fn claim(
        &mut self,
        topic: &Arc<str>,
        partition: i32,
        first: i64,
        end: i64,
    ) -> Result<Claim, WriterError> {
        let key: (&str, i32) = (topic, partition);
        self.client.execute(&self.statements.claim_offset, &[&key.0, &key.1, &first]).await?;
        let row = self.client.query_one(&self.statements.next_offset, &[&key.0, &key.1]).await?;
        let held: i64 = row.get(0);
        let inside = (first..=end).contains(&held);
        if !inside {
            let moved = self
                .client
                .execute(
                    &self.statements.advance_offsets,
                    &[&[key.0].as_slice(), &[key.1].as_slice(), &[held].as_slice(), &[first].as_slice()],
                )
                .await?;
            if moved != 1 {
                return Err(WriterError::Fenced);
            }
        }
        let next_offset = if inside { held } else { first };
        self.held.insert((topic.clone(), partition), next_offset);
        Ok(Claim { next_offset, missing: (!inside).then_some(held) })
    }

    /// Forgets every partition.
    pub fn release_all(&mut self) {
        self.held.clear();
    }

    /// The offset up to which a partition is stored, as far as this writer knows.
    #[must_use]
    pub fn stored_up_to(&self, topic: &Arc<str>, partition: i32) -> Option<i64> {
        self.held.get(&(topic.clone(), partition)).copied()
    }

    /// Stores a batch and moves the offsets behind its last records. A record that the database refuses is found by
    /// halving the batch; it is quarantined, and its neighbours are stored.
    ///
    /// # Errors
    /// [`WriterError::Fenced`] and [`WriterError::Unavailable`]: of the batch, or of its later part, nothing is stored.
    /// The caller claims its partitions again and reads on from what they say.
    pub async fn write(&mut self, records: &mut [Record]) -> Result<Written, WriterError> {
        if records.is_empty() {
            return Ok(Written::default());
        }
        match self.transaction(records).await {
            Err(WriterError::Refused(error)) => match records {
                [record] => {
                    warn!(
                        topic = %record.position.topic, partition = record.position.partition,
                        offset = record.position.offset, error = error_text(&error), "the database refuses a record"
                    );
                    if matches!(record.content, Content::Unreadable { .. }) {
                        // It is the quarantine itself that does not work.
                        return Err(WriterError::Unavailable(error));
                    }
                    record.content = refused(record, &error);
                    self.transaction(records).await
                }
                _ => {
                    let (former, latter) = records.split_at_mut(records.len() / 2);
                    let mut written = Box::pin(self.write(former)).await?;
                    written.add(Box::pin(self.write(latter)).await?);
                    Ok(written)
                }
            },
            other => other,
        }
    }

    async fn transaction(&mut self, records: &[Record]) -> Result<Written, WriterError> {
        let moves = moves(&self.held, records)?;
        let transaction = self.client.transaction().await?;
        advance(&transaction, &self.statements, &moves).await?;
        let tally = store(&transaction, &self.statements, records).await?;
        transaction.commit().await?;
        self.held.extend(moves.into_iter().map(|((topic, partition), (_, to))| ((topic.clone(), partition), to)));
        Ok(Written { outcomes: tally, transactions: 1 })
    }
}

/// Where a partition is to be read from.
#[derive(Debug)]
pub struct Claim {
    /// The first offset that is not stored.
    pub next_offset: i64,
    /// The offset that the database held, where Kafka has it no longer.
    pub missing: Option<i64>,
}

fn refused(record: &Record, error: &tokio_postgres::Error) -> Content {
    let field = error.as_db_error().and_then(|db| db.column()).unwrap_or(Rejection::BODY);
    let line = match &record.content {
        Content::Event { line, .. } | Content::Unreadable { line, .. } | Content::Counts { line, .. } => line.clone(),
    };
    Content::Unreadable { rejection: Rejection::new(field, Reason::DatabaseRefused, error_text(error)), line }
}

type Moves<'a> = BTreeMap<(&'a Arc<str>, i32), (i64, i64)>;

/// From where to where each partition moves. A partition that is not held was taken away: nothing of it is stored.
fn moves<'a>(held: &HashMap<(Arc<str>, i32), i64>, records: &'a [Record]) -> Result<Moves<'a>, WriterError> {
    let mut moves = Moves::new();
    for Record { position, .. } in records {
        let to = position.offset + 1;
        let entry = moves.entry((&position.topic, position.partition));
        match entry {
            Entry::Occupied(mut known) => known.get_mut().1 = to,
            Entry::Vacant(new) => {
                let from = *held.get(&(position.topic.clone(), position.partition)).ok_or(WriterError::Fenced)?;
                new.insert((from, to));
            }
        }
    }
    Ok(moves)
}

async fn advance(transaction: &Transaction<'_>, statements: &Statements, moves: &Moves<'_>) -> Result<(), WriterError> {
    let topics: Vec<&str> = moves.keys().map(|(topic, _)| &***topic).collect();
    let partitions: Vec<i32> = moves.keys().map(|(_, partition)| *partition).collect();
    let from: Vec<i64> = moves.values().map(|(from, _)| *from).collect();
    let to: Vec<i64> = moves.values().map(|(_, to)| *to).collect();
    let moved = transaction.execute(&statements.advance_offsets, &[&topics, &partitions, &from, &to]).await?;
    if usize::try_from(moved) == Ok(moves.len()) { Ok(()) } else { Err(WriterError::Fenced) }
}

async fn store(
    transaction: &Transaction<'_>,
    statements: &Statements,
    records: &[Record],
) -> Result<HashMap<Outcome, u64>, WriterError> {
    let mut tally = Tally::default();
    let fresh = enter_ledger(transaction, statements, records, &mut tally).await?;
    copy_events(transaction, statements, &fresh).await?;
    add_to_summary(transaction, statements, &fresh).await?;
    for record in records {
        match &record.content {
            Content::Event { .. } => {}
            Content::Unreadable { rejection, line } => {
                quarantine(transaction, statements, record, rejection, line).await?;
                tally.count(Outcome::Quarantined(rejection.reason), record.position.partition);
            }
            Content::Counts { counts, .. } => tally.count_others(counts, record.position.partition),
        }
    }
    tally.add_to_outcomes(transaction, statements).await?;
    Ok(tally.own)
}

/// The events whose ids were not known, once each.
async fn enter_ledger<'a>(
    transaction: &Transaction<'_>,
    statements: &Statements,
    records: &'a [Record],
    tally: &mut Tally,
) -> Result<Vec<(&'a Record, &'a Event)>, WriterError> {
    let mut first_of_id: BTreeMap<Uuid, Timestamp> = BTreeMap::new();
    for record in records {
        if let Content::Event { event, .. } = &record.content {
            first_of_id.entry(event.event_id).or_insert(event.received_at);
        }
    }
    if first_of_id.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&Uuid> = first_of_id.keys().collect();
    let received: Vec<&Timestamp> = first_of_id.values().collect();
    let rows = transaction.query(&statements.enter_ledger, &[&ids, &received]).await?;
    let mut unknown: HashSet<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let mut fresh = Vec::with_capacity(unknown.len());
    for record in records {
        if let Content::Event { event, .. } = &record.content {
            let outcome = if unknown.remove(&event.event_id) {
                fresh.push((record, &**event));
                Outcome::Stored
            } else {
                Outcome::Duplicate
            };
            tally.count(outcome, record.position.partition);
        }
    }
    Ok(fresh)
}

async fn copy_events(
    transaction: &Transaction<'_>,
    statements: &Statements,
    fresh: &[(&Record, &Event)],
) -> Result<(), WriterError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let copy = BinaryCopyInWriter::new(transaction.copy_in(&statements.copy_events).await?, &EVENT_TYPES);
    pin_mut!(copy);
    for (_, event) in fresh {
        let flags: Option<Vec<&str>> =
            (!event.flags.is_empty()).then(|| event.flags.iter().map(footfall_event::Flag::as_str).collect());
        // smallint has no unsigned twin; a version this high was never made.
        let schema_version = i16::try_from(event.schema_version).unwrap_or(i16::MAX);
        let metadata = event.metadata.as_ref().map(Json);
        let row: [&(dyn ToSql + Sync); 17] = [
            &event.timestamp,
            &event.event_type,
            &event.page_url,
            &event.page_title,
            &event.button_id,
            &event.session_id,
            &event.user_agent,
            &metadata,
            &event.event_id,
            &event.received_at,
            &event.sent_at,
            &event.visitor_id,
            &event.user_id,
            &event.referrer,
            &event.site,
            &schema_version,
            &flags,
        ];
        copy.as_mut().write(&row).await?;
    }
    copy.finish().await?;
    Ok(())
}

async fn add_to_summary(
    transaction: &Transaction<'_>,
    statements: &Statements,
    fresh: &[(&Record, &Event)],
) -> Result<(), WriterError> {
    let mut counts: BTreeMap<(Timestamp, &str, &str, i32), i64> = BTreeMap::new();
    for (record, event) in fresh {
        let key = (minute(event.timestamp), &*event.event_type, &*event.page_url, record.position.partition);
        *counts.entry(key).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    let buckets: Vec<Timestamp> = counts.keys().map(|key| key.0).collect();
    let types: Vec<&str> = counts.keys().map(|key| key.1).collect();
    let pages: Vec<&str> = counts.keys().map(|key| key.2).collect();
    let partitions: Vec<i32> = counts.keys().map(|key| key.3).collect();
    let events: Vec<i64> = counts.into_values().collect();
    transaction.execute(&statements.add_to_summary, &[&buckets, &types, &pages, &partitions, &events]).await?;
    Ok(())
}

async fn quarantine(
    transaction: &Transaction<'_>,
    statements: &Statements,
    record: &Record,
    rejection: &Rejection,
    line: &[u8],
) -> Result<(), WriterError> {
    let position = &record.position;
    let reason = rejection.reason.as_str();
    // The message may quote what was refused, and text holds no NUL.
    let message = rejection.message.replace('\0', "\u{fffd}");
    let field = rejection.field.replace('\0', "\u{fffd}");
    transaction
        .execute(
            &statements.quarantine,
            &[&&*position.topic, &position.partition, &position.offset, &reason, &field, &message, &line],
        )
        .await?;
    Ok(())
}

/// The minute that a time lies in.
fn minute(time: Timestamp) -> Timestamp {
    let seconds = time.as_second() - i64::from(time.subsec_nanosecond() < 0);
    Timestamp::from_second(seconds - seconds.rem_euclid(60)).unwrap_or(time)
}

/// Counts by outcome, ours and those that ingest sent.
#[derive(Default)]
struct Tally {
    own: HashMap<Outcome, u64>,
    rows: BTreeMap<(Timestamp, String, String, String, i32), i64>,
    own_by_partition: HashMap<(Outcome, i32), i64>,
}

impl Tally {
    fn count(&mut self, outcome: Outcome, partition: i32) {
        *self.own.entry(outcome).or_default() += 1;
        *self.own_by_partition.entry((outcome, partition)).or_default() += 1;
    }

    fn count_others(&mut self, counts: &footfall_event::OutcomeCounts, partition: i32) {
        for count in &counts.counts {
            let reason = count.reason.clone().unwrap_or_default();
            let key = (minute(counts.at), counts.source.clone(), count.outcome.clone(), reason, partition);
            *self.rows.entry(key).or_default() += i64::try_from(count.count).unwrap_or(i64::MAX);
        }
    }

    async fn add_to_outcomes(
        &mut self,
        transaction: &Transaction<'_>,
        statements: &Statements,
    ) -> Result<(), WriterError> {
        let now = minute(Timestamp::now());
        for ((outcome, partition), count) in &self.own_by_partition {
            let reason = outcome.reason().map(Reason::as_str).unwrap_or_default();
            let key = (now, SOURCE.to_owned(), outcome.as_str().to_owned(), reason.to_owned(), *partition);
            *self.rows.entry(key).or_default() += count;
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        let keys = || self.rows.keys();
        let buckets: Vec<Timestamp> = keys().map(|key| key.0).collect();
        let sources: Vec<&str> = keys().map(|key| &*key.1).collect();
        let outcomes: Vec<&str> = keys().map(|key| &*key.2).collect();
        let reasons: Vec<&str> = keys().map(|key| &*key.3).collect();
        let partitions: Vec<i32> = keys().map(|key| key.4).collect();
        let events: Vec<i64> = self.rows.values().copied().collect();
        transaction
            .execute(&statements.add_to_outcomes, &[&buckets, &sources, &outcomes, &reasons, &partitions, &events])
            .await?;
        Ok(())
    }
}
