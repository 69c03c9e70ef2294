//! What footfall-ingest counts. Each help text is the metric's documentation.

use footfall_daemon::Registry;
use footfall_event::Reason;
use hyper::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// Registers the metrics on a registry that only describes them.
pub fn describe_metrics(registry: &mut Registry) {
    drop(Metrics::new(registry));
}

pub(crate) struct Metrics {
    requests: Family<StatusLabels, Counter>,
    pub(crate) request_seconds: Histogram,
    pub(crate) accepted: Counter,
    /// By the reason's number: resolved once, so that a request only increments.
    rejected: Vec<Counter>,
    queue_full: Counter,
    broker_away: Counter,
    pub(crate) not_acknowledged: Counter,
    queue_messages: Gauge,
    queue_bytes: Gauge,
    pub(crate) samples_dropped: Counter,
    pub(crate) connections: Gauge,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let rejected: Family<ReasonLabels, Counter> = Family::default();
        let events: Family<OutcomeLabels, Counter> = Family::default();
        let deferred: Family<ReasonLabels, Counter> = Family::default();
        let deferral = |reason| deferred.get_or_create(&ReasonLabels { reason }).clone();
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 14)),
            accepted: events.get_or_create(&OutcomeLabels { outcome: "accepted" }).clone(),
            rejected: Reason::ALL
                .iter()
                .map(|reason| rejected.get_or_create(&ReasonLabels { reason: reason.as_str() }).clone())
                .collect(),
            queue_full: deferral("queue_full"),
            broker_away: deferral("broker_away"),
            not_acknowledged: deferral("not_acknowledged"),
            queue_messages: Gauge::default(),
            queue_bytes: Gauge::default(),
            samples_dropped: Counter::default(),
            connections: Gauge::default(),
        };
        for status in [StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::SERVICE_UNAVAILABLE] {
            drop(metrics.requests.get_or_create(&StatusLabels { status: status.as_u16() }));
        }
        registry.register("ingest_requests", "Requests by the status of their answer", metrics.requests.clone());
        registry.register(
            "ingest_request_seconds",
            "Time from a request's head to its answer, in seconds",
            metrics.request_seconds.clone(),
        );
        registry.register("ingest_events", "Events that Kafka acknowledged", events);
        registry.register(
            "ingest_events_rejected",
            "Events that were refused, and bodies that hold none, by reason",
            rejected,
        );
        registry.register(
            "ingest_events_deferred",
            "Events that the client was asked to send again: because the queue was full, no broker answered, or no acknowledgement came in time",
            deferred,
        );
        registry.register(
            "ingest_queue_messages",
            "Messages that wait for their acknowledgement, as of the last second",
            metrics.queue_messages.clone(),
        );
        registry.register(
            "ingest_queue_bytes",
            "Size of the messages that wait for their acknowledgement, as of the last second",
            metrics.queue_bytes.clone(),
        );
        registry.register(
            "ingest_samples_dropped",
            "Samples of these metrics that were not handed over: no broker answered in time, or the queue was half full",
            metrics.samples_dropped.clone(),
        );
        registry.register("ingest_connections", "Open connections", metrics.connections.clone());
        metrics
    }

    pub(crate) fn answered(&self, status: StatusCode, seconds: f64) {
        self.requests.get_or_create(&StatusLabels { status: status.as_u16() }).inc();
        self.request_seconds.observe(seconds);
    }

    pub(crate) fn rejected(&self, reason: Reason) {
        self.rejected[reason as usize].inc();
    }

    pub(crate) fn not_enqueued(&self, queue_is_full: bool) {
        if queue_is_full { &self.queue_full } else { &self.broker_away }.inc();
    }

    pub(crate) fn broker_away(&self, events: u64) {
        self.broker_away.inc_by(events);
    }

    pub(crate) fn queued(&self, messages: u64, bytes: u64) {
        // librdkafka bounds both far below what an i64 holds.
        self.queue_messages.set(i64::try_from(messages).unwrap_or(i64::MAX));
        self.queue_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn queue_bytes(&self) -> u64 {
        u64::try_from(self.queue_bytes.get()).unwrap_or_default()
    }
}
