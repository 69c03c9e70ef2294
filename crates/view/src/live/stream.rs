//! Sends changes to one open page, as server-sent events.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream as streams};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::snapshot::Snapshot;

/// How long a browser waits before it reconnects.
const RETRY_MS: u32 = 2_000;

/// One open page.
pub(crate) struct Watcher {
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The version that the page shows.
    pub(crate) seen: u64,
    pub(crate) heartbeat: Duration,
    pub(crate) ends_at: Instant,
    /// Checked before anything is sent: a shared link may be withdrawn while the page is open.
    pub(crate) is_allowed: Box<dyn Fn() -> bool + Send + Sync>,
    pub(crate) shutdown: CancellationToken,
    /// Held while the page is open.
    pub(crate) _permit: WatcherPermit,
}

/// One of `live.watchers_max` permits, counted in the metrics while it is held.
pub(crate) struct WatcherPermit {
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl WatcherPermit {
    pub(crate) fn new(metrics: Arc<Metrics>, permit: OwnedSemaphorePermit) -> Self {
        metrics.watchers.inc();
        Self { metrics, _permit: permit }
    }
}

impl Drop for WatcherPermit {
    fn drop(&mut self) {
        self.metrics.watchers.dec();
    }
}

/// The body of the response. Nothing is queued: a page that reads slowly skips versions.
pub(crate) fn stream(watcher: Watcher) -> impl Stream<Item = Bytes> {
    streams::unfold((watcher, true), async |(mut watcher, is_first)| {
        let bytes = watcher.next(is_first).await?;
        Some((bytes, (watcher, false)))
    })
}

impl Watcher {
    async fn next(&mut self, is_first: bool) -> Option<Bytes> {
        if is_first {
            let mut first = format!("retry: {RETRY_MS}\n\n").into_bytes();
            first.extend(self.update().unwrap_or_default());
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
                    if let Some(update) = self.update() {
                        return Some(update);
                    }
                }
            }
        }
    }

    fn update(&mut self) -> Option<Bytes> {
        let snapshot = self.snapshots.borrow_and_update().clone();
        let update = snapshot.update_since(self.seen);
        self.seen = self.seen.max(snapshot.version);
        update
    }
}
