//! The loop: read a batch, store it, and after any trouble ask the database where to go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use footfall_daemon::{Condition, FieldError, Shell, Ticker};
use footfall_event::{Event, Limits, OutcomesMessage};
use footfall_store::{Commit, Content, Enricher, Position, Record, Writer, WriterError};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::{BatchConfig, Config};
use crate::consumer::{Change, Consumer};
use crate::metrics::Metrics;

/// How long a poll waits where nothing is to be read: the loop's heartbeat.
const IDLE_MS: u64 = 100;
const KAFKA_MS_MAX: u64 = 5_000;
const RETRY_MS_MIN: u64 = 50;

/// Why reading had to begin anew.
#[derive(Debug, Error)]
enum Trouble {
    #[error("database: {0}")]
    Writer(#[from] WriterError),
    #[error("kafka: {0}")]
    Kafka(#[from] KafkaError),
}

impl Trouble {
    fn cause(&self) -> &'static str {
        match self {
            Self::Writer(WriterError::Fenced) => "fenced",
            Self::Writer(WriterError::Unavailable(_) | WriterError::Refused(_)) => "database",
            Self::Kafka(_) => "kafka",
        }
    }
}

/// What one turn of the loop did.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A batch is in the database.
    Stored,
    /// Anything else.
    Other,
}

pub(crate) struct Pipeline {
    consumer: Consumer,
    database: tokio_postgres::Config,
    events_topic: Arc<str>,
    outcomes_topic: Arc<str>,
    batch_limits: BatchConfig,
    event_limits: Limits,
    retry_ms_max: u64,
    metrics: Arc<Metrics>,
    database_ready: Condition,
    partitions_ready: Condition,
    ticker: Ticker,
    shutdown: CancellationToken,
    runtime: Handle,
    writer: Option<Writer>,
    enricher: Enricher,
    /// What the group gave this sink.
    ours: Option<TopicPartitionList>,
    batch: Batch,
}

#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    bytes: usize,
    began: Option<Instant>,
}

impl Pipeline {
    pub(crate) fn new(
        config: &Config,
        consumer: Consumer,
        metrics: Arc<Metrics>,
        shell: &Shell,
        runtime: Handle,
    ) -> Result<Self, FieldError> {
        Ok(Self {
            consumer,
            database: config.database.parameters()?,
            events_topic: config.kafka.events_topic.as_str().into(),
            outcomes_topic: config.kafka.outcomes_topic.as_str().into(),
            batch_limits: config.batch.clone(),
            event_limits: config.limits.clone(),
            retry_ms_max: config.database.retry_ms_max,
            metrics,
            database_ready: shell.readiness.condition("database"),
            partitions_ready: shell.readiness.condition("partitions"),
            ticker: shell.progress.watch("pipeline"),
            shutdown: shell.shutdown.clone(),
            runtime,
            writer: None,
            enricher: Enricher::new(config.enrichment.user_agents_max),
            ours: None,
            batch: Batch::default(),
        })
    }

    /// Returns when the shell says so and what was read is stored, or cannot be.
    ///
    /// # Errors
    /// What librdkafka calls fatal: this consumer will never read again.
    pub(crate) fn run(mut self) -> Result<(), KafkaError> {
        let delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
            .with_max_delay(Duration::from_millis(self.retry_ms_max))
            .with_jitter()
            .without_max_times();
        let mut waits = delays.build();
        let mut begin_anew = true;
        while !self.shutdown.is_cancelled() {
            self.ticker.tick();
            let step = if begin_anew { self.begin() } else { self.step() };
            match step {
                Ok(step) => {
                    // A connection alone is no success: what follows it may be refused again and again.
                    if step == Step::Stored {
                        waits = delays.build();
                    }
                    begin_anew = false;
                }
                Err(Trouble::Kafka(error @ KafkaError::MessageConsumptionFatal(_))) => return Err(error),
                Err(trouble) => {
                    begin_anew = true;
                    self.note(&trouble);
                    if !matches!(trouble, Trouble::Writer(WriterError::Fenced)) {
                        self.wait(waits.next().unwrap_or_default());
                    }
                }
            }
        }
        if let Err(trouble) = self.store() {
            warn!(error = %trouble, "the last batch is not stored; Kafka has it, and the next start reads it");
        }
        // Leaving the group at once lets another sink take over without waiting for a time-out.
        self.consumer.unsubscribe();
        Ok(())
    }

    fn note(&mut self, trouble: &Trouble) {
        self.metrics.restart(trouble.cause(), 1);
        warn!(cause = trouble.cause(), error = %trouble, "reading begins anew where the database says");
        match trouble {
            Trouble::Writer(WriterError::Fenced) => {}
            Trouble::Writer(_) => self.database_ready.set_because(false, trouble.to_string()),
            Trouble::Kafka(_) => self.consumer.context().kafka_ready.set_because(false, trouble.to_string()),
        }
    }

    fn wait(&self, delay: Duration) {
        let until = Instant::now() + delay;
        while !self.shutdown.is_cancelled() {
            self.ticker.tick();
            let Some(left) = until.checked_duration_since(Instant::now()) else { return };
            std::thread::sleep(left.min(Duration::from_millis(IDLE_MS)));
        }
    }

    /// Connects where needed, claims what is assigned, and reads on from there.
    fn begin(&mut self) -> Result<Step, Trouble> {
        self.batch = Batch::default();
        if self.writer.as_ref().is_none_or(Writer::is_closed) {
            self.writer = None;
            self.writer = Some(self.runtime.block_on(Writer::connect(&self.database, Commit::Asynchronous))?);
        }
        self.database_ready.set(true);
        // Kafka counts as there when it answers, whether or not it has a partition for this sink.
        let timeout = Duration::from_millis(KAFKA_MS_MAX);
        self.consumer.fetch_metadata(Some(&self.events_topic), timeout)?;
        self.consumer.context().kafka_ready.set(true);
        self.read_from_database()
    }

    /// Has the consumer read the partitions that are ours, each from the offset that the database holds.
    fn read_from_database(&mut self) -> Result<Step, Trouble> {
        self.forget_what_was_read();
        let (Some(writer), Some(partitions)) = (&mut self.writer, &self.ours) else { return Ok(Step::Other) };
        let mut positions = TopicPartitionList::new();
        for element in partitions.elements() {
            let (name, partition) = (element.topic(), element.partition());
            let topic = if *name == *self.outcomes_topic { &self.outcomes_topic } else { &self.events_topic };
            let (first, end) = self.consumer.fetch_watermarks(name, partition, Duration::from_millis(KAFKA_MS_MAX))?;
            let claim = self.runtime.block_on(writer.claim(topic, partition, first, end))?;
            if let Some(held) = claim.missing {
                self.metrics.offsets_missing.inc_by(u64::try_from(first - held).unwrap_or(1).max(1));
                error!(
                    topic = name,
                    partition,
                    stored_up_to = held,
                    kafka_first = first,
                    kafka_end = end,
                    "Kafka does not have the next offset any more; reading begins at its first"
                );
            }
            self.metrics.note_end(name, partition, end);
            self.metrics.note_stored(name, partition, claim.next_offset);
            positions.add_partition_offset(name, partition, Offset::Offset(claim.next_offset))?;
        }
        self.consumer.assign(&positions)?;
        self.partitions_ready.set(true);
        info!(partitions = positions.count(), "reading");
        Ok(Step::Other)
    }

    fn forget_what_was_read(&mut self) {
        self.batch = Batch::default();
        self.partitions_ready.set_because(false, "the group has not said which partitions are this sink's");
        self.metrics.forget_partitions();
        if let Some(writer) = &mut self.writer {
            writer.release_all();
        }
    }

    /// One poll, and the batch stored when it is full or old enough.
    fn step(&mut self) -> Result<Step, Trouble> {
        let wait = match self.batch.began {
            None => Duration::from_millis(IDLE_MS),
            Some(began) => Duration::from_millis(self.batch_limits.age_ms_max).saturating_sub(began.elapsed()),
        };
        let polled = match self.consumer.poll(wait) {
            None => None,
            Some(Ok(message)) => Some(self.record(&message)),
            Some(Err(KafkaError::MessageConsumption(code))) if passes_by_itself(code) => {
                self.consumer.context().kafka_ready.set_because(false, code.to_string());
                None
            }
            Some(Err(error)) => return Err(error.into()),
        };
        match self.consumer.context().take_change() {
            // What was read before belongs to partitions that are read again from where the database says.
            Some(Change::Assigned(partitions)) => {
                self.ours = Some(partitions);
                return self.read_from_database();
            }
            Some(Change::Revoked) => {
                self.ours = None;
                self.forget_what_was_read();
                return Ok(Step::Other);
            }
            None => {}
        }
        match polled {
            Some(record) => self.batch.push(record),
            // Or a sink without work would not notice that it is a new database, which may want more of Kafka.
            None => self.notice_a_closed_connection()?,
        }
        if self.batch.is_due(&self.batch_limits) { self.store() } else { Ok(Step::Other) }
    }

    fn notice_a_closed_connection(&self) -> Result<(), WriterError> {
        match &self.writer {
            Some(writer) if writer.is_closed() => self.runtime.block_on(writer.ask()),
            _ => Ok(()),
        }
    }

    fn record(&self, message: &BorrowedMessage<'_>) -> Record {
        let line = message.payload().unwrap_or_default().to_vec();
        let is_counts = *message.topic() == *self.outcomes_topic;
        let content = if is_counts {
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
        let topic = if is_counts { &self.outcomes_topic } else { &self.events_topic };
        let position = Position { topic: topic.clone(), partition: message.partition(), offset: message.offset() };
        Record { position, content, line }
    }

    fn store(&mut self) -> Result<Step, Trouble> {
        let mut batch = std::mem::take(&mut self.batch);
        let Some(writer) = &mut self.writer else { return Ok(Step::Other) };
        if batch.records.is_empty() {
            return Ok(Step::Other);
        }
        let began = Instant::now();
        let written = self.runtime.block_on(writer.write(&mut self.enricher, &mut batch.records))?;
        self.metrics.note_written(&written);
        #[allow(clippy::cast_precision_loss)] // a batch has far fewer rows than a f64 has integers
        self.metrics.batch_rows.observe(batch.records.len() as f64);
        self.metrics.batch_seconds.observe(began.elapsed().as_secs_f64());
        let last_of_partition = batch.records.iter().map(|record| (&record.position.topic, record.position.partition));
        for (topic, partition) in last_of_partition.collect::<std::collections::HashSet<_>>() {
            if let Some(next) = writer.stored_up_to(topic, partition) {
                self.metrics.note_stored(topic, partition, next);
            }
        }
        Ok(Step::Stored)
    }
}

/// Errors that say that the broker is away: librdkafka goes on trying by itself, and no offset is in doubt.
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

impl Batch {
    fn push(&mut self, record: Record) {
        self.bytes += record.line.len();
        self.began.get_or_insert_with(Instant::now);
        self.records.push(record);
    }

    fn is_due(&self, limits: &BatchConfig) -> bool {
        self.records.len() >= limits.rows_max
            || self.bytes >= limits.bytes_max
            || self.began.is_some_and(|began| began.elapsed() >= Duration::from_millis(limits.age_ms_max))
    }
}
