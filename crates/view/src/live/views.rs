//! The views that exist, by selection.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
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
use crate::turns::Asker;

/// A loading page shows a snapshot up to this age without waiting for a newer one.
const FRESH_MS: u64 = 1_000;

/// How long a loading page waits for answers, in milliseconds. The others follow through its stream.
const FIRST_PAINT_MS_MAX: u64 = 150;

/// The part of `live.views_max` that is kept for selections that are cheap: a tenth.
const RESERVED_FOR_LIGHT: usize = 10;

/// The part that is kept for the owner, of views and of open pages: a quarter.
pub(crate) const RESERVED_FOR_OWNER: usize = 4;

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
    /// Ends the view.
    removed: CancellationToken,
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

    /// Subscribes to the snapshots of a selection's view. The current one may be old or, in a new view, empty. `client` is
    /// the one whose turns a new view takes; `leaves_room`: whether it must leave some views for the owner.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        selection: &Selection,
        client: IpAddr,
        leaves_room: bool,
    ) -> Result<watch::Receiver<Arc<Snapshot>>, TooManyViews> {
        let mut views = self.lock();
        if let Some(view) = views.get(selection) {
            let receiver = view.snapshots.subscribe();
            view.subscriptions.send_modify(|count| *count += 1);
            return Ok(receiver);
        }
        let reserved = |part: usize, is_kept: bool| if is_kept { self.views_max.div_ceil(part) } else { 0 };
        let reserved = reserved(RESERVED_FOR_LIGHT, !selection.is_light()) + reserved(RESERVED_FOR_OWNER, leaves_room);
        if views.len() >= self.views_max.saturating_sub(reserved).max(1) {
            remove_one_unwatched(&mut views).ok_or(TooManyViews)?;
        }
        let handle = ViewHandle {
            snapshots: watch::Sender::new(Arc::default()),
            subscriptions: watch::Sender::new(0),
            removed: CancellationToken::new(),
        };
        let receiver = handle.snapshots.subscribe();
        let view = View {
            selection: selection.clone(),
            asker: Asker { client, selection: number_of(selection) },
            shared: self.shared.clone(),
            changes: self.changes.subscribe(),
            snapshots: handle.snapshots.clone(),
            subscriptions: handle.subscriptions.subscribe(),
        };
        let removed = handle.removed.clone();
        views.insert(selection.clone(), handle);
        self.shared.metrics.views.inc();
        let (views, selection) = (self.clone(), selection.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = views.shutdown.cancelled() => {}
                () = removed.cancelled() => {}
                () = view.run(|| views.remove_if_unwatched(&selection)) => {}
            }
            views.shared.metrics.views.dec();
        });
        Ok(receiver)
    }

    /// Returns a complete snapshot that is fresh or includes everything stored so far, or what is known after
    /// [`FIRST_PAINT_MS_MAX`].
    pub(crate) async fn snapshot(
        self: &Arc<Self>,
        selection: &Selection,
        client: IpAddr,
        leaves_room: bool,
    ) -> Result<Arc<Snapshot>, TooManyViews> {
        let events = self.changes.borrow().events;
        let mut receiver = self.subscribe(selection, client, leaves_room)?;
        let is_current = |snapshot: &Arc<Snapshot>| {
            let is_fresh = |known: Instant| known.elapsed() < Duration::from_millis(FRESH_MS);
            let is_new = snapshot.as_of.is_some_and(|(as_of, known)| as_of >= events || is_fresh(known));
            snapshot.is_complete && is_new
        };
        let first_paint = Duration::from_millis(FIRST_PAINT_MS_MAX);
        // Whether it is in time or not, and also if the view has been removed, the last snapshot is the best there is.
        drop(tokio::time::timeout(first_paint, receiver.wait_for(is_current)).await);
        let snapshot = receiver.borrow().clone();
        Ok(snapshot)
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

/// Makes room, if there is a view that no page shows any more.
fn remove_one_unwatched(views: &mut HashMap<Selection, ViewHandle>) -> Option<()> {
    let unwatched = views.iter().find(|(_, view)| view.snapshots.receiver_count() == 0)?.0.clone();
    views.remove(&unwatched)?.removed.cancel();
    Some(())
}

fn number_of(selection: &Selection) -> u64 {
    let mut hasher = DefaultHasher::new();
    selection.hash(&mut hasher);
    hasher.finish()
}
