//! Stores batches of records, each in one transaction that also moves its partitions' offsets.

use std::collections::HashMap;
use std::sync::Arc;

use footfall_event::{Outcome, Reason, Rejection};
use tokio_postgres::{Client, Config};
use tracing::warn;

use crate::statements::{PULSE, Statements};
use crate::transaction::{advance, moves, store};
use crate::{Commit, Content, Enricher, Record, WriterError, error_text, session};

/// What became of a batch: one outcome per event.
#[derive(Debug, Default)]
pub struct Written {
    /// How often each outcome occurred.
    pub outcomes: HashMap<Outcome, u64>,
    /// Number of transactions: more than one if the database refused a row that had to be found.
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

/// A connection as `footfall_writer`, and the offsets of its partitions.
pub struct Writer {
    client: Client,
    statements: Statements,
    /// By topic and partition: the offset in the database as of the last claim or write.
    held: HashMap<(Arc<str>, i32), i64>,
}

impl Writer {
    /// Connects and prepares every statement, so that a missing table or privilege is noticed here.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn connect(config: &Config, commit: Commit) -> Result<Self, WriterError> {
        let client = session::begin(config, commit).await?;
        let statements = Statements::prepare(&client).await.map_err(WriterError::Unavailable)?;
        Ok(Self { client, statements, held: HashMap::new() })
    }

    /// Whether the connection is known to be closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Checks that the server answers, and that no lock keeps a batch from being stored.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; the connection is not to be used after that.
    pub async fn ask(&self) -> Result<(), WriterError> {
        self.client.batch_execute(PULSE).await.map_err(WriterError::Unavailable)
    }

    /// Looks up where to resume reading a partition, and remembers it. Kafka holds messages from `first` up to `end`.
    /// A stored offset outside this range is moved to `first` and reported: messages are gone, or the topic was
    /// recreated. The ledger filters out what is therefore read twice.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; [`WriterError::Fenced`] if another consumer claims the partition meanwhile.
    pub async fn claim(
        &mut self,
        topic: &Arc<str>,
        partition: i32,
        first: i64,
        end: i64,
    ) -> Result<Claim, WriterError> {
        debug_assert!(first <= end, "{topic} {partition} ends at {end}, before its first offset {first}");
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

    /// Forgets all partitions.
    pub fn release_all(&mut self) {
        self.held.clear();
    }

    /// The offset up to which a partition is stored, as far as this writer knows.
    #[must_use]
    pub fn stored_up_to(&self, topic: &Arc<str>, partition: i32) -> Option<i64> {
        self.held.get(&(topic.clone(), partition)).copied()
    }

    /// Stores a batch and moves the offsets past its last records. A record that the database refuses is found by
    /// halving the batch and is quarantined; the others are stored. A batch that is too much for one transaction is
    /// stored in several.
    ///
    /// # Errors
    /// After an error, the batch may be stored only in part, or not at all. The caller claims its partitions again and
    /// resumes from the offsets in the database.
    pub async fn write(&mut self, enricher: &mut Enricher, records: &mut [Record]) -> Result<Written, WriterError> {
        if records.is_empty() {
            return Ok(Written::default());
        }
        match (self.transaction(enricher, records).await, records) {
            (Err(WriterError::Refused(error)), [record]) => {
                warn!(
                    topic = %record.position.topic, partition = record.position.partition,
                    offset = record.position.offset, error = error_text(&error), "the database refuses a record"
                );
                if matches!(record.content, Content::Unreadable(_)) {
                    // The quarantine itself fails.
                    return Err(WriterError::Unavailable(error));
                }
                record.content = Content::Unreadable(refused(&error));
                self.transaction(enricher, std::slice::from_ref(record)).await
            }
            (Err(WriterError::Refused(_) | WriterError::TooMuch(_)), records @ [_, _, ..]) => {
                let (former, latter) = records.split_at_mut(records.len() / 2);
                let mut written = Box::pin(self.write(enricher, former)).await?;
                written.add(Box::pin(self.write(enricher, latter)).await?);
                Ok(written)
            }
            (other, _) => other,
        }
    }

    async fn transaction(&mut self, enricher: &mut Enricher, records: &[Record]) -> Result<Written, WriterError> {
        let moves = moves(&self.held, records)?;
        let transaction = self.client.transaction().await?;
        advance(&transaction, &self.statements, &moves).await?;
        let tally = store(&transaction, &self.statements, enricher, records).await?;
        transaction.commit().await?;
        self.held.extend(moves.into_iter().map(|((topic, partition), (_, to))| ((topic.clone(), partition), to)));
        Ok(Written { outcomes: tally, transactions: 1 })
    }
}

/// Where to resume reading a partition.
#[derive(Debug)]
pub struct Claim {
    /// The first offset not stored yet.
    pub next_offset: i64,
    /// The offset that the database held, if Kafka does not have it.
    pub missing: Option<i64>,
}

fn refused(error: &tokio_postgres::Error) -> Rejection {
    let field = error.as_db_error().and_then(|db| db.column()).unwrap_or(Rejection::BODY);
    Rejection::new(field, Reason::DatabaseRefused, error_text(error))
}
