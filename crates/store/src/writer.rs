//! Stores batches of records, each in one transaction that also moves its partitions' offsets.

use std::collections::HashMap;
use std::sync::Arc;

use footfall_event::{Outcome, Reason, Rejection};
use tokio_postgres::{Client, Config};
use tracing::warn;

use crate::closing::{is_catching_up, share_visits};
use crate::place::{Moves, Places, advance, moves};
use crate::statements::{PULSE, Statements};
use crate::tally::Tally;
use crate::transaction::store;
use crate::visits::Dictionary;
use crate::{Commit, Content, Enricher, NOTHING_READ, Place, Record, WriterError, error_text, session};

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
    dictionary: Dictionary,
    /// Whether older events were being added to visits when it connected.
    takes_turns: bool,
    /// As in the database after the last claim or write.
    held: Places,
}

impl Writer {
    /// Connects and prepares every statement, so that a missing table or privilege is noticed here.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn connect(config: &Config, commit: Commit) -> Result<Self, WriterError> {
        let client = session::begin(config, commit).await?;
        let statements = Statements::prepare(&client).await.map_err(WriterError::Unavailable)?;
        let takes_turns = is_catching_up(&client).await.map_err(WriterError::Unavailable)?;
        Ok(Self { client, statements, takes_turns, dictionary: Dictionary::new(), held: HashMap::new() })
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

    /// Where the database says that a partition is to be read on; `None` if it has never been read. The writer does not
    /// hold the partition yet.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`].
    pub async fn look_up(&self, topic: &str, partition: i32) -> Result<Option<Place>, WriterError> {
        let row = self.client.query_opt(&self.statements.next_offset, &[&topic, &partition]).await?;
        Ok(row.as_ref().map(Place::of))
    }

    /// Holds a partition, to store its records from this place on.
    pub fn hold(&mut self, topic: &Arc<str>, partition: i32, place: Place) {
        self.held.insert((topic.clone(), partition), place);
    }

    /// Holds a partition that has never been read, from this offset on.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; [`WriterError::Fenced`] if another consumer was first.
    pub async fn begin(&mut self, topic: &Arc<str>, partition: i32, first: i64) -> Result<Place, WriterError> {
        let key: (&str, i32) = (topic, partition);
        let statement = &self.statements.claim_offset;
        let inserted = self.client.execute(statement, &[&key.0, &key.1, &first, &NOTHING_READ]).await?;
        if inserted != 1 {
            return Err(WriterError::Fenced);
        }
        let place = Place::new(first, NOTHING_READ);
        self.hold(topic, partition, place.clone());
        Ok(place)
    }

    /// Moves a partition on to `to` and holds it, because the records from `place` up to there are gone. `lost` of them
    /// were events, which are counted as such.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; [`WriterError::Fenced`] if another consumer moved the partition meanwhile.
    pub async fn skip(
        &mut self,
        topic: &Arc<str>,
        partition: i32,
        place: &Place,
        to: i64,
        lost: u64,
    ) -> Result<Place, WriterError> {
        let reached = Place { next_offset: to, fingerprint: Some(NOTHING_READ), read_before: place.read_before };
        let moves = Moves::from([((topic, partition), (place, reached.clone()))]);
        let transaction = self.client.transaction().await?;
        advance(&transaction, &self.statements, &moves).await?;
        if lost > 0 {
            let mut tally = Tally::default();
            tally.count_many(Outcome::Lost, partition, lost);
            tally.add_to_outcomes(&transaction, &self.statements).await?;
        }
        transaction.commit().await?;
        self.hold(topic, partition, reached.clone());
        Ok(reached)
    }

    /// Moves a partition to the `first` offset of a log that has replaced the one it was read from, and holds it. The
    /// ledger filters out what is therefore read again.
    ///
    /// # Errors
    /// [`WriterError::Unavailable`]; [`WriterError::Fenced`] if another consumer moved the partition meanwhile.
    pub async fn begin_anew(
        &mut self,
        topic: &Arc<str>,
        partition: i32,
        place: &Place,
        first: i64,
    ) -> Result<Place, WriterError> {
        let key: (&str, i32) = (topic, partition);
        let moved = self
            .client
            .query_opt(
                &self.statements.begin_anew,
                &[&key.0, &key.1, &place.next_offset, &place.fingerprint, &first, &NOTHING_READ],
            )
            .await?;
        let moved = moved.as_ref().map(Place::of).ok_or(WriterError::Fenced)?;
        self.hold(topic, partition, moved.clone());
        Ok(moved)
    }

    /// Forgets all partitions.
    pub fn release_all(&mut self) {
        self.held.clear();
    }

    /// How far a partition is stored, as far as this writer knows.
    #[must_use]
    pub fn held(&self, topic: &Arc<str>, partition: i32) -> Option<&Place> {
        self.held.get(&(topic.clone(), partition))
    }

    /// The offset up to which a partition is stored, as far as this writer knows.
    #[must_use]
    pub fn stored_up_to(&self, topic: &Arc<str>, partition: i32) -> Option<i64> {
        self.held(topic, partition).map(|place| place.next_offset)
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
        if self.takes_turns {
            share_visits(&transaction).await?;
        }
        advance(&transaction, &self.statements, &moves).await?;
        let stored = store(&transaction, &self.statements, enricher, &mut self.dictionary, &self.held, records).await;
        let committed = match stored {
            Ok(tally) => transaction.commit().await.map(|()| tally).map_err(WriterError::from),
            Err(error) => Err(error),
        };
        self.dictionary.ended(committed.is_ok());
        let tally = committed?;
        let reached: Vec<_> =
            moves.into_iter().map(|((topic, partition), (_, to))| ((topic.clone(), partition), to)).collect();
        self.held.extend(reached);
        Ok(Written { outcomes: tally, transactions: 1 })
    }
}

fn refused(error: &tokio_postgres::Error) -> Rejection {
    let field = error.as_db_error().and_then(|db| db.column()).unwrap_or(Rejection::BODY);
    Rejection::new(field, Reason::DatabaseRefused, error_text(error))
}
