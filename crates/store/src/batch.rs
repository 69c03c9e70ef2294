//! What the writer is given: records, in the order in which Kafka holds them within each partition.

use std::sync::Arc;

use footfall_event::{Event, OutcomeCounts, PipelineSample, Rejection};

/// Where a record is in Kafka.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// Topic; shared, because every record of a topic has the same.
    pub topic: Arc<str>,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
}

/// One message from Kafka.
#[derive(Debug)]
pub struct Record {
    /// Where it came from.
    pub position: Position,
    /// What it holds.
    pub content: Content,
    /// The bytes that it was read from, for the quarantine.
    pub line: Vec<u8>,
}

/// What a message turned out to be.
#[derive(Debug)]
pub enum Content {
    /// An event, to be stored unless its id is known.
    Event(Box<Event>),
    /// Something that cannot be stored, and why.
    Unreadable(Rejection),
    /// What an ingest instance counted.
    Counts(OutcomeCounts),
    /// What an ingest instance's metrics were.
    Sample(PipelineSample),
    /// A kind of message that this version does not know: skipped.
    Unknown,
}
