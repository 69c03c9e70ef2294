//! The metrics of footfall-sink. Each help text is the metric's documentation.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use footfall_daemon::{KafkaKeys, Registry};
use footfall_event::{Outcome, Reason};
use footfall_store::Written;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartitionLabels {
    topic: String,
    partition: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabels {
    cause: &'static str,
}

/// Registers the metrics in a registry that only describes them.
pub fn describe_metrics(registry: &mut Registry) {
    let metrics = Metrics::new(registry);
    let labels = PartitionLabels { topic: KafkaKeys::DEFAULT.events_topic.into(), partition: 0 };
    drop(metrics.lag.get_or_create(&labels));
}

pub(crate) struct Metrics {
    outcomes: Family<OutcomeLabels, Counter>,
    lag: Family<PartitionLabels, Gauge>,
    restarts: Family<CauseLabels, Counter>,
    pub(crate) transactions: Counter,
    pub(crate) batch_rows: Histogram,
    pub(crate) batch_seconds: Histogram,
    pub(crate) offsets_missing: Counter,
    pub(crate) logs_replaced: Counter,
    pub(crate) messages_skipped: Counter,
    pub(crate) samples_dropped: Counter,
    /// By topic and partition: the offset after the last message in Kafka, and the first offset not stored yet.
    ends: Mutex<HashMap<(String, i32), (i64, i64)>>,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            outcomes: Family::default(),
            lag: Family::default(),
            restarts: Family::default(),
            transactions: Counter::default(),
            batch_rows: Histogram::new(exponential_buckets(1.0, 4.0, 8)),
            batch_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            offsets_missing: Counter::default(),
            logs_replaced: Counter::default(),
            messages_skipped: Counter::default(),
            samples_dropped: Counter::default(),
            ends: Mutex::default(),
        };
        // Creates every label set now, so that rates are right from the first event on.
        for outcome in
            [Outcome::Stored, Outcome::Duplicate, Outcome::Quarantined(Reason::DatabaseRefused), Outcome::Lost]
        {
            metrics.outcome(outcome);
        }
        for cause in ["fenced", "database", "kafka"] {
            metrics.restart(cause, 0);
        }
        registry.register(
            "sink_events",
            "Events by outcome: stored, duplicate, quarantined with the reason, or lost: Kafka deleted it before it was stored",
            metrics.outcomes.clone(),
        );
        registry.register(
            "sink_lag_messages",
            "Messages in a partition of this sink that are not stored yet, as of the last second",
            metrics.lag.clone(),
        );
        registry.register(
            "sink_resumptions",
            "Times that the sink dropped what it had read and asked the database again where to read from, because another consumer owns the partition (fenced), the database was unreachable, or Kafka does not have the offset or refuses this consumer (kafka)",
            metrics.restarts.clone(),
        );
        registry.register("sink_transactions", "Committed transactions", metrics.transactions.clone());
        registry.register("sink_batch_rows", "Messages in a batch", metrics.batch_rows.clone());
        registry.register(
            "sink_batch_seconds",
            "Time to store a batch, including all its transactions, in seconds",
            metrics.batch_seconds.clone(),
        );
        registry.register(
            "sink_offsets_missing",
            "Messages that Kafka deleted before they were stored",
            metrics.offsets_missing.clone(),
        );
        registry.register(
            "sink_logs_replaced",
            "Times that a partition in Kafka held another log than the one that was read, because its data was replaced by an older copy or its topic was recreated; it was then read from its beginning",
            metrics.logs_replaced.clone(),
        );
        registry.register(
            "sink_messages_skipped",
            "Messages in the outcomes topic of a kind that this version does not know",
            metrics.messages_skipped.clone(),
        );
        registry.register(
            "sink_samples_dropped",
            "Samples of this sink's own metrics that the database did not store in time",
            metrics.samples_dropped.clone(),
        );
        metrics
    }

    fn outcome(&self, outcome: Outcome) -> Counter {
        let reason = outcome.reason().map(Reason::as_str).unwrap_or_default();
        self.outcomes.get_or_create(&OutcomeLabels { outcome: outcome.as_str(), reason }).clone()
    }

    /// Kafka deleted this many messages, `events` of them events, before they were stored.
    pub(crate) fn note_lost(&self, messages: u64, events: u64) {
        self.offsets_missing.inc_by(messages);
        self.outcome(Outcome::Lost).inc_by(events);
    }

    pub(crate) fn note_written(&self, written: &Written) {
        for (outcome, count) in &written.outcomes {
            self.outcome(*outcome).inc_by(*count);
        }
        self.transactions.inc_by(written.transactions);
    }

    pub(crate) fn restart(&self, cause: &'static str, times: u64) {
        self.restarts.get_or_create(&CauseLabels { cause }).inc_by(times);
    }

    pub(crate) fn note_end(&self, topic: &str, partition: i32, end: i64) {
        self.note(topic, partition, |known| known.0 = known.0.max(end));
    }

    pub(crate) fn note_stored(&self, topic: &str, partition: i32, next: i64) {
        self.note(topic, partition, |known| known.1 = next);
    }

    /// The sink reports no lag for partitions that it has given back.
    pub(crate) fn forget_partitions(&self) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.lag.clear();
    }

    fn note(&self, topic: &str, partition: i32, change: impl FnOnce(&mut (i64, i64))) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let known = ends.entry((topic.to_owned(), partition)).or_insert((-1, -1));
        change(known);
        if known.0 >= 0 && known.1 >= 0 {
            let labels = PartitionLabels { topic: topic.to_owned(), partition };
            self.lag.get_or_create(&labels).set((known.0 - known.1).max(0));
        }
    }
}
