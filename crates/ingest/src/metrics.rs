//! What footfall-ingest counts. Each help text is the metric's documentation.

use footfall_daemon::Registry;
use footfall_event::{Deferral, Outcome, Reason};
use footfall_store::Written;
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoredLabels {
    outcome: &'static str,
    reason: &'static str,
}

/// Registers the metrics on a registry that is only used to describe them.
pub fn describe_metrics(registry: &mut Registry) {
    drop(Metrics::new(registry));
}

/// A deferral that this daemon never answers with has no series.
fn counter_of(family: &Family<ReasonLabels, Counter>, deferral: Deferral) -> Counter {
    match deferral {
        Deferral::Unavailable | Deferral::TooManyAtOnce => Counter::default(),
        Deferral::BodiesFull
        | Deferral::BodyIncomplete
        | Deferral::QueueFull
        | Deferral::BrokerAway
        | Deferral::ProducerFailed
        | Deferral::NotAcknowledged
        | Deferral::DatabaseAway
        | Deferral::NotCommitted
        | Deferral::RateLimited
        | Deferral::QuotaReached
        | Deferral::DiskFull => family.get_or_create(&ReasonLabels { reason: deferral.as_str() }).clone(),
    }
}

pub(crate) struct Metrics {
    requests: Family<StatusLabels, Counter>,
    pub(crate) request_seconds: Histogram,
    pub(crate) accepted: Counter,
    /// Indexed by reason; resolved once, so that a request only increments.
    rejected: Vec<Counter>,
    /// Indexed by deferral.
    deferred: Vec<Counter>,
    queue_messages: Gauge,
    queue_bytes: Gauge,
    pub(crate) samples_dropped: Counter,
    pub(crate) producers_replaced: Counter,
    pub(crate) connections: Gauge,
    committed: Family<StoredLabels, Counter>,
    pub(crate) commit_seconds: Histogram,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let rejected: Family<ReasonLabels, Counter> = Family::default();
        let events: Family<OutcomeLabels, Counter> = Family::default();
        let deferred: Family<ReasonLabels, Counter> = Family::default();
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 14)),
            accepted: events.get_or_create(&OutcomeLabels { outcome: "accepted" }).clone(),
            rejected: Reason::ALL
                .iter()
                .map(|reason| rejected.get_or_create(&ReasonLabels { reason: reason.as_str() }).clone())
                .collect(),
            deferred: Deferral::ALL.iter().map(|deferral| counter_of(&deferred, *deferral)).collect(),
            queue_messages: Gauge::default(),
            queue_bytes: Gauge::default(),
            samples_dropped: Counter::default(),
            producers_replaced: Counter::default(),
            connections: Gauge::default(),
            committed: Family::default(),
            commit_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
        };
        metrics.create_first_series();
        registry.register("ingest_requests", "Requests by the status of their answer", metrics.requests.clone());
        registry.register(
            "ingest_request_seconds",
            "Time from a request's head to its response, in seconds",
            metrics.request_seconds.clone(),
        );
        registry.register(
            "ingest_events",
            "Events that are durable: Kafka acknowledged them, or PostgreSQL committed them",
            events,
        );
        registry.register(
            "ingest_events_rejected",
            "Events that were refused, and bodies without a readable event, by reason",
            rejected,
        );
        registry.register(
            "ingest_events_deferred",
            "Events that the client was asked to send again, by reason (docs/reasons.md). For bodies_full, body_incomplete, rate_limited and disk_full it may count requests, because their bodies were not read",
            deferred,
        );
        registry.register(
            "ingest_queue_messages",
            "Messages waiting to be acknowledged (by Kafka, as of the last second) or committed",
            metrics.queue_messages.clone(),
        );
        registry.register(
            "ingest_queue_bytes",
            "Size of the messages waiting to be acknowledged (by Kafka, as of the last second) or committed",
            metrics.queue_bytes.clone(),
        );
        registry.register(
            "ingest_samples_dropped",
            "Samples of these metrics that were not delivered, because no broker or no database answered in time, or because the queue was half full",
            metrics.samples_dropped.clone(),
        );
        registry.register(
            "ingest_producers_replaced",
            "Kafka producers that were replaced because they had failed, or delivered nothing although the broker answered. One per return of Kafka with older data is normal; more mean that Kafka refuses this ingest, or acknowledges too late",
            metrics.producers_replaced.clone(),
        );
        registry.register("ingest_connections", "Open connections", metrics.connections.clone());
        registry.register(
            "ingest_committed",
            "With store = postgresql: events by outcome: stored, duplicate, or quarantined with the reason",
            metrics.committed.clone(),
        );
        registry.register(
            "ingest_commit_seconds",
            "With store = postgresql: time to store the events received since the last commit, in seconds",
            metrics.commit_seconds.clone(),
        );
        metrics
    }

    /// A family without series is not shown.
    fn create_first_series(&self) {
        for outcome in [Outcome::Stored, Outcome::Duplicate, Outcome::Quarantined(Reason::DatabaseRefused)] {
            drop(self.committed(outcome));
        }
        for status in [StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::SERVICE_UNAVAILABLE] {
            drop(self.requests.get_or_create(&StatusLabels { status: status.as_u16() }));
        }
    }

    pub(crate) fn answered(&self, status: StatusCode, seconds: f64) {
        self.requests.get_or_create(&StatusLabels { status: status.as_u16() }).inc();
        self.request_seconds.observe(seconds);
    }

    pub(crate) fn rejected(&self, reason: Reason) {
        self.rejected[reason as usize].inc();
    }

    /// `count` events, or one request whose events are unknown.
    pub(crate) fn deferred(&self, deferral: Deferral, count: u64) {
        self.deferred[deferral as usize].inc_by(count);
    }

    fn committed(&self, outcome: Outcome) -> Counter {
        let reason = outcome.reason().map(Reason::as_str).unwrap_or_default();
        self.committed.get_or_create(&StoredLabels { outcome: outcome.as_str(), reason }).clone()
    }

    pub(crate) fn note_written(&self, written: &Written) {
        for (outcome, count) in &written.outcomes {
            self.committed(*outcome).inc_by(*count);
        }
    }

    /// Adjusts the queue gauges by these amounts, up or down.
    pub(crate) fn queue_changes(&self, messages: i64, bytes: i64) {
        self.queue_messages.inc_by(messages);
        self.queue_bytes.inc_by(bytes);
    }

    pub(crate) fn queued(&self, messages: u64, bytes: u64) {
        // librdkafka bounds both far below i64::MAX.
        self.queue_messages.set(i64::try_from(messages).unwrap_or(i64::MAX));
        self.queue_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn queue_bytes(&self) -> u64 {
        u64::try_from(self.queue_bytes.get()).unwrap_or_default()
    }
}
