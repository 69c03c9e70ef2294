//! The metrics. Each help text is also the metric's documentation.

use footfall_daemon::Registry;
use footfall_event::Deferral;
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
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// Registers the metrics on a registry that is used only to describe them.
pub fn describe_metrics(registry: &mut Registry) {
    drop(Metrics::new(registry));
}

pub(crate) struct Metrics {
    requests: Family<StatusLabels, Counter>,
    request_seconds: Histogram,
    pub(crate) query_seconds: Histogram,
    pub(crate) query_errors: Counter,
    pub(crate) queries_cancelled: Counter,
    pub(crate) waiting: Gauge,
    pub(crate) rounds: Counter,
    pub(crate) notifications: Counter,
    pub(crate) views: Gauge,
    pub(crate) watchers: Gauge,
    pub(crate) connections: Gauge,
    deferred: Family<ReasonLabels, Counter>,
    pub(crate) logins: Counter,
    pub(crate) logins_refused: Counter,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let logins: Family<ResultLabels, Counter> = Family::default();
        // Cloning releases the family's lock, which the next call takes.
        let login = |result| logins.get_or_create(&ResultLabels { result }).clone();
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 14)),
            query_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 15)),
            query_errors: Counter::default(),
            queries_cancelled: Counter::default(),
            waiting: Gauge::default(),
            rounds: Counter::default(),
            notifications: Counter::default(),
            views: Gauge::default(),
            watchers: Gauge::default(),
            connections: Gauge::default(),
            deferred: Family::default(),
            logins: login("accepted"),
            logins_refused: login("refused"),
        };
        for status in [StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::SERVICE_UNAVAILABLE] {
            drop(metrics.requests.get_or_create(&StatusLabels { status: status.as_u16() }));
        }
        for deferral in [Deferral::BodiesFull, Deferral::BodyIncomplete, Deferral::Unavailable] {
            drop(metrics.deferred.get_or_create(&ReasonLabels { reason: deferral.as_str() }));
        }
        registry.register("view_requests", "Requests by the status of their answer", metrics.requests.clone());
        registry.register(
            "view_request_seconds",
            "Time from a request's head to its response's head, in seconds",
            metrics.request_seconds.clone(),
        );
        registry.register(
            "view_query_seconds",
            "Time of a question to PostgreSQL, without its wait for a turn, in seconds",
            metrics.query_seconds.clone(),
        );
        registry.register(
            "view_query_errors",
            "Questions that PostgreSQL did not answer",
            metrics.query_errors.clone(),
        );
        registry.register(
            "view_queries_cancelled",
            "Questions that were cancelled in PostgreSQL because no page or program waits for them any more",
            metrics.queries_cancelled.clone(),
        );
        registry.register(
            "view_questions_waiting",
            "Questions that wait for their turn, because all connections are busy with others",
            metrics.waiting.clone(),
        );
        registry.register(
            "view_rounds",
            "Rounds of questions, one for each view that changes, however many pages show it",
            metrics.rounds.clone(),
        );
        registry.register(
            "view_notifications",
            "Notifications of stored events from PostgreSQL",
            metrics.notifications.clone(),
        );
        registry.register("view_views", "Views (a period with filters) that exist", metrics.views.clone());
        registry.register("view_watchers", "Open pages that receive updates", metrics.watchers.clone());
        registry.register("view_connections", "Open connections", metrics.connections.clone());
        registry.register(
            "view_forwards_deferred",
            "Requests for footfall-ingest that were not passed on, or not answered by it, by reason (docs/reasons.md)",
            metrics.deferred.clone(),
        );
        registry.register("view_logins", "Attempts to log in by their result", logins);
        metrics
    }

    pub(crate) fn deferred(&self, deferral: Deferral) {
        self.deferred.get_or_create(&ReasonLabels { reason: deferral.as_str() }).inc();
    }

    pub(crate) fn answered(&self, status: StatusCode, seconds: f64) {
        self.requests.get_or_create(&StatusLabels { status: status.as_u16() }).inc();
        self.request_seconds.observe(seconds);
    }
}
