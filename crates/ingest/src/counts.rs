//! Counts of accepted and rejected events, which reach the database by the same path as events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use footfall_event::{Outcome, OutcomeCount, OutcomeCounts, Reason};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use crate::delivery::Delivery;
use crate::metrics::Metrics;

/// A crash may lose the counts of this interval, but no events: those are durable before they are answered.
const REPORT_MS: u64 = 1_000;

/// Counts since the last report.
pub(crate) struct Counts {
    source: String,
    metrics: Arc<Metrics>,
    accepted: AtomicU64,
    rejected: [AtomicU64; Reason::ALL.len()],
    /// Sent but not acknowledged. They may have arrived, so they are resent unchanged, under the same id.
    unsent: Mutex<Option<OutcomeCounts>>,
}

impl Counts {
    pub(crate) fn new(source: String, metrics: Arc<Metrics>) -> Self {
        Self {
            source,
            metrics,
            accepted: AtomicU64::new(0),
            rejected: std::array::from_fn(|_| AtomicU64::new(0)),
            unsent: Mutex::default(),
        }
    }

    /// Counts events that are durable.
    pub(crate) fn accepted(&self, events: u64) {
        self.accepted.fetch_add(events, Ordering::Relaxed);
        self.metrics.accepted.inc_by(events);
    }

    /// Counts a rejected event, or a rejected body whose events are unknown.
    pub(crate) fn rejected(&self, reason: Reason) {
        self.rejected[reason as usize].fetch_add(1, Ordering::Relaxed);
        self.metrics.rejected(reason);
    }

    fn take(&self) -> Vec<OutcomeCount> {
        let take = |counter: &AtomicU64| Some(counter.swap(0, Ordering::Relaxed)).filter(|count| *count > 0);
        let accepted = take(&self.accepted).map(OutcomeCount::accepted);
        let rejected = Reason::ALL.iter().filter_map(|reason| {
            take(&self.rejected[*reason as usize]).map(|count| OutcomeCount::new(Outcome::Rejected(*reason), count))
        });
        accepted.into_iter().chain(rejected).collect()
    }

    /// Sends the counts since the last report, after any that are still unacknowledged.
    pub(crate) async fn deliver(&self, delivery: &Delivery) {
        let mut unsent = self.unsent.lock().await;
        if unsent.is_some() {
            self.send(&mut unsent, delivery).await;
        }
        if unsent.is_none() {
            let counts = self.take();
            if counts.is_empty() {
                return;
            }
            let (id, source, at) = (Uuid::now_v7(), self.source.clone(), Timestamp::now());
            *unsent = Some(OutcomeCounts { id, source, at, counts });
            self.send(&mut unsent, delivery).await;
        }
    }

    async fn send(&self, unsent: &mut Option<OutcomeCounts>, delivery: &Delivery) {
        if let Some(counts) = unsent
            && delivery.send_counts(counts).await.is_ok()
        {
            *unsent = None;
        }
    }
}

/// Reports until shutdown begins.
pub(crate) async fn report(counts: Arc<Counts>, delivery: Arc<Delivery>, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_millis(REPORT_MS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        counts.deliver(&delivery).await;
    }
    if !delivery.is_ready() {
        warn!("the last counts of refused events may be lost: nothing takes them");
    }
}
