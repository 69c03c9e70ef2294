//! The views that exist, by selection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use super::view::{Shared, View};
use crate::config::Config;
use crate::database::Database;
use crate::metrics::Metrics;
use crate::selection::Selection;
use crate::snapshot::Snapshot;

/// A loading page shows a snapshot up to this age without waiting for a newer one.
const FRESH_MS: u64 = 1_000;

pub(crate) struct Views {
    views: Mutex<HashMap<Selection, ViewHandle>>,
    changes: watch::Sender<Changes>,
    shared: Arc<Shared>,
    views_max: usize,
    shutdown: CancellationToken,
}

struct ViewHandle {
    snapshots: watch::Sender<Arc<Snapshot>>,
    /// Counts subscriptions, so that a view also notices one that was dropped immediately.
    subscriptions: watch::Sender<u64>,
}

/// There are already `live.views_max` views.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooManyViews;

impl Views {
    pub(crate) fn new(
        config: &Config,
        database: Database,
        metrics: Arc<Metrics>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let shared = Shared {
            database,
            metrics,
            live: config.live.clone(),
            page: config.page.clone(),
            steps: serde_json::to_value(&config.page.funnel)?,
            connections: config.database.connections,
        };
        Ok(Self {
            views: Mutex::default(),
            changes: watch::Sender::new(Changes::default()),
            shared: Arc::new(shared),
            views_max: config.live.views_max,
            shutdown,
        })
    }

    /// Makes every view that a page shows ask again, because events were, or may have been, stored.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|changes| changes.events += 1);
    }

    /// Counts ticks until shutdown.
    pub(crate) async fn tick(self: Arc<Self>) {
        let mut interval = tokio::time::interval(Duration::from_millis(self.shared.live.tick_ms));
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                _ = interval.tick() => self.changes.send_modify(|changes| changes.ticks += 1),
            }
        }
    }

    /// Subscribes to the snapshots of a selection's view. The current one may be old or, in a new view, empty.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        selection: &Selection,
    ) -> Result<watch::Receiver<Arc<Snapshot>>, TooManyViews> {
        let mut views = self.lock();
        if let Some(view) = views.get(selection) {
            let receiver = view.snapshots.subscribe();
            view.subscriptions.send_modify(|count| *count += 1);
            return Ok(receiver);
        }
        if views.len() >= self.views_max {
            return Err(TooManyViews);
        }
        let handle = ViewHandle { snapshots: watch::Sender::new(Arc::default()), subscriptions: watch::Sender::new(0) };
        let receiver = handle.snapshots.subscribe();
        let view = View::new(
            selection.clone(),
            self.shared.clone(),
            self.changes.subscribe(),
            handle.snapshots.clone(),
            handle.subscriptions.subscribe(),
        );
        views.insert(selection.clone(), handle);
        self.shared.metrics.views.inc();
        let (views, selection) = (self.clone(), selection.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = views.shutdown.cancelled() => {}
                () = view.run(|| views.remove_if_unwatched(&selection)) => {}
            }
            views.shared.metrics.views.dec();
        });
        Ok(receiver)
    }

    /// Returns a complete snapshot that is fresh or includes everything stored so far.
    pub(crate) async fn snapshot(self: &Arc<Self>, selection: &Selection) -> Result<Arc<Snapshot>, TooManyViews> {
        let events = self.changes.borrow().events;
        let mut receiver = self.subscribe(selection)?;
        let is_current = |snapshot: &Arc<Snapshot>| {
            let is_fresh = |made: Instant| made.elapsed() < Duration::from_millis(FRESH_MS);
            snapshot.is_complete && (snapshot.as_of >= events || snapshot.made_at.is_some_and(is_fresh))
        };
        let snapshot = receiver.wait_for(is_current).await.map(|snapshot| snapshot.clone());
        // The view drops its sender only at shutdown.
        Ok(snapshot.unwrap_or_default())
    }

    /// Returns whether the view was removed.
    fn remove_if_unwatched(&self, selection: &Selection) -> bool {
        let mut views = self.lock();
        // `subscribe` takes the same lock, so no page can subscribe in between.
        let is_watched = views.get(selection).is_some_and(|view| view.snapshots.receiver_count() > 0);
        if !is_watched {
            views.remove(selection);
        }
        !is_watched
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Selection, ViewHandle>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
