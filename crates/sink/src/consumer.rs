//! The Kafka consumer: it reports to the pipeline which partitions are assigned to this sink. The pipeline decides
//! where to read from.

use std::sync::{Arc, Mutex, PoisonError};

use footfall_daemon::Condition;
use rdkafka::bindings::rd_kafka_resp_err_t as Code;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Statistics, TopicPartitionList};
use tracing::{debug, info, warn};

use crate::config::KafkaConfig;
use crate::metrics::Metrics;

pub(crate) type Consumer = BaseConsumer<Context>;

const STATISTICS_MS: u32 = 1_000;
/// How often librdkafka asks for the topics.
const METADATA_MS: u32 = 5_000;
/// How long it goes by the last answer: as long as by default.
const METADATA_MS_MAX: u32 = 900_000;

/// The group's last change since the pipeline last looked.
#[derive(Debug)]
pub(crate) enum Change {
    /// These partitions, and no others, are assigned to this sink.
    Assigned(TopicPartitionList),
    /// No partition is assigned to this sink.
    Revoked,
}

/// The callbacks that librdkafka invokes while the pipeline polls.
pub(crate) struct Context {
    change: Mutex<Option<Change>>,
    metrics: Arc<Metrics>,
    pub(crate) kafka_ready: Condition,
}

impl Context {
    pub(crate) fn take_change(&self) -> Option<Change> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, change: Change) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let answers = statistics.brokers.values().any(|broker| broker.state == "UP" && broker.nodeid >= 0);
        self.kafka_ready.set_because(answers, if answers { "" } else { "no Kafka broker answers" });
        for topic in statistics.topics.values() {
            for partition in topic.partitions.values().filter(|partition| partition.partition >= 0) {
                self.metrics.note_end(&topic.topic, partition.partition, partition.hi_offset);
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The reason counts the bootstrap address as a broker of its own. Readiness logs this one.
        if matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::AllBrokersDown)) {
            return self.kafka_ready.set_because(false, "no Kafka broker answers");
        }
        warn!(reason, "kafka");
    }

    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, message, "librdkafka");
    }
}

impl ConsumerContext for Context {
    /// Only notes an assignment: the pipeline asks PostgreSQL for the offsets, which may take a while, and then
    /// assigns. The group waits for that.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: Code, partitions: &mut TopicPartitionList) {
        if code == Code::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            info!(partitions = partitions.count(), "partitions assigned");
            self.note(Change::Assigned(partitions.clone()));
            return;
        }
        info!(partitions = partitions.count(), "partitions revoked");
        self.note(Change::Revoked);
        if let Err(error) = consumer.unassign() {
            warn!(%error, "giving partitions back");
        }
    }
}

/// Creates a consumer that joins its group when it is polled.
pub(crate) fn create(config: &KafkaConfig, metrics: &Arc<Metrics>, kafka_ready: Condition) -> KafkaResult<Consumer> {
    let context = Context { change: Mutex::default(), metrics: metrics.clone(), kafka_ready };
    let mut settings = ClientConfig::new();
    settings
        .set("bootstrap.servers", &config.bootstrap_servers)
        .set("client.id", "footfall-sink")
        .set("group.id", &config.group_id)
        // Offsets are stored in PostgreSQL, in the same transaction as the rows.
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // The pipeline counts and logs an offset that Kafka no longer has; librdkafka would skip ahead.
        .set("auto.offset.reset", "error")
        .set("session.timeout.ms", config.session_ms_max.to_string())
        .set("heartbeat.interval.ms", (config.session_ms_max / 5).to_string())
        .set("queued.max.messages.kbytes", config.prefetch_kib_max.to_string())
        // Limits how long the broker holds a fetch back to collect messages.
        .set("fetch.wait.max.ms", "100")
        // Reads on within a second of the broker's return: by default, reconnecting alone waits for up to ten.
        .set("reconnect.backoff.max.ms", "500")
        .set("retry.backoff.max.ms", "500")
        .set("fetch.error.backoff.ms", "100")
        // Before it joins, librdkafka asks for the topics. If it gives up the connection that it asks on, because
        // another answer has just replaced the bootstrap broker, it asks again only when this is due (2.12.1, and still
        // 2.15.0): by default, it would join after five minutes.
        .set("topic.metadata.refresh.interval.ms", METADATA_MS.to_string())
        // Otherwise three times as long: a broker that is away for longer would have its topics forgotten.
        .set("metadata.max.age.ms", METADATA_MS_MAX.to_string())
        .set("statistics.interval.ms", STATISTICS_MS.to_string());
    if !config.group_instance_id.is_empty() {
        settings.set("group.instance.id", &config.group_instance_id);
    }
    let consumer: Consumer = settings.create_with_context(context)?;
    consumer.subscribe(&[&config.events_topic, &config.outcomes_topic])?;
    Ok(consumer)
}
