//! Kafka: an event is durable once every in-sync replica has acknowledged it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use footfall_daemon::Condition;
use footfall_event::{Deferral, Event, OutcomeCounts, PipelineSample, SCHEMA_VERSION_HEADER};
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{DeliveryFuture, FutureRecord, Producer as _};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::producer::{Client, Context, Producer};
use super::sent::{NotDurable, Sent};
use crate::config::KafkaConfig;
use crate::metrics::Metrics;

const PROBE_MS: u64 = 1_000;
const PROBE_MS_MAX: u64 = 2_000;
const STATISTICS_MS: u32 = 1_000;
/// Maximum number of queued messages, however small: librdkafka's default, made explicit.
const QUEUE_MESSAGES_MAX: u32 = 500_000;

pub(crate) struct Kafka {
    producer: Producer,
    /// Notified when the producer has failed for good.
    failed: Arc<Notify>,
    events_topic: String,
    outcomes_topic: String,
    queue_bytes_max: u64,
    acknowledge_max: Duration,
    answers: Mutex<Answers>,
    ready: Condition,
    metrics: Arc<Metrics>,
}

/// When brokers answered the probe.
struct Answers {
    last: Instant,
    /// Since when each probe has found the topic writable.
    writable_since: Option<Instant>,
}

impl Kafka {
    pub(crate) fn new(config: &KafkaConfig, ready: Condition, metrics: Arc<Metrics>) -> KafkaResult<Self> {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", &config.bootstrap_servers)
            .set("client.id", "footfall-ingest")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", config.linger_ms.to_string())
            .set("message.timeout.ms", config.acknowledge_ms_max.to_string())
            .set("queue.buffering.max.kbytes", config.queue_kib_max.to_string())
            .set("queue.buffering.max.messages", QUEUE_MESSAGES_MAX.to_string())
            .set("partitioner", "murmur2_random")
            .set("statistics.interval.ms", STATISTICS_MS.to_string())
            // Reconnects soon after the broker is back: the default waits up to ten seconds.
            .set("reconnect.backoff.max.ms", "1000");
        let failed = Arc::new(Notify::new());
        let context = Context::new(ready.clone(), metrics.clone(), failed.clone());
        Ok(Self {
            producer: Producer::new(settings, context)?,
            failed,
            events_topic: config.events_topic.clone(),
            outcomes_topic: config.outcomes_topic.clone(),
            queue_bytes_max: u64::from(config.queue_kib_max) * 1024,
            acknowledge_max: Duration::from_millis(config.acknowledge_ms_max.into()),
            answers: Mutex::new(Answers { last: Instant::now(), writable_since: None }),
            ready,
            metrics,
        })
    }

    /// Whether brokers answer. While they do not, nothing is queued.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.is_ok()
    }

    /// Sends events and waits for all acknowledgements.
    pub(crate) async fn send_events(&self, events: &[Event]) -> Sent {
        if !self.is_ready() {
            return Sent::none(self.why_not_ready());
        }
        let producer = self.producer.current();
        let mut pending = Vec::with_capacity(events.len());
        let mut deferred = None;
        for event in events {
            let version = event.schema_version.to_string();
            let header = Header { key: SCHEMA_VERSION_HEADER, value: Some(&version) };
            let headers = OwnedHeaders::new().insert(header);
            match enqueue(&producer, &self.events_topic, event.kafka_key().as_deref(), &event.to_line(), headers) {
                Ok(delivery) => pending.push(delivery),
                Err(deferral) => {
                    // The client sends the whole request again.
                    deferred = Some(deferral);
                    break;
                }
            }
        }
        drop(producer);
        let mut acknowledged = 0;
        for delivery in pending {
            match self.acknowledgement(delivery).await {
                Ok(()) => acknowledged += 1,
                Err(NotDurable) => deferred = deferred.or(Some(Deferral::NotAcknowledged)),
            }
        }
        Sent { acknowledged, deferred }
    }

    pub(crate) async fn send_counts(&self, counts: &OutcomeCounts) -> Result<(), NotDurable> {
        let line = counts.to_line();
        let producer = self.producer.current();
        let delivery = enqueue(&producer, &self.outcomes_topic, Some(&counts.source), &line, OwnedHeaders::new())
            .map_err(|_| NotDurable)?;
        drop(producer);
        self.acknowledgement(delivery).await
    }

    /// Sends a sample if there is room to spare, and waits for its outcome. A failure does not affect readiness: that
    /// is left to events.
    pub(crate) async fn send_sample(&self, sample: &PipelineSample) -> Result<(), NotDurable> {
        if !self.is_ready() || self.metrics.queue_bytes() > self.queue_bytes_max / 2 {
            return Err(NotDurable);
        }
        let line = sample.to_line();
        let record = FutureRecord::to(&self.outcomes_topic).key(&sample.source).payload(&line);
        let delivery = self.producer.current().send_result(record).map_err(|_| NotDurable)?;
        match delivery.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotDurable),
        }
    }

    fn why_not_ready(&self) -> Deferral {
        if self.producer.failure().is_some() { Deferral::ProducerFailed } else { Deferral::BrokerAway }
    }

    async fn acknowledgement(&self, delivery: DeliveryFuture) -> Result<(), NotDurable> {
        match delivery.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, _))) => {
                self.note_refusal(&error);
                Err(NotDurable)
            }
            Err(_) => Err(NotDurable),
        }
    }

    fn note_refusal(&self, error: &KafkaError) {
        match error.rdkafka_error_code() {
            // Says nothing about other messages.
            Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidRecord) => {
                warn!(%error, "Kafka refuses an event; the topic's max.message.bytes must exceed the largest event");
            }
            // The failure of the producer itself was reported before its messages'.
            Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight | RDKafkaErrorCode::Fatal) => {}
            code => {
                let timed_out = code == Some(RDKafkaErrorCode::MessageTimedOut);
                let writable = self.writable_for().filter(|_| timed_out);
                // The message was sent before the broker was back: it says nothing about those that are sent now.
                if writable.is_some_and(|time| time < self.acknowledge_max) {
                    return;
                }
                self.ready.set_because(false, format!("events are not acknowledged: {error}"));
                if writable.is_some() {
                    self.producer.give_up_if_older_than(self.acknowledge_max);
                }
            }
        }
    }

    /// How long each probe has found the topic writable.
    fn writable_for(&self) -> Option<Duration> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        Some(answers.writable_since?.elapsed())
    }

    /// Replaces a producer that has failed, asks the brokers about the topic, and records whether it can be written to.
    fn ask(&self) {
        if let Err(why) = self.producer.replace_if_failed() {
            return self.ready.set_because(false, why);
        }
        let timeout = Duration::from_millis(PROBE_MS_MAX);
        let was_ready = self.is_ready();
        let answer = self.producer.current().client().fetch_metadata(Some(&self.events_topic), timeout);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let why_not = match answer {
            Ok(metadata) => {
                answers.last = Instant::now();
                match metadata.topics().first() {
                    Some(topic) => why_not_writable(topic),
                    None => Some(format!("Kafka does not know the topic {}", self.events_topic)),
                }
            }
            Err(error) => Some(silence(&error, answers.last.elapsed())),
        };
        answers.writable_since = match why_not {
            None => answers.writable_since.or(Some(Instant::now())),
            Some(_) => None,
        };
        drop(answers);
        // It may have failed in the meantime.
        let why_not = self.producer.failure().or(why_not);
        self.ready.set_because(why_not.is_none(), why_not.unwrap_or_default());
        if !was_ready && self.is_ready() {
            info!("the broker answers");
        }
    }
}

fn enqueue(
    producer: &Client,
    topic: &str,
    key: Option<&str>,
    line: &[u8],
    headers: OwnedHeaders,
) -> Result<DeliveryFuture, Deferral> {
    let record =
        FutureRecord { topic, partition: None, payload: Some(line), key, timestamp: None, headers: Some(headers) };
    producer.send_result(record).map_err(|(error, _)| match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => Deferral::QueueFull,
        Some(RDKafkaErrorCode::Fatal) => Deferral::ProducerFailed,
        _ => Deferral::BrokerAway,
    })
}

/// Why a topic cannot be written to.
fn why_not_writable(topic: &MetadataTopic) -> Option<String> {
    let name = topic.name();
    if let Some(error) = topic.error() {
        return Some(format!("the topic {name} cannot be used: {}", RDKafkaErrorCode::from(error)));
    }
    if topic.partitions().is_empty() {
        return Some(format!("the topic {name} has no partitions"));
    }
    let leaderless = topic.partitions().iter().find(|partition| partition.leader() < 0)?;
    Some(format!("partition {} of the topic {name} has no leader", leaderless.id()))
}

/// Why the brokers did not answer, in words.
fn silence(error: &KafkaError, since: Duration) -> String {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::OperationTimedOut | RDKafkaErrorCode::BrokerTransportFailure) => {
            format!("no Kafka broker has answered for {} s", since.as_secs())
        }
        _ => format!("Kafka does not answer: {error}"),
    }
}

/// Keeps readiness up to date. Also keeps a connection in use, so that a broker that comes back is noticed even though
/// nothing is sent while it is down.
pub(crate) async fn keep_probing(kafka: Arc<Kafka>, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_millis(PROBE_MS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut due = async || {
        tokio::select! {
            _ = every.tick() => {}
            () = kafka.failed.notified() => {}
        }
    };
    while shutdown.run_until_cancelled(due()).await.is_some() {
        probe(&kafka).await;
    }
}

/// Asks the brokers once, for at most [`PROBE_MS_MAX`].
pub(crate) async fn probe(kafka: &Arc<Kafka>) {
    let asking = kafka.clone();
    // The task does not panic, and is cancelled only with the runtime.
    let _ = tokio::task::spawn_blocking(move || asking.ask()).await;
}
