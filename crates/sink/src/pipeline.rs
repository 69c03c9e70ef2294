//! The Kafka side of the loop: which partitions are assigned to this sink, what it reads from them, and where it
//! resumes after a failure. The loop itself is [`WriterLoop`].

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use footfall_daemon::{Condition, Shell};
use footfall_event::{Event, Limits, OutcomesMessage};
use footfall_store::{
    Commit, Content, Next, Position, Record, RecordSource, WriteError, Writer, WriterError, WriterLoop,
    WriterLoopOptions, Written,
};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::batch::Batch;
use crate::config::{BatchConfig, Config};
use crate::consumer::{Change, Consumer};
use crate::metrics::Metrics;

/// How long a poll waits if there is nothing to read: the loop's heartbeat.
const IDLE_MS: u64 = 100;
const KAFKA_MS_MAX: u64 = 5_000;
/// For storing one batch. No client waits for it, and the server's own limits end each statement; this one is for a session
/// that has stopped answering.
const WRITE_S_MAX: u64 = 180;

pub(crate) struct Pipeline {
    consumer: Arc<Consumer>,
    events_topic: Arc<str>,
    outcomes_topic: Arc<str>,
    batch_limits: BatchConfig,
    event_limits: Limits,
    metrics: Arc<Metrics>,
    partitions_ready: Condition,
    shutdown: CancellationToken,
    /// The partitions assigned to this sink; `None` without an assignment.
    ours: Option<Vec<(Arc<str>, i32)>>,
    batch: Batch,
}

/// The sink's writer loop. Kafka still has what a crash of PostgreSQL loses, so commits need not wait for the disk.
pub(crate) fn writer_loop(
    config: &Config,
    parameters: tokio_postgres::Config,
    ready: Condition,
    shell: &Shell,
) -> WriterLoop {
    let options = WriterLoopOptions {
        parameters,
        commit: Commit::Asynchronous,
        write_max: Duration::from_secs(WRITE_S_MAX),
        retry_max: Duration::from_millis(config.database.retry_ms_max),
        user_agents_max: config.enrichment.user_agents_max,
    };
    WriterLoop::new(options, ready, shell.progress.watch("pipeline"), shell.shutdown.clone())
}

impl Pipeline {
    pub(crate) fn new(config: &Config, consumer: Arc<Consumer>, metrics: Arc<Metrics>, shell: &Shell) -> Self {
        Self {
            consumer,
            events_topic: config.kafka.events_topic.as_str().into(),
            outcomes_topic: config.kafka.outcomes_topic.as_str().into(),
            batch_limits: config.batch.clone(),
            event_limits: config.limits.clone(),
            metrics,
            partitions_ready: shell.readiness.condition("partitions"),
            shutdown: shell.shutdown.clone(),
            ours: None,
            batch: Batch::default(),
        }
    }

    /// Returns once the shutdown has begun and what was read is stored, or cannot be. Blocks its thread, including in
    /// polls and in the group's callbacks.
    ///
    /// # Errors
    /// Fails if librdkafka reports a fatal error: this consumer will never read again.
    pub(crate) fn run(mut self, writer_loop: WriterLoop, runtime: &Handle) -> Result<(), KafkaError> {
        runtime.block_on(writer_loop.run(&mut self))?;
        // Leaving the group at once lets another sink take over without waiting for a timeout.
        self.consumer.unsubscribe();
        Ok(())
    }

    /// Starts reading the assigned partitions, each from its offset in the database.
    async fn read_from_database(&mut self, writer: &mut Writer) -> Result<(), WriteError<KafkaError>> {
        self.forget_what_was_read(writer);
        let Some(ours) = &self.ours else { return Ok(()) };
        let mut positions = TopicPartitionList::new();
        for (topic, partition) in ours {
            let partition = *partition;
            let timeout = Duration::from_millis(KAFKA_MS_MAX);
            let (first, end) = self.consumer.fetch_watermarks(topic, partition, timeout).map_err(WriteError::Source)?;
            let claim = writer.claim(topic, partition, first, end).await?;
            if let Some(held) = claim.missing {
                self.metrics.offsets_missing.inc_by(u64::try_from(first - held).unwrap_or(1).max(1));
                error!(
                    topic = &**topic,
                    partition,
                    stored_up_to = held,
                    kafka_first = first,
                    kafka_end = end,
                    "Kafka does not have the next offset any more; reading begins at its first"
                );
            }
            self.metrics.note_end(topic, partition, end);
            self.metrics.note_stored(topic, partition, claim.next_offset);
            let from = Offset::Offset(claim.next_offset);
            positions.add_partition_offset(topic, partition, from).map_err(WriteError::Source)?;
        }
        self.consumer.assign(&positions).map_err(WriteError::Source)?;
        self.partitions_ready.set(true);
        info!(partitions = positions.count(), "reading");
        Ok(())
    }

    fn forget_what_was_read(&mut self, writer: &mut Writer) {
        self.batch = Batch::default();
        self.partitions_ready.set_because(false, "the group has not said which partitions are this sink's");
        self.metrics.forget_partitions();
        writer.release_all();
    }

    fn poll(&self) -> Result<Option<Record>, KafkaError> {
        let wait = self.batch.time_left(&self.batch_limits, Duration::from_millis(IDLE_MS));
        match self.consumer.poll(wait) {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(self.record(&message))),
            Some(Err(KafkaError::MessageConsumption(code))) if passes_by_itself(code) => {
                self.consumer.context().kafka_ready.set_because(false, code.to_string());
                Ok(None)
            }
            Some(Err(error)) => Err(error),
        }
    }

    fn record(&self, message: &BorrowedMessage<'_>) -> Record {
        let line = message.payload().unwrap_or_default().to_vec();
        let topic = self.topic(message.topic());
        let content = if *topic == self.outcomes_topic {
            OutcomesMessage::from_line(&line).map(|message| match message {
                OutcomesMessage::Counts(counts) => Content::Counts(counts),
                OutcomesMessage::Sample(sample) => Content::Sample(sample),
                OutcomesMessage::Unknown => {
                    self.metrics.messages_skipped.inc();
                    Content::Unknown
                }
            })
        } else {
            Event::from_line(&line, &self.event_limits).map(|event| Content::Event(Box::new(event)))
        };
        let content = content.unwrap_or_else(Content::Unreadable);
        let position = Position { topic: topic.clone(), partition: message.partition(), offset: message.offset() };
        Record { position, content, line }
    }

    fn named(&self, partitions: &TopicPartitionList) -> Vec<(Arc<str>, i32)> {
        partitions.elements().iter().map(|one| (self.topic(one.topic()).clone(), one.partition())).collect()
    }

    fn topic(&self, name: &str) -> &Arc<str> {
        if *name == *self.outcomes_topic { &self.outcomes_topic } else { &self.events_topic }
    }
}

impl RecordSource for Pipeline {
    type Error = KafkaError;

    async fn claim(&mut self, writer: &mut Writer) -> Result<(), WriteError<KafkaError>> {
        // Kafka is ready if it answers, even if it has no partition for this sink.
        let timeout = Duration::from_millis(KAFKA_MS_MAX);
        self.consumer.fetch_metadata(Some(&self.events_topic), timeout).map_err(WriteError::Source)?;
        self.consumer.context().kafka_ready.set(true);
        self.read_from_database(writer).await
    }

    async fn next(&mut self, writer: &mut Writer) -> Result<Next, WriteError<KafkaError>> {
        if self.shutdown.is_cancelled() {
            return Ok(if self.batch.records.is_empty() { Next::Nothing } else { Next::Batch });
        }
        let polled = self.poll().map_err(WriteError::Source)?;
        match self.consumer.context().take_change() {
            // Drops what was read: these partitions are read again from their offsets in the database.
            Some(Change::Assigned(partitions)) => {
                self.ours = Some(self.named(&partitions));
                self.read_from_database(writer).await?;
                return Ok(Next::Nothing);
            }
            Some(Change::Revoked) => {
                self.ours = None;
                self.forget_what_was_read(writer);
                return Ok(Next::Nothing);
            }
            None => {}
        }
        match polled {
            Some(record) => self.batch.push(record),
            // Otherwise an idle sink would not notice that the database was replaced and may need earlier messages.
            None if writer.is_closed() => writer.ask().await?,
            None => {}
        }
        Ok(if self.batch.is_due(&self.batch_limits) { Next::Batch } else { Next::Nothing })
    }

    fn records(&mut self) -> &mut [Record] {
        &mut self.batch.records
    }

    fn stored(&mut self, writer: &Writer, written: &Written, took: Duration) {
        let records = std::mem::take(&mut self.batch).records;
        self.metrics.note_written(written);
        #[allow(clippy::cast_precision_loss)] // row counts are far below 2^53
        self.metrics.batch_rows.observe(records.len() as f64);
        self.metrics.batch_seconds.observe(took.as_secs_f64());
        let partitions = records.iter().map(|record| (&record.position.topic, record.position.partition));
        for (topic, partition) in partitions.collect::<HashSet<_>>() {
            if let Some(next) = writer.stored_up_to(topic, partition) {
                self.metrics.note_stored(topic, partition, next);
            }
        }
    }

    fn failed(&mut self, error: WriteError<KafkaError>) -> Result<(), KafkaError> {
        self.batch = Batch::default();
        let cause = cause(&error);
        self.metrics.restart(cause, 1);
        warn!(cause, %error, "what is not stored is dropped; reading begins anew where the database says");
        match error {
            WriteError::Source(fatal @ KafkaError::MessageConsumptionFatal(_)) => return Err(fatal),
            WriteError::Source(error) => self.consumer.context().kafka_ready.set_because(false, error.to_string()),
            WriteError::Database(_) | WriteError::TimedOut(_) => {}
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.shutdown.is_cancelled() && self.batch.records.is_empty()
    }
}

fn cause(error: &WriteError<KafkaError>) -> &'static str {
    match error {
        WriteError::Database(WriterError::Fenced) => "fenced",
        WriteError::Database(WriterError::Unavailable(_) | WriterError::TooMuch(_) | WriterError::Refused(_))
        | WriteError::TimedOut(_) => "database",
        WriteError::Database(WriterError::OutOfOrder { .. }) | WriteError::Source(_) => "kafka",
    }
}

/// Errors that mean the broker is unavailable: librdkafka retries by itself, and no offset is in doubt.
fn passes_by_itself(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::PollExceeded
    )
}
