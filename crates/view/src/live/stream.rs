//! Server-sent events: what changed, to one open page.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream as streams};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::view::{Snapshot, Versioned};
use crate::metrics::Metrics;

/// What a browser waits before it asks again, in milliseconds.
const RETRY_MS: u32 = 2_000;

/// One open page.
pub(crate) struct Watch {
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The version that the page shows.
    pub(crate) seen: u64,
    pub(crate) heartbeat: Duration,
    pub(crate) ends_at: Instant,
    /// Whether whoever watches may still do so.
    pub(crate) is_allowed: Box<dyn Fn() -> bool + Send + Sync>,
    pub(crate) shutdown: CancellationToken,
    /// Held as long as the page is open.
    pub(crate) _place: Place,
}

/// A place among the watchers, counted while it is held.
pub(crate) struct Place {
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(crate) fn new(metrics: Arc<Metrics>, permit: OwnedSemaphorePermit) -> Self {
        metrics.watchers.inc();
        Self { metrics, _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.metrics.watchers.dec();
    }
}

/// The stream's bytes. It is only made while it is read: a page that reads slowly skips what it missed.
pub(crate) fn stream(watch: Watch) -> impl Stream<Item = Bytes> {
    streams::unfold((watch, true), async |(mut watch, is_first)| {
        let bytes = watch.next(is_first).await?;
        Some((bytes, (watch, false)))
    })
}

impl Watch {
    async fn next(&mut self, is_first: bool) -> Option<Bytes> {
        if is_first {
            let mut first = format!("retry: {RETRY_MS}\n\n").into_bytes();
            first.extend(self.news().unwrap_or_default());
            return Some(first.into());
        }
        let heartbeat_at = Instant::now() + self.heartbeat;
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                () = tokio::time::sleep_until(self.ends_at) => return None,
                () = tokio::time::sleep_until(heartbeat_at) => {
                    return (self.is_allowed)().then(|| Bytes::from_static(b":\n\n"));
                }
                changed = self.snapshots.changed() => {
                    changed.ok()?;
                    if !(self.is_allowed)() {
                        return None;
                    }
                    if let Some(news) = self.news() {
                        return Some(news);
                    }
                }
            }
        }
    }

    /// What the page does not show yet.
    fn news(&mut self) -> Option<Bytes> {
        let snapshot = self.snapshots.borrow_and_update().clone();
        let news = match &snapshot.step {
            _ if snapshot.version <= self.seen => None,
            Some((from, message)) if *from == self.seen => Some(message.clone()),
            _ => message(&snapshot.parts, self.seen, snapshot.version),
        };
        self.seen = self.seen.max(snapshot.version);
        news
    }
}

/// The parts that changed after a version, as one event. JSON has no raw line break, so it is one line.
pub(super) fn message(parts: &[Versioned], seen: u64, version: u64) -> Option<Bytes> {
    let changed = parts.iter().filter(|part| part.since > seen);
    let changed: Map<String, Value> =
        changed.map(|part| (part.part.id.to_owned(), part.part.html.clone().into())).collect();
    if changed.is_empty() {
        return None;
    }
    Some(format!("id: {version}\ndata: {}\n\n", Value::Object(changed)).into())
}
