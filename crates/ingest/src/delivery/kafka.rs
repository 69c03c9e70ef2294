//! Kafka: an event is durable once every in-sync replica has acknowledged it.

use std::sync::Arc;
use std::time::Duration;

use footfall_daemon::Condition;
use footfall_event::{Deferral, Event, OutcomeCounts, PipelineSample, SCHEMA_VERSION_HEADER};
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};
use rdkafka::util::TokioRuntime;
use rdkafka::{ClientContext, Statistics};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::sent::{NotDurable, Sent};
use crate::config::KafkaConfig;
use crate::metrics::Metrics;

const PROBE_MS: u64 = 1_000;
const PROBE_MS_MAX: u64 = 2_000;
const STATISTICS_MS: u32 = 1_000;
/// Maximum number of queued messages, however small: librdkafka's default, made explicit.
const QUEUE_MESSAGES_MAX: u32 = 500_000;

/// Tracks whether brokers answer, as librdkafka's threads report it.
#[derive(Clone)]
struct Context {
    ready: Condition,
    metrics: Arc<Metrics>,
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        self.metrics.queued(statistics.msg_cnt, statistics.msg_size);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::AllBrokersDown)) {
            self.ready.set_because(false, "no broker answers");
        }
        warn!(%error, reason, "kafka");
    }

    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, message, "librdkafka");
    }
}

pub(crate) struct Kafka {
    producer: FutureProducer<Context, TokioRuntime>,
    events_topic: String,
    outcomes_topic: String,
    queue_bytes_max: u64,
    ready: Condition,
    metrics: Arc<Metrics>,
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
        let context = Context { ready: ready.clone(), metrics: metrics.clone() };
        Ok(Self {
            producer: FutureProducer::from_config_and_context(&settings, context)?,
            events_topic: config.events_topic.clone(),
            outcomes_topic: config.outcomes_topic.clone(),
            queue_bytes_max: u64::from(config.queue_kib_max) * 1024,
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
            return Sent::none(Deferral::BrokerAway);
        }
        let mut pending = Vec::with_capacity(events.len());
        let mut deferred = None;
        for event in events {
            let version = event.schema_version.to_string();
            let header = Header { key: SCHEMA_VERSION_HEADER, value: Some(&version) };
            let headers = OwnedHeaders::new().insert(header);
            match self.enqueue(&self.events_topic, event.kafka_key().as_deref(), &event.to_line(), headers) {
                Ok(delivery) => pending.push(delivery),
                Err(deferral) => {
                    // The client sends the whole request again.
                    deferred = Some(deferral);
                    break;
                }
            }
        }
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
        let delivery = self
            .enqueue(&self.outcomes_topic, Some(&counts.source), &line, OwnedHeaders::new())
            .map_err(|_| NotDurable)?;
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
        let delivery = self.producer.send_result(record).map_err(|_| NotDurable)?;
        match delivery.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotDurable),
        }
    }

    fn enqueue(
        &self,
        topic: &str,
        key: Option<&str>,
        line: &[u8],
        headers: OwnedHeaders,
    ) -> Result<DeliveryFuture, Deferral> {
        let record =
            FutureRecord { topic, partition: None, payload: Some(line), key, timestamp: None, headers: Some(headers) };
        self.producer.send_result(record).map_err(|(error, _)| match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => Deferral::QueueFull,
            _ => Deferral::BrokerAway,
        })
    }

    async fn acknowledgement(&self, delivery: DeliveryFuture) -> Result<(), NotDurable> {
        match delivery.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, _))) => {
                self.ready.set_because(false, error.to_string());
                Err(NotDurable)
            }
            Err(_) => Err(NotDurable),
        }
    }

    /// Asks the brokers about the topic, and records whether it can be written to.
    fn ask(&self) {
        let timeout = Duration::from_millis(PROBE_MS_MAX);
        let was_ready = self.is_ready();
        match self.producer.client().fetch_metadata(Some(&self.events_topic), timeout) {
            Ok(metadata) => {
                let can_be_written = metadata.topics().iter().any(|topic| {
                    topic.error().is_none()
                        && !topic.partitions().is_empty()
                        && topic.partitions().iter().all(|p| p.leader() >= 0)
                });
                let why =
                    if can_be_written { "" } else { "a partition of the topic has no leader, or the topic is missing" };
                self.ready.set_because(can_be_written, why);
            }
            Err(error) => self.ready.set_because(false, error.to_string()),
        }
        if !was_ready && self.is_ready() {
            info!("the broker answers");
        }
    }
}

/// Keeps readiness up to date. Also keeps a connection in use, so that a broker that comes back is noticed even though
/// nothing is sent while it is down.
pub(crate) async fn keep_probing(kafka: Arc<Kafka>, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_millis(PROBE_MS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        probe(&kafka).await;
    }
}

/// Asks the brokers once, for at most [`PROBE_MS_MAX`].
pub(crate) async fn probe(kafka: &Arc<Kafka>) {
    let asking = kafka.clone();
    // The task does not panic, and is cancelled only with the runtime.
    let _ = tokio::task::spawn_blocking(move || asking.ask()).await;
}
