//! Whether Kafka still holds the log that was read. Offsets alone cannot tell: after Kafka's data was replaced by an older
//! copy, or a topic recreated, an offset belongs to another record as soon as the new log has grown that far.
//!
//! A mark is the last record known to have been read: its offset and its fingerprint. A second consumer, which belongs to no
//! group, reads the marked records again and compares them: before a partition is read, and every few seconds while it is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use footfall_store::{Position, fingerprint};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tracing::debug;
use uuid::Uuid;

use crate::config::KafkaConfig;

/// Between the end of one check and the begin of the next.
const CHECK_MS: u64 = 2_000;
/// How long Kafka may take to return the marked records.
const ANSWER_MS_MAX: u64 = 5_000;
/// A mark that was checked longer ago is dropped on a new assignment: meanwhile another sink may have dealt with a new log.
const MARK_S_MAX: u64 = 60;

/// Topic and partition.
pub(crate) type Partition = (Arc<str>, i32);
/// Offset and fingerprint of a record.
pub(crate) type Mark = (i64, Uuid);
pub(crate) type Marks = HashMap<Partition, Mark>;

/// What a check has found so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// Nothing that is wrong.
    Fine,
    /// A record differs: look closely.
    InDoubt,
    /// Kafka does not return the marked records.
    NoAnswer,
}

pub(crate) struct History {
    reader: BaseConsumer<Quiet>,
    marks: Marks,
    check: Option<Check>,
    checked_at: Instant,
}

/// Says nothing in the log: the sink's consumer has the same broker, and logs what is wrong with it.
struct Quiet;

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "kafka");
    }

    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, message, "librdkafka");
    }
}

impl ConsumerContext for Quiet {}

/// A check that is under way.
struct Check {
    began_at: Instant,
    missing: Marks,
    /// Read before the check began, so they are of the same log if the marks still are in Kafka.
    next_marks: Marks,
}

impl History {
    pub(crate) fn new(config: &KafkaConfig) -> KafkaResult<Self> {
        Ok(Self { reader: reader(config)?, marks: Marks::new(), check: None, checked_at: Instant::now() })
    }

    /// Replaces the client, which may cling to what it knows of an earlier log. The marks stay.
    pub(crate) fn renew(&mut self, config: &KafkaConfig) -> KafkaResult<()> {
        let old = std::mem::replace(&mut self.reader, reader(config)?);
        // Closing may wait for the broker.
        std::thread::spawn(move || drop(old));
        self.check = None;
        Ok(())
    }

    /// The first record stored of a partition that had no mark.
    pub(crate) fn add_mark(&mut self, partition: &Partition, mark: Mark) {
        if !self.marks.contains_key(partition) {
            self.marks.insert(partition.clone(), mark);
        }
    }

    /// For each partition the last record known to be in the log that is read, as far as this process knows.
    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// These records have just been compared.
    pub(crate) fn set_marks(&mut self, marks: Marks) {
        self.marks = marks;
        self.checked_at = Instant::now();
        self.end_check();
    }

    pub(crate) fn drop_old_marks(&mut self) {
        if self.checked_at.elapsed() > Duration::from_secs(MARK_S_MAX) {
            self.marks.clear();
        }
    }

    /// Which of these partitions hold another record at the mark. Blocks until Kafka has returned all of them.
    pub(crate) fn replaced(&mut self, marks: &Marks) -> KafkaResult<Vec<Partition>> {
        self.end_check();
        let mut missing = marks.clone();
        self.request(&missing)?;
        let began_at = Instant::now();
        let mut replaced = Vec::new();
        let result = loop {
            if missing.is_empty() {
                break Ok(replaced);
            }
            let Some(left) = Duration::from_millis(ANSWER_MS_MAX).checked_sub(began_at.elapsed()) else {
                break Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut));
            };
            match self.reader.poll(left) {
                Some(Ok(message)) => {
                    if let Some((partition, false)) = compare(&mut missing, &message) {
                        replaced.push(partition);
                    }
                }
                Some(Err(error)) if is_about_offset(&error) => break Err(error),
                // The time limit covers it.
                Some(Err(_)) | None => {}
            }
        };
        self.end_check();
        result
    }

    /// Begins a check every few seconds and proceeds with it, without blocking. `held` returns the last stored record of
    /// each partition.
    pub(crate) fn watch(&mut self, held: impl FnOnce() -> Marks) -> KafkaResult<Checked> {
        if self.check.is_none() {
            if self.checked_at.elapsed() < Duration::from_millis(CHECK_MS) {
                return Ok(Checked::Fine);
            }
            let missing = self.marks.clone();
            self.request(&missing)?;
            self.check = Some(Check { began_at: Instant::now(), missing, next_marks: held() });
        }
        let Some(check) = &mut self.check else { return Ok(Checked::Fine) };
        while !check.missing.is_empty() {
            match self.reader.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    if let Some((_, false)) = compare(&mut check.missing, &message) {
                        return Ok(Checked::InDoubt);
                    }
                }
                Some(Err(error)) if is_about_offset(&error) => return Ok(Checked::InDoubt),
                Some(Err(_)) => {}
                None if check.began_at.elapsed() > Duration::from_millis(ANSWER_MS_MAX) => {
                    return Ok(Checked::NoAnswer);
                }
                None => return Ok(Checked::Fine),
            }
        }
        let next_marks = std::mem::take(&mut check.next_marks);
        self.set_marks(next_marks);
        Ok(Checked::Fine)
    }

    fn request(&self, marks: &Marks) -> KafkaResult<()> {
        let mut positions = TopicPartitionList::new();
        for ((topic, partition), (offset, _)) in marks {
            positions.add_partition_offset(topic, *partition, Offset::Offset(*offset))?;
        }
        if marks.is_empty() { Ok(()) } else { self.reader.assign(&positions) }
    }

    fn end_check(&mut self) {
        self.check = None;
        // Fails only if the client is being destroyed.
        let _ = self.reader.unassign();
    }
}

fn reader(config: &KafkaConfig) -> KafkaResult<BaseConsumer<Quiet>> {
    let mut settings = ClientConfig::new();
    settings
        .set("bootstrap.servers", &config.bootstrap_servers)
        .set("client.id", "footfall-sink-history")
        // Required, but never joined: this consumer does not subscribe.
        .set("group.id", &config.group_id)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        // One batch for each partition is all that is needed.
        .set("max.partition.fetch.bytes", "1")
        // All partitions share a queue, and a fetch that finds it full waits for a second by default: with as short a queue
        // as one message, four partitions took longer than the time limit.
        .set("queued.min.messages", "100")
        .set("fetch.queue.backoff.ms", "10")
        // A request that waits for new messages would hold up the next check.
        .set("fetch.wait.max.ms", "10")
        .set("reconnect.backoff.max.ms", "500");
    settings.create_with_context(Quiet)
}

/// The message's partition and whether it is the marked record, if it is the first message of a marked partition.
fn compare(missing: &mut Marks, message: &BorrowedMessage<'_>) -> Option<(Partition, bool)> {
    let partition: Partition = (message.topic().into(), message.partition());
    let mark = missing.remove(&partition)?;
    let position = Position { topic: partition.0.clone(), partition: partition.1, offset: message.offset() };
    let found = fingerprint(&position, written_ms(message), message.payload().unwrap_or_default());
    Some((partition, mark == (message.offset(), found)))
}

/// As in [`Record::written_ms`](footfall_store::Record::written_ms).
pub(crate) fn written_ms(message: &BorrowedMessage<'_>) -> i64 {
    message.timestamp().to_millis().unwrap_or(-1)
}

/// Kafka does not have the offset.
fn is_about_offset(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{AutoOffsetReset, OffsetOutOfRange};
    matches!(error, KafkaError::MessageConsumption(OffsetOutOfRange | AutoOffsetReset))
}
