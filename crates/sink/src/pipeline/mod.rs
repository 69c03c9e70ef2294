//! The Kafka side of the loop: which partitions are assigned to this sink, what it reads from them, and where it
//! resumes after a failure. The loop itself is [`WriterLoop`].

mod resume;

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use footfall_daemon::{Condition, Shell};
use footfall_event::{Event, Limits, OutcomesMessage};
use footfall_store::{
    Commit, Content, Next, Position, Record, RecordSource, WriteError, Writer, WriterError, WriterLoop,
    WriterLoopOptions, Written,
};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::batch::Batch;
use crate::config::{BatchConfig, Config, KafkaConfig};
use crate::consumer::{self, Change, Consumer};
use crate::history::{Checked, History, Partition, written_ms};
use crate::membership::Membership;
use crate::metrics::Metrics;

/// How long a poll waits if there is nothing to read: the loop's heartbeat.
const IDLE_MS: u64 = 100;
const KAFKA_MS_MAX: u64 = 5_000;
/// For storing one batch. No client waits for it, and the server's own limits end each statement; this one is for a session
/// that has stopped answering.
const WRITE_S_MAX: u64 = 180;
/// A consumer is not replaced sooner than this because it fails although the broker answers.
const RENEWAL_MS_MIN: u64 = 5_000;
/// A consumer that gets no answer for this long is replaced: a broker that was frozen names no broker for a moment, and a
/// client that believes it may not ask again.
const SILENCE_MS_MAX: u64 = 20_000;
const NO_PARTITIONS: &str = "the group has not said which partitions are this sink's";

pub(crate) struct Pipeline {
    consumer: Arc<Consumer>,
    /// For the probe, which must not keep a consumer from closing.
    current: watch::Sender<Weak<Consumer>>,
    membership: Membership,
    history: History,
    /// When Kafka was last known to answer the consumer.
    answered_at: Instant,
    kafka: KafkaConfig,
    kafka_ready: Condition,
    events_topic: Arc<str>,
    outcomes_topic: Arc<str>,
    batch_limits: BatchConfig,
    event_limits: Limits,
    metrics: Arc<Metrics>,
    partitions_ready: Condition,
    shutdown: CancellationToken,
    /// The partitions assigned to this sink; `None` without an assignment.
    ours: Option<Vec<Partition>>,
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
    /// # Errors
    /// Fails if a consumer cannot be created.
    pub(crate) fn new(
        config: &Config,
        kafka_ready: Condition,
        metrics: Arc<Metrics>,
        shell: &Shell,
    ) -> KafkaResult<Self> {
        let consumer = Arc::new(consumer::create(&config.kafka, &metrics, kafka_ready.clone())?);
        Ok(Self {
            current: watch::Sender::new(Arc::downgrade(&consumer)),
            consumer,
            membership: Membership::new(),
            history: History::new(&config.kafka)?,
            answered_at: Instant::now(),
            kafka: config.kafka.clone(),
            kafka_ready,
            events_topic: config.kafka.events_topic.as_str().into(),
            outcomes_topic: config.kafka.outcomes_topic.as_str().into(),
            batch_limits: config.batch.clone(),
            event_limits: config.limits.clone(),
            metrics,
            partitions_ready: shell.readiness.condition("partitions"),
            shutdown: shell.shutdown.clone(),
            ours: None,
            batch: Batch::default(),
        })
    }

    /// The consumer in use.
    pub(crate) fn consumer(&self) -> watch::Receiver<Weak<Consumer>> {
        self.current.subscribe()
    }

    /// Returns once the shutdown has begun and what was read is stored, or cannot be. Blocks its thread, including in
    /// polls and in the group's callbacks.
    pub(crate) fn run(mut self, writer_loop: WriterLoop, runtime: &Handle) {
        // `failed` ends the loop for no error.
        let _ = runtime.block_on(writer_loop.run(&mut self));
        // Leaving the group at once lets another sink take over without waiting for a timeout.
        self.consumer.unsubscribe();
    }

    /// The consumer has failed for good: it is replaced after a pause.
    fn end_membership(&mut self, reason: &str) {
        let pause = self.membership.end();
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.ours = None;
        self.partitions_ready.set_because(false, "this sink is not in the group");
        self.kafka_ready.set_because(false, format!("Kafka refuses this consumer: {reason}"));
        warn!(
            reason,
            pause_ms,
            "Kafka refuses this consumer, which joins the group again after a pause; if this repeats, another sink has the \
             same kafka.group_instance_id"
        );
    }

    /// Joins the group with a new consumer once the pause is over; waits for a part of the pause.
    async fn join_again(&mut self, pause_left: Duration) -> KafkaResult<()> {
        if !pause_left.is_zero() {
            tokio::time::sleep(pause_left.min(Duration::from_millis(IDLE_MS))).await;
            return Ok(());
        }
        self.renew_clients()
    }

    /// Joins the group with a new consumer, which knows nothing of what was before.
    fn renew_clients(&mut self) -> KafkaResult<()> {
        let new = Arc::new(consumer::create(&self.kafka, &self.metrics, self.kafka_ready.clone())?);
        self.current.send_replace(Arc::downgrade(&new));
        let old = std::mem::replace(&mut self.consumer, new);
        // Closing may wait for the broker.
        std::thread::spawn(move || drop(old));
        self.history.renew(&self.kafka)?;
        self.answered_at = Instant::now();
        self.membership.join();
        self.ours = None;
        self.partitions_ready.set_because(false, NO_PARTITIONS);
        Ok(())
    }

    /// Replaces a consumer that Kafka has not answered for long, as the probe says, which asks by the same consumer.
    fn renew_silent_clients(&mut self) -> KafkaResult<()> {
        if self.kafka_ready.is_ok() {
            self.answered_at = Instant::now();
        }
        let silent = self.answered_at.elapsed();
        if silent < Duration::from_millis(SILENCE_MS_MAX) {
            return Ok(());
        }
        warn!(silent_s = silent.as_secs(), "Kafka does not answer this consumer, which is replaced");
        self.renew_clients()
    }

    fn forget_what_was_read(&mut self, writer: &mut Writer) {
        self.batch = Batch::default();
        self.partitions_ready.set_because(false, NO_PARTITIONS);
        self.metrics.forget_partitions();
        writer.release_all();
    }

    fn poll(&self) -> Result<Option<Record>, KafkaError> {
        let wait = self.batch.time_left(&self.batch_limits, Duration::from_millis(IDLE_MS));
        match self.consumer.poll(wait) {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(self.record(&message))),
            Some(Err(KafkaError::MessageConsumption(code))) if passes_by_itself(code) => {
                self.kafka_ready.set_because(false, code.to_string());
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
        Record { position, content, written_ms: written_ms(message), line }
    }

    fn watch_history(&mut self, writer: &Writer) -> KafkaResult<Checked> {
        let Self { history, ours: Some(ours), .. } = self else { return Ok(Checked::Fine) };
        history.watch(|| {
            let stored = ours.iter().filter_map(|at| Some((at.clone(), writer.held(&at.0, at.1)?.last_read()?)));
            stored.collect()
        })
    }

    fn named(&self, partitions: &TopicPartitionList) -> Vec<Partition> {
        partitions.elements().iter().map(|one| (self.topic(one.topic()).clone(), one.partition())).collect()
    }

    fn topic(&self, name: &str) -> &Arc<str> {
        if *name == *self.outcomes_topic { &self.outcomes_topic } else { &self.events_topic }
    }
}

impl RecordSource for Pipeline {
    type Error = KafkaError;
    const COME_AGAIN: bool = true;

    async fn claim(&mut self, writer: &mut Writer) -> Result<(), WriteError<KafkaError>> {
        if self.membership.pause_left().is_some() {
            return Ok(());
        }
        self.renew_silent_clients().map_err(WriteError::Source)?;
        // Kafka is ready if it answers, even if it has no partition for this sink.
        let timeout = Duration::from_millis(KAFKA_MS_MAX);
        self.consumer.fetch_metadata(Some(&self.events_topic), timeout).map_err(WriteError::Source)?;
        self.kafka_ready.set(true);
        let claimed = self.read_from_database(writer).await;
        if matches!(claimed, Err(WriteError::Source(_)))
            && self.membership.lasted() > Duration::from_millis(RENEWAL_MS_MIN)
        {
            self.renew_clients().map_err(WriteError::Source)?;
        }
        claimed
    }

    async fn next(&mut self, writer: &mut Writer) -> Result<Next, WriteError<KafkaError>> {
        if self.shutdown.is_cancelled() {
            return Ok(if self.batch.records.is_empty() { Next::Nothing } else { Next::Batch });
        }
        if let Some(left) = self.membership.pause_left() {
            self.join_again(left).await.map_err(WriteError::Source)?;
            return Ok(Next::Nothing);
        }
        self.renew_silent_clients().map_err(WriteError::Source)?;
        // Before polling: a sink that was frozen has not noticed yet what happened meanwhile.
        match self.watch_history(writer).map_err(WriteError::Source)? {
            Checked::Fine => {}
            Checked::NoAnswer => {
                self.kafka_ready.set_because(false, "Kafka does not answer");
                self.claim(writer).await?;
                return Ok(Next::Nothing);
            }
            Checked::InDoubt => {
                self.claim(writer).await?;
                return Ok(Next::Nothing);
            }
        }
        let polled = self.poll().map_err(WriteError::Source)?;
        match self.consumer.context().take_change() {
            // Drops what was read: these partitions are read again from their offsets in the database.
            Some(Change::Assigned(partitions)) => {
                self.ours = Some(self.named(&partitions));
                self.history.drop_old_marks();
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
            let Some(place) = writer.held(topic, partition) else { continue };
            self.metrics.note_stored(topic, partition, place.next_offset);
            if let Some(mark) = place.last_read() {
                self.history.add_mark(&(topic.clone(), partition), mark);
            }
        }
    }

    fn failed(&mut self, error: WriteError<KafkaError>) -> Result<(), KafkaError> {
        self.batch = Batch::default();
        let cause = cause(&error);
        self.metrics.restart(cause, 1);
        if let Some((_, reason)) = self.consumer.client().fatal_error() {
            self.end_membership(&reason);
            return Ok(());
        }
        warn!(cause, %error, "what is not stored is dropped; reading begins anew where the database says");
        if let WriteError::Source(error) = error {
            self.kafka_ready.set_because(false, error.to_string());
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
