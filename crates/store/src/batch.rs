//! The writer's input: records, in Kafka's order within each partition.

use footfall_event::{Event, OutcomeCounts, PipelineSample, Rejection};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Position, fingerprint};

/// One message from Kafka.
#[derive(Debug)]
pub struct Record {
    /// Where it came from.
    pub position: Position,
    /// What it holds.
    pub content: Content,
    /// When it was written, as its producer says, in milliseconds since 1970; -1 if unknown.
    pub written_ms: i64,
    /// The bytes it was parsed from, for the quarantine.
    pub line: Vec<u8>,
}

impl Record {
    /// When it was written, if that is known.
    pub(crate) fn written_at(&self) -> Option<Timestamp> {
        (self.written_ms >= 0).then(|| Timestamp::from_millisecond(self.written_ms).ok()).flatten()
    }

    /// Its [`fingerprint()`].
    #[must_use]
    pub fn fingerprint(&self) -> Uuid {
        fingerprint(&self.position, self.written_ms, &self.line)
    }
}

/// What a message turned out to be.
#[derive(Debug)]
pub enum Content {
    /// An event, stored unless its id is already known.
    Event(Box<Event>),
    /// A message that cannot be stored, and why.
    Unreadable(Rejection),
    /// Counts from an ingest instance.
    Counts(OutcomeCounts),
    /// A sample of an ingest instance's metrics.
    Sample(PipelineSample),
    /// A kind of message that this version does not know: skipped.
    Unknown,
}
